"""Damage that no check of a file shows is met at work, told, and dealt with at the next start."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import StateError
from storage.files import file_opening
from storage.files.database import Database
from storage.files.migration import Schema, version_of

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


def make_a_lying_index(path: Path) -> None:
    """Nine rows, of which some go while the index looks away."""
    with Database(path, NOTES, pytest.fail) as database, database.transaction() as filling:
        rows = ((n, f"name {n}", "text") for n in range(9))
        filling.executemany("INSERT INTO notes VALUES (?, ?, ?)", rows)
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
    make_a_lying_index(path)

    with Database(path, NOTES, warnings.append) as database:
        assert warnings == []
        with pytest.raises(StateError, match="rebuilt at the next start"):
            database.rows("SELECT text FROM notes WHERE name = 'name 8'")

    with Database(path, NOTES, warnings.append) as database:
        assert database.rows("SELECT count(*) FROM notes") == [(0,)]
    assert len(warnings) == 1


def test_damage_of_a_file_that_was_replaced_meanwhile_says_nothing_of_the_new_one(
    tmp_path: Path,
) -> None:
    path, warnings = tmp_path / "notes.db", list[str]()
    make_a_lying_index(path)
    old = Database(path, NOTES, warnings.append)
    path.rename(tmp_path / "away.db")
    with Database(path, NOTES, warnings.append) as new, new.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES (1, 'one', 'kept')")

    with pytest.raises(StateError, match="is damaged"):
        old.rows("SELECT text FROM notes WHERE name = 'name 8'")
    old.close()

    with Database(path, NOTES, warnings.append) as again:
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
    monkeypatch.setattr("storage.files.file_opening.WHOLE_CHECK_BYTES", 0)

    Database(path, NOTES, warnings.append).close()

    assert len(warnings) == 1
    assert len(list(tmp_path.glob("notes.db.corrupt-*"))) == 1


@pytest.mark.parametrize("looks_only", [False, True])
def test_a_damaged_file_may_be_moved_aside_while_another_one_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks_only: bool
) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(b"garbage " * 200)

    def version_of_what_goes(connection: sqlite3.Connection) -> int:
        try:
            return version_of(connection)
        finally:  # as the one that repairs it does
            path.unlink(missing_ok=True)
            monkeypatch.setattr(file_opening, "version_of", version_of)

    monkeypatch.setattr(file_opening, "version_of", version_of_what_goes)

    with Database(path, NOTES, pytest.fail, looks_only=looks_only) as database:
        assert database.rows("SELECT count(*) FROM notes") == [(0,)]
