"""Short digests of what two servers say, to tell an unchanged scene or item from a changed one.

They live in our own store only, and may come out otherwise after an update: then everything is
looked at once more.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from core.models import ListedItem, Scene

SIZE = 16  # bytes


def digest(parts: Iterable[bytes]) -> bytes:
    """A digest of parts in their order."""
    return blake2b(b"\x00".join(parts), digest_size=SIZE).digest()


def digest_of(value: tuple[Any, ...] | list[Any]) -> bytes:
    """A digest of plain data: texts, numbers, None, and tuples and lists of them."""
    # Version 2 is the last that writes equal values equally: later ones note who shares what.
    return blake2b(marshal.dumps(value, 2), digest_size=SIZE).digest()


def scene_digest(scene: Scene) -> bytes:
    """Everything that Stash says of a scene."""
    studio = scene.studio
    return digest_of(
        (
            scene.id,
            scene.title,
            scene.details,
            scene.date,
            scene.rating100,
            scene.director,
            scene.organized,
            None if studio is None else (studio.id, studio.name),
            [(performer.id, performer.name) for performer in scene.performers],
            [(tag.id, tag.name) for tag in scene.tags],
            [(file.path, file.size, file.duration) for file in scene.files],
            scene.created_at,
            scene.updated_at,
        )
    )


def item_digest(item: ListedItem) -> bytes:
    """Everything that a listing says of an item."""
    return digest_of(
        (
            item.ref.section,
            item.ref.key,
            [(file.path, file.size, file.duration) for file in item.files],
            item.title,
            item.summary,
            item.studio,
            item.date,
            item.rating,
            item.has_performers,
            item.has_tags,
            item.added_at,
            item.updated_at,
        )
    )
