"""What an editing request orders, read from its parameters. Nothing is changed here.

title.value=New            a value; empty clears it
title.locked=1             a lock (0 unlocks); alone it locks the present value
genre[0].tag.tag=Drama     adds (or lists) a tag; actor[0].tagging.text, actor[0].tag.thumb
genre[].tag.tag-=A,B       removes: split at commas, then each part percent-decoded once more
genre[].tag=               removes all of the kind
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote_plus

from simulators.plex.errors import Refused
from simulators.plex.model import LOCKABLE, RATING_FIELDS, TAG_ELEMENTS, VALUE_FIELDS
from simulators.plex.query import Pair

SCALAR = re.compile(r"^([A-Za-z]+)\.(value|locked)$")
TAG = re.compile(r"^([A-Za-z]+)\[(\d*)\]\.(.+)$")
ADDITIONS = frozenset({"tag.tag", "tagging.text", "tag.thumb", "tag.tagKey", "tag.id"})


@dataclass(slots=True)
class Addition:
    name: str = ""
    role: str | None = None
    thumb: str | None = None


@dataclass(slots=True)
class Order:
    values: dict[str, str] = field(default_factory=dict)
    locks: dict[str, bool] = field(default_factory=dict)
    additions: dict[str, list[Addition]] = field(default_factory=dict)
    removals: list[tuple[str, str]] = field(default_factory=list)  # kind, name
    cleared: set[str] = field(default_factory=set)

    @property
    def kinds(self) -> set[str]:
        """Tag kinds whose lists this order changes."""
        return set(self.additions) | self.cleared | {kind for kind, _ in self.removals}


def is_edit(name: str) -> bool:
    return "[" in name or name.endswith((".value", ".locked"))


def read_order(pairs: Iterable[Pair]) -> Order:
    """Reads all edits of one request.

    Raises:
        Refused: 400 for a field that does not exist, 500 for a value that its field can't hold.
    """
    order = Order()
    numbered: dict[tuple[str, str], Addition] = {}
    for place, pair in enumerate(pairs):
        value = pair.value or ""
        scalar, tag = SCALAR.match(pair.name), TAG.match(pair.name)
        if scalar:
            _read_scalar(order, scalar[1], scalar[2], value)
        elif tag:
            _read_tag(order, numbered, tag, value, place)
        else:
            raise Refused(400)
    ordered = sorted(numbered.items(), key=lambda entry: _place(entry[0][1]))
    for (kind, _), addition in ordered:
        if addition.name:
            order.additions.setdefault(kind, []).append(addition)
    return order


def _place(index: str) -> int:
    return int(index.lstrip("+"))


def _read_scalar(order: Order, name: str, part: str, value: str) -> None:
    known = VALUE_FIELDS if part == "value" else LOCKABLE
    if name not in known:
        raise Refused(400)
    if part == "locked":
        order.locks[name] = value in {"1", "true"}
        return
    _check(name, value)
    order.values[name] = value


def _check(name: str, value: str) -> None:
    """Refuses with 500 what the field can't hold; what Plex does with it is not documented."""
    if not value:
        return
    try:
        if name in RATING_FIELDS:
            float(value)
        elif name == "addedAt":
            int(value)
        elif name == "originallyAvailableAt":
            datetime.strptime(value, "%Y-%m-%d")  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise Refused(500) from None


def _read_tag(
    order: Order,
    numbered: dict[tuple[str, str], Addition],
    match: re.Match[str],
    value: str,
    place: int,
) -> None:
    kind, index, tail = match.groups()
    if kind not in TAG_ELEMENTS:
        raise Refused(400)
    if tail == "tag.tag-":
        parts = [unquote_plus(part) for part in value.split(",")]
        order.removals.extend((kind, part) for part in parts if part)
    elif tail == "tag" and not value:
        order.cleared.add(kind)
    elif tail in ADDITIONS:
        addition = numbered.setdefault((kind, index or f"+{10_000 + place}"), Addition())
        if tail == "tag.tag":
            addition.name = value
        elif tail == "tagging.text":
            addition.role = value
        elif tail == "tag.thumb":
            addition.thumb = value
    elif tail != "locked":  # actor[0].locked is a known mistake: ignored, it locks nothing
        raise Refused(400)
