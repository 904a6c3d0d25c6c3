"""What can be filtered and sorted by, as far as the plugin does: how it is read from an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulators.plex.model import Item


def sort_title(item: Item) -> str:
    return str(item.values.get("titleSort") or item.values.get("title") or "").casefold()


def trashed(item: Item) -> bool:
    return item.deleted_at is not None or any(m.deleted_at is not None for m in item.media)


TEXTS: Mapping[str, Callable[[Item], str]] = {
    "title": lambda item: str(item.values.get("title") or "").lower(),
    "file": lambda item: item.files_folded,
}
DATES: Mapping[str, Callable[[Item], int | None]] = {
    "addedAt": lambda item: item.added_at,
    "updatedAt": lambda item: item.updated_at,
}
SORTS: Mapping[str, Callable[[Item], Any]] = {
    "titleSort": sort_title,
    "id": lambda item: item.key,
    **DATES,
}
