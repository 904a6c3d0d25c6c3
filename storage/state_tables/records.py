"""What we know of each scene: the base of every three-way comparison."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from core.models import ItemRef, MediaFile
from core.records import Record
from storage.files.database import Database, chunks, placeholders
from storage.files.row_checks import INT, TEXT, TIME, Row, Table
from storage.files.store import Store
from storage.record_codec import body_of, entities_of, record_from, typed_pictures, with_files

EntityKind = Literal["studio", "performer", "tag"]

_KIND_CODES: dict[EntityKind, int] = {"studio": 1, "performer": 2, "tag": 3}


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """The cheap part of a record."""

    scene_updated_at: float
    fingerprint: str


@dataclass(frozen=True, slots=True)
class MovedFiles:
    """Where a scene's files and those of some of its items lie by now."""

    scene_id: int
    files: tuple[MediaFile, ...]
    items: Mapping[ItemRef, tuple[str, ...]]


TABLES = (
    """CREATE TABLE records (
        scene_id INTEGER PRIMARY KEY,
        scene_updated_at REAL NOT NULL,
        fingerprint TEXT NOT NULL,
        entities TEXT NOT NULL,
        body TEXT NOT NULL
    )""",
    # The owner of each item, kept apart from the body so that an item can have only one.
    """CREATE TABLE record_items (
        section TEXT NOT NULL,
        key TEXT NOT NULL,
        scene_id INTEGER NOT NULL,
        updated_at INTEGER,
        PRIMARY KEY (section, key)
    ) WITHOUT ROWID""",
    "CREATE INDEX record_items_by_scene ON record_items (scene_id)",
    """CREATE TABLE record_entities (
        kind INTEGER NOT NULL,
        entity_id INTEGER NOT NULL,
        scene_id INTEGER NOT NULL,
        PRIMARY KEY (kind, entity_id, scene_id)
    ) WITHOUT ROWID""",
)

# What the body says too, so that it can be counted without reading bodies.
SECOND = (
    "ALTER TABLE records ADD COLUMN undone INTEGER NOT NULL DEFAULT 0",
    "UPDATE records SET undone = 1 WHERE body LIKE '%,1]'",
    "CREATE INDEX records_undone ON records (scene_id) WHERE undone = 1",
)

# Small, so that the records can be counted without a look at what is in them.
THIRD = ("CREATE INDEX record_ids ON records (scene_id)",)

# Pictures were texts by texts.
_PICTURES = "json_extract(body, '$[2]')"
FOURTH = (
    f"UPDATE records SET body = json_set(body, '$[2]', {typed_pictures(_PICTURES)})"
    f" WHERE CASE WHEN json_valid(body) THEN {_PICTURES} END LIKE '{{_%}}'",
)

# The entities once more, for when some were lost: only what changes is written else.
_TOLD = "FROM records, json_each(CASE WHEN json_valid(entities) THEN entities END"
DERIVED = (
    "INSERT OR IGNORE INTO record_entities"
    f" SELECT 1, value, scene_id {_TOLD}) WHERE key = 0 AND type = 'integer'"
    f" UNION ALL SELECT 2, value, scene_id {_TOLD}, '$[1]') WHERE type = 'integer'"
    f" UNION ALL SELECT 3, value, scene_id {_TOLD}, '$[2]') WHERE type = 'integer'",
)

_BY_SCENE = ("scene_id",)
_ENTITIES = Table("records", _BY_SCENE, {"scene_id": INT, "entities": TEXT})
_BODIES = Table("records", _BY_SCENE, {"scene_id": INT, "body": TEXT})
_MARKS = Table(
    "records", _BY_SCENE, {"scene_id": INT, "scene_updated_at": TIME, "fingerprint": TEXT}
)
_RECORDS = Table(
    "records",
    _BY_SCENE,
    {
        "scene_id": INT,
        "scene_updated_at": TIME,
        "fingerprint": TEXT,
        "entities": TEXT,
        "body": TEXT,
    },
)
_ITEMS = Table(
    "record_items",
    ("section", "key"),
    {"scene_id": INT, "section": TEXT, "key": TEXT, "updated_at": INT.optional()},
)


