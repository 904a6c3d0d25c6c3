"""What the synced fields are called in Plex: for edits, for locks, and as elements of an item."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.fields import FIELDS, PICTURE_FIELDS

ACTOR = "actor"
# Our field name -> Plex's parameter, which is also the name under which it is locked.
SCALAR_NAMES: Mapping[str, str] = MappingProxyType(
    {field.name: field.plex for field in FIELDS if not field.is_list}
)
LIST_NAMES: Mapping[str, str] = MappingProxyType(
    {field.name: field.plex for field in FIELDS if field.is_list}
)
# Our field name -> the element of an item that holds its entries.
LIST_ELEMENTS: Mapping[str, str] = MappingProxyType(
    {field.name: field.element for field in FIELDS if field.is_list}
)

# Pictures have a lock like any field, but no value that an edit could carry.
IMAGE_LOCKS: Mapping[str, str] = MappingProxyType(
    {field.name: field.plex for field in PICTURE_FIELDS}
)


def lock_name(field: str) -> str:
    """Plex's name of one of our fields or pictures. Raises ValueError: we have no such field."""
    name = IMAGE_LOCKS.get(field) or SCALAR_NAMES.get(field) or LIST_NAMES.get(field)
    if name is None:
        raise ValueError(f"not a field that Plex has: {field!r}")
    return name


def our_lock(plex: str) -> str:
    """Our name of a field that Plex names among its locks; Plex's own where we have none."""
    return _OURS.get(plex, plex)


_OURS: Mapping[str, str] = MappingProxyType(
    {
        plex: ours
        for names in (SCALAR_NAMES, LIST_NAMES, IMAGE_LOCKS)
        for ours, plex in names.items()
    }
)
