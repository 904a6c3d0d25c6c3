"""Drains against servers that take edits in their own way, or not at all."""

from __future__ import annotations

from functools import partial

import pytest

from app.tasks.dead_letters import retry_dead_letters
from simulators.library.generate import generate
from simulators.library.oracle import differences
from simulators.library.oracle_text import name_keys
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site

CASES = ("extra_genre", "odd_tags_removed", "agent_filled", "drift_studio", "two_sections")


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(20, seed=14, only=CASES))


def _wrong(site: Site) -> list[str]:
    plex = site.both.plex.state()
    return differences(site.both.stash.state(), site.truth, plex, plex)


def _is_at_rest(site: Site) -> None:
    """Another round finds nothing and writes nothing."""
    site.reset_counters()
    assert site.reconcile()["total_gaps"] == 0
    site.enqueue(*map(int, site.truth["cases"]))
    site.drain()
    assert site.writes() == 0


@pytest.mark.parametrize("edits", ["additive", "replacing"])
@pytest.mark.parametrize("removal_last", [False, True])
def test_one_removal_at_a_time(site: Site, edits: str, removal_last: bool) -> None:
    site.both.plex.configure(single_removal=True, edit_section=edits, removal_last=removal_last)
    site.reconcile()

    site.drain()

    assert _wrong(site) == []
    _is_at_rest(site)


def test_a_field_that_the_server_never_takes_is_told_and_left(site: Site) -> None:
    """Beside others that it takes; it is told once and not sent again."""
    site.both.plex.configure(refuse_fields=["studio"])
    partly = site.scenes("agent_filled")
    site.enqueue(*partly)

    drained = site.drain()

    told = {line.partition(" “")[0] for line in drained["refused"]}
    assert told == {f"scene {scene}" for scene in partly}
    assert (drained["refused_count"], drained["failed"], drained["retried"]) == (len(partly), 0, 0)
    site.reset_counters()
    site.enqueue(*partly)
    assert site.drain()["refused_count"] == 0
    assert site.writes() == 0
    # A new wish is worth a new try.
    scene = partly[0]
    site.both.plex.configure(refuse_fields=[])
    site.edit_scene(scene, studio_id=1, title="Named anew")
    site.enqueue(scene)
    site.drain()
    studios = {row["id"]: row["name"] for row in site.both.seed["stash"]["studios"]}
    assert site.item(site.key(scene))["studio"] == studios[1]
    raw = next(row for row in site.both.seed["stash"]["scenes"] if row["id"] == scene)
    site.edit_scene(scene, studio_id=raw["studio_id"], title=raw["title"])


def test_an_edit_of_which_nothing_shows_is_tried_again_and_given_up_on(site: Site) -> None:
    site.both.plex.configure(refuse_fields=["studio"])
    scenes = site.scenes("drift_studio")
    site.reconcile()

    drained = site.drain()

    assert drained["retried"] == len(scenes)
    assert all(site.record(scene) is None for scene in scenes)
    later = 3e9
    while len(site.dead()) < len(scenes):
        later += 1e6
        drained = site.drain(partial(float, later))
        assert drained["retried"] + drained["failed"] == len(scenes)
    for scene in scenes:
        item = site.items(scene)[0]
        assert f"Plex did not take it: it answered, and item {item}" in site.dead()[scene]
    # It stays a gap, and the user may have it tried again.
    assert site.reconcile()["total_gaps"] >= len(scenes)
    site.reset_counters()
    site.drain()
    assert site.writes() == 0
    site.both.plex.configure(refuse_fields=[])
    site.do(retry_dead_letters)
    assert site.drain(partial(float, later))["succeeded"] == len(scenes)
    assert [line for line in _wrong(site) if "studio" not in line] == []
    assert all(site.record(scene) is not None for scene in scenes)


def test_what_is_told_of_a_scene_is_one_short_line_whatever_it_is_called(site: Site) -> None:
    site.both.plex.configure(refuse_fields=["title"])
    scene = site.scene("extra_genre")
    raw = next(row for row in site.both.seed["stash"]["scenes"] if row["id"] == scene)
    site.edit_scene(scene, title="An\u202e endless\n title " * 20)
    site.enqueue(scene)

    (line,) = site.drain()["refused"]

    assert line.startswith(f"scene {scene} “An endless title An endless")
    assert len(line.splitlines()) == 1
    assert len(line) < 400
    site.edit_scene(scene, title=raw["title"])


