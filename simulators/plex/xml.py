"""JSON shapes as Plex's XML: scalars become attributes, lists of objects child elements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree

from simulators.plex.model import JsonObject

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
DIRECTORY_TYPES = frozenset({"show", "season", "collection", "artist", "album"})


def element(tag: str, body: JsonObject) -> bytes:
    """One element with everything below it."""
    return ElementTree.tostring(_made(tag, body), encoding="unicode").encode()


def around(tag: str, body: JsonObject, pieces: Iterable[bytes]) -> bytes:
    """The same, with more elements at its end that are finished already."""
    end = f"</{tag}>".encode()
    whole = ElementTree.tostring(_made(tag, body), "unicode", short_empty_elements=False).encode()
    return b"".join([whole.removesuffix(end), *pieces, end])


def _made(tag: str, body: JsonObject) -> ElementTree.Element:
    made = ElementTree.Element(tag)
    for name, value in body.items():
        if isinstance(value, list):
            made.extend(_made(_tag_of(name, child), child) for child in value)
        elif isinstance(value, dict):
            made.append(_made(name, value))
        elif value is not None:
            made.set(name, _text(value))
    return made


def _tag_of(name: str, child: JsonObject) -> str:
    return item_tag(child) if name == "Metadata" else name


def item_tag(body: JsonObject) -> str:
    """Videos are `Video`, what contains them `Directory`, pictures on offer `Photo`."""
    kind = body.get("type")
    if kind is None:
        return "Photo"
    return "Directory" if kind in DIRECTORY_TYPES else "Video"


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