class RecordStore(Store):
    """Records by scene id. Every method is one transaction."""

    def get_many(self, scene_ids: Iterable[int]) -> dict[int, Record]:
        """The records of those scenes that have one."""
        found: dict[int, Record] = {}
        read = self._database.select_in
        with self._database.snapshot():
            for ids in chunks(scene_ids):
                items: dict[int, dict[tuple[str, str], int | None]] = {}
                for scene_id, section, key, updated_at in read(_ITEMS, tuple, "scene_id", ids):
                    items.setdefault(scene_id, {})[section, key] = updated_at
                records = read(_RECORDS, partial(_record, items), "scene_id", ids)
                found.update((record.scene_id, record) for record in records)
        return found

    def summaries(self, scene_ids: Iterable[int]) -> dict[int, RecordSummary]:
        """What tells whether a scene changed, of those that have a record.

        Far less work than `get_many`: no JSON is read.
        """
        with self._database.snapshot():
            rows = self._database.select_in(_MARKS, tuple, "scene_id", scene_ids)
        return {scene_id: RecordSummary(at, fingerprint) for scene_id, at, fingerprint in rows}

    def save_many(self, records: Sequence[Record]) -> None:
        """Writes or replaces records.

        An item that another scene owned changes hands: it is no longer part of that scene's
        record. A former item does so only where nobody owns it. A sync timestamp that was set by
        hand or taken over gives way to the record's.
        """
        with self._database.transaction() as connection:
            self.save(connection, records)

    def save(self, connection: sqlite3.Connection, records: Sequence[Record]) -> None:
        """`save_many` within a transaction."""
        for chunk in chunks(records):
            _save(self._database, connection, chunk)

    def touch_items(self, items: Iterable[tuple[int, ItemRef, int | None]]) -> None:
        """Notes the item's `updated_at` alone: Plex moved it without a change of ours to see."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE record_items SET updated_at = ?"
                " WHERE section = ? AND key = ? AND scene_id = ?",
                ((at, ref.section, ref.key, scene_id) for scene_id, ref, at in items),
            )

    def note_files(self, moved: Iterable[MovedFiles]) -> None:
        """Notes new names and places of files in the records that there are; nothing else."""
        with self._database.transaction() as connection:
            for known in moved:
                decode, where = partial(_moved, known), "WHERE scene_id = ?"
                for body in self._database.select(_BODIES, decode, where, (known.scene_id,)):
                    connection.execute(
                        "UPDATE records SET body = ? WHERE scene_id = ?", (body, known.scene_id)
                    )

    def __contains__(self, scene_id: object) -> bool:
        return bool(self._database.rows("SELECT 1 FROM records WHERE scene_id = ?", (scene_id,)))

    def some(self, start: int, most: int) -> list[int]:
        """A few scenes that have a record, from that id on."""
        sql = "SELECT scene_id FROM records WHERE scene_id >= ? ORDER BY 1 LIMIT ?"
        return self._database.numbers(sql, (start, most))

    def are_there(self) -> bool:
        return bool(self._database.rows("SELECT 1 FROM records LIMIT 1"))

    def ids(self) -> set[int]:
        """The scenes that have a record."""
        return set(self._database.numbers("SELECT scene_id FROM records"))

    def among(self, scene_ids: Iterable[int]) -> set[int]:
        """Those of some scenes that have a record."""
        return self._database.numbers_in(
            "SELECT scene_id FROM records WHERE scene_id IN", scene_ids
        )

    def owners_of(self, refs: Iterable[ItemRef]) -> dict[ItemRef, int]:
        """The scene that owns each of these items, where one does."""
        with self._database.snapshot():
            return dict(self._database.select_items(_ITEMS, owned, refs))

    def with_entity(self, kind: EntityKind, entity_id: int) -> list[int]:
        """The scenes whose record names that studio, performer or tag, in rising order."""
        return self._database.numbers(
            "SELECT scene_id FROM record_entities WHERE kind = ? AND entity_id = ? ORDER BY 1",
            (_KIND_CODES[kind], entity_id),
        )

    def count(self) -> int:
        """How many records there are."""
        return self._database.numbers("SELECT count(*) FROM records")[0]

    def count_undone(self) -> int:
        """Of how many scenes the last sync was undone."""
        return self._database.numbers("SELECT count(*) FROM records WHERE undone = 1")[0]


def _save(database: Database, connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    # Twice in one batch: the last one counts.
    by_id = {record.scene_id: record for record in records}
    ids = list(by_id)
    listed = placeholders(len(ids))
    entities = {scene_id: entities_of(record) for scene_id, record in by_id.items()}
    _save_entities(database, connection, by_id, entities)
    connection.executemany(
        "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (scene_id) DO UPDATE SET"
        " (scene_updated_at, fingerprint, entities, body, undone) = (excluded.scene_updated_at,"
        " excluded.fingerprint, excluded.entities, excluded.body, excluded.undone)",
        (
            (
                record.scene_id,
                record.scene_updated_at,
                record.fingerprint,
                entities[record.scene_id],
                body_of(record),
                int(record.undone),
            )
            for record in by_id.values()
        ),
    )
    connection.execute(f"DELETE FROM record_items WHERE scene_id IN ({listed})", ids)
    owned = [(item, record.scene_id) for record in by_id.values() for item in record.items]
    former = [(item, record.scene_id) for record in by_id.values() for item in record.former]
    for conflict, items in (("REPLACE", owned), ("IGNORE", former)):
        connection.executemany(
            f"INSERT OR {conflict} INTO record_items VALUES (?, ?, ?, ?)",
            ((*item.ref, scene_id, item.updated_at) for item, scene_id in items),
        )
    connection.execute(f"DELETE FROM timestamps WHERE scene_id IN ({listed})", ids)


def _save_entities(
    database: Database,
    connection: sqlite3.Connection,
    by_id: Mapping[int, Record],
    entities: Mapping[int, str],
) -> None:
    """Keep which scenes name which entities, as records that are about to be written say it."""
    read = partial(_other_entities, entities)
    stored = dict(database.select_in(_ENTITIES, read, "scene_id", by_id))
    same = {scene_id for scene_id, others in stored.items() if others is None}
    old = set().union(*filter(None, stored.values()))
    new = _entities_in(record for scene_id, record in by_id.items() if scene_id not in same)
    connection.executemany(
        "DELETE FROM record_entities WHERE kind = ? AND entity_id = ? AND scene_id = ?",
        old - new,
    )
    connection.executemany(
        "INSERT OR IGNORE INTO record_entities VALUES (?, ?, ?)", sorted(new - old)
    )


def owned(row: Row) -> tuple[ItemRef, int]:
    """Item and scene of a row that begins with the scene and the item."""
    return ItemRef(row[1], row[2]), row[0]


def _record(items: Mapping[int, Mapping[tuple[str, str], int | None]], row: Row) -> Record:
    return record_from(row, items.get(row[0], {}))


def _moved(known: MovedFiles, row: Row) -> str:
    return with_files(row[1], known.files, known.items)


def _other_entities(
    wanted: Mapping[int, str], row: Row
) -> tuple[int, set[tuple[int, int, int]] | None]:
    """A scene, and the entities that its record names; None where these are just the wanted."""
    scene_id, entities = row
    is_same = entities == wanted[scene_id]
    return scene_id, None if is_same else _entity_rows(scene_id, *json.loads(entities))


def _entities_in(records: Iterable[Record]) -> set[tuple[int, int, int]]:
    found: set[tuple[int, int, int]] = set()
    for record in records:
        found |= _entity_rows(
            record.scene_id, record.studio_id, record.performer_ids, record.tag_ids
        )
    return found


def _entity_rows(
    scene_id: int, studio_id: int | None, performers: Iterable[int], tags: Iterable[int]
) -> set[tuple[int, int, int]]:
    found = {(_KIND_CODES["performer"], performer, scene_id) for performer in performers}
    found.update((_KIND_CODES["tag"], tag, scene_id) for tag in tags)
    if studio_id is not None:
        found.add((_KIND_CODES["studio"], studio_id, scene_id))
    return found