def test_a_field_refused_with_an_error_is_tried_alone_and_once_more(site: Site) -> None:
    site.reconcile()
    site.drain()
    scene = site.scene("extra_genre")
    refusal = {"match": "PUT .*summary[.]value", "action": "status", "status": 400, "times": -1}
    site.both.plex.faults([refusal])
    site.edit_scene(scene, title="Arrives", details="Does not.")
    site.enqueue(scene)
    site.reset_counters()

    drained = site.drain()

    sent = [row["path"] for row in site.both.plex.counters()["log"] if row["write"]]
    assert [("title.value" in path, "summary.value" in path) for path in sent] == [
        (True, True),
        (True, False),
        (False, True),
        (False, True),  # some refusals pass
    ]
    assert (drained["failed"], drained["refused_count"]) == (0, 1)
    assert site.item(site.key(scene))["title"] == "Arrives"
    _is_at_rest(site)
    raw = next(row for row in site.both.seed["stash"]["scenes"] if row["id"] == scene)
    site.edit_scene(scene, title=raw["title"], details=raw["details"])


def test_an_item_that_goes_between_edit_and_read_back_is_waited_for(site: Site) -> None:
    scene = site.scene("extra_genre")
    gone = {"match": "GET /library/metadata/", "action": "status", "status": 404, "after": 1}
    site.both.plex.faults([{**gone, "times": 2}])
    site.enqueue(scene)

    drained = site.drain()

    assert (drained["retried"], drained["succeeded"]) == (1, 0)
    assert site.record(scene) is None
    site.both.plex.faults([])
    assert site.drain(lambda: 3e9)["succeeded"] == 1
    assert site.record(scene) is not None


def test_an_item_that_goes_before_its_edit_is_waited_for(site: Site) -> None:
    scene = site.scene("extra_genre")
    key = site.key(scene)
    site.edit_scene(scene, title="Wait for me")
    gone = {"match": f"GET /library/metadata/{key}[?]", "action": "status", "status": 404}
    refusal = {"match": f"PUT .*[?&]id={key}&", "action": "status", "status": 404}
    site.both.plex.faults([{**gone, "after": 1, "times": -1}, {**refusal, "times": -1}])
    site.enqueue(scene)
    site.reset_counters()

    drained = site.drain()

    assert (drained["retried"], drained["failed"]) == (1, 0)
    assert site.writes() == 1
    site.both.plex.faults([])
    assert site.drain(lambda: 3e9)["succeeded"] == 1
    assert site.item(key)["title"] == "Wait for me"


def test_of_two_items_one_may_refuse(site: Site) -> None:
    """The scene is a dead letter; what was written to the other item is known again."""
    scene = site.scene("two_sections")
    one, two = (item.partition(":")[2] for item in site.items(scene))
    refusal = {"match": f"PUT .*[?&]id={two}&", "action": "status", "status": 400, "times": -1}
    site.both.plex.faults([refusal])
    site.edit_scene(scene, title="For both")
    site.enqueue(scene)

    drained = site.drain()

    assert (drained["failed"], site.record(scene)) == (1, None)
    assert "HTTP 400" in site.dead()[scene]
    assert site.item(one)["title"] == "For both"
    assert site.item(two)["title"] != "For both"
    site.both.plex.faults([])
    site.reconcile()
    site.drain()
    assert site.item(two)["title"] == "For both"
    assert site.dead() == {}


def test_lists_that_hold_commas_and_percents_are_taken_apart_exactly(site: Site) -> None:
    """What is gone is gone, and what stays is not mistaken for it."""
    site.reconcile()
    site.drain()
    catalog = {row["id"]: row["name"] for row in site.both.seed["stash"]["tags"]}
    for scene in site.scenes("odd_tags_removed"):
        raw = next(row for row in site.both.seed["stash"]["scenes"] if row["id"] == scene)
        wanted = name_keys(catalog[tag] for tag in raw["tag_ids"])
        assert name_keys(site.item(site.key(scene))["genre"]) == wanted
