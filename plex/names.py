"""What the synced fields are called in Plex: for edits, for locks, and as elements of an item."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ACTOR = "actor"
# Our field name -> Plex's parameter, which is also the name under which it is locked.
SCALAR_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "title": "title",
        "summary": "summary",
        "studio": "studio",
        "date": "originallyAvailableAt",
        "rating": "userRating",
    }
)
LIST_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "performers": ACTOR,
        "tags": "genre",
        "director": "director",
        "collection": "collection",
        "label": "label",
    }
)
# Our field name -> the element of an item that holds its entries.
LIST_ELEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "performers": "Role",
        "tags": "Genre",
        "director": "Director",
        "collection": "Collection",
        "label": "Label",
    }
)


def plex_name(field: str) -> str:
    """Plex's name of one of our fields, as in edits and in `FullItem.locked`.

    Raises:
        ValueError: we have no such field.
    """
    name = SCALAR_NAMES.get(field) or LIST_NAMES.get(field)
    if name is None:
        raise ValueError(f"not a field that Plex has: {field!r}")
    return name


def our_lock(plex: str) -> str:
    """Our name of a field that Plex names among its locks; Plex's own where we have none."""
    return _OURS.get(plex, plex)


_OURS: Mapping[str, str] = MappingProxyType(
    {plex: ours for ours, plex in (*SCALAR_NAMES.items(), *LIST_NAMES.items())}
    | {"thumb": "poster", "art": "background"}
)
