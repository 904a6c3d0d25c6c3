"""Turns the inputs of mutations into new attribute values, checking them as Stash does.

All values of an edit are worked out before any is set: a bad one changes nothing, like the
transaction that Stash rolls back.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.stash.criteria import panic
from simulators.stash.dates import parse_date
from simulators.stash.library import E, Library, StashError, to_num
from simulators.stash.model import (
    Group,
    Scene,
    SceneGroup,
    Tag,
    by_id,
    tag_order,
)

Given = Mapping[str, Any]
DATA_URL = re.compile(r"data:.+/.+;base64,(.*)")
FETCHED = ("http", "https")
TEXTS = {"title", "code", "details", "director", "name", "disambiguation"}
# Their columns cannot be empty: null makes the server panic.
NEVER_NULL = {
    "organized": "bool",
    "play_duration": "float64",
}
AS_THEY_ARE = {"rating100", "organized"}
# What stays as it is when the input says null.
LEFT_ALONE = {"cover_image"}


@dataclass(frozen=True, slots=True)
class Editor:
    """Converts inputs against one library.

    Args:
        partial_dates: YYYY and YYYY-MM are allowed (v0.30).
    """

    library: Library
    partial_dates: bool

    def apply(self, entity: Any, given: Given) -> None:
        """Sets what the input names. Raises StashError: a value is bad; nothing was changed."""
        values = self.values(entity, given)
        for name, value in values.items():
            setattr(entity, name, value)

    def values(self, entity: Any, given: Given) -> dict[str, Any]:
        """Attribute values of an input. Bulk inputs ({"ids", "mode"}) need the entity.

        Raises:
            StashError: a value is bad.
        """
        found: dict[str, Any] = {}
        for key, value in given.items():
            if value is None and key in LEFT_ALONE:
                continue
            if value is None and key in NEVER_NULL:
                raise panic(f"null value not allowed in optional {NEVER_NULL[key]}")
            found.update(self._value(entity, key, value))
        return found

    def _value(self, entity: Any, key: str, value: Any) -> dict[str, Any]:
        if key in TEXTS:
            return {key: (value or "").strip()}
        if key == "date":
            return {key: self._date(value)}
        if key in AS_THEY_ARE:
            return {key: value}
        if key == "url":
            return {"urls": [value] if value else []}
        if key == "urls":
            return {key: _merged([] if entity is None else entity.urls, _entries(value), value)}
        if key == "cover_image":
            data = decode_image(value)
            return {"cover": data} if data else {}  # an empty one changes nothing
        return self._link(entity, key, value)

    def _link(self, entity: Any, key: str, value: Any) -> dict[str, Any]:
        library = self.library
        if key == "studio_id":
            return {"studio": _optional_row(library.studios, value, "studio")}
        if key == "parent_id":
            return {"parent_studio": _optional_row(library.studios, value, "parent")}
        if key == "performer_ids":
            performers = entity.performers if isinstance(entity, Scene) else []
            rows = _rows(library.performers, performers, value, "performer")
            return {"performers": sorted(rows, key=by_id)}
        if key == "tag_ids":
            current = [] if entity is None else entity.tags
            return {"tags": sorted(_rows(library.tags, current, value, "tag"), key=tag_order)}
        if key == "parent_ids":
            parents = entity.parents if isinstance(entity, Tag) else []
            return {"parents": _rows(library.tags, parents, value, "parent tag")}
        if key in ("groups", "movies"):
            return {"groups": [_scene_group(library.groups, entry) for entry in value or ()]}
        if key in ("group_ids", "movie_ids"):
            current = entity.groups if isinstance(entity, Scene) else []
            known = {each.group: each for each in current}
            groups = _rows(library.groups, list(known), value, "group")
            return {"groups": [known.get(group, SceneGroup(group)) for group in groups]}
        return {}  # ids, galleries, counters, measurements...: accepted, nothing to store

    def _date(self, text: str | None) -> str | None:
        return parse_date(text, self.partial_dates) if text else None


def decode_image(text: str) -> bytes:
    """A base64 data URL as bytes; empty text is an empty image. (Stash would download an http
    address; nothing here can.)

    Raises:
        StashError: it is neither.
    """
    found = DATA_URL.fullmatch(text)
    if text and found is None:
        scheme = text.partition(":")[0].lower() if ":" in text else ""
        why = f'unsupported protocol scheme "{scheme}"'
        raise StashError(
            f'processing cover image: Get "{text}": '
            f"{'the simulator fetches nothing' if scheme in FETCHED else why}"
        )
    try:
        return base64.b64decode(found[1] if found else "", validate=True)
    except binascii.Error:
        raise StashError("processing cover image: illegal base64 data at input byte 0") from None


def _entries(value: Any) -> list[str]:
    raw = value.get("values") if isinstance(value, Mapping) else value
    return [entry.strip() for entry in raw or ()]


def _merged(current: Iterable[Any], entries: list[Any], value: Any) -> list[Any]:
    """What a relation becomes: replaced, or by the mode of a bulk input."""
    mode = value["mode"] if isinstance(value, Mapping) else "SET"
    if mode == "ADD":
        return list(dict.fromkeys([*current, *entries]))
    if mode == "REMOVE":
        return [entry for entry in current if entry not in entries]
    return entries


def _rows(rows: dict[int, E], current: Iterable[E], value: Any, kind: str) -> list[E]:
    ids = value.get("ids") if isinstance(value, Mapping) else value
    entries = [_row(rows, text, f"converting {kind} ids") for text in ids or ()]
    return _merged(current, list(dict.fromkeys(entries)), value)


def _optional_row(rows: dict[int, E], value: Any, kind: str) -> E | None:
    if value is None:
        return None
    return _row(rows, value, f"converting {kind} id: converting {value} to int")


def _row(rows: dict[int, E], text: Any, doing: str) -> E:
    row = rows.get(to_num(text, doing))
    if row is None:
        raise StashError("FOREIGN KEY constraint failed")
    return row


def _scene_group(rows: dict[int, Group], entry: Given) -> SceneGroup:
    number = entry.get("group_id", entry.get("movie_id"))
    return SceneGroup(_row(rows, number, "converting group ids"), entry.get("scene_index"))
