"""What may be forgotten at any time: the saved index of each section, and remembered matches.

Both only propose. An item found through them is read whole, and must still have the file, before
anything is believed of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from core.models import ItemRef, MediaFile
from plex.listing import PAGE_SIZE
from storage.files.database import Database
from storage.files.migration import Schema
from storage.files.store import StoreFile
from storage.plex_index.saved_index import ItemQuery, SectionIndexStore

log = logging.getLogger(__name__)

_MATCHES = Schema(
    title="the remembered matches",
    migrations=(
        (
            """CREATE TABLE matches (
                section TEXT NOT NULL, path TEXT NOT NULL, key TEXT NOT NULL,
                PRIMARY KEY (section, path)
            ) WITHOUT ROWID""",
        ),
    ),
    remedy="Matches are found again when they are needed.",
    synchronous="NORMAL",
)


class PlexCache(SectionIndexStore):
    """The saved index: every item of every synced section, as of the last listing."""

    def __init__(self, data_dir: str | Path) -> None:
        super().__init__(Path(data_dir), log.warning)

    def items_named(self, name_keys: Iterable[str]) -> dict[ItemRef, tuple[MediaFile, ...]]:
        """The items that have a file with one of these names (keys of `core.paths.base_key`)."""
        wanted = ItemQuery({name: {None} for name in name_keys})
        return {each.ref: each.files for each in self.look_up(wanted)}

    def pages(self, sections: Iterable[str]) -> int:
        """About how many requests a listing of these sections would take."""
        return sum(1 + self.total(key) // PAGE_SIZE for key in sections)


class MatchCache(StoreFile):
    """Which item a path of Stash was matched to, by section key."""

    def __init__(self, data_dir: str | Path) -> None:
        self._database = Database(Path(data_dir) / "match_cache.db", _MATCHES, log.warning)

    def get_match(self, section: str, stash_path: str) -> str | None:
        """The rating key remembered for a path, or None."""
        rows = self._database.rows(
            "SELECT key FROM matches WHERE section = ? AND path = ?", (section, stash_path)
        )
        return rows[0][0] if rows else None

    def set_match(self, section: str, stash_path: str, key: str) -> None:
        """Remember a match."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO matches VALUES (?, ?, ?)", (section, stash_path, key)
            )

    def invalidate(self, section: str, stash_path: str) -> None:
        """Forget a match that no longer holds."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM matches WHERE section = ? AND path = ?", (section, stash_path)
            )

    def clear(self) -> None:
        """Forget everything."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM matches")
