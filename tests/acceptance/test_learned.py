"""Learned folders, the suggestion made of them, and the guard of path maps, from end to end."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from app.tasks.queue import confirm_stopped_run
from app.tasks.reconcile import reconcile_recent
from core.errors import GuardStopped
from core.paths import PathMap, same_path
from simulators.library.generate import generate
from simulators.seed import Seed
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.small_library import FILMS, OTHER, SmallLibrary, part, plex_item, restore
from tests.settings import parse_settings

ENV = {"PLEX_URL": "http://plex", "PLEX_TOKEN": "x"}
# Places that the generated library's setting leaves out, because names and sizes tell.
UNMAPPED = {("D:\\Films", "M:\\Films"), ("D:\\Nas", "\\\\nas\\films")}
KNOWN = 12  # scenes in each place whose sizes Plex knows


def _library(plex: str = "/mnt/cinema") -> SmallLibrary:
    """No folder has the same name on both sides, and Plex does not know every size."""
    made = SmallLibrary({FILMS: [plex], OTHER: ["/mnt/arrivals"]})
    for number in range(1, KNOWN + 1):
        made.scene(number, made.file(f"/data/films/S{number % 4}/{number}.mp4", 100 + number))
        made.item(FILMS, 100 + number, part(f"{plex}/S{number % 4}/{number}.mp4", 100 + number))
        made.scene(20 + number, made.file(f"/data/inbox/{number}.avi", 300 + number))
        made.item(OTHER, 300 + number, part(f"/mnt/arrivals/{number}.avi", 300 + number))
    # Ambiguous by themselves: a name in two places, no size.
    made.scene(51, made.file("/data/films/new.mp4", 51))
    made.item(FILMS, 151, part(f"{plex}/new.mp4"))
    made.item(FILMS, 152, part(f"{plex}/backup/new.mp4"))
    made.scene(52, made.file("/data/inbox/late.avi", 52))
    made.item(OTHER, 352, part("/mnt/arrivals/late.avi"))
    # A size vetoes also what was learned; a second copy elsewhere is none of its business.
    made.scene(53, made.file("/data/inbox/other.avi", 53))
    made.item(OTHER, 353, part("/mnt/arrivals/other.avi", 54, 77.0))
    # In both places, by the folders and by the size.
    made.scene(54, made.file("/data/inbox/both.avi", 55))
    made.item(OTHER, 354, part("/mnt/arrivals/both.avi"))
    made.item(OTHER, 355, part("/mnt/arrivals/deep/both.avi", 55))
    return made


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(_library().seed())


@pytest.fixture
def site(library: Site, data: Any) -> Site:
    library.forget(data)
    restore(library)
    return library


def _owners(site: Site) -> dict[str, int]:
    return {item: scene for item, scene in site.recorded().items() if scene > 50}


def test_doubts_are_settled_by_what_the_others_teach(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        found = site.reconcile()

    assert (found["ambiguous_count"], found["contested_count"]) == (0, 0)
    assert found["missing_count"] == 1  # scene 53
    assert found["suggested_path_map"] == [
        {"setting": "/data/films=>/mnt/cinema", "scenes": KNOWN},
        {"setting": "/data/inbox=>/mnt/arrivals", "scenes": KNOWN},
    ]
    (line,) = [r.getMessage() for r in caplog.records if "Path map" in r.getMessage()]
    assert "'/data/films=>/mnt/cinema' (12 scenes)" in line
    site.drain()
    assert _owners(site) == {"1:151": 51, "2:352": 52, "2:355": 54}
    # The second time they are matches that were verified; nothing else is to be done.
    site.reset_counters()
    found = site.reconcile()
    site.drain()
    assert (found["ambiguous_count"], found["drift_count"], site.writes()) == (0, 0, 0)


def test_the_drain_uses_what_was_learned_too(site: Site) -> None:
    """Of scenes that no reconcile has seen: it asks Plex, and believes the folders."""
    site.reconcile()
    with site.queue() as queue:
        queue.clear_waiting()
    scene = site.both.seed["stash"]["scenes"][0]
    file = {**scene["files"][0], "id": 980, "path": "/data/films/hooked.mp4", "size": 980}
    site.behind("import_scene", scene={**scene, "id": 80, "title": "Hooked", "files": [file]})
    for key, folder in ((980, ""), (981, "/copy")):
        item = plex_item(key, part(f"/mnt/cinema{folder}/hooked.mp4"))
        site.both.plex.control("POST", "items", {"section": FILMS, "item": item})
    site.enqueue(80, 51)

    drained = site.drain()

    assert (drained["succeeded"], drained["failed"]) == (2, 0)
    assert _owners(site) == {"1:151": 51, "1:980": 80}


def test_a_recent_run_uses_what_the_last_full_one_has_learned(site: Site) -> None:
    site.edit_scene(51, title="Fresh")
    assert site.do(reconcile_recent)["ambiguous_count"] == 1
    site.reconcile()

    found = site.do(reconcile_recent)

    assert (found["scenes_checked"], found["ambiguous_count"]) == (1, 0)
    assert found["suggested_path_map"] == []  # only a full run has seen enough


def test_what_path_map_says_already_is_not_suggested(site: Site) -> None:
    site.use(path_map="/data/films=>/mnt/cinema")
    found = site.reconcile()
    assert [each["setting"] for each in found["suggested_path_map"]] == [
        "/data/inbox=>/mnt/arrivals"
    ]
    site.use(path_map="/data/films=>/mnt/cinema; /data/inbox=>/mnt/arrivals")
    assert site.reconcile()["suggested_path_map"] == []


@pytest.mark.parametrize("mounts", ["different", "windows"])
def test_a_library_without_its_path_map_suggests_it_and_mixes_nothing_up(
    open_alone: Open, mounts: Any
) -> None:
    site = open_alone(generate(100, seed=7, mounts=mounts))
    site.use(path_map="")

    found = site.reconcile()
    site.drain()

    known = PathMap(parse_settings({"path_map": site.truth["path_map"]}, ENV).path_map)
    told = [tuple(each["setting"].split("=>")) for each in found["suggested_path_map"]]
    assert told
    for ours, theirs in told:
        right = known.to_plex(ours)
        assert any(same_path(theirs, place) for place in right) or (ours, theirs) in UNMAPPED
    rightful = site.rightful()
    wrong = {i: s for i, s in site.recorded().items() if rightful.get(i, s) != s}
    assert wrong == {}


# The guard of path maps ---------------------------------------------------------------------


def _remounted(seed: Seed) -> Seed:
    """The films lie in another folder of Plex by now, and were scanned anew."""
    fresh = _library("/mnt/elsewhere").seed()
    for section in fresh["plex"]["sections"]:
        for item in section["items"]:
            item["rating_key"] += 5000
    return {**seed, "plex": fresh["plex"]}


def test_a_path_map_that_leads_nowhere_stops_the_run(site: Site) -> None:
    site.use(path_map="/data/films=>/mnt/cinema")
    site.reconcile()
    site.drain()
    queued = site.queued()
    site.both.plex.load(_remounted(site.both.seed))

    ended = site.run("reconcile_all")

    assert ended.status == 0
    assert "the path map (/data/films=>/mnt/cinema) led 13 scenes to their items" in ended.error
    assert "now 0" in ended.error
    assert "'Confirm Stopped Run'" in ended.error
    assert site.queued() == queued
    with site.state() as state:
        stopped = [run for run in state.runs.latest() if run.guard]
        assert (stopped[0].guard, stopped[0].status) == ("path_map", "stopped")
    with pytest.raises(GuardStopped):
        site.reconcile()

    assert site.do(confirm_stopped_run)["guard"] == "path_map"
    assert site.reconcile()["errors"] == []
    assert site.reconcile()["errors"] == []  # that is normal now


def test_folders_that_were_learned_are_guarded_like_the_setting(site: Site) -> None:
    site.reconcile()
    queued = site.queued()
    for number in range(1, KNOWN + 1):  # the larger part of both
        site.behind("destroy_scene", scene_id=20 + number)
    site.both.plex.load(_remounted(site.both.seed))

    with pytest.raises(GuardStopped, match="what was learned of folders") as stopped:
        site.reconcile()

    assert "/data/films=>/mnt/cinema" in str(stopped.value)
    assert site.queued() == queued
    site.do(confirm_stopped_run)
    found = site.reconcile()
    assert [each["setting"] for each in found["suggested_path_map"]] == [
        "/data/films=>/mnt/elsewhere"
    ]


def test_a_confirmation_does_not_cover_a_map_that_has_lost_more_since(site: Site) -> None:
    site.use(path_map="/data/films=>/mnt/cinema")
    site.reconcile()
    for number in range(1, 9):
        site.behind("destroy_scene", scene_id=number)
    with pytest.raises(GuardStopped, match="led 13 scenes to their items at the last full run, n"):
        site.reconcile()
    site.do(confirm_stopped_run)
    site.behind("destroy_scene", scene_id=9)

    with pytest.raises(GuardStopped, match="now 4"):
        site.reconcile()


def test_a_confirmation_ends_when_the_map_is_right_again(site: Site) -> None:
    site.use(path_map="/data/films=>/mnt/cinema")
    site.reconcile()
    elsewhere = _remounted(site.both.seed)
    site.both.plex.load(elsewhere)
    with pytest.raises(GuardStopped):
        site.reconcile()
    site.do(confirm_stopped_run)
    site.both.plex.load(site.both.seed)
    site.reconcile()
    site.both.plex.load(elsewhere)

    with pytest.raises(GuardStopped):
        site.reconcile()


def test_another_setting_starts_to_count_anew(site: Site) -> None:
    site.use(path_map="/data/films=>/mnt/cinema")
    site.reconcile()
    site.both.plex.load(_remounted(site.both.seed))
    site.use(path_map="/data/films=>/mnt/elsewhere")

    assert site.reconcile()["errors"] == []


def test_other_libraries_start_to_count_anew(site: Site) -> None:
    site.use(path_map="/data/films=>/mnt/cinema; /data/inbox=>/mnt/arrivals")
    site.reconcile()
    site.use(
        path_map="/data/films=>/mnt/cinema; /data/inbox=>/mnt/arrivals", plex_library="Other Videos"
    )
    assert site.reconcile()["errors"] == []


def test_half_of_the_scenes_may_go_without_a_word(site: Site) -> None:
    site.use(path_map="/data/films=>/mnt/cinema")
    site.reconcile()
    for number in range(1, 7):
        site.behind("destroy_scene", scene_id=number)

    assert site.reconcile()["scenes_checked"] == 2 * KNOWN + 4 - 6


def test_a_recent_run_judges_no_path_map(site: Site) -> None:
    site.use(path_map="/data/films=>/mnt/cinema")
    site.reconcile()
    site.edit_scene(1, title="Only this")

    assert site.do(reconcile_recent)["scenes_checked"] == 1
    assert site.reconcile()["errors"] == []
