"""The listing of each Plex section, kept between runs; a cache that may be dropped at any time.

It has a file of its own so that dropping it, or losing it, costs one listing and no knowledge.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from core.models import ItemRef
from core.paths import base_key, path_key
from storage.migration import Schema
from storage.opening import Warn
from storage.rows import INT, REAL, TEXT, TIME, Row, Table
from storage.sqlite import Closing, Database

INDEX_FILE = "plex_index.db"

SCHEMA = Schema(
    title="the Plex index",
    migrations=(
        (
            """CREATE TABLE sections (
                section TEXT PRIMARY KEY, saved_at REAL NOT NULL, total INTEGER NOT NULL
            ) WITHOUT ROWID""",
            """CREATE TABLE files (
                section TEXT NOT NULL,
                key TEXT NOT NULL,
                path TEXT NOT NULL,
                name_key TEXT NOT NULL,
                path_key TEXT NOT NULL,
                size INTEGER,
                duration REAL,
                updated_at INTEGER
            )""",
            "CREATE INDEX files_by_item ON files (section, key)",
            "CREATE INDEX files_by_name ON files (name_key)",
            "CREATE INDEX files_by_path ON files (path_key)",
        ),
        # Of the listing that was saved last, while no single item has changed since.
        ("ALTER TABLE sections ADD COLUMN digest BLOB",),
        # Nothing is looked up by path.
        ("DROP INDEX files_by_path",),
    ),
    remedy="The next run lists Plex anew.",
    synchronous="NORMAL",
)

_FILES = Table(
    "files",
    ("rowid",),
    {
        "section": TEXT,
        "key": TEXT,
        "path": TEXT,
        "size": INT.optional(),
        "duration": REAL.optional(),
        "updated_at": INT.optional(),
        "rowid": INT,
    },
)
_SECTIONS = Table("sections", ("section",), {"section": TEXT, "saved_at": TIME, "total": INT})
_INSERT = "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FORGET_DIGEST = "UPDATE sections SET digest = NULL WHERE section = ?"


class IndexRow(NamedTuple):
    """One file of one item: its path as Plex tells it, bytes, seconds, the item's `updatedAt`."""

    ref: ItemRef
    path: str
    size: int | None
    duration: float | None
    updated_at: int | None


class SectionIndexStore(Closing):
    """Files of Plex by section, name, path and item."""

    def __init__(self, data_dir: Path, warn: Warn) -> None:
        self._database = Database(data_dir / INDEX_FILE, SCHEMA, warn)

    def replace(
        self, section_key: str, rows: Iterable[IndexRow], saved_at: float, digest: bytes
    ) -> None:
        """Puts a whole listing in the place of the old one; a failing iterable changes nothing.

        Only what differs is written: most of a library is as it was yesterday.

        Args:
            digest: of all that the rows say; where it is that of the listing before, they are not
                even read.
        """
        with self._database.transaction() as connection:
            same = connection.execute(
                "UPDATE sections SET saved_at = ? WHERE section = ? AND digest = ?",
                (saved_at, section_key, digest),
            )
            if same.rowcount:
                return
            listed = set(rows)
            known = set(self.rows(section_key))
            moved = {row.ref.key for row in listed ^ known}
            there = {row.ref.key for row in known}
            connection.executemany(
                "DELETE FROM files WHERE section = ? AND key = ?",
                ((section_key, key) for key in moved & there),
            )
            connection.executemany(
                _INSERT, (_values(row) for row in listed if row.ref.key in moved)
            )
            connection.execute(
                "INSERT OR REPLACE INTO sections SELECT ?, ?, count(DISTINCT key), ?"
                " FROM files WHERE section = ?",
                (section_key, saved_at, digest, section_key),
            )

    def upsert(self, rows: Iterable[IndexRow]) -> None:
        """Replaces the items that `rows` name; what they do not list of an item is gone."""
        listed = list(rows)
        with self._database.transaction() as connection:
            connection.executemany(_FORGET_DIGEST, {(row.ref.section,) for row in listed})
            connection.executemany(
                "DELETE FROM files WHERE section = ? AND key = ?",
                {(row.ref.section, row.ref.key) for row in listed},
            )
            connection.executemany(_INSERT, map(_values, listed))

    def by_name(self, name_keys: Iterable[str]) -> list[IndexRow]:
        """The files with one of these names, in all sections."""
        return self._database.select_in(_FILES, _row, "name_key", dict.fromkeys(name_keys))

    def rows(self, section_key: str) -> list[IndexRow]:
        """Every file of a section."""
        return self._database.select(_FILES, _row, "WHERE section = ?", (section_key,))

    def saved_at(self, section_key: str) -> float | None:
        """When the section was last listed whole (epoch seconds); None if never."""
        section = self._section(section_key)
        return None if section is None else section[1]

    def total(self, section_key: str) -> int:
        """How many items that listing had; 0 if there was none."""
        section = self._section(section_key)
        return 0 if section is None else section[2]

    def clear(self) -> None:
        """Forgets everything."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM files")
            connection.execute("DELETE FROM sections")

    def close(self) -> None:
        self._database.close()

    def _section(self, key: str) -> tuple[str, float, int] | None:
        found = self._database.select(_SECTIONS, _whole, "WHERE section = ?", (key,))
        return found[0] if found else None


def _values(row: IndexRow) -> tuple[Any, ...]:
    return (
        row.ref.section,
        row.ref.key,
        row.path,
        base_key(row.path),
        path_key(row.path),
        row.size,
        row.duration,
        row.updated_at,
    )


def _row(row: Row) -> IndexRow:
    return IndexRow(ItemRef(row[0], row[1]), *row[2:-1])


def _whole(row: Row) -> tuple[str, float, int]:
    return row[0], row[1], row[2]
