"""Small things that must outlive a process: the last full counts, a server's identity."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from storage.codec import dumps
from storage.rows import TEXT, Row, Table
from storage.sqlite import Database

TABLES = ("CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",)

_FACTS = Table("facts", ("key",), {"key": TEXT, "value": TEXT})


class KeyValueStore:
    """JSON values by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: object = None) -> Any:
        """The decoded value; who asks knows its shape."""
        found = self._database.select(_FACTS, _value, "WHERE key = ?", (key,))
        return next(iter(found), default)

    def set(self, key: str, value: object) -> None:
        """Writes or replaces a JSON-able value."""
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, dumps(value)))

    def change(self, key: str, change: Callable[[Any], Any]) -> Any:
        """Replaces a value by what `change` makes of it (None: not there), in one transaction.

        `change` must be pure. Returns the new value; an equal one is not written.
        """
        with self._database.transaction() as connection:
            before = self.get(key)
            after = change(before)
            if after != before:
                values = key, dumps(after)
                connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", values)
        return after


def _value(row: Row) -> Any:
    return json.loads(row[1])
