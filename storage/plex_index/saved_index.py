"""The listing of each Plex section, kept between runs; a cache that may be dropped at any time.

It is the one place that has the items of Plex: a listing goes into it page by page, and whoever
wants to know of items looks up those that concern the scenes in hand. It has a file of its own so
that dropping it, or losing it, costs one listing and no knowledge.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.matching.index import BIG_BUCKET
from core.models import ItemRef, ListedItem
from storage.code_digest import code_digest
from storage.files.database import Database, chunks, placeholders
from storage.files.file_opening import Warn
from storage.files.migration import Schema
from storage.files.row_checks import BLOB, INT, TEXT, TIME, Table
from storage.files.store import StoreFile
from storage.plex_index import moved_items
from storage.plex_index.claim_table import ClaimTable
from storage.plex_index.index_listing import SectionListing
from storage.plex_index.index_rows import (
    BREAK_SEAL,
    ITEMS,
    SEAL,
    TABLES,
    all_stored,
    item_values,
    keys_of,
    stored,
)
from storage.plex_index.moved_items import MovedItems

INDEX_FILE = "plex_index.db"
KEPT = 1000  # items that are kept in memory, of about a kilobyte each

SCHEMA = Schema(
    title="the Plex index",
    migrations=(
        # What the first three versions had was listed anew by the fourth.
        *((),) * 3,
        ("DROP TABLE IF EXISTS files", "DROP TABLE IF EXISTS sections", *TABLES),
        SEAL,
        moved_items.TABLES,
    ),
    remedy="The next run lists Plex anew.",
    synchronous="NORMAL",
)


@dataclass(frozen=True, slots=True)
class SavedSection:
    """What is known of a section that was listed whole; see `storage.plex_index.index_rows`."""

    saved_at: float
    total: int
    code: bytes
    mark: str


_SECTIONS = Table(
    "sections",
    ("section",),
    {"section": TEXT, "saved_at": TIME, "total": INT, "code": BLOB, "mark": TEXT},
)


@dataclass(slots=True)
class ItemQuery:
    """What items are looked up by: any of these.

    Attributes:
        names: keys of base names, each with the sizes of the files sought; None: of any size.
        paths: keys of paths.
    """

    names: dict[str, set[int | None]] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    refs: set[ItemRef] = field(default_factory=set)


class SectionIndexStore(StoreFile):
    """Items of Plex by section, name, path and key."""

    def __init__(self, data_dir: Path, warn: Warn) -> None:
        self._database = Database(data_dir / INDEX_FILE, SCHEMA, warn)
        self.moves = MovedItems(self._database)
        self._is_unmoved = False
        self._kept: dict[str, list[ListedItem]] = {}  # by a name, see `unsized`

    @staticmethod
    def code() -> bytes:
        """What makes the keys that files are looked up by."""
        return code_digest(
            "core.paths", "core.text", "core.digests", "storage.plex_index.index_rows"
        )

    def listing(self, section: str, *, anew: bool = False) -> SectionListing:
        """A listing of a section, to be filled and kept; one at a time.

        Args:
            anew: nothing that the index has of the section is to be relied on.
        """
        saved = self.section(section)
        trusts = not anew and saved is not None and saved.code == self.code()
        return SectionListing(self._database, section, trusts=trusts)

    @contextmanager
    def unmoved(self) -> Iterator[None]:
        """Several look-ups that see one and the same index, whatever others write meanwhile."""
        with self._database.steady():
            self._is_unmoved = True
            try:
                yield
            finally:
                self._is_unmoved = False
                self._kept.clear()

    def claims(self) -> ClaimTable:
        """A new table of claims on these items, of which there is one at a time."""
        return ClaimTable(self._database)

    def upsert(self, items: Iterable[ListedItem]) -> None:
        """Put what was looked up of some items in the place of what was known of them."""
        listed = list({item.ref: item for item in items}.values())
        with self._database.transaction() as connection:
            self._replace(connection, listed)

    def _replace(self, connection: sqlite3.Connection, items: Iterable[ListedItem]) -> None:
        differing = [item for item in items if not self._has(connection, item)]
        for item in differing:
            self._replace_one(connection, item)
        if differing:
            connection.execute(BREAK_SEAL)

    def _has(self, connection: sqlite3.Connection, item: ListedItem) -> bool:
        """Whether the index has just this of an item."""
        sql = "SELECT digest FROM items WHERE section = ? AND key = ?"
        return connection.execute(sql, item.ref).fetchall() == [(item_values(item)[2],)]

    def _replace_one(self, connection: sqlite3.Connection, item: ListedItem) -> None:
        where = "SELECT id FROM items WHERE section = ? AND key = ?"
        connection.execute(f"DELETE FROM files WHERE item IN ({where})", item.ref)
        connection.execute("DELETE FROM items WHERE section = ? AND key = ?", item.ref)
        number = connection.execute(
            "INSERT INTO items VALUES (NULL, ?, ?, ?, ?, ?)", item_values(item)
        ).lastrowid
        connection.executemany(
            "INSERT INTO files VALUES (?, ?, ?, ?)",
            ((number, *keys) for keys in keys_of(item.files)),
        )

    def refresh(
        self, section: str, items: Iterable[ListedItem], saved_at: float, mark: str
    ) -> None:
        """Note items of a section that were edited since it was listed whole; no other item has
        changed, come or gone.

        Args:
            saved_at: epoch seconds.
            mark: see `storage.plex_index.index_rows`.
        """
        with self._database.transaction() as connection:
            self._replace(connection, items)
            connection.execute(
                "UPDATE sections SET saved_at = ?, mark = ? WHERE section = ?",
                (saved_at, mark, section),
            )

    def has_all(self, section: str, keys: Iterable[str]) -> bool:
        """Whether the index has all of these items of a section."""
        sql = "SELECT count(*) FROM items WHERE section = ? AND key IN"
        return all(
            self._database.numbers(f"{sql} ({placeholders(len(some))})", (section, *some))
            == [len(some)]
            for some in chunks(keys)
        )

    def big_names(self) -> frozenset[str]:
        """The keys of base names that very many files have ("scene.mp4" in every folder)."""
        sql = "SELECT name_key FROM files GROUP BY name_key HAVING count(*) > ?"
        return frozenset(row[0] for row in self._database.rows(sql, (BIG_BUCKET,)))

    def look_up(self, wanted: ItemQuery, big: Collection[str] = ()) -> list[ListedItem]:
        """The items that have a file with one of these names or paths, or are asked for.

        Args:
            big: names of which only files of the sizes sought are wanted; see `unsized`.
        """
        numbers: set[int] = set()
        for name in wanted.names.keys() & big:
            numbers.update(self._sized(name, wanted.names[name]))
        # A file at a path bears its name.
        paths = (
            path
            for path in wanted.paths
            if (name := path.rpartition("/")[2]) not in wanted.names or name in big
        )
        several = (
            self._with("name_key", (name for name in wanted.names if name not in big)),
            self._with("path_key", paths),
            self._numbered(numbers),
        )
        found = {each.ref: each for some in several for each in some}
        others = wanted.refs - found.keys()
        return [*found.values(), *self._database.select_items(ITEMS, stored, others)]

    def _with(self, column: str, values: Iterable[str]) -> Iterator[ListedItem]:
        """The items of which a file has one of these values."""
        for some in chunks(values):
            files = f"SELECT item FROM files WHERE {column} IN ({placeholders(len(some))})"
            tail = f"WHERE id IN ({files})"
            yield from self._database.select(ITEMS, stored, tail, some, all_stored)

    def _sized(self, name: str, sizes: Collection[int | None]) -> Iterator[int]:
        if None in sizes:
            sql = "SELECT item FROM files WHERE name_key = ?"
            yield from self._database.numbers(sql, (name,))
            return
        for size in sizes:
            yield from self._of_size(name, size)

    def _of_size(self, name: str, size: int | None) -> list[int]:
        sql = "SELECT item FROM files WHERE name_key = ? AND size IS ?"
        return self._database.numbers(sql, (name, size))

    def _numbered(self, numbers: Iterable[int]) -> list[ListedItem]:
        return self._database.select_in(ITEMS, stored, "id", numbers, decode_all=all_stored)

    def unsized(self, name: str) -> list[ListedItem]:
        """The items with a file of this name and of an unknown size: for the many look-ups that
        want them, a few are kept while nothing moves, and come in the same list."""
        found = self._kept.get(name)
        if found is None:
            found = self._numbered(self._of_size(name, None))
            if self._is_unmoved and len(found) + sum(map(len, self._kept.values())) <= KEPT:
                self._kept[name] = found
        return found

    def newest_below(self, folder: str) -> int:
        """When a folder, whose path has this key, last gained an item (epoch seconds); 0: never."""
        start, end = f"{folder}/", f"{folder}0"  # "0" follows "/"
        sql = (
            "SELECT max(items.added_at) FROM files JOIN items ON items.id = files.item"
            " WHERE path_key >= ? AND path_key < ? AND instr(substr(path_key, ?), '/') = 0"
        )
        return max(self._database.numbers(sql, (start, end, len(start) + 1)), default=0)

    def count(self, section: str) -> int:
        """How many items of a section there are."""
        return self._database.numbers("SELECT count(*) FROM items WHERE section = ?", (section,))[0]

    def section(self, section: str) -> SavedSection | None:
        """What is known of a section; None if it was never listed whole."""
        where, read = "WHERE section = ?", lambda row: SavedSection(*row[1:])
        found = self._database.select(_SECTIONS, read, where, (section,))
        return found[0] if found else None

    def saved_at(self, section: str) -> float | None:
        """When a section was last listed whole (epoch seconds); None if never."""
        known = self.section(section)
        return None if known is None else known.saved_at

    def total(self, section: str) -> int:
        """How many items that listing had; 0 if there was none."""
        known = self.section(section)
        return 0 if known is None else known.total

    def clear(self) -> None:
        """Forget everything."""
        with self._database.transaction() as connection:
            for table in ("files", "items", "sections"):
                connection.execute(f"DELETE FROM {table}")
            connection.execute(BREAK_SEAL)

    def seal(self) -> int:
        """A number that is another one as soon as any item is."""
        return self._database.numbers("SELECT seal FROM seal")[0]
