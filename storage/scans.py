"""Scans of Plex that we asked for, and those that jobs wait for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from core.scans import ASK_AGAIN, AwaitedScan
from storage.codec import dumps
from storage.sqlite import Database, chunks, placeholders

TABLES = (
    """CREATE TABLE scan_requests (
        section TEXT NOT NULL,
        file TEXT NOT NULL,
        asked_at REAL NOT NULL,
        PRIMARY KEY (section, file)
    ) WITHOUT ROWID""",
    """CREATE TABLE awaited_scans (
        section TEXT PRIMARY KEY,
        since REAL NOT NULL,
        seen_at REAL NOT NULL,
        activities TEXT NOT NULL
    ) WITHOUT ROWID""",
)


class ScanStore:
    """Requests by the file that they were for, awaited scans by section."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def asked_for(self, section: str, files: Iterable[str], now: float) -> set[str]:
        """Those files (`core.scans.Place.file`) for which a scan was asked not too long ago."""
        found: set[str] = set()
        for chunk in chunks(files):
            rows = self._database.rows(
                "SELECT file FROM scan_requests WHERE section = ? AND asked_at > ?"
                f" AND file IN ({placeholders(len(chunk))})",
                [section, now - ASK_AGAIN, *chunk],
            )
            found |= {row[0] for row in rows}
        return found

    def note_asked(self, section: str, files: Iterable[str], now: float) -> None:
        """Remember that a scan was asked for these files, and forget what is long ago."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM scan_requests WHERE asked_at <= ?", (now - ASK_AGAIN,))
            connection.executemany(
                "INSERT OR REPLACE INTO scan_requests VALUES (?, ?, ?)",
                ((section, file, now) for file in files),
            )

    def awaited(self) -> dict[str, AwaitedScan]:
        """What jobs wait for, by section."""
        rows = self._database.rows("SELECT section, since, seen_at, activities FROM awaited_scans")
        return dict(self._database.read(_awaited, rows))

    def await_only(self, scans: Mapping[str, AwaitedScan]) -> None:
        """Replace what jobs wait for."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM awaited_scans")
            connection.executemany(
                "INSERT INTO awaited_scans VALUES (?, ?, ?, ?)",
                (
                    (section, scan.since, scan.seen_at, dumps(sorted(scan.activities)))
                    for section, scan in scans.items()
                ),
            )


def _awaited(row: tuple[str, float, float, str]) -> tuple[str, AwaitedScan]:
    section, since, seen_at, activities = row
    return section, AwaitedScan(since, seen_at, frozenset(json.loads(activities)))
