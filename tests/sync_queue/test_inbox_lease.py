"""The wake-up lease: one asks for a task, and no event is left without anybody who looks."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.inbox import (
    ASKED_SECONDS,
    FREE_DECLINES,
    PAUSE_SECONDS,
    READER_FILE,
    UNANSWERED_SECONDS,
)
from sync_queue.inbox_reader import Inbox
from tests.sync_queue.sides import NOW, Sides

ROOT = Path(__file__).parents[2]


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[Sides]:
    both = Sides(tmp_path / "data")
    yield both
    both.close()
    assert both.warnings == []


def test_of_a_burst_the_first_asks(sides: Sides) -> None:
    asks = [sides.note(num) for num in range(1, 500)]

    assert asks[0] is not None
    assert asks[0].job_id is None
    assert asks[1:] == [None] * 498


def test_who_could_not_ask_leaves_it_to_the_next(sides: Sides) -> None:
    ask = sides.note(1)
    assert ask is not None
    sides.hook.not_asked(ask.token)

    assert sides.note(2) is not None
    assert sides.note(3) is None


def test_a_request_without_an_answer_counts_for_a_while(sides: Sides) -> None:
    """Its hook was killed, say since the user has closed the page, or Stash let it wait in vain."""
    assert sides.note(1) is not None

    sides.now += UNANSWERED_SECONDS - 1
    assert sides.note(2) is None
    sides.now += 2
    again = sides.note(3)
    assert again is not None
    assert again.job_id is None
    sides.hook.asked(again.token, "17")
    sides.now += UNANSWERED_SECONDS + 1
    assert sides.note(4) is None


def test_once_the_cause_is_mended_the_next_edit_is_picked_up(sides: Sides) -> None:
    """A task could not begin for a bad setting; an edit comes at once after that was put right."""
    first = sides.note(1)
    assert first is not None
    sides.task.decline()
    sides.hook.asked(first.token, "17")  # the answer comes when its task has ended

    again = sides.note(2)
    assert again is not None
    assert again.job_id is None
    assert sides.note(3) is None


def test_of_a_burst_few_ask_for_tasks_that_cannot_begin(sides: Sides) -> None:
    asks = 0
    for num in range(1, 1201):
        if sides.note(num) is not None:
            asks += 1
            sides.task.decline()
        sides.now += 0.05

    assert asks <= 1 + FREE_DECLINES + 60 / UNANSWERED_SECONDS
    sides.now += PAUSE_SECONDS
    assert sides.note(1) is not None  # an edit by hand
    sides.task.begin()
    sides.task.give_up()
    assert sides.note(2) is not None
    sides.task.decline()
    assert sides.note(3) is not None


def test_where_nobody_was_asked_there_is_nothing_to_decline(sides: Sides) -> None:
    sides.task.decline()

    assert sides.note(1) is not None


def test_an_answer_that_comes_when_its_task_has_ended_is_nothing_to_look_after(
    sides: Sides,
) -> None:
    first = sides.note(1)
    assert first is not None
    sides.task.begin()
    assert sides.task.leave(sides.task.newest()[0])
    sides.hook.asked(first.token, "17")

    again = sides.note(2)
    assert again is not None
    assert again.job_id is None


def test_a_damaged_sign_of_life_is_none(sides: Sides) -> None:
    sign = sides.folder / READER_FILE
    with Inbox(sides.folder, clock=lambda: NOW) as killed:
        killed.begin()
    sign.write_bytes(b"no database " * 1000)

    assert sides.note(1) is not None
    sides.task.begin()
    assert sides.note(2) is None
    assert sides.task.leave(sides.task.newest()[0])
    sign.unlink()
    sign.mkdir()
    sides.task.begin()
    assert sides.note(3) is not None


def test_after_ten_minutes_somebody_looks_after_the_job(sides: Sides) -> None:
    ask = sides.note()
    assert ask is not None
    sides.hook.asked(ask.token, "17")
    sides.now += ASKED_SECONDS - 1
    assert sides.note() is None
    sides.now += 2

    again = sides.note()

    assert again is not None
    assert again.job_id == "17"
    assert sides.note() is None


def test_a_lease_from_the_future_does_not_hold_for_ever(sides: Sides) -> None:
    sides.note()
    sides.now -= 10 * ASKED_SECONDS

    assert sides.note() is not None


def test_while_a_task_runs_nobody_asks(sides: Sides) -> None:
    sides.note()
    sides.task.begin()
    sides.now += 10 * ASKED_SECONDS
    assert sides.note() is None


@pytest.mark.processes
def test_a_task_that_was_killed_holds_no_lease(sides: Sides, tmp_path: Path) -> None:
    begin = (
        f"import sys, time; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path\n"
        "from sync_queue.inbox_reader import Inbox\n"
        f"inbox = Inbox(Path({str(sides.folder)!r})); inbox.begin(); print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    sides.note()
    with subprocess.Popen([sys.executable, "-c", begin], stdout=subprocess.PIPE) as task:
        assert task.stdout is not None
        task.stdout.readline()
        assert sides.note() is None
        task.kill()

    again = sides.note()
    assert again is not None
    assert again.job_id is None
    assert sides.note() is None


def test_of_two_tasks_the_second_works_as_well(sides: Sides) -> None:
    sides.task.begin()
    with Inbox(sides.folder, clock=lambda: NOW) as second:
        second.begin()
        assert sides.note(1) is None
        assert second.leave(second.newest()[0])
    assert sides.note(2) is not None


def test_a_task_leaves_only_when_it_has_seen_everything(sides: Sides) -> None:
    sides.note(1)
    sides.task.begin()
    seen, _ = sides.task.newest()
    sides.note(2)

    assert not sides.task.leave(seen)
    assert sides.note(3) is None  # it still runs, and will look again
    seen, _ = sides.task.newest()
    assert sides.task.leave(seen)
    assert sides.task.lease().asked_at is None

    assert sides.note(4) is not None


def test_a_task_that_failed_leaves_the_asking_to_the_next_event(sides: Sides) -> None:
    sides.note(1)
    sides.task.begin()
    sides.task.give_up()

    assert sides.note(2) is not None


def test_an_answer_that_comes_late_changes_no_newer_lease(sides: Sides) -> None:
    first = sides.note(1)
    assert first is not None
    sides.task.begin()
    sides.hook.not_asked(first.token)  # Stash had queued the task, but its answer was lost
    assert sides.note(2) is None
    sides.task.hand_over("18")
    sides.hook.asked(first.token, "17")
    sides.hook.not_asked(first.token)

    assert sides.task.lease().job_id == "18"
    assert sides.note(3) is None


def test_a_task_asks_for_what_is_left_if_nobody_else_did(sides: Sides) -> None:
    assert sides.task.claim() is None
    ask = sides.note()
    assert ask is not None
    assert sides.task.claim() is None
    sides.hook.not_asked(ask.token)

    claimed = sides.task.claim()

    assert claimed is not None
    sides.task.asked(claimed.token, "5")
    assert sides.task.lease().job_id == "5"
    assert sides.note() is None


def test_a_follow_up_is_asked_for_once(sides: Sides) -> None:
    sides.task.request_follow_up()

    first = sides.task.claim()
    assert first is not None
    assert sides.task.claim() is None
    sides.task.not_asked(first.token)
    assert sides.task.claim() is not None
    sides.task.begin()
    assert sides.task.leave(sides.task.newest()[0])
    assert sides.task.claim() is None


@pytest.mark.parametrize("seed", range(2))
def test_no_event_is_left_without_anybody_who_looks(sides: Sides, seed: int) -> None:
    """A hook and a task, one step each in any order: whoever is last knows of the event."""
    rng = random.Random(seed)
    asked = threading.Event()
    hooks = 300

    def work() -> None:
        while asked.wait(10):
            asked.clear()
            if stop.is_set():
                return
            task.begin()
            while True:
                seen, _ = task.newest()
                task.settle(task.take())
                if task.leave(seen):
                    break

    stop = threading.Event()
    with Inbox(sides.folder, clock=lambda: NOW) as task:
        worker = threading.Thread(target=work)
        worker.start()
        for _ in range(hooks):
            if sides.note(rng.randrange(1, 5)) is not None:
                asked.set()
        while sides.task.lease().asked_at is not None:
            pass
        left = sides.task.take()
        stop.set()
        asked.set()
        worker.join()
    assert left == []
