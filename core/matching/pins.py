"""Pins: the user says which item a scene is, where evidence cannot tell or tells wrongly.

A pin names an item by its rating key, and remembers the item's files: Plex hands out new keys when
its database is rebuilt, and then an old key may name another film.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.matching.index import ItemIndex
from core.matching.same_recording import same_recording, sizes_differ
from core.models import ItemRef, MediaFile


@dataclass(frozen=True, slots=True)
class Pin:
    """One scene pinned to one item.

    Attributes:
        files: the item's, as Plex saw them when the pin was set or last found to hold.
        released: the user took the pin back. What was matched through it is then no longer
            believed just because it was matched once.
        since: when the user set it (epoch seconds); 0.0 where that is not known.
    """

    scene_id: int
    ref: ItemRef
    files: tuple[MediaFile, ...]
    released: bool = False
    since: float = field(default=0.0, compare=False)


def pinned_item(pin: Pin, index: ItemIndex) -> ItemRef | None:
    """The item of a section that a pin means; None when it is gone.

    It is the item with the pinned key while that still has one of its files; else the one item to
    which a file of it went over, as when Plex scanned the library anew.
    """
    if holds(pin, index.files(pin.ref)):
        return pin.ref
    heirs = {
        candidate.ref
        for old in pin.files
        for candidate in index.at_path(old.path)
        if candidate.file.path == old.path and not sizes_differ(old, candidate.file)
    }
    return heirs.pop() if len(heirs) == 1 else None


def holds(pin: Pin, files: Iterable[MediaFile]) -> bool:
    """Whether an item with the pinned key and these files is the one that was pinned."""
    return any(
        old.path == now.path or same_recording(old, now) for now in files for old in pin.files
    )
