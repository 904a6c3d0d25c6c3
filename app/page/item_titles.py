"""What items of Plex are called, without asking Plex: by what was read back of them last."""

from __future__ import annotations

from collections.abc import Iterable

from core.fields import TITLE
from core.models import ItemRef
from storage.state import State


def item_titles(state: State, scene_ids: Iterable[int]) -> dict[ItemRef, str]:
    """The titles of the items of some scenes, as far as they were synced."""
    found: dict[ItemRef, str] = {}
    for record in state.records.get_many(dict.fromkeys(scene_ids)).values():
        for item in record.items:
            title = item.fields.get(TITLE)
            if title is not None and isinstance(title.read_back, str):
                found[item.ref] = title.read_back
    return found
