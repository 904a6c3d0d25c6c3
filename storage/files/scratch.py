"""What one run must remember of many scenes, in a file that nobody else sees and that ends with it.

SQLite makes the file where the system keeps temporary ones, and keeps two megabytes of it in
memory, so that a million scenes take no more than a thousand.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from storage.files.data_folder import not_written
from storage.files.database import Closing, chunks, placeholders

T = TypeVar("T")
BATCH = 500
_PRAGMAS = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -2000")


class Scratch(Closing):
    """The file of one run."""

    def __init__(self) -> None:
        self._spools = 0
        self._connection = sqlite3.connect("", isolation_level=None)
        for pragma in _PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN")

    def spool(self, name: str, _of: type[T]) -> Spool[T]:
        """A new spool; several may have one name."""
        self._spools += 1
        return Spool(self._connection, f"{name}_{self._spools}")

    def close(self) -> None:
        self._connection.close()


class Spool(Collection[int], Generic[T]):
    """Values by the ids of scenes, which it iterates over from the lowest to the highest.

    Values are plain data: None, numbers, texts, bytes, and tuples, lists and dicts of them.
    """

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        with self._translated():
            connection.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, value BLOB NOT NULL)")

    def put(self, values: Mapping[int, T]) -> None:
        """Add values, in the place of those that some scenes have."""
        plain: Mapping[int, Any] = values
        rows = zip(plain, map(marshal.dumps, plain.values()), strict=True)
        with self._translated():
            self._connection.executemany(f"REPLACE INTO {self._name} VALUES (?, ?)", rows)

    def discard(self, ids: Iterable[int]) -> None:
        """Forget some scenes."""
        with self._translated():
            self._connection.executemany(
                f"DELETE FROM {self._name} WHERE id = ?", ((each,) for each in ids)
            )

    def of(self, ids: Iterable[int]) -> dict[int, T]:
        """The values of those of some scenes that have one."""
        found: dict[int, T] = {}
        for some in chunks(ids):
            where = f"WHERE id IN ({placeholders(len(some))})"
            found.update(self._values(where, some))
        return found

    def among(self, ids: Iterable[int]) -> set[int]:
        """Those of some scenes that have a value."""
        sql = f"SELECT id FROM {self._name} WHERE id IN"
        return {
            each
            for some in chunks(ids)
            for each in self._ids(f"{sql} ({placeholders(len(some))})", *some)
        }

    def batches(self, size: int = BATCH) -> Iterator[dict[int, T]]:
        """All values, some at a time; of what changes meanwhile nothing comes twice."""
        last = -1
        while found := self._values("WHERE id > ? ORDER BY id LIMIT ?", (last, size)):
            yield found
            last = max(found)

    def _values(self, where: str, parameters: Collection[int]) -> dict[int, T]:
        sql = f"SELECT id, value FROM {self._name} {where}"
        with self._translated():
            rows = self._connection.execute(sql, tuple(parameters))
            loads = marshal.loads
            return {each: loads(value) for each, value in rows}

    def __iter__(self) -> Iterator[int]:
        last = -1
        sql = f"SELECT id FROM {self._name} WHERE id > ? ORDER BY id LIMIT 1000"
        while found := self._ids(sql, last):
            yield from found
            last = found[-1]

    def __len__(self) -> int:
        return self._ids(f"SELECT count(*) FROM {self._name}")[0]

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def __contains__(self, scene_id: object) -> bool:
        return bool(self._ids(f"SELECT 1 FROM {self._name} WHERE id = ?", scene_id))

    def _ids(self, sql: str, *parameters: object) -> list[int]:
        # Also a read may have to write what the memory has no room for.
        with self._translated():
            return [row[0] for row in self._connection.execute(sql, parameters)]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise not_written(error) from error
