"""When a run takes too much from Plex: pure arithmetic on counts of values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.models import Change

FREE_CLEARS = 50  # so many a run may always clear or remove


@dataclass(frozen=True, slots=True)
class Tally:
    """How many values a run touches, and how many of them it takes away (list entries count)."""

    touched: int = 0
    cleared: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.touched + other.touched, self.cleared + other.cleared)


def tally(changes: Iterable[Change]) -> Tally:
    """Count the values of some changes: a scalar is one, a list as many as entries come and go.

    An entry that was renamed is one value that changed, as a scalar would be.
    """
    touched = cleared = 0
    for change in changes:
        if change.added or change.removed:
            touched += len(change.added) + len(change.removed) - change.renamed
            cleared += len(change.removed) - change.renamed
        else:
            touched += 1
            cleared += change.after is None
    return Tally(touched, cleared)


def clears_too_much(total: Tally, max_percent: int) -> bool:
    """More than 50 values and more than `max_percent` per cent of those touched would go."""
    return total.cleared > FREE_CLEARS and total.cleared * 100 > max_percent * total.touched
