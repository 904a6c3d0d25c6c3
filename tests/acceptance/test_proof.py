"""Believed is what was read back: answers that lie, failing requests, and runs that are cut off."""

from __future__ import annotations

import time
from typing import Any

import pytest

from app.tasks.undo import release, undo_last_run
from core.errors import SyncError
from core.models import Failure
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.faults import HTML, differing
from tests.acceptance.plex_state import now
from tests.acceptance.site import FAR, Site
from tests.acceptance.soak import chosen

CASES = ("empty_no_agent", "empty_agent", "stale", "drift_title", "extra_genre")
SCENES = 20
EMPTY: dict[str, Any] = {"action": "status", "status": 200, "body": ""}
PAGE: dict[str, Any] = {"action": "status", "status": 200, "body": HTML}
ALWAYS = {"times": -1}
MIRROR: dict[str, Any] = {"first_sync": "mirror", "max_clear_percent": 100}


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=11, only=CASES))


def pictures(site: Site) -> None:
    site.use(**MIRROR, sync_poster=True, sync_background=True)


@pytest.mark.parametrize("answer", [EMPTY, PAGE], ids=["nothing", "a web page"])
def test_an_edit_that_is_answered_and_not_carried_out_is_not_believed(
    site: Site, answer: dict[str, Any]
) -> None:
    site.reconcile()
    queued = set(site.queued())
    site.both.plex.faults([{"match": "^PUT ", **answer, **ALWAYS}])

    if answer is EMPTY:
        drained = site.drain()
        assert (drained["succeeded"], drained["items_edited"]) == (0, 0)
        with site.queue() as queue:
            waiting = queue.due(FAR)
        assert {job.failure for job in waiting} == {Failure.NOT_TAKEN}
        assert all("did not take it" in job.error for job in waiting)
    else:
        with pytest.raises(SyncError):
            site.drain()
    assert site.recorded() == {}
    assert site.reconcile()["total_gaps"] >= len(queued)

    site.both.plex.faults([])
    with site.queue() as queue:
        queue.wake(Failure.NOT_TAKEN)
    assert site.drain()["failed"] == 0
    assert differing(site) == set()
    assert site.reconcile()["total_gaps"] == 0


def test_an_edit_that_is_lost_now_and_then_is_not_taken_for_refused(site: Site) -> None:
    scene = site.scene("empty_no_agent")
    site.enqueue(scene)
    lost: dict[str, Any] = {"match": "^PUT ", **EMPTY}
    site.both.plex.faults([lost, {**lost, "after": 1}])  # the first, and the third

    drained = site.drain()

    assert (drained["succeeded"], drained["refused_count"]) == (1, 0)
    assert scene not in differing(site)


def test_parts_of_edits_that_are_lost_arrive_all_the_same(site: Site) -> None:
    site.reconcile()
    site.both.plex.faults([{"match": "^PUT ", **EMPTY, **ALWAYS, "every": 2}])
    site.drain()
    site.both.plex.faults([])
    with site.queue() as queue:
        queue.wake(Failure.NOT_TAKEN)

    site.drain()

    assert (site.dead(), site.queued(), differing(site)) == ({}, {}, set())
    assert site.reconcile()["refused_count"] == 0


def test_lists_that_were_read_back_wrong_are_put_right_once_they_are_not(site: Site) -> None:
    """What a proxy leaves out: also an entry that Plex should not have, and nobody could see."""
    site.reconcile()
    hidden = {"action": "alter", "find": '"Genre":', "replace": '"Gone":'}
    site.both.plex.faults([{"match": READ, **hidden, **ALWAYS}])
    site.drain()
    assert differing(site)
    assert site.reconcile()["refused_count"] > 0

    site.both.plex.faults([])
    with site.queue() as queue:
        queue.wake(Failure.NOT_TAKEN)
    assert site.reconcile()["refused_count"] == 0
    site.drain()

    assert differing(site) == set()
    assert site.reconcile()["total_gaps"] == 0


def test_what_an_undo_loses_at_random_waits_for_the_next_press(site: Site) -> None:
    before = now(site)
    site.reconcile()
    site.drain()
    site.both.plex.faults([{"match": "^PUT ", **EMPTY, **ALWAYS, "share": 0.7}])
    undone = site.do(undo_last_run)
    assert (undone["failed"] > 0) == (now(site) != before)
    site.both.plex.faults([])

    if undone["failed"]:
        undone = site.do(undo_last_run)
    assert (undone["failed"], undone["changed_since"]) == (0, 0)
    assert now(site) == before


def test_locks_that_are_lost_now_and_then_are_taken_off_all_the_same(site: Site) -> None:
    site.reconcile()
    site.drain()
    # All first edits, and some of the second ones.
    site.both.plex.faults([{"match": "^PUT ", **EMPTY, "times": 32}])

    released = site.do(release)

    assert (released["unlocked"] > 0, released["failed"]) == (True, 0)
    assert site.do(release)["unlocked"] == 0


