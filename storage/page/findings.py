"""What the last reconcile found of single scenes and items, for people to look at.

Nothing is decided by it: it may be lost at any time, and the next reconcile writes it anew. It is
laid out so that a page of a filtered and sorted list of 100,000 rows takes milliseconds.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from core.finding_types import CONTESTED, GAPS, IGNORED
from core.text import storable
from storage.files.database import chunks, placeholders
from storage.files.row_checks import INT, REAL, TEXT, Row, Table
from storage.files.store import Store
from storage.page import orphans
from storage.page.finding_query import ORDERS, FindingQuery, terms_of, title_key
from storage.page.orphans import Orphan
from storage.record_codec import dumps

STUDIOS = 50  # that a facet names
ALL = 2**31  # more findings than there are

# `gap` is 1 for the types that count as gaps; `was` is the type that an ignored scene had.
_TABLE = """CREATE TABLE findings (
    scene_id INTEGER PRIMARY KEY,
    gap INTEGER NOT NULL,
    type TEXT NOT NULL,
    studio TEXT NOT NULL,
    library TEXT NOT NULL,
    updated_at REAL NOT NULL,
    title_key TEXT NOT NULL,
    search TEXT NOT NULL,
    title TEXT NOT NULL,
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    items TEXT NOT NULL,
    candidates TEXT NOT NULL,
    was TEXT NOT NULL
)"""
# The first holds all that a list can be filtered by.
_INDEXES = {
    "findings_by_title": "gap, title_key, search, type, studio, library, updated_at",
    "findings_by_type": "gap, type, title_key",
    "findings_by_studio": "gap, studio, title_key",
    "findings_by_library": "gap, library, title_key",
    "findings_by_time": "gap, updated_at",
}
_COUNTS_TABLE = """CREATE TABLE finding_counts (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID"""
# Of an older file: what the next reconcile finds has them.
NEWER_COLUMNS = (
    "ALTER TABLE findings ADD COLUMN altered TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE findings ADD COLUMN says_enough INTEGER NOT NULL DEFAULT 1",
)
TABLES = (
    _TABLE,
    *(f"CREATE INDEX {name} ON findings ({columns})" for name, columns in _INDEXES.items()),
    _COUNTS_TABLE,
    *orphans.TABLES,
    "CREATE TABLE scene_titles (scene_id INTEGER PRIMARY KEY, title TEXT NOT NULL)",
)
# What findings are counted by: all of them by their types, the gaps alone by the others.
_FACETS = ("type", "studio", "library")
_COUNT_ALL = (
    "INSERT INTO finding_counts SELECT '{0}', {0}, count(*) FROM findings"
    " WHERE {0} <> '' AND (gap OR '{0}' = 'type') GROUP BY {0}"
)
_FOUND = Table(
    "findings",
    ("scene_id",),
    {
        "scene_id": INT,
        **dict.fromkeys(("type", "title", "path", "reason", "studio", "library"), TEXT),
        "updated_at": REAL,
        **dict.fromkeys(("items", "candidates", "was", "altered"), TEXT),
        "says_enough": INT,
    },
)


class Item(NamedTuple):
    """An item of Plex, for people."""

    section: str
    key: str
    title: str


class Finding(NamedTuple):
    """What there is to say of one scene.

    Attributes:
        type: one of `GAPS` or `LEFT_ALONE`.
        path: the scene's primary file in Stash.
        library: the title of the library that it is in, or would be; "" where nobody knows.
        updated_at: when it changed in Stash (epoch seconds).
        items: those that are the scene's.
        candidates: JSON-able, of an ambiguous scene: {library, section, rating_key, path, size}.
        was: of an ignored scene, its type before that; "" where it had none.
        altered: of drift, the fields that no longer show what was written.
        says_enough: the scene has enough metadata to be synced.
    """

    scene_id: int
    type: str
    title: str = ""
    path: str = ""
    reason: str = ""
    studio: str = ""
    library: str = ""
    updated_at: float = 0.0
    items: tuple[Item, ...] = ()
    candidates: tuple[Mapping[str, Any], ...] = ()
    was: str = ""
    altered: tuple[str, ...] = ()
    says_enough: bool = True

    def row(self) -> dict[str, Any]:
        """What is told of it everywhere, as JSON-able values."""
        return {
            "scene_id": str(self.scene_id),
            "title": self.title,
            "type": self.type,
            "reason": self.reason,
            "studio": self.studio,
            "library": self.library,
            "path": self.path,
            "items": [
                {"section": item.section, "rating_key": item.key, "title": item.title}
                for item in self.items
            ],
            "candidates": [dict(one) for one in self.candidates],
        }


class FindingStore(Store):
    """Findings by scene, each write in one transaction."""

    def replace_all(self, found: Iterable[Finding], listed: Iterable[Orphan]) -> None:
        """Puts what a reconcile that saw everything has found in the place of what was known.

        Args:
            found: of each scene at most one.
            listed: the items that are no scene's.
        """
        with self._database.transaction() as connection:
            for name in _INDEXES:  # made at once they are far cheaper than row by row
                connection.execute(f"DROP INDEX {name}")
            for table in ("findings", "finding_counts"):
                connection.execute(f"DELETE FROM {table}")
            for rows in chunks(found):
                _insert(connection, rows)
            orphans.replace_all(connection, listed)
            for name, columns in _INDEXES.items():
                connection.execute(f"CREATE INDEX {name} ON findings ({columns})")
            for kind in _FACETS:
                connection.execute(_COUNT_ALL.format(kind))

    def replace(self, scene_ids: Iterable[int], found: Iterable[Finding]) -> None:
        """Puts what was found of some scenes, of each at most one finding, in the place of what was
        known of them."""
        with self._database.transaction() as connection:
            _delete(connection, scene_ids)
            for rows in chunks(found):
                _delete(connection, [each.scene_id for each in rows])
                _insert(connection, rows)
                _count(connection, map(_facets, rows), 1)

    def note_done(self, titles: Mapping[int, str]) -> None:
        """Nothing is left to do for these scenes, which are called so ("": nobody knows)."""
        if not titles:
            return
        with self._database.transaction() as connection:
            _delete(connection, titles, f"AND type NOT IN ('{IGNORED}', '{CONTESTED}')")
            connection.executemany(
                "INSERT INTO scene_titles VALUES (?, ?) ON CONFLICT (scene_id)"
                " DO UPDATE SET title = excluded.title WHERE title <> excluded.title",
                ((scene_id, storable(title)) for scene_id, title in titles.items() if title),
            )

    def note_ignored(self, titles: Mapping[int, str]) -> None:
        """These scenes, which are called so, are left alone from now on."""
        known = self.of_scenes(titles)
        ignored = [
            _ignored(known.get(scene_id, Finding(scene_id, IGNORED, title)))
            for scene_id, title in titles.items()
        ]
        self.replace(titles, ignored)

    def note_unignored(self, scene_ids: Iterable[int]) -> None:
        """These scenes are what they were before they were ignored."""
        known = self.of_scenes(scene_ids)
        ignored = [each for each in known.values() if each.type == IGNORED]
        back = [each._replace(type=each.was, was="") for each in ignored if each.was]
        self.replace([each.scene_id for each in ignored], back)

    def of_scenes(self, scene_ids: Iterable[int]) -> dict[int, Finding]:
        """What is known of some scenes."""
        found: list[Finding] = []
        for some in chunks(scene_ids):
            where = f"WHERE scene_id IN ({placeholders(len(some))})"
            found += self._database.select(_FOUND, _finding, where, some)
        return {each.scene_id: each for each in found}

    def among(self, scene_ids: Iterable[int]) -> set[int]:
        """Those of some scenes of which there is something to say."""
        sql = "SELECT scene_id FROM findings WHERE scene_id IN"
        return self._database.numbers_in(sql, scene_ids)

    def titles(self, scene_ids: Iterable[int]) -> dict[int, str]:
        """What scenes are called, as far as known."""
        wanted = list(dict.fromkeys(scene_ids))
        found: dict[int, str] = {}
        for table in ("scene_titles", "findings"):
            for some in chunks(wanted):
                sql = f"SELECT scene_id, title FROM {table} WHERE scene_id IN"
                found.update(self._database.rows(f"{sql} ({placeholders(len(some))})", some))
        return found

    def count_by_type(self) -> dict[str, int]:
        """How many findings there are of each type; none of those that do not occur."""
        return dict(self._counts("type"))

    def facets(self) -> dict[str, list[tuple[str, int]]]:
        """What the gaps can be filtered by, the most frequent first: names and counts by "types",
        "studios" (at most `STUDIOS`) and "libraries"."""
        return {
            "types": self._counts("type"),
            "studios": self._counts("studio")[:STUDIOS],
            "libraries": self._counts("library"),
        }

    def _counts(self, kind: str) -> list[tuple[str, int]]:
        sql = "SELECT name, count FROM finding_counts WHERE kind = ? AND count > 0"
        return [
            (row[0], row[1]) for row in self._database.rows(f"{sql} ORDER BY 2 DESC, 1", (kind,))
        ]

    def page(self, wanted: FindingQuery, offset: int, limit: int) -> tuple[int, list[Finding]]:
        """How many findings there are like that, and some of them."""
        total, ids = self._page(wanted, offset, limit)
        known = self.of_scenes(ids)
        return total, [known[scene_id] for scene_id in ids if scene_id in known]

    def ids(self, wanted: FindingQuery) -> list[int]:
        """The scenes of all findings that are like that."""
        return self._page(wanted, 0, ALL)[1]

    def _page(self, wanted: FindingQuery, offset: int, limit: int) -> tuple[int, list[int]]:
        terms, values = terms_of(wanted)
        where = " AND ".join(terms)
        order = ORDERS[wanted.sort]
        numbers = self._database.numbers
        if wanted.text or len(terms) > 2:
            # One walk through the index that has all columns tells the number as well.
            source = "findings INDEXED BY findings_by_title"
            sql = f"SELECT scene_id FROM {source} WHERE {where} ORDER BY {order}"
            ids = numbers(sql, values)
            return len(ids), ids[offset : offset + limit]
        total = numbers(f"SELECT count(*) FROM findings WHERE {where}", values)[0]
        sql = f"SELECT scene_id FROM findings WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
        return total, numbers(sql, [*values, limit, offset])


def _insert(connection: sqlite3.Connection, rows: Sequence[Finding]) -> None:
    connection.executemany(
        f"INSERT OR REPLACE INTO findings VALUES ({placeholders(16)})", map(_values, rows)
    )


def _values(each: Finding) -> tuple[object, ...]:
    title, path, studio = each.title, each.path, each.studio
    search = storable(told := f"{title}\n{path}\n{studio}")
    if search is not told:
        title, path, studio = map(storable, (title, path, studio))
    return (
        each.scene_id,
        int(each.type in GAPS),
        each.type,
        studio,
        storable(each.library),
        each.updated_at,
        title_key(title),
        search.casefold(),
        title,
        path,
        storable(each.reason),
        dumps(each.items),
        dumps([dict(one) for one in each.candidates]) if each.candidates else "[]",
        each.was,
        dumps(each.altered) if each.altered else "[]",
        int(each.says_enough),
    )


def _delete(connection: sqlite3.Connection, scene_ids: Iterable[int], tail: str = "") -> None:
    for some in chunks(scene_ids):
        among = f"WHERE scene_id IN ({placeholders(len(some))}) {tail}"
        sql = f"SELECT gap, type, studio, library FROM findings {among}"
        gone = connection.execute(sql, some).fetchall()
        if gone:
            _count(connection, gone, -1)
            connection.execute(f"DELETE FROM findings {among}", some)


def _count(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]], step: int) -> None:
    """Keeps the counts of facets: those of types of all findings, others of the gaps alone."""
    counts: Counter[tuple[str, str]] = Counter()
    for gap, *values in rows:
        for kind, value in zip(_FACETS, values, strict=True):
            if value and (gap or kind == "type"):
                counts[kind, value] += step
    connection.executemany(
        "INSERT INTO finding_counts VALUES (?, ?, ?) ON CONFLICT (kind, name)"
        " DO UPDATE SET count = count + excluded.count",
        ((*key, count) for key, count in counts.items()),
    )


def _facets(each: Finding) -> tuple[int, str, str, str]:
    return int(each.type in GAPS), each.type, storable(each.studio), storable(each.library)


def _ignored(each: Finding) -> Finding:
    return each if each.type == IGNORED else each._replace(type=IGNORED, was=each.type)


def _finding(row: Row) -> Finding:
    scene_id, kind, title, path, reason, studio, library, at = row[:8]
    items, candidates, was, altered, says_enough = row[8:]
    return Finding(
        *(scene_id, kind, title, path, reason, studio, library, at),
        tuple(Item(*each) for each in json.loads(items)),
        tuple(json.loads(candidates)),
        was,
        tuple(json.loads(altered)),
        bool(says_enough),
    )
