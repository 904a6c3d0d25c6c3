"""The figures of a run that writes: counted once, for every kind of run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

LISTED = 50  # lines of a kind that a reply carries; the counts are whole


@dataclass(slots=True)
class Listing:
    """Lines for people: all are counted, the first are kept."""

    count: int = 0
    lines: list[str] = field(default_factory=list)

    def note(self, line: str, count: int = 1) -> None:
        """Count a line, and keep it while there is room."""
        self.count += count
        if len(self.lines) < LISTED:
            self.lines.append(line)


@dataclass(frozen=True, slots=True)
class CountOf:
    """The number of lines of a listing, as the figure that a name of a reply stands for."""

    listing: str


Names = Mapping[str, "str | CountOf"]


@dataclass(slots=True)
class Figures:
    """What a run did; what counts as done was read back.

    Attributes:
        processed: jobs taken up; succeeded, failed, retried and held add up to it.
        succeeded: ended, with or without a change (`unchanged`, `skipped` tell which).
        failed: became dead letters, or could not be written in a run without jobs.
        retried: wait for another try.
        awaiting: those of them that wait for a scan of Plex; that is no failed attempt.
        held: are held back by the clear guard.
        unchanged: nothing differed, so only the record was written.
        skipped: ended without a record: gone from Stash, no metadata, or another scene's item.
        items_edited: items that show something which was written.
        scenes: those of these items.
        remaining: jobs still in the queue, those in backoff included.
        scans_asked: folders that Plex was asked to scan.
        values_touched, values_cleared: values of fields that were written, and taken away.
        uploads, selects: pictures uploaded, and those that Plex had and were only selected.
        restored: fields, pictures and locks that show what they were to.
        already: those that did so before anything was written.
        gone: items that are no longer in Plex.
        planned: changes of a preview; restored, already and changed add up to it, but for failures.
        scenes_done, scenes_partly: scenes that show all they want, and those that show a part.
        kept: locks that are the user's by now.
        refused: fields that the server refused or altered.
        conflicts: values that the user changed in Plex and that stay.
        changed: what was left alone, since it is no longer as it was.
        failures: what failed, and why.
        plans: what a dry run would write.
    """

    processed: int = 0
    succeeded: int = 0
    failed: int = 0
    retried: int = 0
    awaiting: int = 0
    held: int = 0
    unchanged: int = 0
    skipped: int = 0
    items_edited: int = 0
    scenes: int = 0
    remaining: int = 0
    scans_asked: int = 0
    values_touched: int = 0
    values_cleared: int = 0
    uploads: int = 0
    selects: int = 0
    restored: int = 0
    already: int = 0
    gone: int = 0
    planned: int = 0
    scenes_done: int = 0
    scenes_partly: int = 0
    kept: int = 0
    refused: Listing = field(default_factory=Listing)
    conflicts: Listing = field(default_factory=Listing)
    changed: Listing = field(default_factory=Listing)
    failures: Listing = field(default_factory=Listing)
    plans: Listing = field(default_factory=Listing)

    def add(self, other: Figures) -> None:
        """Add the figures of a later run; what remains is what remained then."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, Listing):
                mine.count += theirs.count
                mine.lines = [*mine.lines, *theirs.lines][:LISTED]
            elif each.name == "remaining":
                self.remaining = theirs
            else:
                setattr(self, each.name, mine + theirs)

    def reply(self, names: Names) -> dict[str, Any]:
        """The figures by the names of a reply, and which figure each is; of a listing its lines."""
        return {name: self._told(figure) for name, figure in names.items()}

    def _told(self, figure: str | CountOf) -> Any:
        if isinstance(figure, CountOf):
            return getattr(self, figure.listing).count
        value = getattr(self, figure)
        return value.lines if isinstance(value, Listing) else value

    def restore(self, stored: Mapping[str, Any], names: Names) -> None:
        """Take up the figures of a run that goes on, as `reply` gave them; what is none is left."""
        for name, figure in names.items():
            value = stored.get(name)
            if isinstance(figure, CountOf):
                if isinstance(value, int):
                    getattr(self, figure.listing).count = value
            elif isinstance(mine := getattr(self, figure), Listing):
                mine.lines = list(value) if isinstance(value, list) else mine.lines
            elif isinstance(value, int):
                setattr(self, figure, value)


def _plain(*names: str) -> dict[str, str | CountOf]:
    return {name: name for name in names}


_TOLD: dict[str, str | CountOf] = {
    "refused_count": CountOf("refused"),
    "refused": "refused",
    "conflict_count": CountOf("conflicts"),
    "conflicts": "conflicts",
}
DRAIN: Names = MappingProxyType(
    _plain(
        *("processed", "succeeded", "failed", "retried", "awaiting", "held", "unchanged"),
        *("skipped", "items_edited", "remaining", "scans_asked", "values_touched"),
        *("values_cleared", "uploads", "selects"),
    )
    | _TOLD
)
APPLY: Names = MappingProxyType(
    _plain("planned", "already", "scenes_done", "scenes_partly", "items_edited")
    | _plain("uploads", "selects", "held")
    | {"applied": "restored", "changed_meanwhile": CountOf("changed"), "changed": "changed"}
    | {"failed": CountOf("failures"), "failures": "failures", "lines": "plans"}
    | _TOLD
)
UNDO: Names = MappingProxyType(
    _plain("restored", "already", "gone", "items_edited", "scenes")
    | {"changed_since": CountOf("changed"), "changed": "changed"}
    | {"failed": CountOf("failures"), "failures": "failures", "lines": "plans"}
)
RELEASE: Names = MappingProxyType(
    _plain("kept", "gone")
    | {"unlocked": "restored", "items": "items_edited"}
    | {"failed": CountOf("failures"), "failures": "failures"}
)
