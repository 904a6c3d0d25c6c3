"""What people are told of values: which conflicts there were, and what Plex did not take."""

from __future__ import annotations

from collections.abc import Iterator

from core.change_words import shown
from worker.executor.outcome import Outcome


def conflicts_of(outcome: Outcome) -> Iterator[str]:
    """All conflicts of a scene, pictures among them, a line each."""
    yield from (f"{outcome.plan.called}, {note}" for note in outcome.plan.notes)
    yield from (f"{outcome.plan.called}: {conflict}" for conflict in outcome.conflicts)


def refusals_of(outcome: Outcome) -> Iterator[str]:
    """What Plex was sent and does not show or keep, a line each."""
    if not outcome.is_proven:
        return  # what failed is told, and tried again
    for change, value in outcome.refused:
        yield (
            f"{outcome.plan.called}: Plex was sent {shown(change.after)} for {change.field} "
            f"and shows {shown(value)}; it is not sent again until Stash changes it"
        )
    for ref, names in outcome.unlocked.items():
        yield (
            f"{outcome.plan.called}, item {ref}: Plex shows {', '.join(names)} as sent and does"
            " not lock it, so that a refresh of its metadata may replace it"
        )
