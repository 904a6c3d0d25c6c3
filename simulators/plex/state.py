"""The dump behind `/_sim/state`: everything the simulated server holds, in Plex's names."""

from __future__ import annotations

from typing import Any

from simulators.plex.context import World
from simulators.plex.model import TAG_ELEMENTS, Item, JsonObject
from simulators.plex.picture_store import KINDS, shelf_of
from simulators.plex.sections import describe


def dump(world: World) -> dict[str, Any]:
    """{"now", "items": {key: item}, "sections": {key: section}, "unscanned": [files]}."""
    library = world.library
    return {
        "now": world.now(),
        "items": {str(item.key): item_state(world, item) for item in library.items.values()},
        "sections": {
            str(section.key): {
                **describe(section),
                "items": list(section.items),
            }
            for section in library.sections.values()
        },
        "unscanned": [
            file for waiting in library.unscanned if not waiting.found_by for file in waiting.files
        ],
    }


def item_state(world: World, item: Item) -> JsonObject:
    """One item in full; tag kinds that it has none of are empty lists."""
    return {
        "ratingKey": str(item.key),
        "section": item.section_key,
        "type": item.type,
        "guid": item.guid,
        **item.values,
        "addedAt": item.added_at,
        "updatedAt": item.updated_at,
        "deletedAt": item.deleted_at,
        "parent": item.parent.key if item.parent else None,
        **{kind: _names(item, kind) for kind in TAG_ELEMENTS},
        "locked": list(item.locked),
        "media": [
            {
                "deletedAt": media.deleted_at,
                "parts": [
                    {"file": part.file, "size": part.size, "duration": part.duration}
                    for part in media.parts
                ],
            }
            for media in item.media
        ],
        **{kind: _pictures(world, item, kind) for kind in KINDS},
        "writes": world.item_writes[item.key],
    }


def _names(item: Item, kind: str) -> list[Any]:
    links = item.tags.get(kind, [])
    if kind != "actor":
        return [link.tag.name for link in links]
    return [{"tag": link.tag.name, "role": link.role, "thumb": link.tag.thumb} for link in links]


def _pictures(world: World, item: Item, kind: str) -> list[JsonObject]:
    shelf = shelf_of(item, kind)
    listed = []
    for image in shelf.images:
        data = world.pictures.get(image.sha1)
        listed.append(
            {
                "name": image.name,
                "sha1": image.sha1,
                "selected": image.name == shelf.selected,
                "size": None if data is None else len(data),
            }
        )
    return listed
