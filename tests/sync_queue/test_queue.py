"""What the machine's model does not say: the shape of jobs, bad jobs, endings, and threads."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.backoff import LONGEST_DELAY
from core.models import Change, Failure, ItemRef, Job
from storage.state_tables.plans import PlannedChange
from sync_queue.jobs import EDIT, EnqueueOutcome
from sync_queue.queue import SyncQueue
from sync_queue.schema import TABLE
from tests.stored import spoil, sql
from tests.sync_queue.conftest import NOW

LOSS = PlannedChange(2, "Two", ItemRef("1", "8"), Change("studio", "X", None))


def job(scene_id: int, **values: Any) -> dict[str, Any]:
    return {"scene_id": scene_id, "update_type": "metadata", "data": {}, **values}


def test_a_job_comes_out_as_it_went_in(queue: SyncQueue) -> None:
    data = {"path": "/m/ü \ud83d.mp4", "performers": ["A", "B"], "rating100": None}
    row_id = queue.put(job(7, data=data, reason="hook", enqueued_at=5.0, attempts=2))

    assert queue.claim(9, NOW) == [Job(row_id, 7, "metadata", data, 5.0, "hook", 2, 0.0, "")]


def test_a_job_is_json_with_the_keys_of_the_contract(queue: SyncQueue, path: Path) -> None:
    row_id = queue.put({"scene_id": "7", "job_key": "scene_7"})

    ((stored,),) = sql(path / "data.db", f"SELECT data FROM {TABLE}")
    assert json.loads(stored) == {
        "job_id": row_id,
        "scene_id": 7,
        "update_type": "metadata",
        "data": {},
        "enqueued_at": NOW,
        "reason": "",
        "attempts": 0,
        "not_before": 0.0,
        "error": "",
        "priority": 0,
        "job_key": "scene_7",
    }


@pytest.mark.parametrize(
    "item",
    [
        None,
        "7",
        {},
        {"scene_id": None},
        {"scene_id": "x"},
        {"scene_id": 0},
        {"scene_id": -1},
        {"scene_id": 1.5},
        {"scene_id": True},
        {"scene_id": 2**63},
        {"scene_id": 1, "data": {"rating": float("nan")}},
        {"scene_id": 1, "data": [1]},
        {"scene_id": 1, "attempts": None},
        {"scene_id": 1, "attempts": float("inf")},
    ],
)
def test_what_is_no_job_is_refused(queue: SyncQueue, item: object) -> None:
    with pytest.raises(ValueError):
        queue.put(item)
    with pytest.raises(ValueError):
        queue.put_many([job(1), item])

    assert queue.stats(NOW).waiting == 0


def test_a_bulk_put_tells_new_from_refreshed(queue: SyncQueue) -> None:
    queue.put(job(1))
    queue.put(job(2))
    queue.claim(1, NOW)

    # 1 is being worked on, so it waits anew; 2 waits already; 3 comes twice.
    outcome = queue.put_many([job(1), job(2), job(3), job(3)])

    assert outcome == EnqueueOutcome(new=2, refreshed=2)
    assert queue.put_many([]) == EnqueueOutcome(0, 0)


def test_a_refreshed_job_keeps_its_place(queue: SyncQueue) -> None:
    queue.put(job(1, enqueued_at=1.0))
    queue.put(job(2))
    queue.put(job(1, data={"title": "new"}, enqueued_at=9.0, reason="again"))

    first, second = queue.claim(9, NOW)

    assert (first.scene_id, first.data, first.enqueued_at) == (1, {"title": "new"}, 1.0)
    assert first.reason == "again"
    assert second.scene_id == 2


def test_a_job_in_backoff_holds_up_nobody_and_a_new_order_ends_its_wait(queue: SyncQueue) -> None:
    for scene_id in (1, 2):
        queue.put(job(scene_id))
    first, _ = queue.claim(2, NOW)
    queue.retry(first, NOW + 60, Failure.OTHER, "later")
    queue.put(job(3))

    assert [claimed.scene_id for claimed in queue.claim(9, NOW + 59)] == [3]
    assert queue.next_due(NOW) == NOW + 60

    queue.put(job(1))
    (again,) = queue.claim(9, NOW)
    assert (again.scene_id, again.attempts) == (1, 0)
    assert (again.error, again.failure) == ("", Failure.NONE)


def test_waiting_uses_up_no_attempt(queue: SyncQueue) -> None:
    queue.put(job(1))
    (first,) = queue.claim(1, NOW)
    queue.postpone([(first, NOW, Failure.PICTURE, "later")])
    (second,) = queue.claim(1, NOW)
    queue.retry(second, NOW, Failure.PICTURE, "later")
    (third,) = queue.claim(1, NOW)
    queue.retry(third, NOW, Failure.PICTURE, "later")
    (fourth,) = queue.claim(1, NOW)

    assert (second.attempts, third.attempts, third.error) == (0, 1, "ImageFailed: later")
    assert third.failure is Failure.PICTURE
    assert fourth.attempts == 2


def test_jobs_that_wait_for_one_thing_are_made_due_together(queue: SyncQueue) -> None:
    failures = [Failure.AWAITS_SCAN, Failure.AWAITS_SCAN, Failure.OTHER, Failure.NONE]
    queue.put_many(job(n) for n in range(1, 5))
    for claimed, failure in zip(queue.claim(9, NOW), failures, strict=True):
        queue.postpone([(claimed, NOW + 60, failure, "AwaitsScan: said of another")])
    assert queue.claim(9, NOW) == []
    assert queue.count_waiting(Failure.AWAITS_SCAN) == 2

    assert queue.waiting_for(Failure.AWAITS_SCAN, range(2, 9)) == {2}
    assert queue.wake(Failure.AWAITS_SCAN) == 2

    woken = queue.claim(9, NOW)
    assert [(claimed.scene_id, claimed.attempts) for claimed in woken] == [(1, 0), (2, 0)]
    assert queue.count_waiting(Failure.AWAITS_SCAN) == 0


def test_a_postponed_job_gives_way_to_a_newer_order(queue: SyncQueue) -> None:
    queue.put(job(1))
    (first,) = queue.claim(1, NOW)
    queue.put(job(1, data={"title": "new"}))

    queue.postpone([(first, NOW + 60, Failure.AWAITS_SCAN, "\udcff")])
    queue.postpone([(first, NOW + 60, Failure.AWAITS_SCAN, "again")])

    (newer,) = queue.claim(9, NOW)
    assert (newer.data, newer.error) == ({"title": "new"}, "")


def test_an_error_may_name_an_odd_path(queue: SyncQueue) -> None:
    queue.put(job(1, error="\udcff"))
    (first,) = queue.claim(1, NOW)
    queue.retry(first, NOW, Failure.OTHER, "/m/\udcff.mp4")
    (second,) = queue.claim(1, NOW)
    queue.park(second, Failure.NOT_FOUND, "/m/\udcff.mp4")

    assert (first.error, second.error) == ("?", "Failed: /m/?.mp4")
    assert queue.dead_letters()[0].error == "PlexNotFound: /m/?.mp4"


def test_a_dead_letter_hides_no_newer_order(queue: SyncQueue) -> None:
    queue.put(job(1, data={"title": "old"}))
    (old,) = queue.claim(1, NOW)
    queue.put(job(1, data={"title": "new"}))
    queue.park(old, Failure.NOT_FOUND, "no item")

    assert [letter.error for letter in queue.dead_letters()] == ["PlexNotFound: no item"]
    (new,) = queue.claim(1, NOW)
    assert new.data == {"title": "new"}
    queue.finish([new])
    assert queue.dead_letters() == []


def test_the_newest_dead_letter_of_a_scene_stands(queue: SyncQueue) -> None:
    for failure, why in ((Failure.NOT_FOUND, "no item"), (Failure.REJECTED, "400")):
        queue.put(job(1))
        queue.park(queue.claim(1, NOW)[0], failure, why)

    assert [letter.error for letter in queue.dead_letters()] == ["PlexRejected: 400"]


@pytest.mark.parametrize("odd", ["'soon'", "x'ff00'", "CAST(x'ff' AS TEXT)", "5"])
def test_figures_stand_rows_that_make_no_sense(path: Path, odd: str) -> None:
    with SyncQueue(path) as queue:
        queue.put_many([job(1)])
        queue.park(queue.claim(1, NOW)[0], Failure.REJECTED, "no")
    spoiled = (f"UPDATE {TABLE} SET failure = {odd}", f"UPDATE counters SET name = {odd}")
    sql(path / "data.db", "PRAGMA ignore_check_constraints = 1", *spoiled)

    with SyncQueue(path) as queue:
        stats = queue.stats(NOW)
        assert (stats.dead, stats.completed) == ({Failure.OTHER: 1}, 0)
        queue.put_many([job(2)])
        queue.finish(queue.claim(1, NOW))


def test_dead_letters_are_counted_by_their_failure(queue: SyncQueue) -> None:
    failures = [Failure.REJECTED, Failure.NOT_FOUND, Failure.NOT_FOUND, Failure.NONE]
    queue.put_many(job(n) for n in range(1, 5))
    for claimed, failure in zip(queue.claim(9, NOW), failures, strict=True):
        queue.park(claimed, failure, "Ambiguous: said of another")

    dead = queue.stats(NOW).dead
    assert dead == {Failure.NOT_FOUND: 2, Failure.NONE: 1, Failure.REJECTED: 1}
    assert next(iter(dead)) is Failure.NOT_FOUND
    assert queue.clear_dead() == 4
    assert queue.stats(NOW).dead == {}


def test_dead_letters_are_purged_by_the_time_of_their_death(path: Path) -> None:
    now = [NOW]
    with SyncQueue(path, clock=lambda: now[0]) as queue:
        queue.put_many([job(1), job(2)])
        one, two = queue.claim(2, NOW)
        queue.park(one, Failure.OTHER, "x")
        now[0] += 100
        queue.park(two, Failure.OTHER, "x")

        assert queue.retry_dead(since=NOW + 1, until=NOW + 99) == 0
        assert queue.purge_dead(NOW + 50) == 1
        assert [letter.scene_id for letter in queue.dead_letters()] == [2]
        assert queue.retry_dead(since=NOW + 100, until=NOW + 100) == 1


def test_clearing_leaves_what_is_being_worked_on(queue: SyncQueue) -> None:
    queue.put_many([job(1), job(2), job(3)])
    (claimed,) = queue.claim(1, NOW)

    assert queue.clear_waiting() == 2
    assert queue.queued_scene_ids() == {1}
    queue.finish([claimed])
    assert queue.queued_scene_ids() == set()


def test_a_great_many_jobs_come_and_go(queue: SyncQueue, path: Path) -> None:
    items = (job(n, data={"details": "d" * 12_000}) for n in range(1, 1801))
    assert queue.put_many(items) == EnqueueOutcome(1800, 0)
    grown = (path / "data.db").stat().st_size + (path / "data.db-wal").stat().st_size

    while claimed := queue.claim(700, NOW):
        assert [one.scene_id for one in claimed] == sorted(one.scene_id for one in claimed)
        queue.release(claimed[600:])
        queue.finish(claimed[:600])
    with closing(sqlite3.connect(path / "data.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        queue.database.rows("PRAGMA busy_timeout = 0")
        queue.prune()  # another time
    queue.prune()

    assert queue.stats(NOW).completed == 1800
    queue.database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    assert (path / "data.db").stat().st_size < grown / 10


def test_threads_never_share_a_job(queue: SyncQueue) -> None:
    queue.put_many(job(n) for n in range(1, 121))
    taken: list[int] = []

    def work() -> None:
        while claimed := queue.claim(7, NOW):
            taken.extend(one.scene_id for one in claimed)
            queue.finish(claimed)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == list(range(1, 121))


def test_what_was_noted_by_a_clock_that_ran_ahead_holds_up_nothing(path: Path) -> None:
    ahead = NOW + 30 * 86_400.0
    with SyncQueue(path, clock=lambda: ahead) as queue:
        queue.put_many([job(1), job(2), job(3)])
        for claimed in queue.claim(2, ahead):
            queue.retry(claimed, ahead + 60, Failure.OTHER, "later")
        queue.park(queue.claim(1, ahead)[0], Failure.OTHER, "no")
    spoil(path / "data.db", f"{TABLE}.not_before", "'soon'", "scene_id = 2")

    with SyncQueue(path, clock=lambda: NOW) as queue:
        assert queue.next_due(NOW) == NOW + LONGEST_DELAY
        assert queue.stats(NOW).backing_off == 2
        queue.recover()
        jobs = queue.claim(9, NOW + LONGEST_DELAY)
        assert [(each.scene_id, each.enqueued_at) for each in jobs] == [(1, NOW), (2, NOW)]
        assert queue.purge_dead(NOW + 1) == 1


def test_edits_are_claimed_before_bulk_work_that_is_due_longer(queue: SyncQueue) -> None:
    queue.put_many([job(1), job(2), job(3)])
    queue.put_many([job(4, enqueued_at=NOW + 9), job(2)], priority=EDIT)

    assert [each.scene_id for each in queue.claim(2, NOW)] == [2, 4]
    queue.put(job(3))  # bulk work that comes later takes no urgency away, nor gives it
    assert [(each.scene_id, each.priority) for each in queue.claim(9, NOW)] == [(1, 0), (3, 0)]


def test_a_held_job_is_answered_by_a_newer_order(queue: SyncQueue) -> None:
    queue.put_many([job(1), job(2)])
    queue.hold((claimed, [LOSS]) for claimed in queue.claim(9, NOW))
    assert queue.count_due(NOW) == queue.stats(NOW).waiting == 0
    assert [each.losses for each in queue.held([2])] == [(LOSS,)]

    queue.put(job(1, data={"title": "new"}))
    (newer,) = queue.claim(9, NOW)
    assert queue.stats(NOW).held == 2
    beside = queue.claim_held(9)
    assert [each.job.scene_id for each in beside] == [2]  # the other is being worked on
    queue.release(each.job for each in beside)
    queue.finish([newer])  # it had nothing to clear

    (held,) = queue.held()
    assert (held.job.scene_id, held.job.failure, held.losses) == (2, Failure.HELD, (LOSS,))
    assert held.job.error.startswith("HeldByGuard: ")


def test_a_kill_while_held_jobs_are_applied_holds_them_again(path: Path, queue: SyncQueue) -> None:
    queue.put_many([job(1), job(2)])
    queue.hold((claimed, []) for claimed in queue.claim(9, NOW))
    (one,) = queue.claim_held(1)

    with SyncQueue(path, clock=lambda: NOW) as after:
        after.recover()
        assert [each.job.scene_id for each in after.held()] == [1, 2]
        both = after.claim_held(9)
        assert after.claim_held(9) == []
        after.finish(each.job for each in both)
        assert after.stats(NOW).held == after.stats(NOW).working == 0
    assert one.job.scene_id == 1


def test_a_bad_job_at_the_head_ends_no_claim(queue: SyncQueue, path: Path) -> None:
    queue.put_many([job(1), job(2), job(3)])
    spoil(path / "data.db", f"{TABLE}.scene_id", "NULL", "scene_id = 1")
    spoil(path / "data.db", f"{TABLE}.attempts", "'many'", "scene_id = 2")
    told: list[str] = []

    with SyncQueue(path, warn=told.append, clock=lambda: NOW) as other:
        other.stats(NOW)
        assert other.claim(0, NOW) == []
        assert [each.scene_id for each in other.claim(1, NOW)] == [3]
    assert len(told) == 2


def test_what_goes_back_meets_a_newer_order(queue: SyncQueue) -> None:
    """An edit stays urgent, a dead letter begins anew, and of two held jobs the newer stays."""
    queue.put_many([job(1)], priority=EDIT)
    (edit,) = queue.claim(9, NOW)
    queue.put(job(1))
    queue.release([edit])
    (again,) = queue.claim(9, NOW)
    assert again.priority == EDIT

    queue.retry(again, NOW, Failure.PICTURE, "no")
    (tried,) = queue.claim(9, NOW)
    queue.park(tried, Failure.PICTURE, "no")
    assert queue.retry_dead(failure=Failure.PICTURE) == 1
    (revived,) = queue.claim(9, NOW)
    assert (tried.attempts, revived.attempts, revived.failure) == (1, 0, Failure.NONE)

    queue.hold([(revived, [])])
    queue.put(job(1))
    queue.hold((claimed, [LOSS]) for claimed in queue.claim(9, NOW))
    assert [each.losses for each in queue.held()] == [(LOSS,)]
    assert queue.clear_waiting() == 1


def test_of_any_number_of_scenes_those_are_told_that_wait_are_held_or_in_hand(
    queue: SyncQueue,
) -> None:
    for scene_id in (1, 2, 3, 4, 2500):
        queue.put(job(scene_id))
    in_hand, held, done, dead = queue.claim(4, NOW)
    queue.hold([(held, [])])
    queue.finish([done])
    queue.park(dead, Failure.REJECTED, "no")

    assert queue.queued_among(range(1, 3000)) == {in_hand.scene_id, held.scene_id, 2500}
    assert queue.queued_among([in_hand.scene_id, 9]) == {in_hand.scene_id}
    assert queue.queued_among([]) == set()
    assert queue.held_among(range(1, 3000)) == {held.scene_id}
