"""Reaches into stored files behind the back of their stores."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from storage.files.migration import Schema
from storage.state import STATE_FILE, State
from storage.state_tables import journal
from storage.state_tables.journal import JournalEntry
from storage.state_tables.plans import PlannedChange

# Neither text nor JSON nor a number.
NO_TEXT = "CAST(x'ff7b' AS TEXT)"


def sql(path: Path, *statements: str, bound: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Carries out statements on a file; the rows of the last one.

    Args:
        bound: the parameters of the last one.
    """
    *first, last = statements
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        for statement in first:
            connection.execute(statement)
        return connection.execute(last, bound).fetchall()


def journal_of(state: State, run_id: int) -> list[JournalEntry]:
    """What a run changed, newest first."""
    where = "WHERE run_id = ? ORDER BY id DESC"
    return state._database.select(journal._ENTRIES, journal._entry, where, (run_id,))


def plan_of(state: State, run_id: int) -> list[PlannedChange]:
    """The whole plan of a run, with the changes of a scene together."""
    planned = state.plans.of_scenes(run_id, state.plans.scene_ids(run_id))
    return [change for changes in planned.values() for change in changes]


def verdict_count(state: State) -> int:
    """How many scenes were found in order."""
    return len(
        state._database.numbers("SELECT scene_id FROM verdicts WHERE fate = 0 AND touched = 0")
    )


def make_earlier(path: Path, schema: Schema, version: int, *statements: str) -> None:
    """Makes a file as an earlier version did, and carries out statements on it."""
    made = [statement for each in schema.migrations[:version] for statement in each]
    sql(path, *made, *statements, f"PRAGMA user_version = {version}")


def spoil(path: Path, column: str, value: str, where: str = "1") -> None:
    """Sets "table.column" of some rows to an SQL expression, past checks and triggers."""
    table, _, name = column.partition(".")
    with closing(sqlite3.connect(path)) as connection, connection:
        kept = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(f"UPDATE {table} SET {name} = {value} WHERE {where}")
        for (statement,) in kept:
            connection.execute(statement)


def forget_records(data_dir: Path, scene_ids: Iterable[int]) -> None:
    """Takes scenes out of the sync history, as if they had never been synced."""
    listed = ", ".join(map(str, scene_ids))
    tables = "records", "record_items", "record_entities"
    sql(
        data_dir / STATE_FILE,
        *(f"DELETE FROM {table} WHERE scene_id IN ({listed})" for table in tables),
    )


class _WithoutSharedMemory(sqlite3.Connection):
    """A connection on a disk of which no memory can be shared: what SQLite does there, it does.

    Who does not have the file alone cannot read one that has a write-ahead log.
    """

    _place = Path()
    _is_alone = False

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if "locking_mode" in sql:
            self._is_alone = "EXCLUSIVE" in sql
        elif not self._is_alone and self._place.is_file():
            with self._place.open("rb") as file:
                if file.read(20)[18:] == b"\2\2":
                    raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, parameters)


def without_shared_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets all files lie on such a disk."""
    connect = sqlite3.connect

    def connect_there(database: Any, *args: Any, **kwargs: Any) -> sqlite3.Connection:
        opened = connect(database, *args, **kwargs, factory=_WithoutSharedMemory)
        path = str(database).removeprefix("file://").partition("?")[0]
        opened._place = Path(unquote(path))
        return opened

    monkeypatch.setattr(sqlite3, "connect", connect_there)


def owners(data_dir: Path, table: str = "record_items") -> dict[str, int]:
    """ "section:ratingKey" → the scene that an item is recorded for."""
    with closing(sqlite3.connect(data_dir / STATE_FILE)) as connection:
        return dict(connection.execute(f"SELECT section || ':' || key, scene_id FROM {table}"))
