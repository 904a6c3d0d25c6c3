"""Posters and arts of items: which pictures are on offer, and which is shown.

Plex names an upload by the SHA-1 of its bytes: the same bytes again make no second entry, other
bytes stay for ever, since no request deletes one.
"""

from __future__ import annotations

import hashlib

from simulators.plex.model import Image, Item, Shelf

# Plural in listings and uploads -> singular in selections and the item's attribute.
KINDS = {"posters": "thumb", "arts": "art"}
UPLOAD_FOLDER = {"posters": "posters", "arts": "art"}


def shelf_of(item: Item, kind: str) -> Shelf:
    """The item's pictures of a kind; at first the one that Plex takes from the video itself."""
    shelf = item.shelves.get(kind)
    if shelf is None:
        # Without a file there is nothing to take one from.
        images = [_own_image(item, kind)] if item.media else []
        shelf = Shelf(images, images[0].name if images else None)
        item.shelves[kind] = shelf
    return shelf


def shows_image(item: Item, kind: str) -> bool:
    """Whether the item has a picture of that kind, without making the shelf."""
    shelf = item.shelves.get(kind)
    return bool(item.media) if shelf is None else shelf.selected is not None


def _own_image(item: Item, kind: str) -> Image:
    """Another one for each item and kind."""
    bundle = hashlib.sha1(item.guid.encode()).hexdigest()
    folder = "Thumbnails/thumb1.jpg" if kind == "posters" else "Art/art1.jpg"
    name = f"media://{bundle[0]}/{bundle[1:]}.bundle/Contents/{folder}"
    return Image(name, hashlib.sha1(f"{item.key}/{kind}".encode()).hexdigest(), "local")
