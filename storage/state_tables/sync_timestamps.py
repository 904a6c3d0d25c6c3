"""When each scene was last in agreement, and the one-time takeover of an earlier plugin's file.

The existing plugin rewrote one JSON file per synced scene and read a truncated one as empty. Its
knowledge is worth having once; after that the record of a scene says it better.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from pathlib import Path

from core.errors import StateError
from storage.files.database import Database
from storage.files.file_opening import Clock, Warn
from storage.files.replace_damaged import set_aside
from storage.files.row_checks import INT, TIME, Table

LEGACY_FILE = "sync_timestamps.json"
AHEAD = 86_400.0  # seconds by which clocks may differ

TABLES = (
    "CREATE TABLE timestamps (scene_id INTEGER PRIMARY KEY, at REAL NOT NULL)",
    # One row once the file of an earlier plugin was taken over (or found useless).
    "CREATE TABLE takeover (at REAL NOT NULL, scenes INTEGER NOT NULL)",
)

_SAVED = Table("timestamps", ("scene_id",), {"scene_id": INT, "at": TIME})
_RECORDED = Table("records", ("scene_id",), {"scene_id": INT, "scene_updated_at": TIME})


class TimestampStore:
    """Sync timestamps by scene id, in epoch seconds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self) -> dict[int, float]:
        """Every scene that was synced once.

        The time is the record's `scene_updated_at`, unless one was saved on its own after it. One
        that was saved while a clock was far ahead says nothing.
        """
        read, latest = self._database.select, self._clock() + AHEAD
        with self._database.snapshot():
            saved = {scene: at for scene, at in read(_SAVED, tuple) if at <= latest}
            return dict(read(_RECORDED, tuple)) | saved

    def of(self, scene_ids: Collection[int]) -> dict[int, float]:
        """The same of some scenes."""
        read, latest = self._database.select_in, self._clock() + AHEAD
        with self._database.snapshot():
            saved = dict(read(_SAVED, tuple, "scene_id", scene_ids))
            recorded = dict(read(_RECORDED, tuple, "scene_id", scene_ids))
        return recorded | {scene: at for scene, at in saved.items() if at <= latest}

    def save(self, scene_id: int, at: float) -> None:
        """Notes a timestamp for a scene, with or without a record."""
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO timestamps VALUES (?, ?)", (scene_id, at))

    def take_over(self, data_dir: Path, warn: Warn) -> int:
        """Imports `sync_timestamps.json` of an earlier plugin, once in the life of this database.

        The file is renamed to `….imported`; one that is no JSON object is moved aside with a
        warning. Returns how many scenes were taken over.
        """
        path = data_dir / LEGACY_FILE
        if not path.is_file() or self._database.rows("SELECT 1 FROM takeover"):
            return 0
        try:
            found = _parse(path.read_bytes())
        except OSError as error:
            raise StateError(f"{path} cannot be read: {error}.") from error
        if found is None:
            moved = set_aside(path, "corrupt", self._clock())
            warn(
                f"{path} is damaged: it was moved to {moved.name}."
                " The next reconcile finds out anew what is in sync."
            )
            return 0
        with self._database.transaction() as connection:
            if connection.execute("SELECT 1 FROM takeover").fetchone():
                return 0
            connection.executemany("INSERT OR IGNORE INTO timestamps VALUES (?, ?)", found.items())
            connection.execute("INSERT INTO takeover VALUES (?, ?)", (self._clock(), len(found)))
        try:
            path.replace(path.with_name(path.name + ".imported"))
        except OSError as error:
            # The row in `takeover` keeps it from being read again, so this is worth a line only.
            warn(f"{path} was taken over, but could not be renamed ({error}).")
        return len(found)


def _parse(content: bytes) -> dict[int, float] | None:
    """Scene id to epoch seconds, without what is no such pair; None: this is no JSON object."""
    try:
        decoded = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(decoded, dict):
        return None
    found: dict[int, float] = {}
    for key, value in decoded.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        try:
            scene_id, at = int(key), float(value)
        except (ValueError, OverflowError):
            continue
        if 0 < scene_id < 2**63 and math.isfinite(at):
            found[scene_id] = at
    return found
