"""Which items of the Plex index are others than when the last whole reconcile has seen them."""

from __future__ import annotations

import json
from typing import NamedTuple

from core.models import ItemRef
from core.paths import path_key
from storage.files.row_checks import Row
from storage.files.store import Store

_LOGS = (
    "CREATE TRIGGER item_{name} AFTER {event} ON items"
    " WHEN EXISTS (SELECT 1 FROM watched) BEGIN"
    " INSERT OR IGNORE INTO moved VALUES ({row}.section, {row}.key, {was}); END"
)
TABLES = (
    # The seal since which the other table tells all that has moved; no row: it does not.
    "CREATE TABLE watched (seal INTEGER NOT NULL)",
    # `body` and `added_at`: what the item was then; no body: there was none.
    """CREATE TABLE moved (
        section TEXT NOT NULL, key TEXT NOT NULL, body TEXT, added_at INTEGER,
        PRIMARY KEY (section, key)
    ) WITHOUT ROWID""",
    _LOGS.format(name="gone", event="DELETE", row="OLD", was="OLD.body, OLD.added_at"),
    _LOGS.format(name="come", event="INSERT", row="NEW", was="NULL, NULL"),
)


class Moved(NamedTuple):
    """Items that have come, gone or changed, and the keys of the names that their files have or
    had."""

    refs: frozenset[ItemRef]
    names: frozenset[str]


class MovedItems(Store):
    """Tells what has moved since the index had a seal."""

    def watch(self, seal: int) -> None:
        """Tell from now on what has moved since the index had this seal; where it has another one
        by now, nothing is told."""
        seals = "SELECT watched.seal FROM watched JOIN seal USING (seal)"
        if self._database.numbers(seals) == [seal]:
            return
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM moved")
            connection.execute("DELETE FROM watched")
            connection.execute("INSERT INTO watched SELECT seal FROM seal WHERE seal = ?", (seal,))

    def edited_since(self, seal: int, most: int) -> set[ItemRef] | None:
        """The items that were edited since the index had this seal; None where an item has come,
        gone or has other files, where more have moved, or nobody knows.

        Args:
            most: items.
        """
        rows = self._since(seal, most)
        found: set[ItemRef] = set()
        for section, key, before, now, is_as_old in rows or ():
            if before is None or now is None or not is_as_old:
                return None
            if json.loads(before)[0] != json.loads(now)[0]:
                return None
            found.add(ItemRef(section, key))
        return None if rows is None else found

    def since(self, seal: int, most: int) -> Moved | None:
        """What has moved since the index had this seal; None where more has, or nobody knows.

        Args:
            most: items.
        """
        rows = self._since(seal, most)
        if rows is None:
            return None
        bodies = [json.loads(body) for row in rows for body in row[2:4] if body is not None]
        names = {path_key(path).rpartition("/")[2] for files, *_ in bodies for path, *_ in files}
        return Moved(frozenset(ItemRef(*row[:2]) for row in rows), frozenset(names))

    def _since(self, seal: int, most: int) -> list[Row] | None:
        """Of each item its section and key, its body then and now, and whether it is as old."""
        if self._database.numbers("SELECT seal FROM seal") == [seal]:
            return []
        if self._database.numbers("SELECT seal FROM watched") != [seal]:
            return None
        sql = (
            "SELECT section, key, moved.body, items.body, moved.added_at IS items.added_at"
            " FROM moved LEFT JOIN items USING (section, key) LIMIT ?"
        )
        rows = self._database.rows(sql, (most + 1,))
        return rows if len(rows) <= most else None
