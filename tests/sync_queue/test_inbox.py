"""The inbox: what hooks note, what tasks take, and the mark between them."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_queue.inbox import (
    ACTIONS,
    ALIVE_SECONDS,
    ASKED_SECONDS,
    INBOX_FILE,
    Ask,
    DamagedInbox,
    HookInbox,
    NewerInbox,
)
from sync_queue.inbox_reader import Event, Inbox, repair

ROOT = Path(__file__).parents[2]
NOW = 1_700_000_000.0


class Sides:
    """Both sides of one inbox, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOW
        self.warnings: list[str] = []
        self.hook = HookInbox(str(folder))
        self.task = Inbox(folder, warn=self.warnings.append, clock=lambda: self.now)

    def note(
        self, num: int = 1, action: str = "update", kind: str = "scene", *, by_user: bool = True
    ) -> Ask | None:
        return self.hook.note(kind, num, action, by_user=by_user, now=self.now)

    def close(self) -> None:
        self.hook.close()
        self.task.close()


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[Sides]:
    both = Sides(tmp_path / "data")
    yield both
    both.close()
    assert both.warnings == []


def test_events_are_taken_in_the_order_in_which_they_came(sides: Sides) -> None:
    sides.note(7)
    sides.now += 1
    sides.note(3, "destroy", "tag", by_user=False)

    assert sides.task.take() == [
        Event("scene", 7, "update", NOW, True, 1),
        Event("tag", 3, "destroy", NOW + 1, False, 2),
    ]
    assert sides.task.counts() == {"scene": 1, "tag": 1}
    assert sides.task.newest() == (2, NOW + 1)


def test_taking_forgets_nothing_and_settling_does(sides: Sides) -> None:
    sides.note()

    taken = sides.task.take()
    assert sides.task.take() == taken
    sides.task.settle(taken)

    assert sides.task.take() == []
    assert sides.task.newest() == (1, 0.0)


def test_an_event_that_comes_while_its_predecessor_is_dealt_with_stays(sides: Sides) -> None:
    sides.note(1)
    sides.note(2)
    taken = sides.task.take()
    sides.note(1)

    sides.task.settle(taken)

    assert [(event.id, event.revision) for event in sides.task.take()] == [(1, 3)]


@pytest.mark.parametrize(
    ("actions", "stays"),
    [
        (("create", "update"), "update"),
        (("update", "create"), "update"),
        (("update", "destroy"), "destroy"),
        (("destroy", "update"), "destroy"),
        (("merge", "update"), "merge"),
        (("merge", "destroy", "create"), "destroy"),
    ],
)
def test_the_weightier_action_stays(sides: Sides, actions: tuple[str, ...], stays: str) -> None:
    for action in actions:
        sides.note(1, action)

    (event,) = sides.task.take()
    assert event.action == stays
    assert event.revision == len(actions)


def test_an_edit_outranks_a_scan_in_either_order(sides: Sides) -> None:
    for num, order in ((1, (True, False)), (2, (False, True)), (3, (False, False))):
        for by_user in order:
            sides.note(num, by_user=by_user)

    assert [event.by_user for event in sides.task.take()] == [True, True, False]


