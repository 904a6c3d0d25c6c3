"""JSON of Plex to our types. Anything may be missing; Plex omits what has no value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.fields import SCALARS, Kind
from core.models import FullItem, ItemRef, ListedItem, MediaFile, Role, Section, Value
from plex.field_names import LIST_ELEMENTS, SCALAR_NAMES, our_lock

# One rating key, never a list of them: Plex edits everything that the id names, and the whole
# section if it names nothing.
ONE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# Larger numbers than a database can hold mean nothing.
_LARGEST = 2**63 - 1
# Files that Plex makes for its apps out of the user's (facts of Plex, 13).
_OPTIMIZED = (42, "42")
_OPTIMIZED_TITLE = "Optimized for "
_OPTIMIZED_FOLDER = re.compile(r"[/\\]Plex Versions[/\\]")
# Plex's type numbers of what can hold files.
_TYPES: Mapping[str, int] = {"movie": 1, "show": 2, "season": 3, "episode": 4, "clip": 12}


def sections_from_json(container: Mapping[str, Any]) -> list[Section]:
    """The sections of `/library/sections`; entries without a key are left out."""
    return [
        Section(
            key=_key(raw.get("key")),
            title=text(raw.get("title")),
            type=text(raw.get("type")),
            agent=text(raw.get("agent")),
            locations=tuple(
                place["path"]
                for place in objects(raw.get("Location"))
                if isinstance(place.get("path"), str)
            ),
            refreshing=flag(raw.get("refreshing")),
            content=_content(raw),
        )
        for raw in objects(container.get("Directory"))
        if _key(raw.get("key"))
    ]


def _content(raw: Mapping[str, Any]) -> str:
    """Plex's counter of changes, and which library it counts for."""
    changes = _int(raw.get("contentChangedAt"))
    return "" if changes is None else f"{text(raw.get('uuid'))} {changes}"


