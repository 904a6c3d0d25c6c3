"""Scans of Plex that we asked for, and those that jobs wait for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial

from core.scans import ASK_AGAIN, AwaitedScan
from storage.files.row_checks import TEXT, TIME, Row, Table
from storage.files.store import Store
from storage.record_codec import dumps

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

_REQUESTS = Table(
    "scan_requests", ("section", "file"), {"section": TEXT, "file": TEXT, "asked_at": TIME}
)
_AWAITED = Table(
    "awaited_scans",
    ("section",),
    {"section": TEXT, "since": TIME, "seen_at": TIME, "activities": TEXT},
)


class ScanStore(Store):
    """Requests by the file that they were for, awaited scans by section."""

    def asked_for(self, section: str, files: Iterable[str], now: float) -> set[str]:
        """Those files (`core.scans.ScanPlace.file`) for which a scan was asked not too long ago."""
        read = self._database.select_in
        found = read(_REQUESTS, tuple, "file", files, "AND section = ?", (section,))
        # What was noted in the future, before somebody put the clock right, does not count.
        return {file for _, file, at in found if -ASK_AGAIN <= now - at < ASK_AGAIN}

    def note_asked(self, section: str, files: Iterable[str], now: float) -> None:
        """Remember that a scan was asked for these files, and forget what is long ago."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM scan_requests WHERE asked_at <= ?", (now - ASK_AGAIN,))
            connection.executemany(
                "INSERT OR REPLACE INTO scan_requests VALUES (?, ?, ?)",
                ((section, file, now) for file in files),
            )

    def awaited(self, now: float) -> dict[str, AwaitedScan]:
        """What jobs wait for, by section; what was noted in the future counts as noted now."""
        return dict(self._database.select(_AWAITED, partial(_awaited, now)))

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


def _awaited(now: float, row: Row) -> tuple[str, AwaitedScan]:
    section, since, seen_at, activities = row
    names = frozenset(json.loads(activities))
    return section, AwaitedScan(min(since, now), min(seen_at, now), names)
