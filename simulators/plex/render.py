"""Items as they appear in listings (cut short) and in full.

Listings hold at most 2 genres, 3 roles and so on, by name only, and neither labels nor locks:
what a client must not compare against. Rendered items are kept until they change, because a
page of 500 has to cost milliseconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from simulators.copies import MARK, Copies, mark_of, step_over
from simulators.plex.library import Library
from simulators.plex.model import TAG_ELEMENTS, Item, JsonObject, Section
from simulators.plex.picture_store import KINDS, shows_image
from simulators.plex.render_media import Shape, media_elements
from simulators.plex.xml import element, item_tag

LIST_LIMITS = {"genre": 2, "actor": 3, "director": 2, "writer": 2, "country": 2, "collection": 2}
CACHED_SHAPES = 6
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
EXCLUDABLE_FIELDS = frozenset({"summary", "tagline", "file"})
TITLES = ("title", "titleSort", "originalTitle", "editionTitle", "contentRating", "summary")
RATINGS = ("rating", "audienceRating", "userRating", "lastRatedAt", "year", "tagline")
IMAGE_TYPES = {"thumb": "coverPoster", "art": "background"}
CORNERS = ("topLeft", "topRight", "bottomRight", "bottomLeft")
COLOURS = dict.fromkeys(CORNERS, "12171c")


class Renderer:
    def __init__(self, library: Library) -> None:
        self._library = library

    def blob(self, item: Item, shape: Shape) -> bytes:
        """The item as a finished piece of an answer. Valid until the item changes."""
        key = (shape, self._library.tags.thumb_revision if shape.detail else 0)
        found = item.cache.get(key)
        if found is None:
            body = self.body(item, shape)
            if shape.xml:
                found = element(item_tag(body), body)
            else:
                found = ENCODER.encode(body).encode("utf-8", "surrogatepass")
            if len(item.cache) >= CACHED_SHAPES:
                item.cache.clear()
            item.cache[key] = found
        return found

    def blobs(self, items: Sequence[Item], shape: Shape) -> list[bytes]:
        """Several of them; of a listing of copies each with its own key and file names."""
        if not isinstance(items, Copies):
            return [self.blob(item, shape) for item in items]
        step = step_over(self._library.items)
        return [
            _copied(self.blob(item, shape), item.key, copy * step + item.key, copy)
            for item, copy in items.pairs()
        ]

    def body(self, item: Item, shape: Shape) -> JsonObject:
        section = self._library.sections[item.section_key]
        scalars = _scalars(item, section, shape.detail)
        for name in shape.without_fields & EXCLUDABLE_FIELDS:
            scalars.pop(name, None)
        children = self._children(item, shape)
        for name in shape.without_elements:
            children.pop(name, None)
        return {**scalars, **children}

    def _children(self, item: Item, shape: Shape) -> JsonObject:
        children: JsonObject = {}
        if item.media:
            children["Media"] = media_elements(item, shape)
        for kind, name in TAG_ELEMENTS.items():
            links = item.tags.get(kind)
            if not links:
                continue
            if shape.detail:
                children[name] = _full_tags(item, kind)
            elif kind in LIST_LIMITS:
                cut = links[: LIST_LIMITS[kind]]
                children[name] = [{"tag": link.tag.name} for link in cut]
        children |= _pictures(item)
        if shape.guids and item.guid.startswith("plex://"):
            children["Guid"] = [{"id": f"imdb://tt{item.key:07d}"}, {"id": f"tmdb://{item.key}"}]
        if shape.detail and item.locked:
            children["Field"] = [{"locked": True, "name": name} for name in item.locked]
        return children


def _copied(blob: bytes, pattern: int, key: int, copy: int) -> bytes:
    """A copy's own piece of an answer in JSON, made of that of its pattern."""
    for around in (b'"ratingKey":"%d"', b"/library/metadata/%d"):
        blob = blob.replace(around % pattern, around % key)
    return blob.replace(MARK.encode(), mark_of(copy).encode())


def _pictures(item: Item) -> JsonObject:
    """Elements that items have had since about 2024."""
    title = item.values["title"]
    listed = [
        {"alt": title, "type": IMAGE_TYPES[name], "url": _picture_url(item, name)}
        for kind, name in KINDS.items()
        if shows_image(item, kind)
    ]
    return {"Image": listed, "UltraBlurColors": COLOURS} if listed else {}


def _picture_url(item: Item, name: str) -> str:
    return f"/library/metadata/{item.key}/{name}/{item.version}"


def _full_tags(item: Item, kind: str) -> list[JsonObject]:
    tags = []
    for link in item.tags[kind]:
        tag: JsonObject = {
            "id": link.tag.id,
            "filter": f"{kind}={link.tag.id}",
            "tag": link.tag.name,
        }
        if link.role:
            tag["role"] = link.role
        if link.tag.thumb:
            tag["thumb"] = link.tag.thumb
        if kind == "actor":
            tag["tagKey"] = f"{link.tag.id:024x}"
        tags.append(tag)
    return tags


def _scalars(item: Item, section: Section, detail: bool) -> JsonObject:
    """Attributes in the order of recorded answers; what has no value is left out."""
    values = item.values
    below = "/children" if item.type in {"show", "season"} else ""
    found: JsonObject = {
        "ratingKey": str(item.key),
        "key": f"/library/metadata/{item.key}{below}",
        **_ancestors(item),
        "guid": item.guid,
        "slug": "-".join(re.findall(r"[a-z0-9]+", values["title"].lower())) or None,
    }
    if detail:
        found |= {
            "librarySectionTitle": section.title,
            "librarySectionID": section.key,
            "librarySectionKey": f"/library/sections/{section.key}",
        }
    pictures = {
        name: _picture_url(item, name) for kind, name in KINDS.items() if shows_image(item, kind)
    }
    found |= {
        "studio": values.get("studio"),
        "type": item.type,
        "subtype": item.subtype,
        **{name: values.get(name) for name in TITLES},
        "index": item.index,
        **{name: values.get(name) for name in RATINGS},
        **pictures,
        "duration": item.duration,
        "originallyAvailableAt": values.get("originallyAvailableAt"),
        **_counts(item),
        "addedAt": item.added_at,
        "updatedAt": item.updated_at,
        "deletedAt": item.deleted_at,
    }
    if item.subtype == "clip":
        found |= {"createdAtAccuracy": "epoch,local", "createdAtTZOffset": "7200"}
    return {name: value for name, value in found.items() if value is not None}


def _ancestors(item: Item) -> JsonObject:
    found: JsonObject = {}
    for prefix, relative in (
        ("parent", item.parent),
        ("grandparent", item.parent.parent if item.parent else None),
    ):
        if relative is not None:
            found |= {
                f"{prefix}RatingKey": str(relative.key),
                f"{prefix}Key": f"/library/metadata/{relative.key}",
                f"{prefix}Guid": relative.guid,
                f"{prefix}Title": relative.values["title"],
            }
            if relative.index is not None:
                found[f"{prefix}Index"] = relative.index
    return found


def _counts(item: Item) -> JsonObject:
    if item.type == "season":
        return {"leafCount": len(item.children), "viewedLeafCount": 0}
    if item.type == "show":
        leaves = sum(len(season.children) for season in item.children.values())
        return {
            "childCount": len(item.children),
            "leafCount": leaves,
            "viewedLeafCount": 0,
        }
    return {}
