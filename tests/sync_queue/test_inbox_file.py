"""The file of the inbox: made by hooks that come together, waited for, damaged, newer."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sync_queue.inbox import (
    INBOX_FILE,
    DamagedInbox,
    HookInbox,
    NewerInbox,
)
from sync_queue.inbox_reader import Inbox
from tests.stored import sql
from tests.sync_queue.hook_and_task import HookAndTask

ROOT = Path(__file__).parents[2]
NOW = 1_700_000_000.0


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


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such modes")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    both = HookAndTask(tmp_path / "made" / "data")
    both.close()
    made = (both.folder, both.folder / INBOX_FILE)
    assert [stat.S_IMODE(each.stat().st_mode) for each in made] == [0o700, 0o600]


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
    Inbox(tmp_path, warn=warnings.append).close()

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
    Inbox(tmp_path, warn=lambda _line: None).close()

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