@pytest.mark.parametrize("reads", chosen([4], [1]))
def test_a_plex_that_answers_from_memory_for_a_while_costs_no_attempt(
    site: Site, reads: int
) -> None:
    site.both.plex.configure(stale_reads=reads)
    site.reconcile()

    drained = site.drain()

    assert (drained["retried"], drained["failed"], site.queued()) == (0, 0, {})
    site.both.plex.configure(stale_reads=0)
    assert differing(site) == set()
    assert site.reconcile()["total_gaps"] == 0


def test_what_plex_never_takes_is_given_up_on_and_can_be_retried(site: Site) -> None:
    site.use(**MIRROR, max_retries=1)
    site.both.plex.faults([{"match": "^PUT ", **EMPTY, **ALWAYS}])
    site.reconcile()
    assert site.drain()["failed"] == 0
    assert site.drain(lambda: time.time() + 1e6)["failed"] > 0
    gaps = site.reconcile()["total_gaps"]
    assert gaps == len(site.dead())
    site.both.plex.faults([])

    with site.queue() as queue:
        assert queue.retry_dead(failure=Failure.NOT_TAKEN) == gaps
    site.drain()

    assert differing(site) == set()
    assert site.dead() == {}


def test_an_upload_that_is_answered_and_not_stored_is_not_believed(site: Site) -> None:
    pictures(site)
    site.reconcile()
    site.both.plex.faults([{"match": "^POST .*/(posters|arts)", **EMPTY, **ALWAYS}])

    drained = site.drain()

    assert drained["uploads"] == 0
    assert drained["retried"] > 0
    assert site.reconcile()["total_gaps"] == drained["retried"]
    site.both.plex.faults([])
    with site.queue() as queue:
        queue.wake(Failure.PICTURE)
    assert site.drain()["uploads"] > 0
    assert site.reconcile()["total_gaps"] == 0


READ = "^GET /library/metadata/[0-9,]+\\?"
NOTHING: dict[str, Any] = {"action": "status", "content_type": "application/json", "status": 200}


@pytest.mark.parametrize(
    "answer",
    [
        {"action": "status", "status": 404, "body": HTML},
        {**NOTHING, "body": '{"MediaContainer": {"size": 0}}'},
        {**NOTHING, "body": '{"MediaContainer": {"size": 1, "Metadata": {}}}'},
    ],
    ids=["not found", "empty", "an object"],
)
def test_a_read_back_that_shows_nothing_blames_nobody(site: Site, answer: dict[str, Any]) -> None:
    site.reconcile()
    queued = set(site.queued())
    site.both.plex.faults([{"match": READ, "after": 1, **answer, **ALWAYS}])

    with pytest.raises(SyncError):
        site.drain()

    with site.queue() as queue:
        waiting = queue.due(FAR)
    assert all(job.attempts == 0 and job.failure is Failure.NONE for job in waiting)
    assert {job.scene_id for job in waiting} | set(site.recorded().values()) == queued
    assert site.dead() == {}
    site.both.plex.faults([])
    site.drain()
    assert differing(site) == set()


def cut_before_the_record(site: Site) -> None:
    """The edits arrive, and the connections of what reads them back are cut."""
    site.reconcile()
    site.both.plex.faults([{"match": READ, "after": 1, "action": "reset", **ALWAYS}])
    with pytest.raises(SyncError):
        site.drain()
    site.both.plex.faults([])


def test_what_was_sent_before_a_cut_is_ours_and_goes_when_stash_lets_go_of_it(site: Site) -> None:
    site.use()
    cut_before_the_record(site)
    scenes = site.scenes("empty_no_agent")[:4]
    sent = {scene: site.item(site.key(scene)) for scene in scenes}
    emptied = [scene for scene in scenes if sent[scene].get("genre") or sent[scene].get("summary")]
    assert emptied
    originals = {row["id"]: row for row in site.both.seed["stash"]["scenes"]}
    for scene in emptied:
        site.edit_scene(scene, tag_ids=[], details="")

    for _ in range(2):
        site.reconcile()
        site.drain()

    for scene in emptied:
        shown = site.item(site.key(scene))
        assert not shown.get("genre")
        assert not shown.get("summary")
    assert site.reconcile()["total_gaps"] == 0
    for scene in emptied:
        row = originals[scene]
        site.edit_scene(scene, tag_ids=row["tag_ids"], details=row["details"])


def test_a_drain_that_was_cut_off_and_taken_up_again_is_one_run(site: Site) -> None:
    before = now(site)
    site.reconcile()
    queued = len(site.queued())
    site.both.plex.faults([{"match": "^PUT ", "after": 12, "action": "reset", **ALWAYS}])
    with pytest.raises(SyncError):
        site.drain()
    site.both.plex.faults([])
    site.drain()

    with site.state() as state:
        (run,) = state.runs.latest("drain")
    assert (run.status, run.figures["processed"]) == ("done", queued)
    assert run.figures["items_edited"] >= queued
    site.do(undo_last_run)

    assert now(site) == before
