"""Damage that no check of a file shows is met at work, told, and dealt with at the next start."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import StateError
from core.matching.pins import Pin
from core.models import Change, ItemRecord, ItemRef, MediaFile, Record
from core.scans import AwaitedScan
from storage.journal import JournalEntry
from storage.plans import PlannedChange
from storage.sqlite import Database, Schema
from storage.state import STATE_FILE, State
from storage.verdicts import Verdict
from sync_queue.ackqueue import QUEUE_FILE
from sync_queue.queue import SyncQueue
from sync_queue.schema import TABLE

REF = ItemRef("1", "7")
FILES = (MediaFile("/a.mp4", 1),)
RECORD = Record(1, 10.0, "print", FILES, None, (), (3,), (ItemRecord(REF, ("/p",), 5, {}),))


def fill(state: State) -> int:
    """Something of everything; the run that did it."""
    run = state.runs.start("drain", 1.0)
    state.records.save_many([RECORD])
    state.verdicts.save({1: Verdict(b"digest", ())}, ())
    state.journal.write(run, [JournalEntry(1, REF, "title", "a", "b", 1.0)])
    state.plans.add(run, [PlannedChange(1, "Title", REF, Change("title", "a", "b"))])
    state.pins.save([Pin(1, REF, FILES)])
    state.scans.await_only({"1": AwaitedScan(1.0, 1.0, frozenset({"scan"}))})
    state.set_value("owners", [1])
    return run


READ: dict[str, Callable[[State], object]] = {
    "records.body": lambda state: state.records.get_many([1]),
    "records.fingerprint": lambda state: state.records.marks(),
    "records.entities": lambda state: state.records.save_many([RECORD]),
    "journal.before": lambda state: list(state.journal.entries(1)),
    "runs.figures": lambda state: state.runs.latest(),
    "plans.added": lambda state: list(state.plans.changes(1)),
    "pins.files": lambda state: state.pins.all(),
    "awaited_scans.activities": lambda state: state.scans.awaited(),
    "verdicts.claims": lambda state: state.verdicts.get_many([1]),
    "facts.value": lambda state: state.get_value("owners"),
}


def spoil(path: Path, where: str, value: str) -> None:
    table, _, column = where.partition(".")
    with closing(sqlite3.connect(path)) as connection, connection:
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(f"UPDATE {table} SET {column} = {value}")


NO_TEXT, NO_JSON = "CAST(x'ff7b' AS TEXT)", "'[1, {'"


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("records.fingerprint", NO_TEXT),
        *((where, NO_JSON) for where in READ if "finger" not in where),
    ],
)
def test_an_entry_that_makes_no_sense_is_damage(tmp_path: Path, where: str, value: str) -> None:
    warnings: list[str] = []
    with State(tmp_path, warnings.append) as state:
        fill(state)
        READ[where](state)
    spoil(tmp_path / STATE_FILE, where, value)

    with (
        State(tmp_path, warnings.append) as state,
        pytest.raises(StateError, match=r"state\.db is damaged: an entry .*rebuilt at the next"),
    ):
        READ[where](state)
    assert warnings == []

    with State(tmp_path, warnings.append) as state:
        assert state.records.count() == 0
    assert len(list(tmp_path.glob("state.db.corrupt-*"))) == 1
    assert len(warnings) == 1
    with State(tmp_path, warnings.append) as state:
        fill(state)
        READ[where](state)
    assert len(warnings) == 1


@pytest.mark.parametrize("value", [NO_TEXT, NO_JSON, "'[1]'"])
@pytest.mark.parametrize(
    "use",
    [
        lambda queue: queue.claim(5, 9e9),
        lambda queue: queue.claim_scenes([1]),
        lambda queue: queue.get(block=False),
        lambda queue: queue.queue(),
    ],
    ids=["claim", "claim_scenes", "get", "queue"],
)
def test_a_job_that_makes_no_sense_is_damage(
    tmp_path: Path, use: Callable[[SyncQueue], object], value: str
) -> None:
    warnings: list[str] = []
    with SyncQueue(tmp_path, warn=warnings.append) as queue:
        queue.put_many([{"scene_id": 1}])
    spoil(tmp_path / QUEUE_FILE, f"{TABLE}.data", value)

    with (
        SyncQueue(tmp_path, warn=warnings.append) as queue,
        pytest.raises(StateError, match=r"data\.db is damaged.*rebuilt at the next start"),
    ):
        use(queue)
    with SyncQueue(tmp_path, warn=warnings.append) as queue:
        assert queue.active_size() == 0
    assert len(warnings) == 1


NOTES = Schema(
    "the notes",
    (
        (
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, name TEXT, text TEXT)",
            "CREATE INDEX named ON notes (name)",
        ),
    ),
    "They are gone.",
)


def make_the_index_lie(path: Path) -> None:
    """Rows go while the index looks away."""
    with closing(sqlite3.connect(path)) as connection, connection:
        index = connection.execute("SELECT * FROM sqlite_master WHERE name = 'named'").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = 'named'")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM notes WHERE id > 5")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", index)


def test_an_index_that_lies_is_damage(tmp_path: Path) -> None:
    """The quick check finds nothing wrong with such a file, however often it is asked."""
    path, warnings = tmp_path / "notes.db", list[str]()
    with (
        closing(Database(path, NOTES, warnings.append)) as database,
        database.transaction() as connection,
    ):
        rows = ((n, f"name {n}", "text") for n in range(9))
        connection.executemany("INSERT INTO notes VALUES (?, ?, ?)", rows)
    make_the_index_lie(path)

    with closing(Database(path, NOTES, warnings.append)) as database:
        assert warnings == []
        with pytest.raises(StateError, match="rebuilt at the next start"):
            database.rows("SELECT text FROM notes WHERE name = 'name 8'")

    with closing(Database(path, NOTES, warnings.append)) as database:
        assert database.rows("SELECT count(*) FROM notes") == [(0,)]
    assert len(warnings) == 1


def test_damage_of_a_file_that_was_replaced_meanwhile_says_nothing_of_the_new_one(
    tmp_path: Path,
) -> None:
    path, warnings = tmp_path / "notes.db", list[str]()
    old = Database(path, NOTES, warnings.append)
    path.rename(tmp_path / "away.db")
    with closing(Database(path, NOTES, warnings.append)) as new, new.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES (1, 'one', 'kept')")

    with pytest.raises(StateError, match="makes no sense"):
        old.read(lambda row: row[1], [("",)])
    old.close()

    with closing(Database(path, NOTES, warnings.append)) as again:
        assert again.rows("SELECT text FROM notes") == [("kept",)]
    assert warnings == []


def test_a_damaged_file_that_cannot_be_moved_now_is_moved_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where this very process still has it open and did not look at all of it."""
    path, warnings = tmp_path / "notes.db", list[str]()
    Database(path, NOTES, warnings.append).close()
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 8192)

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError("in use")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        with pytest.raises(StateError, match="could not be moved aside"):
            Database(path, NOTES, warnings.append)
    monkeypatch.setattr("storage.sqlite.WHOLE_CHECK_BYTES", 0)

    Database(path, NOTES, warnings.append).close()

    assert len(warnings) == 1
    assert len(list(tmp_path.glob("notes.db.corrupt-*"))) == 1
