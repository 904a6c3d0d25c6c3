"""What people are told of when it happens, in a sentence or two. Pure.

Counts, and what servers and guards say; no title, no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.change_words import changes_wait, counted, listed
from core.timestamps import in_words

GAPS, DEAD_LETTER, OUTAGE, GUARD = "gaps", "dead_letter", "outage", "guard"
KINDS = (GAPS, DEAD_LETTER, OUTAGE, GUARD)
_GAP_WORDS: Mapping[str, str] = {
    "missing_count": "missing in Plex",
    "vanished_count": "gone from Plex",
    "empty_metadata_count": "empty in Plex",
    "stale_sync_count": "changed since the last sync",
    "drift_count": "different or never synced",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One event.

    Attributes:
        kind: one of `KINDS`.
        counts: what there are numbers of, by name.
    """

    kind: str
    title: str
    text: str
    counts: Mapping[str, int] = field(default_factory=dict)


TEST = Notice("test", "Stash2Plex: a test", "If you can read this, notifications arrive.")


def gaps_found(figures: Mapping[str, object]) -> Notice:
    """A reconcile has ended with gaps."""
    counts = {name: n for name, n in figures.items() if isinstance(n, int) and name in _GAP_WORDS}
    gaps, queued = _number(figures, "scenes_with_gaps"), _number(figures, "enqueued_count")
    kinds = listed((count, _GAP_WORDS[name]) for name, count in counts.items())
    text = f"A reconcile found {counted(gaps, 'scene')} with gaps: {kinds}. {queued} were queued."
    return Notice(GAPS, "Stash2Plex found gaps", text, {"gaps": gaps, "queued": queued, **counts})


def given_up(new: int, total: int) -> Notice:
    """Scenes became dead letters."""
    more = f" There are {total} by now." if total > new else ""
    text = f"{_were(new)} given up on.{more} Look at the dead letters, and retry them."
    counts = {"new": new, "dead_letters": total}
    return Notice(DEAD_LETTER, "Stash2Plex gave up on scenes", text, counts)


def away(service: str, seconds: float, waiting: int, error: str) -> Notice:
    """A server has not answered for some time.

    Args:
        service: what people call it.
        error: what it failed with; "" where nobody knows.
    """
    why = f" ({error.rstrip('.')})" if error else ""
    text = (
        f"{service[:1].upper()}{service[1:]} did not answer for {in_words(seconds)}{why}."
        f" {changes_wait(waiting)}, and all is brought to Plex once it is back."
    )
    title = f"Stash2Plex: {service} cannot be reached"
    return Notice(OUTAGE, title, text, {"waiting": waiting})


def held_back(held: int) -> Notice:
    """The clear guard holds scenes back."""
    text = (
        f"{_were(held)} held back, because too much would be taken from Plex. Look at what is"
        " held back, and run the task 'Confirm Stopped Run' if it is right."
    )
    return Notice(GUARD, "Stash2Plex holds scenes back", text, {"held": held})


def stopped(why: str) -> Notice:
    """A guard has stopped a run before it wrote anything."""
    text = (
        f"A run was stopped before it wrote anything: {why.rstrip('.')}. If this is right, run the"
        " task 'Confirm Stopped Run'."
    )
    return Notice(GUARD, "Stash2Plex stopped a run", text)


def _number(figures: Mapping[str, object], name: str) -> int:
    value = figures.get(name)
    return value if isinstance(value, int) else 0


def _were(count: int) -> str:
    return counted(count, "scene was", "scenes were")
