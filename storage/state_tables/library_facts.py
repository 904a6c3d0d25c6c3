"""What Stash's library as a whole has told: of performers, tags, studios and groups, by id."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from core.library_facts import Used
from core.text import storable
from storage.files.database import Database
from storage.files.row_checks import INT, TEXT, Row, Table
from storage.files.store import Store

T = TypeVar("T")

TABLES = (
    """CREATE TABLE library (
        about TEXT NOT NULL,
        id INTEGER NOT NULL,
        name TEXT NOT NULL,
        scenes INTEGER NOT NULL,
        above TEXT NOT NULL,
        PRIMARY KEY (about, id)
    ) WITHOUT ROWID""",
    # Earlier versions kept all of it as one fact. Stash is asked again.
    "DELETE FROM facts WHERE key = 'library'",
)
_COLUMNS = {"about": TEXT, "id": INT, "name": TEXT, "scenes": INT, "above": TEXT}
_LIBRARY = Table("library", ("about", "id"), _COLUMNS)


class Kept(Mapping[int, T], Generic[T]):
    """What is kept about things of one kind, looked up one by one; what was looked up is kept.

    Args:
        of: makes a value of what is stored.
    """

    def __init__(self, database: Database, about: str, of: Callable[[Used], T]) -> None:
        self._database = database
        self._about = about
        self._of = of
        self._known: dict[int, T | None] = {}
        self._has_some: bool | None = None

    def __getitem__(self, number: int) -> T:
        if number not in self._known:
            found = self._read("AND id = ?", number)
            self._known[number] = found[0][1] if found else None
        value = self._known[number]
        if value is None:
            raise KeyError(number)
        return value

    def __iter__(self) -> Iterator[int]:
        return iter(dict(self._read()))

    def __len__(self) -> int:
        sql = "SELECT count(*) FROM library WHERE about = ?"
        return self._database.numbers(sql, (self._about,))[0]

    def __bool__(self) -> bool:
        if self._has_some is None:
            self._has_some = bool(self._read("LIMIT 1"))
        return self._has_some

    def whole(self) -> dict[int, T]:
        """All of it at once."""
        return dict(self._read())

    def _read(self, tail: str = "", *values: object) -> list[tuple[int, T]]:
        def decode(row: Row) -> tuple[int, T]:
            return row[1], self._of(_used(row))

        where = f"WHERE about = ? {tail}"
        return self._database.select(_LIBRARY, decode, where, (self._about, *values))


class LibraryStore(Store):
    """Facts by what they are about."""

    def of(self, about: str, of: Callable[[Used], T]) -> Kept[T]:
        """Those about things of one kind, each as `of` makes it."""
        return Kept(self._database, about, of)

    def replace(self, about: str, facts: Iterable[tuple[int, Used]]) -> None:
        """Puts these in the place of all that was known about things of that kind."""
        rows = [
            (about, number, storable(used.name), used.scenes, json.dumps(used.above))
            for number, used in facts
        ]
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM library WHERE about = ?", (about,))
            connection.executemany("INSERT INTO library VALUES (?, ?, ?, ?, ?)", rows)


def _used(row: Row) -> Used:
    above: Any = json.loads(row[4])
    return Used(row[2], row[3], tuple(map(int, above)))
