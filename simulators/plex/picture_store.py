"""Posters and arts of items: which pictures are on offer, which is shown, and their bytes.

Plex names an upload by the SHA-1 of its bytes: the same bytes again make no second entry, other
bytes stay for ever, since no request deletes one.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

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
    picture = own_picture(item.key, kind)
    bundle = hashlib.sha1(item.guid.encode()).hexdigest()
    folder = "Thumbnails/thumb1.jpg" if kind == "posters" else "Art/art1.jpg"
    name = f"media://{bundle[0]}/{bundle[1:]}.bundle/Contents/{folder}"
    return Image(name, hashlib.sha1(picture).hexdigest(), "local")


def own_picture(key: int, kind: str) -> bytes:
    """A small PNG, different for each item and kind."""
    shade = hashlib.sha1(f"{key}/{kind}".encode()).digest()[:3]

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" + shade)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def content_of(data: bytes) -> str:
    """What the bytes are, by their first bytes: jpeg, png, gif, webp, svg or other."""
    starts = {b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png", b"GIF8": "gif"}
    for start, name in starts.items():
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "svg" if b"<svg" in data[:500] else "other"