def test_the_latest_time_stays_though_the_clock_was_set_back(sides: Sides) -> None:
    sides.note()
    sides.now -= 3600
    sides.note()

    assert [event.at for event in sides.task.take()] == [NOW]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("note"), st.integers(1, 3), st.sampled_from(ACTIONS), st.booleans()),
            st.just(("take",)),
            st.just(("settle",)),
        ),
        max_size=30,
    )
)
@settings(max_examples=60, deadline=None)
def test_nothing_is_settled_that_was_not_taken(steps: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sides = Sides(Path(folder))
        unseen: dict[int, int] = {}  # id -> rank of the weightiest action since the last settle
        taken: list[Event] = []
        fresh: set[int] = set()  # noted after the last take
        for step in steps:
            if step[0] == "note":
                _, num, action, by_user = step
                assert isinstance(num, int)
                sides.note(num, str(action), by_user=bool(by_user))
                unseen[num] = max(unseen.get(num, 0), ACTIONS.index(str(action)))
                fresh.add(num)
            elif step[0] == "take":
                taken, fresh = sides.task.take(), set()
            else:
                sides.task.settle(taken)
                for event in taken:
                    if event.id not in fresh:
                        unseen.pop(event.id, None)
        left = {event.id: ACTIONS.index(event.action) for event in sides.task.take()}
        sides.close()
        assert left == unseen


# The mark --------------------------------------------------------------------------------


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


def test_a_mark_from_the_future_does_not_hold_for_ever(sides: Sides) -> None:
    sides.note()
    sides.now -= 10 * ASKED_SECONDS

    assert sides.note() is not None


def test_while_a_task_runs_nobody_asks(sides: Sides) -> None:
    sides.note()
    sides.task.begin()
    for _ in range(30):
        sides.now += ALIVE_SECONDS / 2
        assert sides.note() is None
        sides.task.alive()


def test_a_task_that_falls_silent_was_killed(sides: Sides) -> None:
    ask = sides.note()
    assert ask is not None
    sides.hook.asked(ask.token, "17")
    sides.task.begin()
    sides.now += ALIVE_SECONDS + 1

    again = sides.note()

    assert again is not None
    assert again.job_id == "17"


def test_a_task_leaves_only_when_it_has_seen_everything(sides: Sides) -> None:
    sides.note(1)
    sides.task.begin()
    seen, _ = sides.task.newest()
    sides.note(2)

    assert not sides.task.leave(seen)
    assert sides.note(3) is None  # it still runs, and will look again
    seen, _ = sides.task.newest()
    assert sides.task.leave(seen)
    assert sides.task.mark().asked_at is None

    assert sides.note(4) is not None


def test_a_task_that_failed_leaves_the_asking_to_the_next_event(sides: Sides) -> None:
    sides.note(1)
    sides.task.begin()
    sides.task.give_up()

    assert sides.note(2) is not None


def test_an_answer_that_comes_late_changes_no_newer_mark(sides: Sides) -> None:
    first = sides.note(1)
    assert first is not None
    sides.task.begin()
    sides.hook.not_asked(first.token)  # Stash had queued the task, but its answer was lost
    assert sides.note(2) is None
    sides.task.hand_over("18")
    sides.hook.asked(first.token, "17")
    sides.hook.not_asked(first.token)

    assert sides.task.mark().job_id == "18"
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
    assert sides.task.mark().job_id == "5"
    assert sides.note() is None


def test_what_is_owed_is_asked_for_once(sides: Sides) -> None:
    sides.task.owe()

    first = sides.task.claim()
    assert first is not None
    assert sides.task.claim() is None
    sides.task.not_asked(first.token)
    assert sides.task.claim() is not None
    sides.task.begin()
    assert sides.task.leave(sides.task.newest()[0])
    assert sides.task.claim() is None


@pytest.mark.parametrize("seed", range(4))
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
        while sides.task.mark().asked_at is not None:
            pass
        left = sides.task.take()
        stop.set()
        asked.set()
        worker.join()
    assert left == []


# The file --------------------------------------------------------------------------------


def in_processes(folder: Path, count: int, body: Callable[[int], str]) -> list[str]:
    """Run `count` small programs at once; what each of them says."""
    head = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import os; from sync_queue.inbox import HookInbox\n"
        f"inbox = HookInbox({str(folder)!r})\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-S", "-c", head + body(number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    said = []
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        said.append(out.strip())
    return said


def test_first_hooks_come_in_crowds(tmp_path: Path) -> None:
    """None is refused though the file is not there yet, none closes it, and one asks."""
    said = in_processes(
        tmp_path,
        12,
        lambda n: (
            f"ask = inbox.note('scene', {n + 1}, 'update', by_user=True, now={NOW})\n"
            "os.write(1, b'-' if ask is None else b'ask'); os._exit(0)\n"
        ),
    )

    assert sorted(said) == ["-"] * 11 + ["ask"]
    with Inbox(tmp_path, clock=lambda: NOW) as inbox:
        assert {event.id for event in inbox.take()} == set(range(1, 13))


def test_a_busy_file_is_waited_for(sides: Sides) -> None:
    other = sqlite3.connect(
        sides.folder / INBOX_FILE, isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    timer.start()

    sides.note()

    timer.join()
    other.close()
    assert len(sides.task.take()) == 1


def test_a_file_that_stays_busy_is_an_error_and_no_wait_for_ever(tmp_path: Path) -> None:
    hook = HookInbox(str(tmp_path), busy_seconds=0.1)
    other = sqlite3.connect(tmp_path / INBOX_FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        hook.note("scene", 1, "update", by_user=True, now=NOW)
    other.close()
    hook.note("scene", 1, "update", by_user=True, now=NOW)
    hook.close()


def test_a_damaged_file_is_told_apart_moved_aside_and_replaced(tmp_path: Path) -> None:
    (tmp_path / INBOX_FILE).write_bytes(b"no database at all " * 400)
    warnings: list[str] = []

    with pytest.raises(DamagedInbox, match="is damaged"):
        HookInbox(str(tmp_path))
    repair(tmp_path, warnings.append)

    assert "started anew. The next reconcile finds" in warnings[0]
    hook = HookInbox(str(tmp_path))
    assert hook.note("scene", 1, "update", by_user=True, now=NOW) is not None
    hook.close()


def test_a_file_of_a_newer_version_is_left_alone(sides: Sides) -> None:
    with sqlite3.connect(sides.folder / INBOX_FILE) as other:
        other.execute("PRAGMA user_version = 9")
    other.close()

    with pytest.raises(NewerInbox, match="newer Stash2Plex"):
        HookInbox(str(sides.folder))


def test_the_log_of_the_file_stays_short_though_nobody_closes_it(tmp_path: Path) -> None:
    hook = HookInbox(str(tmp_path))
    for num in range(1, 400):
        hook.note("scene", num, "update", by_user=True, now=NOW)

    log = tmp_path / f"{INBOX_FILE}-wal"
    assert log.stat().st_size < 1_000_000
    hook.close()
