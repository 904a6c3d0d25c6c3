"""Whose each item was when all scenes were seen last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.models import ItemRef
from storage.files.database import chunks
from storage.files.row_checks import INT, TEXT, Row, Table
from storage.files.store import Store
from storage.state_tables.records import owned

TABLES = (
    """CREATE TABLE item_owners (
        section TEXT NOT NULL,
        key TEXT NOT NULL,
        scene_id INTEGER NOT NULL,
        PRIMARY KEY (section, key)
    ) WITHOUT ROWID""",
    # Earlier versions kept them as one fact, [[section, key, scene], ...].
    """INSERT OR IGNORE INTO item_owners
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
        FROM (SELECT each.value FROM facts, json_each(
            CASE WHEN json_valid(facts.value) THEN facts.value ELSE '[]' END) each
            WHERE facts.key = 'owners' AND each.type = 'array')
        WHERE json_type(value, '$[0]') = 'text' AND json_type(value, '$[1]') = 'text'
        AND json_type(value, '$[2]') = 'integer'""",
    "DELETE FROM facts WHERE key = 'owners'",
)
_OWNERS = Table("item_owners", ("section", "key"), {"scene_id": INT, "section": TEXT, "key": TEXT})


class OwnerStore(Store):
    """Scenes by the items that they own."""

    def of(self, refs: Iterable[ItemRef]) -> dict[ItemRef, int]:
        """The scene that owns each of these items, where one does."""
        with self._database.snapshot():
            return dict(self._database.select_items(_OWNERS, owned, refs))

    def replace(self, owners: Iterable[tuple[ItemRef, int]]) -> None:
        """Puts the owners of all items in the place of what was known; writes what differs.

        Args:
            owners: in order of the items, each of them once.
        """
        with self._database.transaction() as connection:
            # What is read ahead lies behind what is written: both go by the items' order.
            for some in chunks(_differing(owners, self._in_order())):
                gone = [ref for ref, owner in some if owner is None]
                connection.executemany(
                    "DELETE FROM item_owners WHERE section = ? AND key = ?", gone
                )
                connection.executemany(
                    "INSERT OR REPLACE INTO item_owners VALUES (?, ?, ?)",
                    [(*ref, owner) for ref, owner in some if owner is not None],
                )

    def _in_order(self) -> Iterator[tuple[ItemRef, int]]:
        last: Row = ("", "")
        while True:
            tail = "WHERE (section, key) > (?, ?) ORDER BY section, key LIMIT 1000"
            found = self._database.select(_OWNERS, owned, tail, last)
            if not found:
                return
            yield from found
            last = found[-1][0]


def _differing(
    now: Iterable[tuple[ItemRef, int]], before: Iterable[tuple[ItemRef, int]]
) -> Iterator[tuple[ItemRef, int | None]]:
    """The items whose owner is another one by now, and those that have none (None)."""
    known = iter(before)
    had = next(known, None)
    for ref, owner in now:
        while had is not None and had[0] < ref:
            yield had[0], None
            had = next(known, None)
        if had != (ref, owner):
            yield ref, owner
        if had is not None and had[0] == ref:
            had = next(known, None)
    while had is not None:
        yield had[0], None
        had = next(known, None)
