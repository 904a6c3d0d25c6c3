"""Reaches into stored files behind the back of their stores."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from storage.state import STATE_FILE

# Neither text nor JSON nor a number.
NO_TEXT = "CAST(x'ff7b' AS TEXT)"


def sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Carries out statements on a file; the rows of the last one."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.text_factory = bytes
        rows: list[tuple[object, ...]] = []
        for statement in statements:
            rows = connection.execute(statement).fetchall()
    return rows


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
