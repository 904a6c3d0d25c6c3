"""Which scenes claim which items, of one run over all scenes; beside the items in the Plex index.

In temporary tables, so that a million claims take no memory and end with the run.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from core.id_set import IdSet
from core.matching.match_outcome import Claim
from core.matching.ownership import Claims, Contest
from core.models import ItemRef, ListedItem
from storage.files.database import Database, chunks, placeholders
from storage.files.row_checks import Row
from storage.plex_index.index_rows import ITEMS, all_stored, stored
from storage.state_tables.verdicts import claim_of, claim_row

_TABLES = (
    "DROP TABLE IF EXISTS temp.claims",
    """CREATE TEMP TABLE claims (
        section TEXT, key TEXT,
        evidence INTEGER, file_rank INTEGER, shared INTEGER, native INTEGER,
        scene_id INTEGER,
        PRIMARY KEY (section, key, scene_id)
    ) WITHOUT ROWID""",
)
_OF_SEVERAL = (
    "JOIN (SELECT section, key FROM temp.claims GROUP BY section, key HAVING count(*) > 1)"
    " USING (section, key)"
)


_NOBODY: frozenset[int] = frozenset()


class ClaimTable:
    """Collects claims; see `core.matching.ownership`. Use `SectionIndexStore.claims`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for statement in _TABLES:
            database.rows(statement)

    def offer(self, claims: Mapping[int, Iterable[Claim]]) -> set[int]:
        """Note what scenes claim; what a scene has claimed before stands.

        Returns those of them that claim what another scene has claimed before.
        """
        rows = [(*claim_row(c), scene_id) for scene_id, each in claims.items() for c in each]
        with self._database.aside() as connection:
            before = _claimed(connection, rows)
            rivals = {row[-1] for row in rows if before.get(row[:2], _NOBODY) - {row[-1]}}
            connection.executemany(
                f"INSERT OR IGNORE INTO temp.claims VALUES ({placeholders(7)})", rows
            )
        return rivals

    def withdraw(self, refs: Mapping[int, Iterable[ItemRef]]) -> None:
        """Take back what scenes have claimed: they are to be judged anew."""
        with self._database.aside() as connection:
            connection.executemany(
                "DELETE FROM temp.claims WHERE section = ? AND key = ? AND scene_id = ?",
                ((*ref, scene_id) for scene_id, several in refs.items() for ref in several),
            )

    def all(self) -> Claims:
        """All claims in memory: of a run over a part of the scenes."""
        return self._collected("")

    def each(self) -> Iterator[tuple[int, Claim]]:
        """Each claim, with the scene that makes it."""
        return self._claims("")

    def contests(self) -> dict[int, list[Contest]]:
        """For each scene that lost a claim, to whom and why."""
        return self._collected(_OF_SEVERAL).contests()

    def on(self, refs: Iterable[ItemRef]) -> Claims:
        """The claims on some items."""
        found = Claims()
        for section, key in set(refs):
            self._collect(found, "WHERE section = ? AND key = ?", (section, key))
        return found

    def _collected(self, tail: str) -> Claims:
        found = Claims()
        self._collect(found, tail)
        return found

    def _collect(self, found: Claims, tail: str, parameters: Sequence[object] = ()) -> None:
        for scene_id, claim in self._claims(tail, parameters):
            found.offer(scene_id, [claim])

    def holders(self) -> Iterator[tuple[ItemRef, int]]:
        """Each claimed item with its owner, in order of the items."""
        several = self._collected(_OF_SEVERAL).holders()
        sql = "SELECT section, key, min(scene_id) FROM temp.claims GROUP BY section, key"
        for section, key, first in self._database.stream(f"{sql} ORDER BY section, key"):
            ref, only = ItemRef(section, key), int(first)
            yield ref, several.get(ref, only)

    def _claims(self, tail: str, parameters: Sequence[object] = ()) -> Iterator[tuple[int, Claim]]:
        columns = "section, key, evidence, file_rank, shared, native, scene_id"
        sql = f"SELECT {columns} FROM temp.claims {tail} ORDER BY scene_id"
        for *row, scene_id in self._database.stream(sql, parameters):
            yield scene_id, claim_of(row)

    def count_orphans(self, sections: Collection[str], but: Collection[ItemRef]) -> int:
        """How many items `orphans` brings."""
        sql = f"SELECT section, key FROM items WHERE {_unclaimed(sections)}"
        return sum(ref not in but for ref in self._database.stream(sql, tuple(sections)))

    def orphans(
        self, sections: Collection[str], but: Collection[ItemRef]
    ) -> Iterator[list[ListedItem]]:
        """The items of some sections that nobody claims, some at a time.

        Args:
            but: items to be left out.
        """
        # From the index of their keys alone; then only what is nobody's is read.
        sql = f"SELECT id FROM items WHERE {_unclaimed(sections)}"
        numbers = IdSet(row[0] for row in self._database.stream(sql, tuple(sections)))
        for some in chunks(numbers):
            found = self._database.select_in(ITEMS, stored, "id", some, decode_all=all_stored)
            yield [each for each in found if each.ref not in but]


def _unclaimed(sections: Collection[str]) -> str:
    return (
        f"section IN ({placeholders(len(sections))}) AND NOT EXISTS (SELECT 1 FROM temp.claims"
        " WHERE claims.section = items.section AND claims.key = items.key)"
    )


def _claimed(
    connection: sqlite3.Connection, rows: Iterable[Row]
) -> dict[tuple[str, str], set[int]]:
    """Which scenes have claimed items, by section and key, of those that some rows claim."""
    keys: dict[str, list[str]] = {}
    for section, key, *_ in rows:
        keys.setdefault(section, []).append(key)
    found: dict[tuple[str, str], set[int]] = {}
    for section, wanted in keys.items():
        for some in chunks(wanted):
            sql = "SELECT key, scene_id FROM temp.claims WHERE section = ? AND key IN"
            of = connection.execute(f"{sql} ({placeholders(len(some))})", (section, *some))
            for key, scene_id in of:
                found.setdefault((section, key), set()).add(scene_id)
    return found
