"""Identical files in three folders: Plex has scanned one of them, and later another one."""

from __future__ import annotations

import time

import pytest

from app.tasks.reconcile import reconcile_recent
from tests.acceptance.always_on import at_rest, until
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.small_library import FILMS, LENGTH, SmallLibrary, part, plex_item

SIZE = 700


@pytest.fixture(params=["same paths", "mapped", "unmapped"])
def site(request: pytest.FixtureRequest, open_site: Open) -> Site:
    """Scene 2 is the one whose file Plex has; scenes 1 and 9 have a copy of it."""
    stash = "/data" if request.param == "same paths" else "/stash"
    made = SmallLibrary({FILMS: ["/data"]})
    for number, folder in ((1, "Backup"), (2, "Films"), (9, "Attic")):
        made.scene(number, made.file(f"{stash}/{folder}/film.mp4", SIZE))
    for number in range(3, 9):
        made.scene(number, made.file(f"{stash}/Films/{number}.mp4", number))
        made.item(FILMS, 100 + number, part(f"/data/Films/{number}.mp4", number))
    made.item(FILMS, 102, part("/data/Films/film.mp4", SIZE))
    return open_site(made.seed("/stash=>/data" if request.param == "mapped" else ""))


def test_a_copy_that_plex_lacks_is_missing_as_long_as_it_is(site: Site) -> None:
    found = site.reconcile()
    assert (found["missing_count"], found["contested_count"]) == (2, 0)
    assert (
        site.queued()[1]
        == site.queued()[9]
        == "missing: Plex has a copy of its file, which is that of scene 2"
    )

    drained = site.drain()

    assert (drained["retried"], drained["items_edited"]) == (2, 7)
    assert site.item("102")["title"] == "Scene 2"
    later = time.time() + 3600
    site.reset_counters()
    assert site.drain(lambda: later)["retried"] == 2
    assert site.both.plex.counters()["reads"] <= 6

    item = plex_item(101, part("/data/Backup/film.mp4", SIZE))
    site.both.plex.control("POST", "items", {"section": FILMS, "item": item})
    later += 2 * 3600
    drained = site.drain(lambda: later)
    assert (drained["retried"], drained["items_edited"], drained["failed"]) == (1, 1, 0)

    assert site.item("101")["title"] == "Scene 1"
    assert site.recorded()["1:101"] == 1
    assert site.recorded()["1:102"] == 2
    found = site.reconcile()
    assert (found["missing_count"], found["ambiguous_count"], found["total_gaps"]) == (1, 0, 1)
    site.edit_scene(9, title="The third")
    recent = site.do(reconcile_recent)
    assert (recent["scenes_checked"], recent["ambiguous_count"]) == (1, 0)
    later += 4 * 3600
    drained = site.drain(lambda: later)
    assert (drained["retried"], drained["failed"]) == (1, 0)

    site.drop_item("101")
    found = site.reconcile()
    assert (found["vanished_count"], found["contested_count"], found["total_gaps"]) == (1, 0, 2)


def test_a_copy_is_judged_again_when_the_other_file_becomes_another_one(open_site: Open) -> None:
    made = SmallLibrary({FILMS: ["/data"]})
    for number, folder in ((1, "Backup"), (2, "Films"), (9, "Attic")):
        made.scene(number, made.file(f"/data/{folder}/film.mp4", SIZE))
    for number, folder in ((101, "Backup"), (102, "Films")):
        made.item(FILMS, number, part(f"/data/{folder}/film.mp4", SIZE))
    for number in range(10, 30):
        made.scene(number, made.file(f"/data/Films/{number}.mp4", number))
        made.item(FILMS, 100 + number, part(f"/data/Films/{number}.mp4", number))
    site = open_site(made.seed(""))
    site.reconcile()
    site.drain()
    assert site.reconcile()["missing_count"] == 1

    path = "/data/Backup/film.mp4"
    file = {"path": path, "size": 800, "duration": LENGTH, "oshash": "f" * 16}
    site.both.stash.control("POST", "disk", {"add": [file], "modify": [path]})
    site.both.stash.graphql("mutation { metadataScan(input: {}) }")
    until(lambda: at_rest(site))

    assert site.reconcile()["ambiguous_count"] == 1
