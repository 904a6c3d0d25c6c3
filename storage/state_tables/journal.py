"""The values that our edits replaced, written before the edit: what undo restores."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from sqlite3 import Connection

from core.models import ItemRef, Value
from storage.files.database import placeholders
from storage.files.row_checks import INT, TEXT, TIME, Row, Table
from storage.files.store import Store
from storage.record_codec import dumps, typed_pictures, value_from_json

TABLES = (
    """CREATE TABLE journal (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id INTEGER NOT NULL,
        scene_id INTEGER NOT NULL,
        section TEXT NOT NULL,
        key TEXT NOT NULL,
        field TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL,
        locked_before INTEGER,
        extra TEXT NOT NULL,
        at REAL NOT NULL
    )""",
    "CREATE INDEX journal_by_run ON journal (run_id, id)",
    "CREATE INDEX journal_by_time ON journal (at)",
)
# `left_at` is what the server made of `after`, where it made something else of it.
SECOND = (
    "ALTER TABLE journal ADD COLUMN left_at TEXT",
    "CREATE INDEX journal_by_item ON journal (section, key)",
)
# `settled`: a record says what became of it. What was written before this was known is settled.
THIRD = (
    "ALTER TABLE journal ADD COLUMN settled INTEGER NOT NULL DEFAULT 1",
    "CREATE INDEX journal_unsettled ON journal (scene_id) WHERE settled = 0",
)
# Where records were lost, nothing but the journal says which values are ours.
DERIVED = (
    "UPDATE journal SET settled = 0 WHERE settled = 1 AND NOT EXISTS (SELECT 1"
    " FROM record_items AS known JOIN records AS record USING (scene_id)"
    " WHERE known.section = journal.section AND known.key = journal.key)",
)
# Pictures were texts by texts.
_PICTURES = "json_extract(extra, '$.known[4]')"
FOURTH = (
    f"UPDATE journal SET extra = json_set(extra, '$.known[4]', {typed_pictures(_PICTURES)})"
    f" WHERE CASE WHEN json_valid(extra) THEN {_PICTURES} END LIKE '{{_%}}'",
)

_ENTRIES = Table(
    "journal",
    ("id",),
    {
        "id": INT,
        "scene_id": INT,
        "section": TEXT,
        "key": TEXT,
        "field": TEXT,
        "before": TEXT,
        "coalesce(left_at, after)": TEXT,
        "at": TIME,
        "locked_before": INT.optional(),
        "extra": TEXT,
    },
)

_ITEMS = Table("journal", ("id",), {"id": INT, "scene_id": INT, "section": TEXT, "key": TEXT})


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One field of one item, just before we change it.

    Attributes:
        before: what Plex showed.
        after: what we are about to ask for; of an entry that is read, what the item was left at.
        at: epoch seconds.
        locked_before: whether the field was locked; None where that is not known.
        extra: JSON-able facts that a plain value cannot hold: see `worker.executor.before_image`.
    """

    scene_id: int
    ref: ItemRef
    field: str
    before: Value
    after: Value
    at: float
    locked_before: bool | None = None
    extra: Mapping[str, object] = attribute(default_factory=dict)


