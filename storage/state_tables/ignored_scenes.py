"""The scenes that the user wants to be left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.text import storable
from storage.files.store import Store

TABLES = (
    """CREATE TABLE ignored_scenes (
        scene_id INTEGER PRIMARY KEY,
        title TEXT NOT NULL,
        at REAL NOT NULL
    )""",
)


class IgnoredStore(Store):
    """Ignored scenes, by id."""

    def __contains__(self, scene_id: object) -> bool:
        sql = "SELECT 1 FROM ignored_scenes WHERE scene_id = ?"
        return bool(self._database.rows(sql, (scene_id,)))

    def among(self, scene_ids: Iterable[int]) -> set[int]:
        """Those of some scenes that are ignored."""
        sql = "SELECT scene_id FROM ignored_scenes WHERE scene_id IN"
        return self._database.numbers_in(sql, scene_ids)

    def ids(self) -> frozenset[int]:
        return frozenset(self._database.numbers("SELECT scene_id FROM ignored_scenes"))

    def add(self, titles: Mapping[int, str], at: float) -> int:
        """Ignores scenes, which are called so, from that time on; how many are new."""
        with self._database.transaction() as connection:
            return connection.executemany(
                "INSERT OR IGNORE INTO ignored_scenes VALUES (?, ?, ?)",
                ((scene_id, storable(title), at) for scene_id, title in titles.items()),
            ).rowcount

    def remove(self, scene_ids: Iterable[int]) -> int:
        """Ignores scenes no longer; how many of them were."""
        with self._database.transaction() as connection:
            return connection.executemany(
                "DELETE FROM ignored_scenes WHERE scene_id = ?", ((each,) for each in scene_ids)
            ).rowcount
