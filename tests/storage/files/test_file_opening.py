"""What an opening puts right: gaps, empty files, damage."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import DrainBusy, StateError
from core.matching.pins import Pin
from core.models import ItemRef, MediaFile
from core.records import Record
from storage.files import file_opening
from storage.files.database import Database
from storage.files.migration import Schema
from storage.state import SCHEMA, STATE_FILE, State
from storage.state_tables.journal import JournalEntry
from sync_queue.inbox import INBOX_FILE, NO_WAL_FILE
from sync_queue.inbox_reader import Inbox
from sync_queue.lock import LOCK_FILE, DrainLock
from sync_queue.queue import SyncQueue
from sync_queue.reader import QUEUE_FILE
from sync_queue.schema import SCHEMA as QUEUE
from sync_queue.schema import TABLE
from tests.stored import journal_of, make_earlier, spoil, sql

REF = ItemRef("1", "7")
FILES = (MediaFile("/a.mp4", 1),)
POSIX = pytest.mark.skipif(os.name == "nt", reason="the system has no such modes")


def fill(state: State, runs: int = 1) -> None:
    """A pin, and as many runs with a change each."""
    state.pins.save([Pin(1, REF, FILES)])
    for n in range(1, runs + 1):
        run = state.runs.start("drain", float(n))
        state.journal.write(run, [JournalEntry(n, REF, "summary", "x" * 900, "b", 1.0)])


def test_an_empty_file_is_said_to_be_one(tmp_path: Path) -> None:
    warnings: list[str] = []
    (tmp_path / STATE_FILE).touch()

    for _ in range(2):
        with State(tmp_path, warnings.append) as state:
            assert state.records.count() == 0

    assert len(warnings) == 1
    assert "state.db was empty, 0 bytes: the sync history is lost" in warnings[0]


@pytest.mark.parametrize("table", ["journal", "runs", "facts", "pins", "verdicts", "records"])
def test_a_missing_table_is_made_again(tmp_path: Path, table: str) -> None:
    warnings: list[str] = []
    with State(tmp_path, warnings.append) as state:
        fill(state)
    whole = sql(tmp_path / STATE_FILE, "SELECT name, sql FROM sqlite_master ORDER BY name")
    sql(tmp_path / STATE_FILE, f"DROP TABLE {table}")

    with State(tmp_path, warnings.append) as state:
        assert len(state.pins.all()) == (table != "pins")
        assert len(state.runs.latest()) == (table != "runs")

    assert len(warnings) == 1
    assert f"state.db lacked {table}: made again, empty." in warnings[0]
    names = sql(tmp_path / STATE_FILE, "SELECT name, sql FROM sqlite_master ORDER BY name")
    assert [name for name, _ in names] == [name for name, _ in whole]


def test_a_folder_in_the_place_of_a_file_is_moved_aside(tmp_path: Path) -> None:
    warnings: list[str] = []
    (tmp_path / STATE_FILE).mkdir()
    for _ in range(2):
        with State(tmp_path, warnings.append) as state:
            assert state.records.count() == 0
    (warning,) = warnings
    assert "was a folder and no file: it was moved to state.db.folder-" in warning


@pytest.mark.parametrize("tail", ["-wal", "-shm", "-journal", ".suspect"])
def test_a_folder_in_the_place_of_a_file_beside_it_is_moved_aside(
    tmp_path: Path, tail: str
) -> None:
    with State(tmp_path, pytest.fail) as state:
        fill(state)
    (tmp_path / f"{STATE_FILE}{tail}").mkdir()
    with State(tmp_path, pytest.fail) as state:
        assert len(state.pins.all()) == 1
        fill(state)


def test_a_folder_in_the_place_of_a_lock_or_a_mark_is_moved_aside(tmp_path: Path) -> None:
    for name in (LOCK_FILE, file_opening.LOCK_FILE, NO_WAL_FILE):
        (tmp_path / name).mkdir()
    State(tmp_path, pytest.fail).close()
    with DrainLock(tmp_path), pytest.raises(DrainBusy), DrainLock(tmp_path):
        pass


@POSIX
@pytest.mark.parametrize("name", [STATE_FILE, "queue"])
def test_a_link_that_leads_nowhere_is_said_to_be_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(tmp_path / "unmounted" / name)
    with pytest.raises(StateError, match=r"is a link to .*unmounted.*, which is not there"):
        _ = SyncQueue(tmp_path / name) if name == "queue" else State(tmp_path, pytest.fail)


_VIEW = ("ALTER TABLE records RENAME TO old", "CREATE VIEW records AS SELECT * FROM old")
_TRIGGER = "CREATE TRIGGER theirs BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'no'); END"


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (("ALTER TABLE records RENAME COLUMN body TO bodies",), 0),
        (("ALTER TABLE records ADD COLUMN theirs TEXT",), 1),
        (_VIEW, 1),
        ((_TRIGGER,), 1),
        (("ALTER TABLE verdicts RENAME COLUMN touched TO theirs",), 1),
    ],
    ids=["renamed", "added", "view", "trigger", "named in a trigger"],
)
def test_a_table_that_is_not_as_it_was_made_is_made_again(
    tmp_path: Path, change: tuple[str, ...], kept: int
) -> None:
    warnings: list[str] = []
    record = Record(5, 10.0, "print", FILES, None, (), (), ())
    with State(tmp_path, pytest.fail) as state:
        fill(state)
        state.records.save_many([record])
    sql(tmp_path / STATE_FILE, *change)

    def read_and_write(state: State) -> None:
        state.records.get_many([5])
        state.verdicts.in_order(1, 9)
        state.records.save_many([replace(record, scene_id=6)])

    with State(tmp_path, pytest.fail) as state, pytest.raises(StateError, match="not laid out"):
        read_and_write(state)
    with State(tmp_path, warnings.append) as state:
        assert len(state.records.get_many([5])) == kept
        read_and_write(state)
        assert (len(state.pins.all()), len(state.runs.latest())) == (1, 1)

    assert len(warnings) == (change != (_TRIGGER,))
    State(tmp_path, pytest.fail).close()


def test_a_row_that_its_table_does_not_allow_costs_no_other(tmp_path: Path) -> None:
    warnings: list[str] = []
    with SyncQueue(tmp_path / "queue") as queue:
        queue.put_many([{"scene_id": n} for n in (1, 2, 3)])
    spoil(tmp_path / "queue" / QUEUE_FILE, f"{TABLE}.status", "77", "scene_id = 2")

    for _ in range(2):
        with SyncQueue(tmp_path / "queue", warn=warnings.append) as queue:
            assert [job.scene_id for job in queue.due(4e9)] == [1, 3]
    (warning,) = warnings
    assert f"not as they were made: {TABLE}" in warning


def test_a_mending_that_is_cut_off_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    made = ("CREATE TABLE rows (a INTEGER CHECK (a > 0))", "CREATE TABLE counted (n)")
    counting = ("DELETE FROM counted", "INSERT INTO counted SELECT count(*) FROM rows")
    schema = Schema("it", (made,), "", derived=counting)
    Database(path, schema, pytest.fail).close()
    sql(path, "INSERT INTO rows VALUES (1), (2)")
    spoil(path, "rows.a", "-1", "a = 2")

    with pytest.raises(StateError):
        Database(path, replace(schema, derived=(counting[0], "no SQL")), lambda _line: None)
    Database(path, schema, lambda _line: None).close()

    assert sql(path, "SELECT n FROM counted") == [(1,)]


@pytest.mark.parametrize(
    ("change", "waiting"),
    [
        (f"ALTER TABLE {TABLE} RENAME COLUMN data TO theirs", 0),
        (f"DROP TABLE {TABLE}", 0),
        ("DROP TABLE tallies", 3),
        ("DROP TRIGGER tally_in", 3),
        ("UPDATE tallies SET status = 'soon'", 3),
        ("UPDATE tallies SET count = 'many'", 3),
        ("UPDATE tallies SET count = -4", 3),
    ],
)
def test_what_is_counted_is_counted_anew_where_a_table_was_made_again(
    tmp_path: Path, change: str, waiting: int
) -> None:
    with SyncQueue(tmp_path / "queue") as queue:
        queue.put_many([{"scene_id": n} for n in (1, 2, 3)])
    sql(tmp_path / "queue" / QUEUE_FILE, change)

    with SyncQueue(tmp_path / "queue", warn=lambda _line: None) as queue, suppress(StateError):
        queue.due(4e9)
    with SyncQueue(tmp_path / "queue", warn=lambda _line: None) as queue:
        assert (queue.stats(4e9).waiting, len(queue.due(4e9))) == (waiting, waiting)
        assert queue.count_waiting() == waiting


def test_neither_does_one_of_an_earlier_version(tmp_path: Path) -> None:
    path = tmp_path / "queue" / QUEUE_FILE
    path.parent.mkdir()
    made = "INSERT INTO {} (data, timestamp, status) VALUES ('{{\"scene_id\": {}}}', 1, 1)"
    make_earlier(path, QUEUE, 1, *(made.format(TABLE, n) for n in (1, 2, 3)))
    spoil(path, f"{TABLE}.status", "77", "scene_id = 2")
    with SyncQueue(tmp_path / "queue", warn=lambda _line: None) as queue:
        assert [job.scene_id for job in queue.due(4e9)] == [1, 3]


@pytest.mark.parametrize("version", [0, -3])
def test_a_file_that_has_lost_its_version_keeps_all_else(tmp_path: Path, version: int) -> None:
    with State(tmp_path, pytest.fail) as state:
        fill(state)
    sql(tmp_path / STATE_FILE, f"PRAGMA user_version = {version}")

    with State(tmp_path, pytest.fail) as state:
        assert state.pins.all() == {1: [Pin(1, REF, FILES)]}
        assert len(state.runs.latest()) == 1


def test_a_file_without_a_version_and_of_no_layout_is_replaced(tmp_path: Path) -> None:
    warnings: list[str] = []
    sql(tmp_path / STATE_FILE, "CREATE TABLE other (id INTEGER PRIMARY KEY)")
    sql(tmp_path / STATE_FILE, "PRAGMA user_version = -1")
    with State(tmp_path, warnings.append) as state:
        assert state.records.count() == 0
    assert "has lost the version of its layout" in warnings[0]


def test_a_missing_table_has_the_rows_of_a_new_one(tmp_path: Path) -> None:
    warnings: list[str] = []
    Inbox(tmp_path).close()
    sql(tmp_path / INBOX_FILE, "DROP TABLE request")

    with Inbox(tmp_path, warn=warnings.append) as inbox:
        assert inbox.newest() == (0, 0.0)
    assert "inbox.db lacked request" in warnings[0]


def test_an_index_that_is_missing_is_made_without_a_word(tmp_path: Path) -> None:
    State(tmp_path, pytest.fail).close()
    sql(tmp_path / STATE_FILE, "DROP INDEX journal_by_run")

    State(tmp_path, pytest.fail).close()

    assert sql(tmp_path / STATE_FILE, "SELECT 1 FROM sqlite_master WHERE name = 'journal_by_run'")


def damage(path: Path, *pages: int) -> None:
    """Overwrites pages of 4 KiB."""
    content = bytearray(path.read_bytes())
    for page in pages:
        content[4096 * page : 4096 * (page + 1)] = b"\xff" * 4096
    path.write_bytes(bytes(content))


def pages_of(path: Path, table: str) -> list[int]:
    """The pages that hold rows of a table, from its start to its end, counted from 0."""
    where = f"name = '{table}' AND pagetype = 'leaf' ORDER BY path"
    try:
        rows = sql(path, f"SELECT pageno FROM dbstat WHERE {where}")
    except sqlite3.OperationalError:
        pytest.skip("this SQLite cannot tell where a table lies")
    return [row[0] - 1 for row in rows]


def test_what_can_be_read_of_a_damaged_file_is_saved(tmp_path: Path) -> None:
    warnings: list[str] = []
    with State(tmp_path, warnings.append) as state:
        fill(state, runs=200)
    pages = pages_of(tmp_path / STATE_FILE, "journal")
    damage(tmp_path / STATE_FILE, pages[3], pages[9], pages_of(tmp_path / STATE_FILE, "facts")[0])

    with State(tmp_path, warnings.append) as state:
        assert state.pins.all() == {1: [Pin(1, REF, FILES)]}
        assert len(state.runs.latest(limit=500)) == 200
        kept = [len(journal_of(state, run)) for run in range(1, 201)]
        assert 180 <= sum(kept) < 200  # four rows a page
        assert kept[:8] == kept[-100:-92] == [1] * 8
        assert state.runs.start("drain", 5.0) == 201

    assert len(warnings) == 1
    assert f"started anew, with 1 pins, {sum(kept)} journal entries, 200 runs saved" in warnings[0]
    assert not list(tmp_path.glob("*.salvaged*"))


def test_a_repair_that_was_cut_short_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with State(tmp_path, pytest.fail) as state:
        fill(state)
    damage(tmp_path / STATE_FILE, pages_of(tmp_path / STATE_FILE, "facts")[0])
    moving = Path.rename

    def killed(self: Path, target: Path) -> Path:
        if self.name.endswith(".salvaged"):
            raise KeyboardInterrupt
        return moving(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            State(tmp_path, print)
    assert not (tmp_path / STATE_FILE).exists()

    with State(tmp_path, pytest.fail) as state:
        assert set(state.pins.all()) == {1}


def test_a_damaged_file_of_an_earlier_version_is_saved_from_as_well(tmp_path: Path) -> None:
    warnings: list[str] = []
    path = tmp_path / STATE_FILE
    pin = """INSERT INTO pins VALUES ('1', '7', 1, '[["/a.mp4",1,null]]', 0)"""
    make_earlier(path, SCHEMA, 3, pin)
    damage(path, pages_of(path, "facts")[0])

    with State(tmp_path, warnings.append) as state:
        assert state.pins.all() == {1: [Pin(1, REF, FILES)]}
    assert "1 pins" in warnings[0]


FIRST = ("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)",)
SECOND = ("ALTER TABLE notes ADD COLUMN at REAL",)
THIRD = ("ALTER TABLE notes ADD COLUMN by TEXT",)


def versions(path: Path) -> dict[str, object]:
    return {
        each.name: sql(each, "PRAGMA user_version")[0][0] for each in path.parent.glob("notes.db*")
    }


def test_a_migration_makes_a_backup_first_and_keeps_one(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    for migrations in ((FIRST,), (FIRST, SECOND), (FIRST, SECOND, THIRD)):
        Database(path, Schema("the notes", migrations, ""), pytest.fail).close()

    assert versions(path) == {"notes.db": 3, "notes.db.v2-backup": 2}


def test_a_migration_that_fails_leaves_file_and_backup(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    Database(path, Schema("the notes", (FIRST,), ""), pytest.fail).close()

    with pytest.raises(StateError, match="already exists"):
        Database(path, Schema("the notes", (FIRST, FIRST), ""), pytest.fail)

    assert versions(path) == {"notes.db": 1, "notes.db.v1-backup": 1}


@pytest.mark.skipif(os.name == "nt", reason="there, an open file cannot be deleted")
@pytest.mark.parametrize("is_back", [False, True])
def test_a_folder_that_goes_away_is_an_error(tmp_path: Path, is_back: bool) -> None:
    home = tmp_path / "data"
    with State(home, pytest.fail) as state:
        fill(state)
        home.rename(tmp_path / "gone")
        if is_back:
            State(home, pytest.fail).close()

        with pytest.raises(StateError, match=r"data folder .*data went away while"):
            state.save_timestamp(1, 5.0)


def test_a_file_system_that_gives_a_file_other_numbers_is_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with State(tmp_path, pytest.fail) as state:
        monkeypatch.setattr("storage.files.database.name_of", lambda _path: "another")
        state.save_timestamp(1, 5.0)
        assert state.timestamps() == {1: 5.0}
