"""A file of ours is opened, migrated, refused, rebuilt or left whole, whatever happened to it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import StateError
from storage.files import file_opening
from storage.files.database import Database
from storage.files.migration import Schema
from storage.files.replace_damaged import set_aside

FIRST = ("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)",)
SECOND = ("ALTER TABLE notes ADD COLUMN at REAL", "UPDATE notes SET at = 1")
OLD = Schema("the notes", (FIRST,), "They are gone.")
NEW = Schema("the notes", (FIRST, SECOND), "They are gone.")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sub" / "notes.db"


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def fill(path: Path, warnings: list[str]) -> Callable[[int], None]:
    def fill(rows: int) -> None:
        database = Database(path, OLD, warnings.append)
        with database.transaction() as connection:
            connection.executemany(
                "INSERT INTO notes VALUES (?, ?)", ((n, "x" * 500) for n in range(1, rows + 1))
            )
        database.close()

    return fill


def count(database: Database) -> int:
    return int(database.rows("SELECT count(*) FROM notes")[0][0])


def reopened(path: Path, warnings: list[str], schema: Schema = OLD) -> Database:
    return Database(path, schema, warnings.append, clock=lambda: 1_700_000_000.0)


def test_a_new_file_is_made_with_its_folder(path: Path, warnings: list[str]) -> None:
    database = reopened(path, warnings, NEW)

    assert database.rows("PRAGMA user_version") == [(2,)]
    assert database.rows("PRAGMA journal_mode") == [("wal",)]
    assert database.rows("PRAGMA synchronous") == [(2,)]
    assert warnings == []
    database.close()
    database.close()


def test_an_older_file_is_migrated_with_its_content(
    path: Path, warnings: list[str], fill: Callable[[int], None]
) -> None:
    fill(3)

    database = reopened(path, warnings, NEW)

    assert database.rows("SELECT id, at FROM notes") == [(1, 1.0), (2, 1.0), (3, 1.0)]
    assert warnings == []
    database.close()


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    path: Path, warnings: list[str], fill: Callable[[int], None]
) -> None:
    fill(3)
    broken = Schema("the notes", (FIRST, (*SECOND, "CREATE TABLE notes (id)")), "")

    with pytest.raises(StateError, match="already exists"):
        reopened(path, warnings, broken)

    database = reopened(path, warnings)
    assert database.rows("PRAGMA user_version") == [(1,)]
    assert count(database) == 3
    database.close()


def test_a_newer_file_is_refused_and_untouched(
    path: Path, warnings: list[str], fill: Callable[[int], None]
) -> None:
    fill(3)
    reopened(path, warnings, NEW).close()
    before = path.read_bytes()

    said = r"newer Stash2Plex.*version 2.*knows 1.*put the copy notes.db.v1-backup in its place"
    with pytest.raises(StateError, match=said):
        reopened(path, warnings, OLD)

    assert path.read_bytes() == before
    assert warnings == []
    path.with_name("notes.db.v1-backup").replace(path)
    database = reopened(path, warnings, OLD)
    assert (count(database), warnings) == (3, [])
    database.close()


def test_a_newer_cache_is_started_anew(
    path: Path, warnings: list[str], fill: Callable[[int], None]
) -> None:
    fill(3)
    reopened(path, warnings, NEW).close()

    with reopened(path, warnings, replace(OLD, synchronous="NORMAL")) as database:
        assert count(database) == 0
    assert "was written by a newer Stash2Plex" in warnings[0]
    assert path.with_name("notes.db.newer-20231114-221320").exists()


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all " * 200)


def short_garbage(path: Path) -> None:
    path.write_bytes(b"oops")


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def overwrite_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xff" * (4096 * 3)
    path.write_bytes(bytes(content))


def break_schema(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CREATE TABLE notes", b"CREATE TABLE (((((", 1))


@pytest.mark.parametrize(
    "damage", [garbage, short_garbage, cut, overwrite_pages, break_schema], ids=lambda f: f.__name__
)
def test_a_damaged_file_is_moved_aside_and_rebuilt(
    damage: Callable[[Path], None],
    path: Path,
    warnings: list[str],
    fill: Callable[[int], None],
) -> None:
    fill(200)
    damage(path)
    damaged = path.read_bytes()

    database = reopened(path, warnings)

    moved = path.with_name("notes.db.corrupt-20231114-221320")
    assert moved.read_bytes() == damaged
    assert count(database) == 0
    assert len(warnings) == 1
    assert str(path) in warnings[0]
    assert moved.name in warnings[0]
    assert "They are gone." in warnings[0]
    database.close()


def test_the_files_that_sqlite_keeps_beside_a_file_go_with_it(path: Path) -> None:
    path.parent.mkdir()
    for tail in ("", "-wal", "-shm"):
        path.with_name(path.name + tail).write_text(tail)

    moved = set_aside(path, "corrupt", 1_700_000_000.0)

    assert {file.name: file.read_text() for file in path.parent.iterdir()} == {
        moved.name + tail: tail for tail in ("", "-wal", "-shm")
    }


def test_two_damaged_files_in_one_second_keep_both(path: Path, warnings: list[str]) -> None:
    path.parent.mkdir()
    for _ in range(2):
        garbage(path)
        reopened(path, warnings).close()

    assert len(list(path.parent.glob("notes.db.corrupt-20231114-221320*"))) == 2


def test_openers_that_come_together_move_a_damaged_file_once(
    path: Path, warnings: list[str]
) -> None:
    path.parent.mkdir()
    garbage(path)
    start = threading.Barrier(4)

    def open_and_note(number: int) -> None:
        start.wait()
        database = reopened(path, warnings)
        with database.transaction() as connection:
            connection.execute("INSERT INTO notes VALUES (?, 'kept')", (number,))
        database.close()

    threads = [threading.Thread(target=open_and_note, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    database = reopened(path, warnings)
    assert count(database) == 4
    assert len(warnings) == 1
    database.close()


def test_a_file_that_cannot_be_moved_is_an_error(
    path: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    garbage(path)

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError("in use")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StateError, match=r"could not be moved aside \(in use\)"):
        reopened(path, warnings)


def test_a_folder_in_the_place_of_the_file_is_moved_aside(path: Path, warnings: list[str]) -> None:
    path.mkdir(parents=True)

    reopened(path, warnings)

    assert path.is_file()
    assert len(warnings) == 1
    assert "was a folder and no file: it was moved to" in warnings[0]
    assert [kept.is_dir() for kept in path.parent.glob(f"{path.name}.folder-*")] == [True]


def test_a_file_in_the_place_of_the_folder_is_an_error(path: Path, warnings: list[str]) -> None:
    path.parent.write_text("in the way")

    with pytest.raises(StateError, match="cannot be used"):
        reopened(path, warnings)


def test_a_file_in_the_place_of_a_folder_of_ours_is_moved_aside(
    tmp_path: Path, warnings: list[str]
) -> None:
    room = tmp_path / "queue"
    room.write_text("in the way")

    Database(room / "jobs.db", NEW, warnings.append, home=tmp_path).close()

    assert room.is_dir()
    assert [kept.read_text() for kept in tmp_path.glob("queue.file-*")] == ["in the way"]
    assert [f"{room} was a file and no folder" in warning for warning in warnings] == [True]


def test_damage_that_shows_up_at_work_is_repaired_at_the_next_opening(
    path: Path,
    warnings: list[str],
    fill: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(200)
    overwrite_pages(path)
    # As if the file were too large to be read whole at every opening.
    monkeypatch.setattr(file_opening, "WHOLE_CHECK_BYTES", 0)
    database = reopened(path, warnings)
    with pytest.raises(StateError, match="rebuilt at the next start"):
        database.rows("SELECT * FROM notes")
    database.close()
    assert warnings == []

    database = reopened(path, warnings)
    assert count(database) == 0
    assert len(warnings) == 1
    database.close()
    # What was found is dealt with: it does not come back.
    reopened(path, warnings).close()
    assert len(warnings) == 1


def test_a_transaction_happens_whole_or_not_at_all(path: Path, warnings: list[str]) -> None:
    database = reopened(path, warnings)

    def fail() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO notes VALUES (1, 'a')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()

    assert count(database) == 0
    with database.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES (1, 'a')")
    assert count(database) == 1
    database.close()


def test_a_snapshot_sees_one_state(path: Path, warnings: list[str]) -> None:
    database, other = reopened(path, warnings), reopened(path, warnings)

    with database.snapshot() as connection:
        before = connection.execute("SELECT count(*) FROM notes").fetchone()
        with other.transaction() as writing:
            writing.execute("INSERT INTO notes VALUES (1, 'a')")
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == before

    assert count(database) == 1
    database.close()
    other.close()


def test_a_file_that_stays_busy_is_an_error(path: Path, warnings: list[str]) -> None:
    database = reopened(path, warnings)
    waiting = Database(path, OLD, warnings.append, busy_seconds=0.05)

    def write() -> None:
        with waiting.transaction():
            pass

    with database.transaction(), pytest.raises(StateError, match="locked"):
        write()

    database.close()
    waiting.close()


def test_threads_share_one_database(path: Path, warnings: list[str]) -> None:
    database = reopened(path, warnings)

    def add(first: int) -> None:
        for number in range(first, first + 25):
            with database.transaction() as connection:
                connection.execute("INSERT INTO notes VALUES (?, 'a')", (number,))
            assert database.rows("SELECT text FROM notes WHERE id = ?", (number,)) == [("a",)]

    threads = [threading.Thread(target=add, args=(n * 100,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count(database) == 100
    database.close()


KILLED_IN_A_TRANSACTION = """
import sys, time
from pathlib import Path
from storage.files.database import Database
from tests.storage.files.test_database import OLD

database = Database(Path(sys.argv[1]), OLD, print)
with database.transaction() as connection:
    connection.execute("INSERT INTO notes VALUES (1, 'committed')")
with database.transaction() as connection:
    connection.execute("INSERT INTO notes VALUES (2, 'not committed')")
    print("now", flush=True)
    time.sleep(60)
"""


@pytest.mark.processes
def test_a_kill_in_mid_transaction_leaves_what_was_committed(
    path: Path, warnings: list[str]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_IN_A_TRANSACTION, str(path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"now"
        process.kill()

    database = reopened(path, warnings)
    assert database.rows("SELECT id FROM notes") == [(1,)]
    assert warnings == []
    database.close()


def test_an_sqlite_that_is_too_old_is_named(
    path: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 30, 1))

    with pytest.raises(StateError, match=r"needs 3\.31"):
        reopened(path, warnings)
