"""What may be forgotten at any time: the saved index of each section, and remembered matches.

Both only propose. An item found through them is read whole, and must still have the file, before
anything is believed of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from core.digests import digest_of
from core.models import ItemRef, ListedItem, MediaFile
from plex.library import PlexSnapshot
from plex.listing import PAGE_SIZE
from storage.code_digest import code_digest
from storage.migration import Schema
from storage.saved_index import IndexRow, SectionIndexStore
from storage.sqlite import Closing, Database

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
    """The saved index: every file of every synced section, as of the last listing."""

    def __init__(self, data_dir: str | Path) -> None:
        super().__init__(Path(data_dir), log.warning)

    def save(self, side: PlexSnapshot, saved_at: float) -> None:
        """Put the sections that were listed whole in the place of what was known of them."""
        for key in side.indexes.keys() - side.passed_over.keys():
            listed = [item for item in side.items.values() if item.ref.section == key]
            self.replace(key, _rows(listed), saved_at, _digest(listed))

    def learn(self, items: Iterable[ListedItem]) -> None:
        """Note items that were looked up."""
        self.upsert(list(_rows(items)))

    def items_named(self, name_keys: Iterable[str]) -> dict[ItemRef, list[MediaFile]]:
        """The items that have a file with one of these names (keys of `core.paths.base_key`)."""
        found: dict[ItemRef, list[MediaFile]] = {}
        for row in self.by_name(name_keys):
            found.setdefault(row.ref, []).append(MediaFile(row.path, row.size, row.duration))
        return found

    def pages(self, sections: Iterable[str]) -> int:
        """About how many requests a listing of these sections would take."""
        return sum(1 + self.total(key) // PAGE_SIZE for key in sections)


class MatchCache(Closing):
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

    def close(self) -> None:
        self._database.close()


def _digest(items: Iterable[ListedItem]) -> bytes:
    """A digest of what is stored of items of one section, by names as their rules make them."""
    told = [(i.ref.key, i.updated_at, [tuple(file) for file in i.files]) for i in items]
    return digest_of([code_digest("core.paths", "core.text"), told])


def _rows(items: Iterable[ListedItem]) -> Iterable[IndexRow]:
    for item in items:
        for file in item.files:
            yield IndexRow(item.ref, file.path, file.size, file.duration, item.updated_at)
