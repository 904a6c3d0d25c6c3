"""The figures of one drain."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

LISTED = 200  # lines of a kind that a result carries; the counts are whole


@dataclass(slots=True)
class DrainResult:
    """What a drain did, in scenes unless it says otherwise.

    Attributes:
        processed: jobs taken up; succeeded, failed and retried add up to it.
        succeeded: ended, with or without a change (`unchanged`, `skipped` tell which).
        failed: became dead letters.
        retried: wait for another try: Plex has not scanned a file yet, or a picture failed.
        awaiting: those of them that wait for a scan of Plex; that is no failed attempt.
        unchanged: nothing differed, so only the record was written.
        skipped: ended without a record: gone from Stash, no metadata, or another scene's item.
        items_edited: items that were changed.
        remaining: jobs still in the queue, those in backoff included.
        scans_asked: folders that Plex was asked to scan.
        uploads, selects: pictures uploaded, and those that Plex had and were only selected.
        refused_count: fields that the server refused or altered; `refused` says which.
        conflict_count: values that the user changed in Plex and that stay; `conflicts` says which.
    """

    processed: int = 0
    succeeded: int = 0
    failed: int = 0
    retried: int = 0
    awaiting: int = 0
    unchanged: int = 0
    skipped: int = 0
    items_edited: int = 0
    remaining: int = 0
    scans_asked: int = 0
    values_touched: int = 0
    values_cleared: int = 0
    uploads: int = 0
    selects: int = 0
    refused_count: int = 0
    refused: list[str] = field(default_factory=list)
    conflict_count: int = 0
    conflicts: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The figures by name, as a task replies with them."""
        return asdict(self)

    def note_refused(self, line: str) -> None:
        """Count a field that a server refused, and list it while there is room."""
        self.refused_count += 1
        if len(self.refused) < LISTED:
            self.refused.append(line)

    def note_conflict(self, line: str) -> None:
        """Count a conflict, and list it while there is room."""
        self.conflict_count += 1
        if len(self.conflicts) < LISTED:
            self.conflicts.append(line)
