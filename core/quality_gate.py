"""The quality gate: which scenes say enough for Plex to show.

A rating or a title alone is not enough, since empty values clear what Plex has. A scene that has a
record passes in any case: what we wrote for it must go when Stash has nothing any more.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from core.models import Scene
from core.text import says_something

NOT_YET = (
    "Stash has no metadata of it yet: it is synced once it has a studio, performers, tags, details "
    "or a date"
)
_ASKED_FOR = ("studio", "performers", "tags", "details", "date")


def has_meaningful_metadata(data: Mapping[str, object]) -> bool:
    """Whether any of studio, performers, tags, details, date is there: as texts, or as Stash has
    them, with a name.

    Blank and invisible text is no metadata, nor what has no name.
    """
    for name in _ASKED_FOR:  # asked of each item of a first reconcile
        value = data.get(name)
        if value and _is_something(value):
            return True
    return False


def is_meaningful(scene: Scene) -> bool:
    """The same of a scene."""
    if scene.studio or scene.performers or scene.tags:
        return True
    return _is_something(scene.details) or _is_something(scene.date)


def passes_gate(scene: Scene, recorded: Container[int]) -> bool:
    """Whether a scene may be enqueued and synced; `recorded` has the scenes with a record."""
    return is_meaningful(scene) or scene.id in recorded


def _is_something(value: object) -> bool:
    if isinstance(value, str):
        return says_something(value)
    if isinstance(value, Mapping):
        return _is_something(value.get("name"))
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(map(_is_something, value))
    return bool(value)
