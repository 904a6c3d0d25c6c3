"""Which items the user has pinned scenes to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from core.matching.pins import Pin
from core.models import ItemRef, MediaFile
from storage.codec import dumps
from storage.sqlite import Database, chunks, placeholders

TABLES = (
    # An item can be pinned to one scene only; a released pin gives way to a new one.
    """CREATE TABLE pins (
        section TEXT NOT NULL,
        key TEXT NOT NULL,
        scene_id INTEGER NOT NULL,
        files TEXT NOT NULL,
        released INTEGER NOT NULL,
        PRIMARY KEY (section, key)
    ) WITHOUT ROWID""",
    "CREATE INDEX pins_by_scene ON pins (scene_id)",
)

_COLUMNS = "scene_id, section, key, files, released"


class PinStore:
    """Pins by scene and by item. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[int, list[Pin]]:
        """Every pin by its scene, released ones included."""
        return self._by_scene("", ())

    def of_scenes(self, scene_ids: Iterable[int]) -> dict[int, list[Pin]]:
        """The pins of those scenes that have some, released ones included."""
        found: dict[int, list[Pin]] = {}
        for ids in chunks(scene_ids):
            found |= self._by_scene(f"WHERE scene_id IN ({placeholders(len(ids))})", ids)
        return found

    def of_items(self, refs: Iterable[ItemRef]) -> dict[ItemRef, Pin]:
        """The pins on those items that are pinned; released ones are none."""
        wanted = set(refs)
        active = self._by_scene("WHERE released = 0", ()).values()
        return {pin.ref: pin for pins in active for pin in pins if pin.ref in wanted}

    def save(self, pins: Iterable[Pin]) -> None:
        """Writes pins; whatever was known of these items before is gone."""
        with self._database.transaction() as connection:
            _insert(connection, pins)

    def move(self, old: Pin, new: Pin) -> None:
        """Puts a pin in the place of another: its item has another key, or other files, by now.

        A pin that was changed meanwhile stays as it is, and so does one of another scene on the
        new item.
        """
        with self._database.transaction() as connection:
            there = connection.execute(
                "SELECT released FROM pins WHERE section = ? AND key = ? AND scene_id = ?",
                (old.ref.section, old.ref.key, old.scene_id),
            ).fetchone()
            rival = connection.execute(
                "SELECT scene_id FROM pins WHERE section = ? AND key = ? AND released = 0",
                (new.ref.section, new.ref.key),
            ).fetchone()
            if there is None or there[0] != int(old.released):
                return
            if rival is not None and rival[0] != new.scene_id:
                return
            _delete(connection, [old])
            _insert(connection, [new])

    def release(self, scene_id: int, refs: Iterable[ItemRef] | None = None) -> list[Pin]:
        """Takes back a scene's pins, all or those on some items; returns which.

        They are kept as released, so that a match that came from them is not believed any more.
        """
        chosen = None if refs is None else set(refs)
        with self._database.transaction() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM pins WHERE scene_id = ? AND released = 0", (scene_id,)
            ).fetchall()
            pins = self._database.read(_pin, rows)
            taken = [pin for pin in pins if chosen is None or pin.ref in chosen]
            connection.executemany(
                "UPDATE pins SET released = 1 WHERE section = ? AND key = ? AND scene_id = ?",
                ((pin.ref.section, pin.ref.key, scene_id) for pin in taken),
            )
        return taken

    def delete(self, pins: Iterable[Pin]) -> None:
        """Forgets pins altogether."""
        with self._database.transaction() as connection:
            _delete(connection, pins)

    def _by_scene(self, where: str, parameters: Sequence[object]) -> dict[int, list[Pin]]:
        found: dict[int, list[Pin]] = {}
        sql = f"SELECT {_COLUMNS} FROM pins {where} ORDER BY section, key"
        for pin in self._database.read(_pin, self._database.rows(sql, parameters)):
            found.setdefault(pin.scene_id, []).append(pin)
        return found


def _insert(connection: sqlite3.Connection, pins: Iterable[Pin]) -> None:
    connection.executemany(
        f"INSERT OR REPLACE INTO pins ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",
        (
            (
                pin.scene_id,
                pin.ref.section,
                pin.ref.key,
                dumps([[file.path, file.size, file.duration] for file in pin.files]),
                int(pin.released),
            )
            for pin in pins
        ),
    )


def _delete(connection: sqlite3.Connection, pins: Iterable[Pin]) -> None:
    connection.executemany(
        "DELETE FROM pins WHERE section = ? AND key = ? AND scene_id = ?",
        ((pin.ref.section, pin.ref.key, pin.scene_id) for pin in pins),
    )


def _pin(row: Sequence[Any]) -> Pin:
    scene_id, section, key, files, released = row
    known = tuple(MediaFile(*file) for file in json.loads(files))
    return Pin(scene_id, ItemRef(section, key), known, bool(released))
