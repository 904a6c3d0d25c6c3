"""The items of Plex that no scene's file matched, as the last whole reconcile found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from core.text import storable
from storage.files.database import chunks, placeholders
from storage.files.row_checks import INT, TEXT, Table
from storage.files.store import Store
from storage.page.finding_query import title_key

TABLES = (
    """CREATE TABLE orphans (
        section TEXT NOT NULL,
        key TEXT NOT NULL,
        library TEXT NOT NULL,
        title TEXT NOT NULL,
        path TEXT NOT NULL,
        added_at INTEGER,
        title_key TEXT NOT NULL,
        search TEXT NOT NULL,
        PRIMARY KEY (section, key)
    ) WITHOUT ROWID""",
    "CREATE INDEX orphans_by_title ON orphans (library, title_key)",
)
_ORPHANS = Table(
    "orphans",
    ("section", "key"),
    {
        **dict.fromkeys(("section", "key", "library", "title", "path"), TEXT),
        "added_at": INT.optional(),
    },
)


class Orphan(NamedTuple):
    """An item of Plex that is no scene's. `added_at` is in epoch seconds."""

    section: str
    key: str
    library: str
    title: str
    path: str
    added_at: int | None

    def row(self) -> dict[str, Any]:
        """It as JSON-able values."""
        told = self._asdict()
        return {"rating_key": told.pop("key"), **told}


class OrphanStore(Store):
    """Lists orphans; they are written with the findings of the same reconcile."""

    def count(self) -> dict[str, int]:
        """How many there are, by the titles of their libraries."""
        sql = "SELECT library, count(*) FROM orphans GROUP BY library ORDER BY library"
        return dict(self._database.rows(sql))

    def page(self, library: str, text: str, offset: int, limit: int) -> tuple[int, list[Orphan]]:
        """How many are like that ("" for all), and some of them, by library and title."""
        terms, values = list[str](["1"]), list[object]()
        for term, value in (("library = ?", library), ("instr(search, ?)", text.casefold())):
            if value:
                terms.append(term)
                values.append(value)
        where = " AND ".join(terms)
        total = self._database.numbers(f"SELECT count(*) FROM orphans WHERE {where}", values)[0]
        tail = f"WHERE {where} ORDER BY library, title_key, section, key LIMIT ? OFFSET ?"
        return total, self._database.select(
            _ORPHANS, lambda row: Orphan(*row), tail, [*values, limit, offset]
        )


def replace_all(connection: sqlite3.Connection, listed: Iterable[Orphan]) -> None:
    """Within a transaction: puts these in the place of all that were known.

    Only what differs is written: most of a library is as it was yesterday.
    """
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS there (section TEXT, key TEXT,"
        " PRIMARY KEY (section, key)) WITHOUT ROWID"
    )
    connection.execute("DELETE FROM temp.there")
    for some in chunks(map(_values, listed)):
        connection.executemany(
            "INSERT OR IGNORE INTO temp.there VALUES (?, ?)", (row[:2] for row in some)
        )
        known = {
            row
            for each in some
            for row in connection.execute(
                f"{_ORPHANS.select} WHERE section = ? AND key = ?", each[:2]
            )
        }
        connection.executemany(
            f"INSERT OR REPLACE INTO orphans VALUES ({placeholders(8)})",
            (values for values in some if values[:-2] not in known),
        )
    connection.execute(
        "DELETE FROM orphans WHERE NOT EXISTS (SELECT 1 FROM temp.there"
        " WHERE there.section = orphans.section AND there.key = orphans.key)"
    )


def _values(each: Orphan) -> tuple[object, ...]:
    library, title, path = map(storable, (each.library, each.title, each.path))
    search = f"{title}\n{path}".casefold()
    return each.section, each.key, library, title, path, each.added_at, title_key(title), search
