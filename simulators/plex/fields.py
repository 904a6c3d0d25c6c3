"""What can be filtered and sorted by: each field's kind and how it is read from an item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulators.plex.model import TAG_ELEMENTS, Item

Getter = Callable[[Item], Any]


@dataclass(frozen=True, slots=True)
class Field:
    kind: str  # string, integer, date, tag, boolean
    read: Getter


def _value(name: str) -> Getter:
    return lambda item: item.values.get(name)


def _tag_ids(kind: str) -> Getter:
    return lambda item: [link.tag.id for link in item.tags.get(kind, [])]


def sort_title(item: Item) -> str:
    return str(item.values.get("titleSort") or item.values.get("title") or "").casefold()


def trashed(item: Item) -> bool:
    return item.deleted_at is not None or any(m.deleted_at is not None for m in item.media)


FIELDS: dict[str, Field] = {
    **{
        name: Field("string", _value(name))
        for name in (
            "title",
            "originalTitle",
            "summary",
            "tagline",
            "studio",
            "contentRating",
            "editionTitle",
        )
    },
    "titleSort": Field("string", sort_title),
    "file": Field("string", lambda item: item.files_folded),
    "guid": Field("guid", lambda item: item.guid),
    **{
        name: Field("integer", _value(name))
        for name in ("year", "userRating", "rating", "audienceRating", "viewCount", "viewOffset")
    },
    "id": Field("integer", lambda item: item.key),
    "index": Field("integer", lambda item: item.index),
    "duration": Field("integer", lambda item: item.duration),
    "mediaHeight": Field("integer", lambda item: 1080 if item.media else None),
    "addedAt": Field("date", lambda item: item.added_at),
    "updatedAt": Field("date", lambda item: item.updated_at),
    "lastViewedAt": Field("date", _value("lastViewedAt")),
    "lastRatedAt": Field("date", _value("lastRatedAt")),
    "trash": Field("boolean", trashed),
    "unwatched": Field("boolean", lambda item: not item.values.get("viewCount")),
    **{kind: Field("tag", _tag_ids(kind)) for kind in TAG_ELEMENTS},
}

SORTS = (
    "titleSort",
    "title",
    "addedAt",
    "updatedAt",
    "lastViewedAt",
    "lastRatedAt",
    "rating",
    "audienceRating",
    "userRating",
    "year",
    "duration",
    "mediaHeight",
    "viewCount",
    "id",
    "guid",
    "index",
    "summary",
    "tagline",
    "contentRating",
    "studio",
)
