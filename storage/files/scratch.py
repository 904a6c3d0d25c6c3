"""What one run must remember of many scenes, in a file that nobody else sees and that ends with it.

SQLite makes the file where the system keeps temporary ones, and keeps two megabytes of it in
memory, so that a million scenes take no more than a thousand.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Generic, TypeVar

from storage.files.data_folder import not_written
from storage.files.database import Closing

T = TypeVar("T")
BATCH = 500
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

    Values are plain data: None, numbers, texts, bytes, and tuples, lists and dicts of them. Those
    of neighbouring ids are one row, of which the one in use is in memory: scenes come in order.
    """

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._count = 0
        self._row, self._values, self._is_changed = -1, dict[int, T](), False
        with self._translated():
            connection.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, rows BLOB NOT NULL)")

    def put(self, values: Mapping[int, T]) -> None:
        """Add values, in the place of those that some scenes have."""
        for row, ids in groupby(values, _row_of):
            self._turn_to(row)
            before = len(self._values)
            self._values.update({each: values[each] for each in ids})
            self._count += len(self._values) - before
            self._is_changed = True

    def discard(self, ids: Iterable[int]) -> None:
        """Forget some scenes."""
        for row, some in self._by_row(ids):
            self._turn_to(row)
            for each in self._values.keys() & some:
                del self._values[each]
                self._count -= 1
                self._is_changed = True

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
        found: dict[int, T] = {}
        self._turn_to((last + 1) >> _SHARED)
        while True:
            some = sorted(each for each in self._values if each > last)[: size - len(found)]
            found.update({each: self._values[each] for each in some})
            if len(found) == size:
                return found
            following = self._rows("SELECT id", "id > ? ORDER BY id LIMIT 1", self._row)
            if not following:
                return found
            self._turn_to(following[0][0])

    def _by_row(self, ids: Iterable[int]) -> Iterable[tuple[int, Iterable[int]]]:
        """Some ids in order, by the row that they are in; none where no scene has a value."""
        return groupby(sorted(ids), _row_of) if self._count else ()

    def _turn_to(self, row: int) -> None:
        """Have this row in memory."""
        if row == self._row:
            return
        if self._is_changed:
            with self._translated():
                self._connection.execute(
                    f"REPLACE INTO {self._name} VALUES (?, ?)",
                    (self._row, marshal.dumps(self._values)),
                )
        known = self._rows("SELECT rows", "id = ?", row)
        loads = marshal.loads
        self._values = loads(known[0][0]) if known else {}
        self._row, self._is_changed = row, False

    def _rows(self, what: str, where: str, *parameters: object) -> list[tuple[Any, ...]]:
        # Also a read may have to write what the memory has no room for.
        with self._translated():
            sql = f"{what} FROM {self._name} WHERE {where}"
            return self._connection.execute(sql, parameters).fetchall()

    def __iter__(self) -> Iterator[int]:
        for batch in self.batches():
            yield from batch

    def __len__(self) -> int:
        return self._count

    def __contains__(self, scene_id: object) -> bool:
        return isinstance(scene_id, int) and bool(self.of([scene_id]))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise not_written(error) from error


def _row_of(scene_id: int) -> int:
    return scene_id >> _SHARED
