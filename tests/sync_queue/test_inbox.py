"""The inbox: what hooks note, what tasks take, and the lease between them."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_queue.inbox import (
    ACTIONS,
    INBOX_FILE,
    DamagedInbox,
    HookInbox,
    NewerInbox,
)
from sync_queue.inbox_reader import Event, Inbox, WakeUpLease, repair
from tests.examples import examples
from tests.stored import spoil, sql
from tests.sync_queue.hook_and_task import HookAndTask

ROOT = Path(__file__).parents[2]
NOW = 1_700_000_000.0


@pytest.fixture
def both(tmp_path: Path) -> Iterator[HookAndTask]:
    both = HookAndTask(tmp_path / "data")
    yield both
    both.close()
    assert both.warnings == []


def test_events_are_taken_in_the_order_in_which_they_came(both: HookAndTask) -> None:
    both.note(7)
    both.now += 1
    both.note(3, "destroy", "tag", by_user=False)

    assert both.task.take() == [
        Event("scene", 7, "update", NOW, True, 1),
        Event("tag", 3, "destroy", NOW + 1, False, 2),
    ]
    assert both.task.counts() == {"scene": 1, "tag": 1}
    assert both.task.newest() == (2, NOW + 1)


def test_the_newest_edit_of_a_scene_is_told_from_all_else(both: HookAndTask) -> None:
    assert both.task.newest_edit() == 0
    both.note(7)
    both.note(8, by_user=False)
    both.note(9, "destroy")
    both.note(7, kind="tag")
    assert both.task.newest_edit() == 1

    both.note(8)
    assert both.task.newest_edit() == 5
    both.task.acknowledge(both.task.take())
    assert both.task.newest_edit() == 0


def test_taking_forgets_nothing_and_settling_does(both: HookAndTask) -> None:
    both.note()

    taken = both.task.take()
    assert both.task.take() == taken
    both.task.acknowledge(taken)

    assert both.task.take() == []
    assert both.task.newest() == (1, 0.0)


def test_an_event_that_comes_while_its_predecessor_is_dealt_with_stays(both: HookAndTask) -> None:
    both.note(1)
    both.note(2)
    taken = both.task.take()
    both.note(1)

    both.task.acknowledge(taken)

    assert [(event.id, event.revision) for event in both.task.take()] == [(1, 3)]


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
def test_the_weightier_action_stays(
    both: HookAndTask, actions: tuple[str, ...], stays: str
) -> None:
    for action in actions:
        both.note(1, action)

    (event,) = both.task.take()
    assert event.action == stays
    assert event.revision == len(actions)


def test_an_edit_outranks_a_scan_in_either_order(both: HookAndTask) -> None:
    for num, order in ((1, (True, False)), (2, (False, True)), (3, (False, False))):
        for by_user in order:
            both.note(num, by_user=by_user)

    assert [event.by_user for event in both.task.take()] == [True, True, False]


def test_the_latest_time_stays_though_the_clock_was_set_back(both: HookAndTask) -> None:
    both.note()
    both.now -= 3600
    both.note()

    assert [event.at for event in both.task.take()] == [NOW]


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
@examples(20)
def test_nothing_is_settled_that_was_not_taken(steps: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        both = HookAndTask(Path(folder))
        unseen: dict[int, int] = {}  # id -> rank of the weightiest action since the last settle
        taken: list[Event] = []
        fresh: set[int] = set()  # noted after the last take
        for step in steps:
            if step[0] == "note":
                _, num, action, by_user = step
                assert isinstance(num, int)
                both.note(num, str(action), by_user=bool(by_user))
                unseen[num] = max(unseen.get(num, 0), ACTIONS.index(str(action)))
                fresh.add(num)
            elif step[0] == "take":
                taken, fresh = both.task.take(), set()
            else:
                both.task.acknowledge(taken)
                for event in taken:
                    if event.id not in fresh:
                        unseen.pop(event.id, None)
        left = {event.id: ACTIONS.index(event.action) for event in both.task.take()}
        both.close()
        assert left == unseen


# Rows that make no sense -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "99"),
        ("action", "-1"),
        ("id", "-5"),
        ("kind", "'gallery'"),
        ("kind", "x'ff'"),
        ("at", "'soon'"),
        ("by_user", "'yes'"),
    ],
)
def test_an_event_that_makes_no_sense_holds_up_no_other(
    tmp_path: Path, column: str, value: str
) -> None:
    both = HookAndTask(tmp_path)
    both.note(1)
    both.note(2)
    spoil(tmp_path / INBOX_FILE, f"events.{column}", value, "id = 1")

    both.task.newest()
    assert [event.id for event in both.task.take()] == [2]
    assert both.task.counts() == {"scene": 1}
    assert len(both.warnings) == 1
    both.close()


@pytest.mark.parametrize(
    "spoiled",
    [
        "DELETE FROM request",
        "UPDATE request SET asked_at = 'soon'",
        "UPDATE request SET begun_at = x'ff'",
        "UPDATE request SET job_id = x'ff'",
        "UPDATE request SET declines = 'many'",
    ],
)
@pytest.mark.parametrize("side", ["hook", "task"])
def test_a_request_that_makes_no_sense_is_made_anew(
    tmp_path: Path, spoiled: str, side: str
) -> None:
    both = HookAndTask(tmp_path)
    both.note(1)
    sql(tmp_path / INBOX_FILE, spoiled)

    if side == "hook":
        try:
            both.note(2)
        except DamagedInbox:
            repair(tmp_path, both.warnings.append)
            assert both.note(2) is not None
    with Inbox(tmp_path, warn=both.warnings.append, clock=lambda: NOW) as task:
        task.begin()
        seen, _ = task.newest()
        assert {event.id for event in task.take()} >= {1}
        assert task.leave(seen)
        assert task.lease() == WakeUpLease(None, None, None)
    assert both.note(3) is not None
    assert len(both.warnings) <= 1
    both.close()


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


@pytest.mark.processes
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


def test_a_busy_file_is_waited_for(both: HookAndTask) -> None:
    other = sqlite3.connect(both.folder / INBOX_FILE, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    timer.start()

    both.note()

    timer.join()
    other.close()
    assert len(both.task.take()) == 1


def test_a_file_that_stays_busy_is_an_error_and_no_wait_for_ever(tmp_path: Path) -> None:
    hook = HookInbox(str(tmp_path), busy_seconds=0.1)
    other = sqlite3.connect(tmp_path / INBOX_FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        hook.note("scene", 1, "update", by_user=True, now=NOW)
    other.close()
    hook.note("scene", 1, "update", by_user=True, now=NOW)
    hook.close()


@pytest.mark.parametrize("ends", [True, False])
def test_a_new_file_that_is_busy_is_waited_for_and_not_for_ever(tmp_path: Path, ends: bool) -> None:
    """Who makes it switches its journal, for which SQLite itself waits not at all."""
    other = sqlite3.connect(
        tmp_path / INBOX_FILE, isolation_level=None, check_same_thread=False, timeout=0
    )
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.05, lambda: other.execute("COMMIT") if ends else None)
    timer.start()
    hook: HookInbox | None = None

    with (
        contextlib.nullcontext() if ends else pytest.raises(sqlite3.OperationalError, match="lock")
    ):
        hook = HookInbox(str(tmp_path), busy_seconds=10 if ends else 0.1)

    timer.join()
    other.close()
    assert (hook is not None) is ends
    if hook is not None:
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


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE events RENAME COLUMN action TO theirs",
        "ALTER TABLE events ADD COLUMN theirs",
        "DROP TABLE request",
        "CREATE TRIGGER theirs BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END",
    ],
)
def test_tables_that_are_not_as_they_were_made_cost_no_event(tmp_path: Path, change: str) -> None:
    HookInbox(str(tmp_path)).close()
    sql(tmp_path / INBOX_FILE, change)

    hook = HookInbox(str(tmp_path))
    with pytest.raises(DamagedInbox, match="is damaged"):
        hook.note("scene", 1, "update", by_user=True, now=NOW)
    repair(tmp_path, lambda _line: None)

    hook = HookInbox(str(tmp_path))
    assert hook.note("scene", 1, "update", by_user=True, now=NOW) is not None
    hook.close()
    with Inbox(tmp_path) as task:
        assert [event.id for event in task.take()] == [1]


def test_a_number_of_the_inbox_that_is_too_large_ends_no_task(tmp_path: Path) -> None:
    HookInbox(str(tmp_path)).close()
    sql(tmp_path / INBOX_FILE, "UPDATE request SET revision = 9223372036854775807")
    hook = HookInbox(str(tmp_path))
    hook.note("scene", 1, "update", by_user=True, now=NOW)
    hook.close()
    with Inbox(tmp_path, warn=lambda _line: None) as task:
        task.begin()
        seen, _ = task.newest()
        task.leave(seen)


def test_a_file_of_a_newer_version_is_left_alone(both: HookAndTask) -> None:
    sql(both.folder / INBOX_FILE, "PRAGMA user_version = 9")

    with pytest.raises(NewerInbox, match="newer Stash2Plex"):
        HookInbox(str(both.folder))


def test_the_log_of_the_file_stays_short_though_nobody_closes_it(tmp_path: Path) -> None:
    hook = HookInbox(str(tmp_path))
    for num in range(1, 400):
        hook.note("scene", num, "update", by_user=True, now=NOW)

    log = tmp_path / f"{INBOX_FILE}-wal"
    assert log.stat().st_size < 1_000_000
    hook.close()
