"""The wake-up lease: one asks for a task, and no event is left without anybody who looks."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sync_queue.inbox import (
    ASKED_SECONDS,
    BESIDE,
    FREE_DECLINES,
    PAUSE_SECONDS,
    READER_FILE,
    UNANSWERED_SECONDS,
    Ask,
)
from sync_queue.inbox_reader import Inbox
from tests.sync_queue.hook_and_task import NOW, HookAndTask

ROOT = Path(__file__).parents[2]


def test_of_a_burst_the_first_asks(both: HookAndTask) -> None:
    asks = [both.note(num) for num in range(1, 500)]

    assert asks[0] is not None
    assert asks[0].job_id is None
    assert asks[1:] == [None] * 498


def test_a_quick_hook_asks_for_a_task_behind_one_that_is_certain(both: HookAndTask) -> None:
    def is_beside(ask: Ask | None) -> bool:
        return ask is not None and (ask.token, ask.job_id) == (BESIDE, None)

    asked = both.note(1, is_quick=True)
    assert asked is not None
    assert both.note(2, is_quick=True) is None  # whoever asks has no answer yet

    both.hook.asked(asked.token, "17")
    assert is_beside(both.note(3, is_quick=True))
    assert both.note(4) is None
    both.hook.asked(BESIDE, "18")
    assert both.task.lease().job_id == "17"

    both.task.begin()
    assert is_beside(both.note(5, is_quick=True))
    assert both.note(6) is None


def test_only_an_edit_of_the_user_shows_that_quick_hooks_work(both: HookAndTask) -> None:
    both.note(1)
    both.note(2, by_user=False, is_quick=True)
    assert not both.task.has_quick_edits()

    both.note(1, is_quick=True)
    assert both.task.has_quick_edits()


def test_who_could_not_ask_leaves_it_to_the_next(both: HookAndTask) -> None:
    ask = both.note(1)
    assert ask is not None
    both.hook.not_asked(ask.token)

    assert both.note(2) is not None
    assert both.note(3) is None


def test_a_request_without_an_answer_counts_for_a_while(both: HookAndTask) -> None:
    """Its hook was killed, say since the user has closed the page, or Stash did not answer it."""
    assert both.note(1) is not None

    both.now += UNANSWERED_SECONDS - 1
    assert both.note(2) is None
    both.now += 2
    again = both.note(3)
    assert again is not None
    assert again.job_id is None
    both.hook.asked(again.token, "17")
    both.now += UNANSWERED_SECONDS + 1
    assert both.note(4) is None


def test_once_the_cause_is_mended_the_next_edit_is_picked_up(both: HookAndTask) -> None:
    """A task could not begin for a bad setting; an edit comes at once after that was put right."""
    first = both.note(1)
    assert first is not None
    both.task.decline()
    both.hook.asked(first.token, "17")  # the answer comes when its task has ended

    again = both.note(2)
    assert again is not None
    assert again.job_id is None
    assert both.note(3) is None


def test_of_a_burst_few_ask_for_tasks_that_cannot_begin(both: HookAndTask) -> None:
    asks = 0
    for num in range(1, 1201):
        if both.note(num) is not None:
            asks += 1
            both.task.decline()
        both.now += 0.05

    assert asks <= 1 + FREE_DECLINES + 60 / UNANSWERED_SECONDS
    both.now += PAUSE_SECONDS
    assert both.note(1) is not None  # an edit by hand
    both.task.begin()
    both.task.give_up()
    assert both.note(2) is not None
    both.task.decline()
    assert both.note(3) is not None


def test_where_nobody_was_asked_there_is_nothing_to_decline(both: HookAndTask) -> None:
    both.task.decline()

    assert both.note(1) is not None


def test_an_answer_that_comes_when_its_task_has_ended_is_nothing_to_look_after(
    both: HookAndTask,
) -> None:
    first = both.note(1)
    assert first is not None
    both.task.begin()
    assert both.task.leave(both.task.newest()[0])
    both.hook.asked(first.token, "17")

    again = both.note(2)
    assert again is not None
    assert again.job_id is None


def test_a_damaged_sign_of_life_is_none(both: HookAndTask) -> None:
    sign = both.folder / READER_FILE
    for spoil in (sign.unlink, lambda: sign.write_bytes(b"no database " * 1000)):
        with Inbox(both.folder, clock=lambda: NOW) as killed:
            killed.begin()
        spoil()
        assert both.note(1) is not None
    both.task.begin()
    assert both.note(2) is None
    assert both.task.leave(both.task.newest()[0])
    sign.unlink()
    sign.mkdir()
    both.task.begin()
    assert both.note(3) is not None


def test_after_a_while_somebody_looks_after_the_job(both: HookAndTask) -> None:
    ask = both.note()
    assert ask is not None
    both.hook.asked(ask.token, "17")
    both.now += ASKED_SECONDS - 1
    assert both.note() is None
    both.now += 2

    again = both.note()

    assert again is not None
    assert again.job_id == "17"
    assert both.note() is None


def test_a_lease_from_the_future_does_not_hold_for_ever(both: HookAndTask) -> None:
    both.note()
    both.now -= 10 * ASKED_SECONDS

    assert both.note() is not None


def test_while_a_task_runs_nobody_asks(both: HookAndTask) -> None:
    both.note()
    both.task.begin()
    both.now += 10 * ASKED_SECONDS
    assert both.note() is None


@pytest.mark.processes
def test_a_task_that_was_killed_holds_no_lease(both: HookAndTask, tmp_path: Path) -> None:
    begin = (
        f"import sys, time; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path\n"
        "from sync_queue.inbox_reader import Inbox\n"
        f"inbox = Inbox(Path({str(both.folder)!r})); inbox.begin(); print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    both.note()
    with subprocess.Popen([sys.executable, "-c", begin], stdout=subprocess.PIPE) as task:
        assert task.stdout is not None
        task.stdout.readline()
        assert both.note() is None
        task.kill()

    again = both.note()
    assert again is not None
    assert again.job_id is None
    assert both.note() is None


def test_of_two_tasks_the_second_works_as_well(both: HookAndTask) -> None:
    both.task.begin()
    with Inbox(both.folder, clock=lambda: NOW) as second:
        second.begin()
        assert both.note(1) is None
        assert second.leave(second.newest()[0])
    assert both.note(2) is not None


def test_a_task_leaves_only_when_it_has_seen_everything(both: HookAndTask) -> None:
    both.note(1)
    both.task.begin()
    seen, _ = both.task.newest()
    both.note(2)

    assert not both.task.leave(seen)
    assert both.note(3) is None  # it still runs, and will look again
    seen, _ = both.task.newest()
    assert both.task.leave(seen)
    assert both.task.lease().asked_at is None

    assert both.note(4) is not None


def test_a_task_that_failed_leaves_the_asking_to_the_next_event(both: HookAndTask) -> None:
    both.note(1)
    both.task.begin()
    both.task.give_up()

    assert both.note(2) is not None


def test_an_answer_that_comes_late_changes_no_newer_lease(both: HookAndTask) -> None:
    first = both.note(1)
    assert first is not None
    both.task.begin()
    both.hook.not_asked(first.token)  # Stash had queued the task, but its answer was lost
    assert both.note(2) is None
    both.task.hand_over("18")
    both.hook.asked(first.token, "17")
    both.hook.not_asked(first.token)

    assert both.task.lease().job_id == "18"
    assert both.note(3) is None


def test_a_task_asks_for_what_is_left_if_nobody_else_did(both: HookAndTask) -> None:
    assert both.task.claim() is None
    ask = both.note()
    assert ask is not None
    assert both.task.claim() is None
    both.hook.not_asked(ask.token)

    claimed = both.task.claim()

    assert claimed is not None
    both.task.asked(claimed.token, "5")
    assert both.task.lease().job_id == "5"
    assert both.note() is None
    both.task.begin()
    assert both.task.claim() is None


def test_a_follow_up_is_asked_for_once(both: HookAndTask) -> None:
    both.task.request_follow_up()

    first = both.task.claim()
    assert first is not None
    assert both.task.claim() is None
    both.task.not_asked(first.token)
    assert both.task.claim() is not None
    both.task.decline()
    assert both.task.claim() is None  # else a task that cannot begin would ask for the next one
    both.task.begin()
    assert both.task.leave(both.task.newest()[0])
    assert both.task.claim() is None


@pytest.mark.parametrize("seed", range(2))
def test_no_event_is_left_without_anybody_who_looks(both: HookAndTask, seed: int) -> None:
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
                task.acknowledge(task.take())
                if task.leave(seen):
                    break

    stop = threading.Event()
    with Inbox(both.folder, clock=lambda: NOW) as task:
        worker = threading.Thread(target=work)
        worker.start()
        for _ in range(hooks):
            if both.note(rng.randrange(1, 5)) is not None:
                asked.set()
        while both.task.lease().asked_at is not None:
            pass
        left = both.task.take()
        stop.set()
        asked.set()
        worker.join()
    assert left == []
