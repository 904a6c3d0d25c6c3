"""What we know of each scene: the base of every three-way comparison."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from core.models import ItemRef, MediaFile, Record
from storage.codec import body_of, entities_of, record_from, with_files
from storage.sqlite import Database, chunks, placeholders

EntityKind = Literal["studio", "performer", "tag"]

_KIND_CODES: dict[EntityKind, int] = {"studio": 1, "performer": 2, "tag": 3}


@dataclass(frozen=True, slots=True)
class RecordMark:
    """The cheap part of a record: `items` pairs each item with its `updated_at`."""

    scene_updated_at: float
    fingerprint: str
    items: tuple[tuple[ItemRef, int | None], ...]


@dataclass(frozen=True, slots=True)
class Known:
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


class RecordStore:
    """Records by scene id. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_many(self, scene_ids: Iterable[int]) -> dict[int, Record]:
        """The records of those scenes that have one."""
        found: dict[int, Record] = {}
        with self._database.snapshot() as connection:
            for ids in chunks(scene_ids):
                items: dict[int, dict[tuple[str, str], int | None]] = {}
                for scene_id, section, key, updated_at in connection.execute(
                    "SELECT scene_id, section, key, updated_at FROM record_items"
                    f" WHERE scene_id IN ({placeholders(len(ids))})",
                    ids,
                ):
                    items.setdefault(scene_id, {})[section, key] = updated_at
                rows = connection.execute(
                    "SELECT scene_id, scene_updated_at, fingerprint, entities, body"
                    f" FROM records WHERE scene_id IN ({placeholders(len(ids))})",
                    ids,
                )
                records = self._database.read(partial(_record, items), rows)
                found.update((record.scene_id, record) for record in records)
        return found

    def marks(self, scene_ids: Iterable[int] | None = None) -> dict[int, RecordMark]:
        """What tells whether a scene changed, of those that have a record (None: of all).

        Far less work than `get_many`: no JSON is read.
        """
        owned: dict[int, list[tuple[ItemRef, int | None]]] = {}
        found: dict[int, RecordMark] = {}
        batches = [None] if scene_ids is None else chunks(scene_ids)
        with self._database.snapshot() as connection:
            for ids in batches:
                where = "" if ids is None else f"WHERE scene_id IN ({placeholders(len(ids))})"
                for scene_id, section, key, updated_at in connection.execute(
                    f"SELECT scene_id, section, key, updated_at FROM record_items {where}",
                    ids or (),
                ):
                    owned.setdefault(scene_id, []).append((ItemRef(section, key), updated_at))
                for scene_id, scene_updated_at, fingerprint in connection.execute(
                    f"SELECT scene_id, scene_updated_at, fingerprint FROM records {where}",
                    ids or (),
                ):
                    found[scene_id] = RecordMark(
                        scene_updated_at, fingerprint, tuple(owned.get(scene_id, ()))
                    )
        return found

    def save_many(self, records: Sequence[Record]) -> None:
        """Writes or replaces records.

        An item that another scene owned changes hands: it is no longer part of that scene's
        record. A sync timestamp that was set by hand or taken over gives way to the record's.
        """
        with self._database.transaction() as connection:
            for chunk in chunks(records):
                _save(self._database, connection, chunk)

    def delete_many(self, scene_ids: Iterable[int]) -> None:
        """Forgets scenes, their sync timestamps included."""
        with self._database.transaction() as connection:
            for ids in chunks(scene_ids):
                listed = placeholders(len(ids))
                old = _entities_of(self._database, connection, ids)
                connection.executemany(
                    "DELETE FROM record_entities WHERE kind = ? AND entity_id = ? AND scene_id = ?",
                    old,
                )
                for table in ("records", "record_items", "timestamps"):
                    connection.execute(f"DELETE FROM {table} WHERE scene_id IN ({listed})", ids)

    def touch_items(self, items: Iterable[tuple[int, ItemRef, int | None]]) -> None:
        """Notes the item's `updated_at` alone: Plex moved it without a change of ours to see."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE record_items SET updated_at = ?"
                " WHERE section = ? AND key = ? AND scene_id = ?",
                ((at, ref.section, ref.key, scene_id) for scene_id, ref, at in items),
            )

    def note_files(self, moved: Iterable[Known]) -> None:
        """Notes new names and places of files in the records that there are; nothing else."""
        with self._database.transaction() as connection:
            for known in moved:
                rows = connection.execute(
                    "SELECT body FROM records WHERE scene_id = ?", (known.scene_id,)
                )
                for body in self._database.read(partial(_moved, known), rows):
                    connection.execute(
                        "UPDATE records SET body = ? WHERE scene_id = ?", (body, known.scene_id)
                    )

    def ids(self) -> set[int]:
        """The scenes that have a record."""
        return {row[0] for row in self._database.rows("SELECT scene_id FROM records")}

    def owners(self) -> dict[ItemRef, int]:
        """The scene that owns each item."""
        return {
            ItemRef(section, key): scene_id
            for section, key, scene_id in self._database.rows(
                "SELECT section, key, scene_id FROM record_items"
            )
        }

    def owners_of(self, refs: Iterable[ItemRef]) -> dict[ItemRef, int]:
        """The scene that owns each of these items, where one does."""
        found: dict[ItemRef, int] = {}
        with self._database.snapshot() as connection:
            for ref in refs:
                row = connection.execute(
                    "SELECT scene_id FROM record_items WHERE section = ? AND key = ?",
                    (ref.section, ref.key),
                ).fetchone()
                if row is not None:
                    found[ref] = row[0]
        return found

    def with_entity(self, kind: EntityKind, entity_id: int) -> list[int]:
        """The scenes whose record names that studio, performer or tag, in rising order."""
        rows = self._database.rows(
            "SELECT scene_id FROM record_entities WHERE kind = ? AND entity_id = ? ORDER BY 1",
            (_KIND_CODES[kind], entity_id),
        )
        return [row[0] for row in rows]

    def count(self) -> int:
        """How many records there are."""
        return int(self._database.rows("SELECT count(*) FROM records")[0][0])


def _save(database: Database, connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    # Twice in one batch: the last one counts.
    by_id = {record.scene_id: record for record in records}
    ids = list(by_id)
    listed = placeholders(len(ids))
    old, new = _entities_of(database, connection, ids), _entities_in(by_id.values())
    connection.executemany(
        "DELETE FROM record_entities WHERE kind = ? AND entity_id = ? AND scene_id = ?",
        old - new,
    )
    connection.executemany("INSERT INTO record_entities VALUES (?, ?, ?)", sorted(new - old))
    connection.executemany(
        "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)",
        (
            (
                record.scene_id,
                record.scene_updated_at,
                record.fingerprint,
                entities_of(record),
                body_of(record),
            )
            for record in by_id.values()
        ),
    )
    connection.execute(f"DELETE FROM record_items WHERE scene_id IN ({listed})", ids)
    connection.executemany(
        "INSERT OR REPLACE INTO record_items VALUES (?, ?, ?, ?)",
        (
            (item.ref.section, item.ref.key, record.scene_id, item.updated_at)
            for record in by_id.values()
            for item in record.items
        ),
    )
    connection.execute(f"DELETE FROM timestamps WHERE scene_id IN ({listed})", ids)


def _entities_of(
    database: Database, connection: sqlite3.Connection, ids: Sequence[int]
) -> set[tuple[int, int, int]]:
    rows = connection.execute(
        f"SELECT scene_id, entities FROM records WHERE scene_id IN ({placeholders(len(ids))})",
        ids,
    )
    return set().union(*database.read(_stored_entities, rows))


def _record(
    items: Mapping[int, Mapping[tuple[str, str], int | None]], row: tuple[Any, ...]
) -> Record:
    return record_from(row, items.get(row[0], {}))


def _moved(known: Known, row: tuple[str]) -> str:
    return with_files(row[0], known.files, known.items)


def _stored_entities(row: tuple[int, str]) -> set[tuple[int, int, int]]:
    scene_id, entities = row
    return _entity_rows(scene_id, *json.loads(entities))


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
