"""A listing of one section on its way into the Plex index; nothing of it counts before its end.

Most of a library is as it was yesterday: of a page only what differs is put aside, in temporary
tables, and at the end written in one transaction. What the listing did not have is then gone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from core.id_set import IdSet
from core.models import ListedItem
from storage.files.database import Database, placeholders
from storage.plex_index.index_rows import BREAK_SEAL, FILE_INDEXES, item_values, keys_of

_ASIDE = (
    "DROP TABLE IF EXISTS temp.new_items",
    "DROP TABLE IF EXISTS temp.new_files",
    # `number`: how many new ones the listing has so far.
    "CREATE TEMP TABLE new_items"
    " (number INTEGER PRIMARY KEY, key TEXT, digest BLOB, added_at INTEGER, body TEXT)",
    "CREATE TEMP TABLE new_files (number INTEGER, name_key TEXT, path_key TEXT, size INTEGER)",
)


class SectionListing:
    """One listing. Use `SectionIndexStore.listing`.

    Args:
        trusts: what the index has of an item may stay as it is where its digest is the same.

    Attributes:
        count: how many items it has so far.
    """

    def __init__(self, database: Database, section: str, *, trusts: bool) -> None:
        self._database = database
        self._section = section
        self._trusts = trusts
        self._same = IdSet()
        self._new = 0
        self.count = 0
        with database.aside() as connection:
            for statement in _ASIDE:
                connection.execute(statement)
        self._version = self._data_version()

    def add(self, items: Sequence[ListedItem]) -> None:
        """Take in a page; no item comes twice."""
        with self._database.snapshot() as connection:
            known = self._known(connection, [item.ref.key for item in items])
            rows: list[tuple[object, ...]] = []
            files: list[tuple[object, ...]] = []
            for item in items:
                _, key, digest, added_at, body = item_values(item)
                same = known.get((key, digest))
                if same is None:
                    self._new += 1
                    rows.append((self._new, key, digest, added_at, body))
                    files += [(self._new, *file) for file in keys_of(item.files)]
                else:
                    self._same.add(same)
            connection.executemany("INSERT INTO temp.new_items VALUES (?, ?, ?, ?, ?)", rows)
            connection.executemany("INSERT INTO temp.new_files VALUES (?, ?, ?, ?)", files)
        self.count += len(items)

    def _known(
        self, connection: sqlite3.Connection, keys: Sequence[str]
    ) -> dict[tuple[str, bytes], int]:
        if not self._trusts or not keys:
            return {}
        among = placeholders(len(keys))
        sql = f"SELECT key, digest, id FROM items WHERE section = ? AND key IN ({among})"
        return {
            (key, old): number
            for key, old, number in connection.execute(sql, (self._section, *keys))
        }

    def keep(self, saved_at: float, code: bytes, mark: str = "", *, is_whole: bool) -> bool:
        """Put it in the place of what the index had of the section.

        Returns False, and changes nothing, if another process has written to the index meanwhile:
        what was found to be the same may be so no longer.

        Args:
            saved_at: epoch seconds.
            code, mark: see `storage.plex_index.index_rows`.
            is_whole: what it does not have is not in the section.
        """
        with self._database.transaction() as connection:
            if self._same and self._data_version() != self._version:
                return False
            self._write(connection)
            connection.execute("DELETE FROM sections WHERE section = ?", (self._section,))
            if is_whole:
                connection.execute(
                    "INSERT INTO sections VALUES (?, ?, ?, ?, ?)",
                    (self._section, saved_at, self.count, code, mark),
                )
        return True

    def _write(self, connection: sqlite3.Connection) -> None:
        section = (self._section,)
        numbers = connection.execute("SELECT id FROM items WHERE section = ?", section)
        gone = [(number,) for (number,) in numbers if number not in self._same]
        connection.executemany("DELETE FROM files WHERE item = ?", gone)
        connection.executemany("DELETE FROM items WHERE id = ?", gone)
        if gone or self._new:
            connection.execute(BREAK_SEAL)
        last = connection.execute("SELECT coalesce(max(id), 0) FROM items").fetchone()[0]
        # Sorting many rows costs less than finding the place of each of them.
        anew = FILE_INDEXES if 2 * self._new > last else {}
        for name in anew:
            connection.execute(f"DROP INDEX IF EXISTS {name}")
        connection.execute(
            "INSERT INTO items SELECT ? + number, ?, key, digest, added_at, body"
            " FROM temp.new_items ORDER BY number",
            (last, self._section),
        )
        connection.execute(
            "INSERT INTO files SELECT ? + number, name_key, path_key, size FROM temp.new_files",
            (last,),
        )
        for statement in anew.values():
            connection.execute(statement)

    def _data_version(self) -> int:
        """A number that moves whenever another connection has changed the file."""
        return int(self._database.rows("PRAGMA data_version")[0][0])
