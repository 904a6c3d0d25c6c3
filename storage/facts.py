"""Small things that must outlive a process: the last full counts, a server's identity."""

from __future__ import annotations

import json
from typing import Any

from storage.codec import dumps
from storage.sqlite import Database

TABLES = ("CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",)


class Facts:
    """JSON values by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: object = None) -> Any:
        """The decoded value; who asks knows its shape."""
        rows = self._database.rows("SELECT value FROM facts WHERE key = ?", (key,))
        return json.loads(rows[0][0]) if rows else default

    def set(self, key: str, value: object) -> None:
        """Writes or replaces a JSON-able value."""
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, dumps(value)))