def items_in(container: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The raw items of a container; rating keys may be missing."""
    return objects(container.get("Metadata"))


def rating_key(raw: Mapping[str, Any]) -> str:
    """The item's rating key; "" where it has none that could be asked for."""
    return _key(raw.get("ratingKey"))


def is_gone(raw: Mapping[str, Any]) -> bool:
    """Whether the item's files are gone and only the trash has not been emptied yet.

    Plex marks the item, or each of its media (facts of Plex, 7.9).
    """
    if _is_deleted(raw):
        return True
    media = objects(raw.get("Media"))
    if not any(map(_is_deleted, media)):
        return False
    return all(_is_deleted(each) or _is_optimized(each) for each in media)


def _is_deleted(raw: Mapping[str, Any]) -> bool:
    """Whether there is a time of its end; some servers write "0" where there is none."""
    at = raw.get("deletedAt")
    return bool(at) and at != "0"


def listed_item(raw: Mapping[str, Any], section: str) -> ListedItem:
    """An item of a listing, which does not itself say which section it is of."""
    return ListedItem(
        ref=ItemRef(section, rating_key(raw)),
        files=_files(raw),
        scalars=tuple(_scalars(raw)),
        has_performers=bool(raw.get("Role")),
        has_tags=bool(raw.get("Genre")),
        added_at=_int(raw.get("addedAt")),
        updated_at=_int(raw.get("updatedAt")),
    )


def _scalars(raw: Mapping[str, Any]) -> list[Value]:
    """The scalar fields, in the order of `core.fields.SCALARS`."""
    values: list[Value] = [each if each.__class__ is str else "" for each in map(raw.get, _NAMES)]
    for place in _RATINGS:
        values[place] = _float(raw.get(_NAMES[place]))
    return values


# They have items with files below them.
_WITHOUT_FILES = frozenset({"show", "season"})


def lacks(raw: Mapping[str, Any], container: Mapping[str, Any]) -> str:
    """What an item that was read whole does not tell, and always has, for people; "" for nothing.

    A list of which nothing is said has no entries; one of which null is said is not known.
    """
    if not _section_of(raw, container):
        return "in which library it is"
    for name in ("Media", *LIST_ELEMENTS.values()):
        if name in raw and not isinstance(raw[name], (list, dict)):
            return f"which {name} it has"
    if text(raw.get("type")) in _WITHOUT_FILES:
        return ""
    return "" if tells_files(raw) else "which files it has"


def tells_files(raw: Mapping[str, Any]) -> bool:
    """Whether an item says where one of its files is, be it a file that is gone."""
    try:
        if text(raw["Media"][0]["Part"][0]["file"]):  # nearly always, and quick
            return True
    except (LookupError, TypeError):
        pass
    return any(
        text(part.get("file"))
        for each in objects(raw.get("Media"))
        for part in objects(each.get("Part"))
    )


def _section_of(raw: Mapping[str, Any], container: Mapping[str, Any]) -> str:
    return _key(raw.get("librarySectionID", container.get("librarySectionID")))


def full_item(raw: Mapping[str, Any], container: Mapping[str, Any]) -> FullItem:
    """An item of `/library/metadata/{keys}`, with its section from itself or the container.

    `values` has every field of `plex.field_names`: texts "" where Plex has none, the rating None,
    lists ().
    """
    values: dict[str, Value] = dict(zip(SCALAR_NAMES, _scalars(raw), strict=True))
    for name, element in LIST_ELEMENTS.items():
        values[name] = tuple([each["tag"] for each in _tagged(raw.get(element))])
    return FullItem(
        ref=ItemRef(_section_of(raw, container), rating_key(raw)),
        item_type=_TYPES.get(text(raw.get("type")), 1),
        files=_files(raw),
        values=values,
        locked=frozenset(
            our_lock(lock["name"])
            for lock in objects(raw.get("Field"))
            if text(lock.get("name")) and flag(lock.get("locked"))
        ),
        updated_at=_int(raw.get("updatedAt")),
        roles=tuple(
            Role(entry["tag"], text(entry.get("role")), text(entry.get("thumb")))
            for entry in _tagged(raw.get("Role"))
        ),
        title_sort=text(raw.get("titleSort")),
    )


def _files(raw: Mapping[str, Any]) -> tuple[MediaFile, ...]:
    """Every part of every medium that is still there and the user's own."""
    return tuple(
        [
            MediaFile(path, _size(part.get("size")), _seconds(part.get("duration")))
            for media in objects(raw.get("Media"))
            if media.keys().isdisjoint(_MARKS) or not (_is_deleted(media) or _is_optimized(media))
            for part in objects(media.get("Part"))
            if (path := text(part.get("file")))
            and not ("deletedAt" in part and _is_deleted(part))
            and not ("Plex Versions" in path and _OPTIMIZED_FOLDER.search(path))
        ]
    )


# One of these is in each medium that is gone, or that Plex has made.
_MARKS = frozenset({"deletedAt", "proxyType", "title", "target"})


def _is_optimized(media: Mapping[str, Any]) -> bool:
    if media.get("proxyType") in _OPTIMIZED:
        return True
    title, target = media.get("title"), media.get("target")
    return (title is not None and text(title).startswith(_OPTIMIZED_TITLE)) or (
        target is not None and text(target).startswith(_OPTIMIZED_TITLE)
    )


def _key(raw: object) -> str:
    """A rating key, or that of a section."""
    if type(raw) is int:
        raw = str(raw)
    if not isinstance(raw, str):
        return ""
    # Most are digits alone.
    return raw if (raw.isdigit() and raw.isascii()) or ONE_KEY.fullmatch(raw) else ""


def objects(raw: object) -> list[dict[str, Any]]:
    """The objects of a list; a lone object counts as a list of one."""
    if isinstance(raw, list):
        if len(raw) == 1 and raw[0].__class__ is dict:  # mostly
            return raw
        return [each for each in raw if isinstance(each, dict)]
    return [raw] if isinstance(raw, dict) else []


def _tagged(raw: object) -> list[dict[str, Any]]:
    """Those objects of a list that have a name."""
    return [each for each in objects(raw) if text(each.get("tag"))] if raw else []


def text(value: object) -> str:
    """A text; "" for anything else."""
    return value if isinstance(value, str) else ""


def flag(value: object) -> bool:
    """True or 1, and what servers write for them."""
    return str(value).lower() in ("true", "1")


def _int(value: object) -> int | None:
    """A whole number that a database can hold."""
    number = value if type(value) is int else _float(value)
    return None if number is None or abs(number) > _LARGEST else int(number)


def _size(value: object) -> int | None:
    """Bytes of a file."""
    size = value if type(value) is int and value <= _LARGEST else _int(value)
    return None if size is None or size < 0 else size


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
    number = milliseconds if type(milliseconds) is int else _float(milliseconds)
    return None if number is None or not 0 <= number <= _LARGEST else number / 1000


# Plex's names of the scalar fields, and which of them are numbers; the others are texts.
_NAMES = tuple(field.plex for field in SCALARS)
_RATINGS = tuple(place for place, field in enumerate(SCALARS) if field.kind is Kind.RATING)
