"""JSON shapes as Plex's XML: scalars become attributes, lists of objects child elements."""

from __future__ import annotations

from typing import Any

from simulators.plex.model import JsonObject

ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\n": "&#10;",  # unescaped, a parser would turn these three into blanks
        "\r": "&#13;",
        "\t": "&#9;",
    }
)
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
DIRECTORY_TYPES = frozenset({"show", "season", "collection", "artist", "album"})


def element(tag: str, body: JsonObject) -> str:
    """One element with everything below it."""
    opening, children = parts(tag, body)
    return f"{opening}>{children}</{tag}>" if children else f"{opening} />"


def parts(tag: str, body: JsonObject) -> tuple[str, str]:
    """The opening tag without its bracket, and the children."""
    attributes: list[str] = []
    children: list[str] = []
    for name, value in body.items():
        if isinstance(value, list):
            children.extend(element(_tag_of(name, child), child) for child in value)
        elif isinstance(value, dict):
            children.append(element(name, value))
        elif value is not None:
            attributes.append(f' {name}="{_text(value)}"')
    return f"<{tag}{''.join(attributes)}", "".join(children)


def _tag_of(name: str, child: JsonObject) -> str:
    return item_tag(child) if name == "Metadata" else name


def item_tag(body: JsonObject) -> str:
    """Videos are `Video`, what contains them `Directory`, pictures on offer `Photo`."""
    kind = body.get("type")
    if kind is None:
        return "Photo"
    return "Directory" if kind in DIRECTORY_TYPES else "Video"


def _text(value: Any) -> str:
    if value is True or value is False:
        return "1" if value else "0"
    return str(value).translate(ESCAPES)
