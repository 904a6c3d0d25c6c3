"""Saves what can still be read of a damaged file into the one that takes its place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

from storage.files.data_folder import uri_of
from storage.files.migration import Schema, run
from storage.files.row_checks import Row, lenient

# A gap that is passed over grows with each try; nothing lies behind one of so many rows.
_WIDEST_GAP = 2**40


def salvage(damaged: Path, target: Path, schema: Schema) -> dict[str, int]:
    """Makes `target`, of the newest layout, with the rows of `schema.saved` that can be read.

    Returns how many rows were saved, by what people call them; without any, no file is made.
    """
    migrations = schema.migrations
    saved: dict[str, int] = {}
    with closing(sqlite3.connect(uri_of(damaged, "ro"), uri=True)) as old:
        old.text_factory = lenient
        # Else SQLite reads nothing of a file that lacks its end.
        old.execute("PRAGMA writable_schema = ON")
        try:
            version = old.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError:
            return saved
        if not 0 < version <= len(migrations):
            return saved
        target.unlink(missing_ok=True)
        with closing(sqlite3.connect(target, isolation_level=None)) as new:
            new.execute("PRAGMA synchronous = FULL")
            new.execute("BEGIN")
            run(new, migrations[:version])
            for table, word in schema.saved.items():
                if count := _copy(old, new, table):
                    saved[word] = count
            run(new, [*migrations[version:], schema.derived])
            new.execute(f"PRAGMA user_version = {len(migrations)}")
            new.execute("COMMIT")
    if not saved:
        target.unlink()
    return saved


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    known = new.execute(f"PRAGMA table_info({table})").fetchall()
    names = [column[1] for column in known]
    key = [name for _, name in sorted((column[5], column[1]) for column in known if column[5])]
    if not key:
        return 0
    marks = ", ".join("?" * len(names))
    insert = f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})"
    before = new.total_changes
    for row in _readable(old, table, names, key):
        with suppress(sqlite3.IntegrityError):
            new.execute(insert, row)
    return new.total_changes - before


def _readable(
    old: sqlite3.Connection, table: str, names: Sequence[str], key: Sequence[str]
) -> Iterator[Row]:
    """The rows of a table from its start and from its end, up to what cannot be read; between
    those, where a number names a row, those behind each gap."""
    select = f"SELECT {', '.join(names)} FROM {table} NOT INDEXED"
    for order in ("ASC", "DESC"):
        with suppress(sqlite3.DatabaseError):
            yield from old.execute(f"{select} ORDER BY {', '.join(f'{k} {order}' for k in key)}")
            return
    place, last, gap = names.index(key[0]), 0, 1
    while len(key) == 1 and gap < _WIDEST_GAP:
        try:
            for row in old.execute(f"{select} WHERE {key[0]} > ? ORDER BY {key[0]}", (last,)):
                yield row
                last, gap = row[place], 1
            gap = _WIDEST_GAP
        except sqlite3.DatabaseError:
            last, gap = last + gap, gap * 2
