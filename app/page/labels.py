"""Fields and values for people."""

from __future__ import annotations

from collections.abc import Mapping

from core.fields import PICTURES
from core.models import Failure, Value

_FAILURES: Mapping[Failure, str] = {
    Failure.NOT_FOUND: "Not in Plex",
    Failure.AMBIGUOUS: "Several items fit",
    Failure.AWAITS_SCAN: "Plex has not scanned it",
    Failure.PICTURE: "Its pictures fail",
    Failure.NO_PICTURES: "Pictures do not come",
    Failure.REJECTED: "Refused by Plex",
    Failure.ITEM_FAILED: "Plex fails for its item",
    Failure.SCENE_FAILED: "Stash fails for it",
    Failure.NOT_TAKEN: "Plex did not take it",
}
# Why a scene was given up on, as people see it, by the value of its failure.
FAILURE_TITLES: Mapping[str, str] = {f.value: _FAILURES.get(f, "Failed") for f in Failure}


def label_of(field: str) -> str:
    """What people call a field."""
    return field.replace("_", " ").capitalize()


def kind_of(field: str, before: Value, after: Value) -> str:
    """What happened to a value, as people see it: set, clear, add, remove or picture."""
    if field in PICTURES:
        return "picture"
    if after is None or after == ():
        return "clear"
    if not isinstance(after, tuple):
        return "set"
    had = set(before) if isinstance(before, tuple) else set()
    gains, loses = not had.issuperset(after), not had.issubset(after)
    return "set" if gains and loses else "remove" if loses else "add"


def plain(field: str, value: Value) -> object:
    """A value as JSON: lists as lists. What Plex calls a picture says nothing to anybody."""
    if field in PICTURES:
        return "a picture" if value else None
    return list(value) if isinstance(value, tuple) else value
