"""JSON of Plex to our types. Anything may be missing; Plex omits what has no value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.fields import BY_NAME, Kind
from core.models import FullItem, ItemRef, ListedItem, MediaFile, Role, Section, Value
from plex.field_names import LIST_ELEMENTS, SCALAR_NAMES, our_lock

# Plex's type numbers of what can hold files.
_TYPES: Mapping[str, int] = {"movie": 1, "show": 2, "season": 3, "episode": 4, "clip": 12}


def sections_from_json(container: Mapping[str, Any]) -> list[Section]:
    """The sections of `/library/sections`; entries without a key are left out."""
    return [
        Section(
            key=str(raw["key"]),
            title=_text(raw.get("title")),
            type=_text(raw.get("type")),
            agent=_text(raw.get("agent")),
            locations=tuple(
                place["path"]
                for place in _objects(raw.get("Location"))
                if isinstance(place.get("path"), str)
            ),
            refreshing=_flag(raw.get("refreshing")),
        )
        for raw in _objects(container.get("Directory"))
        if raw.get("key") not in (None, "")
    ]


def items_in(container: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The raw items of a container; rating keys may be missing."""
    return _objects(container.get("Metadata"))


def rating_key(raw: Mapping[str, Any]) -> str:
    """The item's rating key; "" where it has none."""
    key = raw.get("ratingKey")
    return str(key) if isinstance(key, (str, int)) else ""


def is_gone(raw: Mapping[str, Any]) -> bool:
    """Whether the item's files are gone and only the trash has not been emptied yet.

    Plex marks the item, or each of its media (facts of Plex, 7.9).
    """
    if raw.get("deletedAt"):
        return True
    media = _objects(raw.get("Media"))
    return bool(media) and all(each.get("deletedAt") for each in media)


def listed_item(raw: Mapping[str, Any], section: str) -> ListedItem:
    """An item of a listing, which does not itself say which section it is of."""
    return ListedItem(
        ref=ItemRef(section, rating_key(raw)),
        files=_files(raw),
        title=_text(raw.get("title")),
        summary=_text(raw.get("summary")),
        studio=_text(raw.get("studio")),
        date=_text(raw.get("originallyAvailableAt")),
        rating=_float(raw.get("userRating")),
        has_performers=bool(raw.get("Role")),
        has_tags=bool(raw.get("Genre")),
        added_at=_int(raw.get("addedAt")),
        updated_at=_int(raw.get("updatedAt")),
    )


def full_item(raw: Mapping[str, Any], container: Mapping[str, Any]) -> FullItem:
    """An item of `/library/metadata/{keys}`, with its section from itself or the container.

    `values` has every field of `plex.field_names`: texts "" where Plex has none, the rating None,
    lists ().
    """
    section = raw.get("librarySectionID", container.get("librarySectionID"))
    values: dict[str, Value] = {
        name: (_float if BY_NAME[name].kind is Kind.RATING else _text)(raw.get(plex))
        for name, plex in SCALAR_NAMES.items()
    }
    for name, element in LIST_ELEMENTS.items():
        values[name] = tuple(
            entry["tag"] for entry in _objects(raw.get(element)) if _text(entry.get("tag"))
        )
    return FullItem(
        ref=ItemRef("" if section is None else str(section), rating_key(raw)),
        item_type=_TYPES.get(_text(raw.get("type")), 1),
        files=_files(raw),
        values=values,
        locked=frozenset(
            our_lock(lock["name"])
            for lock in _objects(raw.get("Field"))
            if _text(lock.get("name")) and _flag(lock.get("locked"))
        ),
        updated_at=_int(raw.get("updatedAt")),
        roles=tuple(
            Role(entry["tag"], _text(entry.get("role")), _text(entry.get("thumb")))
            for entry in _objects(raw.get("Role"))
            if _text(entry.get("tag"))
        ),
        title_sort=_text(raw.get("titleSort")),
    )


def _files(raw: Mapping[str, Any]) -> tuple[MediaFile, ...]:
    """Every part of every medium that is still there."""
    return tuple(
        MediaFile(part["file"], _int(part.get("size")), _seconds(part.get("duration")))
        for media in _objects(raw.get("Media"))
        if not media.get("deletedAt")
        for part in _objects(media.get("Part"))
        if _text(part.get("file")) and not part.get("deletedAt")
    )


def _objects(raw: object) -> list[dict[str, Any]]:
    """The objects of a list; a lone object counts as a list of one."""
    if isinstance(raw, list):
        return [each for each in raw if isinstance(each, dict)]
    return [raw] if isinstance(raw, dict) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _flag(value: object) -> bool:
    return value in (True, 1, "1", "true")


def _int(value: object) -> int | None:
    if type(value) is int:
        return value
    number = _float(value)
    return None if number is None else int(number)


def _float(value: object) -> float | None:
    """A number, or one written as text, as XML-minded servers do; NaN and infinity are none."""
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None


def _seconds(milliseconds: object) -> float | None:
    number = _float(milliseconds)
    return None if number is None else number / 1000
