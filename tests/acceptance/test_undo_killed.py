"""Runs and undos that are killed: what they did is known, taken back, and gone on with."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from app.tasks.undo import undo_last_run
from plex.exceptions import PlexServerDown
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.faults import BUSY
from tests.acceptance.plex_state import differing, now
from tests.acceptance.site import Site
from tests.acceptance.soak import chosen

CASES = ("empty_no_agent", "empty_agent", "drift_title", "extra_genre", "cleared_lists")
SCENES = 4 * len(CASES)
PATIENCE = 30.0


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=6, only=CASES, cover_share=0.4))


@pytest.fixture
def used() -> dict[str, Any]:
    return {
        "first_sync": "mirror",
        "max_clear_percent": 100,
        "sync_poster": True,
        "sync_background": True,
    }


def kill_after(site: Site, mode: str, writes: int, seed: int) -> None:
    """Start a task and kill it once that many edits have reached Plex."""
    site.look()
    site.both.plex.configure(latency=0.02)
    site.reset_counters()
    process = site.start(mode)
    deadline = time.monotonic() + PATIENCE
    while site.writes() < writes:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(random.Random(seed).uniform(0, 0.05))
    process.kill()
    process.communicate(timeout=PATIENCE)
    site.both.plex.configure(latency=0)
    # An edit that was under way still arrives.
    while site.both.plex.counters()["in_hand"]:
        assert time.monotonic() < deadline
        time.sleep(0.003)


def left_alone(site: Site, undone: dict[str, Any], before: dict[str, Any]) -> None:
    """What was undone stays so; all else of the killed run is still to be done, and gets done."""
    found = site.reconcile()
    assert found["undone_count"] == undone["scenes"]
    site.drain()
    touched = differing(before, now(site))
    with site.state() as state:
        records = state.records.get_many(state.records.ids())
    put_back = {str(item.ref) for r in records.values() if r.undone for item in r.items}
    assert not put_back & touched.keys()
    assert len(put_back) == undone["scenes"]
    assert site.reconcile()["total_gaps"] == 0


@pytest.mark.parametrize("writes", chosen([14], [1]))
def test_a_killed_drain_can_be_undone(site: Site, writes: int) -> None:
    site.reconcile()
    before = now(site)
    kill_after(site, "process_queue", writes, seed=writes)

    undone = site.do(undo_last_run)

    assert differing(before, now(site)) == {}
    assert undone["changed_since"] == 0
    left_alone(site, undone, before)


def test_a_killed_drain_over_recorded_scenes_can_be_undone(site: Site) -> None:
    site.reconcile()
    site.drain()
    for scene in site.scenes("empty_no_agent") + site.scenes("drift_title"):
        site.edit_scene(scene, title=f"Another {scene}", details="")
    site.reconcile()
    before = now(site)
    kill_after(site, "process_queue", 3, seed=1)

    undone = site.do(undo_last_run)

    assert differing(before, now(site)) == {}
    assert undone["restored"] >= 3
    found = site.reconcile()
    assert found["undone_count"] == undone["scenes"]
    site.drain()
    assert len(differing(before, now(site))) == 8 - undone["scenes"]
    site.behind("import_scenes", scenes=site.both.seed["stash"]["scenes"])


@pytest.mark.parametrize("writes", chosen([9], [1]))
def test_a_killed_undo_goes_on_where_it_stopped(site: Site, writes: int) -> None:
    before = now(site)
    site.reconcile()
    site.drain()
    synced = now(site)
    kill_after(site, "undo_last_run", writes, seed=writes)

    undone = site.do(undo_last_run)

    assert differing(before, now(site)) == {}
    with site.state() as state:
        runs = [run.kind for run in state.runs.latest(limit=10)]
    assert runs == ["undo", "drain", "reconcile"]
    assert site.reconcile()["total_gaps"] == 0
    # And it is taken back as one.
    again = site.do(undo_last_run)
    assert again["undone_run"] == undone["run_id"]
    assert differing(synced, now(site)) == {}
    found = site.reconcile()
    assert (found["total_gaps"], found["undone_count"]) == (0, 0)


def test_plex_going_down_in_the_middle_costs_nothing(site: Site) -> None:
    before = now(site)
    site.reconcile()
    site.drain()
    site.both.plex.faults([{"match": "PUT ", "after": 5, "times": -1, **BUSY}])

    with pytest.raises(PlexServerDown):
        site.do(undo_last_run)
    site.both.plex.faults([])
    undone = site.do(undo_last_run)

    assert differing(before, now(site)) == {}
    assert undone["changed_since"] == 0


def test_an_edit_that_plex_refuses_is_reported_and_the_others_go_on(site: Site) -> None:
    before = now(site)
    site.reconcile()
    site.drain()
    item = site.items(site.scene("extra_genre"))[0]
    key = item.partition(":")[2]
    refusal = {"action": "status", "status": 400, "body": "no", "times": -1}
    site.both.plex.faults([{"match": f"PUT .*[?&]id={key}&", **refusal}])

    undone = site.do(undo_last_run)

    assert differing(before, now(site)).keys() == {item}
    assert undone["failed"] == 1
    assert item in undone["failures"][0]
    assert "HTTP 400" in undone["failures"][0]
    record = site.record(site.scene("extra_genre"))
    assert record is not None
    assert not record.undone


def test_a_field_that_plex_refuses_does_not_hold_up_the_others(site: Site) -> None:
    before = now(site)
    site.reconcile()
    site.drain()
    item = site.items(site.scene("drift_title"))[0]
    other = site.items(site.scene("empty_agent"))[0]
    refusal = {"action": "status", "status": 414, "body": "no", "times": -1}
    site.both.plex.faults([{"match": "PUT .*title\\.value", **refusal}])

    undone = site.do(undo_last_run)

    left = differing(before, now(site))
    assert {name for row in left.values() for name in row} == {"title", "locked"}
    assert {item, other} <= left.keys()
    assert undone["failed"] == len(left)
    assert undone["restored"] > undone["failed"]
    assert any(f"item {other}" in line and ", title: " in line for line in undone["failures"])


def test_what_an_undo_put_back_and_could_not_prove_is_seen_by_the_next_reconcile(
    site: Site,
) -> None:
    """Also where the item bears the time of the second in which it was synced."""
    site.reconcile()
    site.drain()
    assert site.reconcile()["total_gaps"] == 0
    scene = site.scene("extra_genre")
    key, before = site.key(scene), now(site)
    fails = {"action": "status", "status": 500, "after": 1, "times": -1}
    site.both.plex.faults([{"match": f"^GET /library/metadata/.*{key}", **fails}])
    assert site.do(undo_last_run)["failed"] == 1
    site.both.plex.faults([])
    assert site.items(scene)[0] in differing(before, now(site))

    site.reconcile()

    assert list(site.queued()) == [scene]
    site.drain()
    assert site.items(scene)[0] not in differing(before, now(site))
