"""Which items the user has pinned scenes to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from core.matching.pins import Pin
from core.models import ItemRef, MediaFile
from storage.files.row_checks import INT, TEXT, TIME, Row, Table
from storage.files.store import Store
from storage.record_codec import dumps

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
SECOND = ("ALTER TABLE pins ADD COLUMN at REAL NOT NULL DEFAULT 0",)

_ORDER = "ORDER BY section, key"
_PINS = Table(
    "pins",
    ("section", "key"),
    {"scene_id": INT, "section": TEXT, "key": TEXT, "files": TEXT, "released": INT, "at": TIME},
)


class PinStore(Store):
    """Pins by scene and by item. Every method is one transaction."""

    def all(self) -> dict[int, list[Pin]]:
        """Every pin by its scene, released ones included."""
        return _by_scene(self._database.select(_PINS, _pin, _ORDER))

    def of_scenes(self, scene_ids: Iterable[int]) -> dict[int, list[Pin]]:
        """The pins of those scenes that have some, released ones included."""
        return _by_scene(self._database.select_in(_PINS, _pin, "scene_id", scene_ids, _ORDER))

    def of_items(self, refs: Iterable[ItemRef]) -> dict[ItemRef, Pin]:
        """The pins on those items that are pinned; released ones are none."""
        active = self._database.select_items(_PINS, _pin, refs, "AND released = 0")
        return {pin.ref: pin for pin in active}

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

        They are kept, as tombstones, so that a match that came from them is not believed any more.
        """
        chosen = None if refs is None else set(refs)
        with self._database.transaction() as connection:
            where = "WHERE scene_id = ? AND released = 0"
            pins = self._database.select(_PINS, _pin, where, (scene_id,))
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


def _by_scene(pins: Iterable[Pin]) -> dict[int, list[Pin]]:
    found: dict[int, list[Pin]] = {}
    for pin in pins:
        found.setdefault(pin.scene_id, []).append(pin)
    return found


def _insert(connection: sqlite3.Connection, pins: Iterable[Pin]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO pins (scene_id, section, key, files, released, at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                pin.scene_id,
                pin.ref.section,
                pin.ref.key,
                dumps([[file.path, file.size, file.duration] for file in pin.files]),
                int(pin.released),
                pin.since,
            )
            for pin in pins
        ),
    )


def _delete(connection: sqlite3.Connection, pins: Iterable[Pin]) -> None:
    connection.executemany(
        "DELETE FROM pins WHERE section = ? AND key = ? AND scene_id = ?",
        ((pin.ref.section, pin.ref.key, pin.scene_id) for pin in pins),
    )


def _pin(row: Row) -> Pin:
    scene_id, section, key, files, released, at = row
    known = tuple(MediaFile(*file) for file in json.loads(files))
    return Pin(scene_id, ItemRef(section, key), known, bool(released), at)
