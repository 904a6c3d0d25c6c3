"""What people are told of values: which conflicts there were, and what Plex did not take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.models import Value
from core.wording import scene_called
from worker.executor.apply import Applied
from worker.scene_sync.preparer import Prepared

_BRIEF = 80  # characters of a value that a line repeats


def conflicts_in(prepared: Iterable[Prepared]) -> Iterator[str]:
    """The conflicts that planning found, a line each."""
    for each in prepared:
        for plan in each.plans:
            for name, note in plan.notes:
                yield f"{called(each)}, item {plan.ref}: {name} {note}"


def conflicts(applied: Applied) -> Iterator[str]:
    """All conflicts of scenes that were synced, pictures among them, a line each."""
    yield from conflicts_in(applied.synced)
    for prepared, text in applied.conflicts:
        yield f"{called(prepared)}: {text}"


def refusals(applied: Applied) -> Iterator[str]:
    """What Plex was sent and does not show, a line each."""
    for prepared, change, shown in applied.refused:
        yield (
            f"{called(prepared)}: Plex was sent {_brief(change.after)} for {change.field} "
            f"and shows {_brief(shown)}; it is not sent again until Stash changes it"
        )


def called(prepared: Prepared) -> str:
    """A scene as people know it."""
    return scene_called(prepared.scene.id, prepared.title)


def _brief(value: Value) -> str:
    text = repr(value)
    return text if len(text) <= _BRIEF else text[:_BRIEF] + "…"