class Journal(Store):
    """Entries by run."""

    def write(self, run_id: int, entries: Iterable[JournalEntry]) -> None:
        """Durable when it returns: call it before the edit is sent."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO journal (run_id, scene_id, section, key, field, before, after,"
                " locked_before, extra, at, settled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (
                    (
                        run_id,
                        entry.scene_id,
                        entry.ref.section,
                        entry.ref.key,
                        entry.field,
                        dumps(entry.before),
                        dumps(entry.after),
                        entry.locked_before,
                        dumps(dict(entry.extra)),
                        entry.at,
                    )
                    for entry in entries
                ),
            )

    def note_left(self, run_id: int, left: Iterable[tuple[ItemRef, str, Value]]) -> None:
        """Notes what the server made of what we asked for last, by item and field."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE journal SET left_at = ? WHERE id = (SELECT max(id) FROM journal"
                " WHERE +run_id = ? AND section = ? AND key = ? AND field = ?)",
                ((dumps(value), run_id, ref.section, ref.key, field) for ref, field, value in left),
            )

    def mark_recorded(self, connection: Connection, refs: Iterable[ItemRef]) -> None:
        """Notes, within a transaction, that records say what became of all that was written to
        these items."""
        connection.executemany(
            "UPDATE journal SET settled = 1 WHERE section = ? AND key = ? AND settled = 0", refs
        )

    def unrecorded(self, refs: Iterable[ItemRef]) -> dict[ItemRef, list[JournalEntry]]:
        """What was, or was about to be, written to some items without a record of it, oldest
        first; items without any are left out."""
        return self._by_item(refs, "AND settled = 0")

    def of_all_runs(self, refs: Iterable[ItemRef]) -> dict[ItemRef, list[JournalEntry]]:
        """What was, or was about to be, written to some items, oldest first; as above."""
        return self._by_item(refs, "")

    def _by_item(self, refs: Iterable[ItemRef], among: str) -> dict[ItemRef, list[JournalEntry]]:
        found: dict[ItemRef, list[JournalEntry]] = {}
        with self._database.snapshot():
            read = self._database.select_items
            for entry in read(_ENTRIES, _entry, refs, f"{among} ORDER BY id"):
                found.setdefault(entry.ref, []).append(entry)
        return found

    def unrecorded_items(self) -> set[tuple[int, ItemRef]]:
        """The items with such entries, each after the scene that it was written for."""
        return set(self._database.select(_ITEMS, _item, "WHERE settled = 0"))

    def has_unrecorded(self, scene_id: object) -> bool:
        """Whether something was written for a scene without a record of it."""
        sql = "SELECT 1 FROM journal WHERE settled = 0 AND scene_id = ? LIMIT 1"
        return bool(self._database.rows(sql, (scene_id,)))

    def unrecorded_scene_ids(self) -> set[int]:
        """The scenes for which something was written without a record of it."""
        sql = "SELECT DISTINCT scene_id FROM journal WHERE settled = 0"
        return set(self._database.numbers(sql))

    def unrecorded_among(self, scene_ids: Iterable[int]) -> set[int]:
        """The same among some scenes."""
        sql = "SELECT DISTINCT scene_id FROM journal WHERE settled = 0 AND scene_id IN"
        return self._database.numbers_in(sql, scene_ids)

    def items(self, run_id: int) -> list[tuple[int, ItemRef]]:
        """The items that a run changed, or was about to, each after its scene; by scene."""
        newest = (
            "WHERE id IN (SELECT max(id) FROM journal WHERE run_id = ? GROUP BY section, key)"
            " ORDER BY scene_id, section, key"
        )
        return self._database.select(_ITEMS, _item, newest, (run_id,))

    def of_items(self, run_id: int, refs: Iterable[ItemRef]) -> dict[ItemRef, list[JournalEntry]]:
        """What a run changed of some items, oldest first."""
        found: dict[ItemRef, list[JournalEntry]] = {}
        where = "WHERE section = ? AND key = ? AND +run_id = ? ORDER BY id"
        with self._database.snapshot():
            for ref in refs:
                found[ref] = self._database.select(_ENTRIES, _entry, where, (*ref, run_id))
        return found

    def changed_later(self, run_id: int, scene_ids: Collection[int], besides: int) -> set[int]:
        """Those scenes of which later runs changed something as well, `besides` left out."""
        later = "SELECT DISTINCT scene_id FROM journal WHERE run_id > ? AND run_id <> ?"
        return self._database.numbers_in(f"{later} AND scene_id IN", scene_ids, (run_id, besides))

    def has_later(self, run_id: int) -> bool:
        """Whether runs after this one changed anything, or were about to."""
        sql = "SELECT EXISTS (SELECT 1 FROM journal WHERE run_id > ?)"
        return bool(self._database.numbers(sql, (run_id,))[0])

    def in_later(self, run_id: int, refs: Iterable[ItemRef]) -> set[ItemRef]:
        """Those items of which runs after this one changed anything, or were about to."""
        sql = "SELECT EXISTS (SELECT 1 FROM journal WHERE section = ? AND key = ? AND +run_id > ?)"
        return {ref for ref in refs if self._database.numbers(sql, (*ref, run_id))[0]}

    def last_runs(self, kinds: Sequence[str], most: int = 1) -> list[int]:
        """The newest runs of these kinds that changed anything, or were about to."""
        return self._database.numbers(
            f"SELECT id FROM runs WHERE kind IN ({placeholders(len(kinds))})"
            " AND EXISTS (SELECT 1 FROM journal WHERE run_id = runs.id) ORDER BY id DESC LIMIT ?",
            [*kinds, most],
        )

    def count(self, run_id: int) -> int:
        """How many entries a run has."""
        sql = "SELECT count(*) FROM journal WHERE run_id = ?"
        return self._database.numbers(sql, (run_id,))[0]

    def page(self, run_id: int, offset: int, limit: int) -> list[JournalEntry]:
        """Some of what a run changed, oldest first."""
        where = "WHERE run_id = ? ORDER BY id LIMIT ? OFFSET ?"
        return self._database.select(_ENTRIES, _entry, where, (run_id, limit, offset))

    def among(self, run_ids: Iterable[int]) -> set[int]:
        """Those of some runs that have changed anything, or were about to."""
        sql = "SELECT EXISTS (SELECT 1 FROM journal WHERE run_id = ?)"
        return {each for each in run_ids if self._database.numbers(sql, (each,))[0]}

    def prune(self, before: float, kept: Sequence[int] = ()) -> int:
        """Drops entries older than `before` (epoch seconds), but those runs'; returns how many."""
        among = f"at < ? AND +run_id NOT IN ({placeholders(len(kept))})"
        with self._database.transaction() as connection:
            sql = f"DELETE FROM journal WHERE {among}"
            return connection.execute(sql, [before, *kept]).rowcount


def _item(row: Row) -> tuple[int, ItemRef]:
    return row[1], ItemRef(row[2], row[3])


def _entry(row: Row) -> JournalEntry:
    _, scene_id, section, key, name, before, after, at, locked, extra = row
    return JournalEntry(
        scene_id,
        ItemRef(section, key),
        name,
        value_from_json(json.loads(before)),
        value_from_json(json.loads(after)),
        at,
        None if locked is None else bool(locked),
        dict(json.loads(extra)),
    )
