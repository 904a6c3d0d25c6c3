"""Small things that must outlive a process, each under a name of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from storage.codec import dumps
from storage.rows import TEXT, Row, Table
from storage.shapes import Shape, check
from storage.sqlite import Database

T = TypeVar("T")

TABLES = ("CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",)
_FACTS = Table("facts", ("key",), {"key": TEXT, "value": TEXT})


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """What is kept under a name; declared once, beside what owns it.

    Attributes:
        default: where nothing is kept, or nothing that makes sense.
        shape: of the JSON, see `storage.shapes`.
        decode, encode: from JSON of that shape, and to it.
    """

    name: str
    default: T
    shape: Shape
    decode: Callable[[Any], T] = lambda value: value
    encode: Callable[[T], object] = lambda value: value


class KeyValueStore:
    """JSON values by their keys; one of another shape is set aside."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: Key[T]) -> T:
        """The value, or the key's default."""

        def decode(row: Row) -> T:
            value = json.loads(row[1])
            check(value, key.shape)
            return key.decode(value)

        found = self._database.select(_FACTS, decode, "WHERE key = ?", (key.name,))
        return found[0] if found else key.default

    def set(self, key: Key[T], value: T) -> None:
        """Writes or replaces a value."""
        with self._database.transaction() as connection:
            values = key.name, dumps(key.encode(value))
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", values)

    def change(self, key: Key[T], change: Callable[[T], T]) -> T:
        """Replaces a value by what `change` makes of it, in one transaction.

        `change` must be pure. Returns the new value; an equal one is not written.
        """
        with self._database.transaction() as connection:
            before = self.get(key)
            after = change(before)
            if after != before:
                values = key.name, dumps(key.encode(after))
                connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", values)
        return after
