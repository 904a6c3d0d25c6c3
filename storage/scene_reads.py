"""What Stash said of scenes when they were read whole: a cache that may be dropped at any time.

A scene of which nothing that Stash tells cheaply has moved since is not read whole again. It has a
file of its own, so that losing it costs one full pass and no knowledge.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from core.models import MediaFile
from storage.files.database import Database
from storage.files.file_opening import Warn
from storage.files.migration import Schema
from storage.files.row_checks import BLOB, INT, REAL, TEXT, Row, Table
from storage.files.store import StoreFile

READS_FILE = "scene_reads.db"
SCHEMA = Schema(
    title="what was read of Stash's scenes",
    migrations=(
        (
            """CREATE TABLE reads (
                scene_id INTEGER PRIMARY KEY,
                updated_at TEXT NOT NULL,
                mark TEXT NOT NULL,
                digest BLOB NOT NULL,
                files TEXT NOT NULL,
                file_count INTEGER NOT NULL,
                links TEXT NOT NULL,
                since REAL NOT NULL,
                settled INTEGER NOT NULL
            )""",
            "CREATE INDEX odd_reads ON reads (scene_id) WHERE file_count <> 1",
            """CREATE TABLE names (
                kind TEXT NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL,
                PRIMARY KEY (kind, id)
            ) WITHOUT ROWID""",
            # One row: the pass that has looked at Stash last.
            "CREATE TABLE looked (pass INTEGER NOT NULL, seal BLOB NOT NULL, at REAL NOT NULL)",
        ),
    ),
    remedy="The next reconcile reads all scenes whole.",
    synchronous="NORMAL",
)
# Where Stash tells the time that it told before, nothing moves `since`.
_SAVE = """INSERT INTO reads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (scene_id) DO UPDATE SET
    mark = excluded.mark, digest = excluded.digest, files = excluded.files,
    file_count = excluded.file_count, links = excluded.links, updated_at = excluded.updated_at,
    since = CASE updated_at WHEN excluded.updated_at THEN since ELSE excluded.since END,
    settled = excluded.settled
        OR (updated_at = excluded.updated_at AND excluded.since - since >= ?)"""
SETTLES = 300.0  # seconds after which a change that had begun is written
Names = Mapping[tuple[str, int], str]
Files = tuple[MediaFile, ...]


class Look(NamedTuple):
    """What a pass has seen of Stash before it read any scene.

    Attributes:
        seal: of all that what was read rests on besides Stash's content.
        at: when it began, epoch seconds.
    """

    number: int
    seal: bytes
    at: float


_READS = Table(
    "reads",
    ("scene_id",),
    {
        "scene_id": INT,
        "updated_at": TEXT,
        "mark": TEXT,
        "digest": BLOB,
        "files": TEXT,
        "file_count": INT,
        "links": TEXT,
        "since": REAL,
        "settled": INT,
    },
)
_NAMES = Table("names", ("kind", "id"), {"kind": TEXT, "id": INT, "name": TEXT})
_LOOKED = Table("looked", ("rowid",), {"pass": INT, "seal": BLOB, "at": REAL, "rowid": INT})


class SceneReads(StoreFile):
    """The scenes that were read, the names that they show, and the last look. Of a scene are kept:

    updated_at: as Stash tells it.
    mark: of its files, as far as Stash tells of them with each scene; see `stash.scalars`.
    digest: of everything that Stash said of it.
    files: its files, the primary one first.
    links: of what else it shows the name, like "p5 t12", with blanks between them.
    since: when it was first read with this `updated_at` (epoch seconds).
    settled: 1 where Stash will write no other content under this `updated_at`, else 0.
    """

    def __init__(self, data_dir: Path, warn: Warn) -> None:
        self._database = Database(data_dir / READS_FILE, SCHEMA, warn)

    def look(self) -> Look | None:
        """The last look; None where there was none."""
        found = self._database.select(_LOOKED, lambda row: Look(*row[:3]))
        return found[0] if found else None

    def names(self) -> dict[tuple[str, int], str]:
        """The names as of the last look, by kind and id."""
        return {tuple(each): name for *each, name in self._database.select(_NAMES, tuple)}

    def told(self, first: int, last: int) -> list[tuple[int, str, str, int, bytes]]:
        """The id, `updated_at`, `mark`, `settled` and `digest` of scenes from the first to the last
        id."""
        sql = "SELECT scene_id, updated_at, mark, settled, digest FROM reads"
        return self._database.rows(f"{sql} WHERE scene_id BETWEEN ? AND ?", (first, last))

    def of(self, ids: Iterable[int]) -> dict[int, tuple[Files, bytes]]:
        """The files and the digest of these scenes."""
        read = self._database.select_in(_READS, _read, "scene_id", ids)
        return {scene_id: (files, digest) for scene_id, files, digest, _ in read}

    def odd(self) -> Iterator[int]:
        """The scenes that have no file, or several."""
        return (scene_id for scene_id, *_ in self._each("file_count <> 1 AND"))

    def shown(self) -> Iterator[tuple[int, Files, str]]:
        """The files and links of all scenes, some thousand in memory at a time."""
        return ((scene_id, files, links) for scene_id, files, _, links in self._each(""))

    def _each(self, condition: str) -> Iterator[tuple[int, Files, bytes, str]]:
        last, where = 0, f"WHERE {condition} scene_id > ? ORDER BY scene_id LIMIT 5000"
        while some := self._database.select(_READS, _read, where, (last,)):
            yield from some
            last = some[-1][0]

    def begin(
        self, look: Look, names: Names, void: Iterable[int] | None, last: Look | None
    ) -> None:
        """Put a new look in the place of the last one.

        Args:
            void: scenes that are not as they were read; None: whatever was read is void. So it is
                where another pass has looked since the one that they were compared with.
            last: that one.
        """
        with self._database.transaction() as connection:
            known = self.names()
            if void is None or self.look() != last:
                connection.execute("DELETE FROM reads")
            else:
                connection.executemany("DELETE FROM reads WHERE scene_id = ?", ((i,) for i in void))
            connection.executemany(
                "DELETE FROM names WHERE kind = ? AND id = ?", known.keys() - names.keys()
            )
            connection.executemany(
                "INSERT OR REPLACE INTO names VALUES (?, ?, ?)",
                ((*each, name) for each, name in names.items() if known.get(each) != name),
            )
            connection.execute("DELETE FROM looked")
            connection.execute("INSERT INTO looked VALUES (?, ?, ?)", look)

    def save(self, number: int, reads: Iterable[Row], gone: Iterable[int] = ()) -> None:
        """Keep reads of the pass with that look, and forget scenes that are gone; nothing happens
        where another pass has looked since: what it has seen may be newer than what was read.

        Args:
            reads: the ids of scenes and what is kept of them, in order; `since` is now.
        """
        with self._database.transaction() as connection:
            last = connection.execute("SELECT pass FROM looked").fetchone()
            if last is None or last[0] != number:
                return
            connection.executemany("DELETE FROM reads WHERE scene_id = ?", ((i,) for i in gone))
            connection.executemany(_SAVE, map(_row, reads))

    def doubt(self) -> None:
        """Let the next pass read everything."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM looked")


def _read(row: Row) -> tuple[int, Files, bytes, str]:
    return row[0], tuple([MediaFile(*each) for each in json.loads(row[4])]), row[3], row[6]


def _row(read: Row) -> Row:
    *before, files, links, now, settled = read
    told = json.dumps(files, separators=(",", ":"))
    return (*before, told, len(files), links, now, settled, SETTLES)
