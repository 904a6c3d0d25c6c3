"""Fields and values for people."""

from __future__ import annotations

from core.fields import PICTURES
from core.models import Value


def label_of(field: str) -> str:
    """What people call a field."""
    return field.replace("_", " ").capitalize()


def plain(field: str, value: Value) -> object:
    """A value as JSON: lists as lists. What Plex calls a picture says nothing to anybody."""
    if field in PICTURES:
        return "a picture" if value else None
    return list(value) if isinstance(value, tuple) else value
