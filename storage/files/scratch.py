"""What one run must remember of many scenes, in a file that nobody else sees and that ends with it.

SQLite makes the file where the system keeps temporary ones, and keeps two megabytes of it in
memory, so that a million scenes take no more than a thousand.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Generic, TypeVar

from storage.files.data_folder import not_written
from storage.files.database import Closing

T = TypeVar("T")
BATCH = 500
AT_ONCE = 100  # values that wait until they are written
_SHARED = 8  # bits of an id in which those of one row differ
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

    Values are plain data: None, numbers, texts, bytes, and tuples, lists and dicts of them. What is
    put of neighbouring ids at once is one part of their row; of several, the later ones stand. The
    row that was read last is in memory: scenes come in order.
    """

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._is_empty = True
        self._row, self._values = -1, dict[int, T]()
        self._waiting: dict[int, T] = {}
        self._run(f"CREATE TABLE {name} (row INTEGER NOT NULL, part BLOB NOT NULL)")
        self._run(f"CREATE INDEX {name}_by_row ON {name} (row)")

    def put(self, values: Mapping[int, T]) -> None:
        """Add values, in the place of those that some scenes have."""
        self._waiting.update(values)
        if len(self._waiting) >= AT_ONCE:
            self._write()

    def _write(self) -> None:
        """Add what waits."""
        if not self._waiting:
            return
        values, self._waiting, self._is_empty = self._waiting, {}, False
        for row, ids in groupby(sorted(values), _row_of):
            self._add(row, {each: values[each] for each in ids})

    def _add(self, row: int, part: dict[int, T]) -> None:
        self._run(f"INSERT INTO {self._name} VALUES (?, ?)", row, marshal.dumps(part))
        if row == self._row and part is not self._values:
            self._values.update(part)

    def discard(self, ids: Iterable[int]) -> None:
        """Forget some scenes."""
        for row, some in self._by_row(ids):
            self._turn_to(row)
            if gone := self._values.keys() & some:
                for each in gone:
                    del self._values[each]
                self._run(f"DELETE FROM {self._name} WHERE row = ?", row)
                self._add(row, self._values)

    def of(self, ids: Iterable[int]) -> dict[int, T]:
        """The values of those of some scenes that have one."""
        found: dict[int, T] = {}
        for row, some in self._by_row(ids):
            self._turn_to(row)
            known = self._values
            found.update({each: known[each] for each in some if each in known})
        return found

    def among(self, ids: Iterable[int]) -> set[int]:
        """Those of some scenes that have a value."""
        return set(self.of(ids))

    def batches(self, size: int = BATCH) -> Iterator[dict[int, T]]:
        """All values, some at a time; of what changes meanwhile nothing comes twice."""
        last = -1
        while found := self._after(last, size):
            yield found
            last = max(found)

    def _after(self, last: int, size: int) -> dict[int, T]:
        """The values of the first scenes after one of them."""
        self._write()
        found: dict[int, T] = {}
        self._turn_to((last + 1) >> _SHARED)
        while True:
            some = sorted(each for each in self._values if each > last)[: size - len(found)]
            found.update({each: self._values[each] for each in some})
            if len(found) == size:
                return found
            following = f"SELECT min(row) FROM {self._name} WHERE row > ?"
            row = self._run(following, self._row)[0][0]
            if row is None:
                return found
            self._turn_to(row)

    def _by_row(self, ids: Iterable[int]) -> Iterable[tuple[int, Iterable[int]]]:
        """Some ids in order, by the row that they are in; none where no scene has a value."""
        self._write()
        return () if self._is_empty else groupby(sorted(ids), _row_of)

    def _turn_to(self, row: int) -> None:
        """Have this row in memory."""
        if row == self._row:
            return
        self._row, self._values, loads = row, {}, marshal.loads
        parts = f"SELECT part FROM {self._name} WHERE row = ? ORDER BY rowid"
        for (part,) in self._run(parts, row):
            self._values.update(loads(part))

    def _run(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        # Also a read may have to write what the memory has no room for.
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.OperationalError as error:
            raise not_written(error) from error

    def __iter__(self) -> Iterator[int]:
        for batch in self.batches():
            yield from batch

    def __len__(self) -> int:
        return sum(map(len, self.batches()))

    def __contains__(self, scene_id: object) -> bool:
        return isinstance(scene_id, int) and bool(self.of([scene_id]))


def _row_of(scene_id: int) -> int:
    return scene_id >> _SHARED
