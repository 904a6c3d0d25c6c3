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

from simulators.stash_library import E, Library, StashError, to_num
from simulators.stash_model import Scene, StashId, Tag, tag_order

Given = Mapping[str, Any]
FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
PARTIAL_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
DATA_URL = re.compile(r"data:.+/.+;base64,(.*)", re.DOTALL)
TEXTS = {
    *("title", "code", "details", "director", "name", "disambiguation", "country"),
    *("sort_name", "description"),
}
TEXT_LISTS = {"urls", "aliases", "alias_list"}
DATES = {"date", "birthdate", "death_date"}
AS_THEY_ARE = {"rating100", "gender"}
# Null leaves these alone: their columns cannot be empty.
NEVER_NULL = {"organized", "favorite", "ignore_auto_tag", "resume_time", "play_duration", "image"}
NEVER_NULL |= {"cover_image", "primary_file_id", "name"}


@dataclass(frozen=True, slots=True)
class Editor:
    """Converts inputs against one library.

    Args:
        now: the time text that links made by this edit carry.
        partial_dates: YYYY and YYYY-MM are allowed (v0.30).
    """

    library: Library
    now: str
    partial_dates: bool

    def apply(self, entity: Any, given: Given) -> None:
        """Sets what the input names.

        Raises:
            StashError: a value is bad; nothing was changed.
        """
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
            if value is None and key in NEVER_NULL:
                continue
            found.update(self._value(entity, key, value))
        return found

    def _value(self, entity: Any, key: str, value: Any) -> dict[str, Any]:
        if key in TEXTS:
            return {key: (value or "").strip()}
        if key in DATES:
            return {key: self._date(value)}
        if key in AS_THEY_ARE or isinstance(value, bool | float | int):
            return {key: value}
        if key == "url":
            return {"urls": [value] if value else []}
        if key in TEXT_LISTS:
            current = [] if entity is None else getattr(entity, key)
            return {key: _merged(current, _entries(value), value)}
        if key in ("image", "cover_image"):
            return {"cover" if key == "cover_image" else key: decode_image(value)}
        if key == "stash_ids":
            return {key: [_stash_id(entry, self.now) for entry in value or ()]}
        return self._link(entity, key, value)

    def _link(self, entity: Any, key: str, value: Any) -> dict[str, Any]:
        library = self.library
        if key == "studio_id":
            return {"studio": _optional_row(library.studios, value)}
        if key == "parent_id":
            return {"parent_studio": _optional_row(library.studios, value)}
        if key == "performer_ids":
            performers = entity.performers if isinstance(entity, Scene) else []
            return {"performers": _rows(library.performers, performers, value)}
        if key == "tag_ids":
            current = [] if entity is None else entity.tags
            return {"tags": sorted(_rows(library.tags, current, value), key=tag_order)}
        if key == "parent_ids":
            parents = entity.parents if isinstance(entity, Tag) else []
            return {"parents": _rows(library.tags, parents, value)}
        if key == "primary_file_id" and isinstance(entity, Scene):
            return {"files": _primary_first(entity, value)}
        return {}  # ids, clientMutationId, galleries, groups: accepted, nothing to store

    def _date(self, text: str | None) -> str | None:
        if not text:
            return None
        pattern = PARTIAL_DATE if self.partial_dates else FULL_DATE
        if not pattern.fullmatch(text):
            raise StashError(f'converting date: unable to parse "{text}" as a date')
        return text


def set_children(library: Library, tag: Tag, value: Any) -> None:
    """A tag's children are stored as their parents."""
    current = [row for row in library.tags.values() if tag in row.parents]
    children = _rows(library.tags, current, value)
    for row in library.tags.values():
        if tag in row.parents and row not in children:
            row.parents.remove(tag)
        elif tag not in row.parents and row in children:
            row.parents.append(tag)


def decode_image(text: str) -> bytes:
    """A base64 data URL as bytes. (Stash would download an http URL; nothing here can.)

    Raises:
        StashError: no such text.
    """
    found = DATA_URL.fullmatch(text)
    try:
        return base64.b64decode(found[1] if found else text, validate=True)
    except binascii.Error as error:
        raise StashError(f"processing cover image: {error}") from None


def _stash_id(entry: Given, now: str) -> StashId:
    return StashId(entry["endpoint"], entry["stash_id"], entry.get("updated_at") or now)


def _entries(value: Any) -> list[str]:
    raw = value.get("values") if isinstance(value, Mapping) else value
    return [entry.strip() for entry in raw or ()]


def _merged(current: Iterable[Any], entries: list[Any], value: Any) -> list[Any]:
    """What a relation becomes: replaced, or by the mode of a bulk input."""
    mode = value["mode"] if isinstance(value, Mapping) else "SET"
    if mode == "ADD":
        entries = [*current, *entries]
    elif mode == "REMOVE":
        entries = [entry for entry in current if entry not in entries]
    return list(dict.fromkeys(entries))


def _rows(rows: dict[int, E], current: Iterable[E], value: Any) -> list[E]:
    ids = value.get("ids") if isinstance(value, Mapping) else value
    return _merged(current, [_row(rows, text) for text in ids or ()], value)


def _optional_row(rows: dict[int, E], value: Any) -> E | None:
    return None if value in (None, "") else _row(rows, value)


def _row(rows: dict[int, E], text: Any) -> E:
    row = rows.get(to_num(text))
    if row is None:
        raise StashError("FOREIGN KEY constraint failed")
    return row


def _primary_first(scene: Scene, value: Any) -> list[Any]:
    num = to_num(value)
    if all(file.num != num for file in scene.files):
        raise StashError(f"file with id {num} not associated with scene")
    return sorted(scene.files, key=lambda file: file.num != num)
