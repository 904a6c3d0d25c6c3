"""What can be asked of a queue with a job in every state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.models import Failure
from sync_queue.jobs import EDIT
from sync_queue.queue import SyncQueue
from tests.sync_queue.conftest import NOW

LATER = NOW + 100


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SyncQueue]:
    """Scenes 1 (held), 2 and 3 (dead), 4 (at work), 5 (waits for a time), 6 (due), 7 (an edit)."""
    times = iter([NOW - 20, NOW - 10])
    clock = [NOW]
    with SyncQueue(tmp_path_factory.mktemp("q") / "queue", clock=lambda: clock[0]) as queue:
        titles = {2: "Harbour", 3: "Pier"}
        queue.put_many({"scene_id": n, "data": {"title": titles.get(n)}} for n in range(1, 8))
        jobs = {job.scene_id: job for job in queue.claim(5, NOW)}
        queue.hold([(jobs[1], ())])
        for number, failure in ((2, Failure.AMBIGUOUS), (3, Failure.NOT_FOUND)):
            clock[0] = next(times)
            queue.park(jobs[number], failure, f"no luck with {number}")
        clock[0] = NOW
        queue.retry(jobs[5], LATER, Failure.NOT_TAKEN, "not yet")
        queue.put_many([{"scene_id": 7}], priority=EDIT)
        yield queue


def test_which_jobs_are_due_and_when_the_next_one_is(full: SyncQueue) -> None:
    assert [job.scene_id for job in full.due(NOW)] == [7, 6]
    assert [job.scene_id for job in full.due(LATER)] == [7, 6, 5]
    assert [full.count_due(at, least=least) for at in (NOW, LATER) for least in (0, 1)] == [
        *(2, 1),
        *(3, 1),
    ]
    assert (full.next_due(NOW), full.next_due(LATER)) == (NOW, LATER)
    assert full.has_fresh_due(NOW)
    assert full.has_work(NOW)
    assert full.has_working()


def test_how_many_wait_and_why(full: SyncQueue) -> None:
    assert full.count_waiting() == 3
    assert full.count_waiting(Failure.NOT_TAKEN) == 1
    assert full.waiting_scene_ids(Failure.NOT_TAKEN) == [5]
    assert full.waiting_scene_ids(Failure.AMBIGUOUS) == []
    stats = full.stats(NOW)
    assert (stats.due, stats.backing_off, stats.working, stats.held) == (2, 1, 1, 1)
    assert stats.dead == {Failure.AMBIGUOUS: 1, Failure.NOT_FOUND: 1}


def test_which_scenes_have_a_job_in_which_state(full: SyncQueue) -> None:
    every = range(10)
    assert full.queued_scene_ids() == full.queued_among(every) == {1, 4, 5, 6, 7}
    assert full.unfinished_scene_ids() == {1, 2, 3, 4, 5, 6, 7}
    assert full.working_scene_ids() == {4}
    assert full.held_among(every) == {1}
    assert full.queued_among([1, 2, 6]) == {1, 6}
    assert [full.has_edit_among(some) for some in ([7], [6, 5], every)] == [True, False, True]
    assert sorted(full.some_queued(0, 9)) == [4, 5, 6, 7]
    assert full.some_queued(6, 9) == [6, 7]
    assert len(full.some_queued(0, 2)) == 2


def test_dead_letters_the_newest_first_and_page_by_page(full: SyncQueue) -> None:
    assert [job.scene_id for job in full.dead_letters()] == [3, 2]
    assert [job.scene_id for job in full.dead_letters(most=1)] == [3]
    assert full.given_up_among(range(10), Failure.AMBIGUOUS) == {2}
    assert full.given_up_among([3], Failure.AMBIGUOUS) == set()
    assert full.given_up_before(range(10), NOW - 10) == {2}
    assert full.given_up_before(range(10), NOW) == {2, 3}

    def page(failure: str = "", text: str = "", offset: int = 0, limit: int = 9) -> list[object]:
        total, some = full.dead_page(failure, text, offset, limit)
        return [total, *((job.scene_id, at) for job, at in some)]

    assert page() == [2, (3, NOW - 10), (2, NOW - 20)]
    assert page(offset=1) == [2, (2, NOW - 20)]
    assert page(limit=1) == page(text="luck", limit=1) == [2, (3, NOW - 10)]
    assert page(text="LUCK", offset=1) == [2, (2, NOW - 20)]
    assert page(text="harb") == page("Ambiguous") == [1, (2, NOW - 20)]
    assert page("Ambiguous", "pier") == [0]


def test_held_jobs_of_all_or_of_some(full: SyncQueue) -> None:
    assert [each.job.scene_id for each in full.held()] == [1]
    assert full.held(after=1) == full.held(most=0) == full.held([2, 3]) == []
    assert len(full.held([1, 2])) == 1
    assert full.held([1], most=0) == []
