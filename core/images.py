"""Covers: which bytes are an image that Plex can show, and what to do about one item's pictures.

Stash tells the kind of a cover by its content type, but not always: AVIF comes as
application/octet-stream, and a scene without a cover answers with an SVG. A login page, half a file
or a video must never become a poster, so the bytes themselves are looked at too.

Plex names an upload by the SHA-1 of its bytes and never forgets one (facts of Plex, 5.5 and 5.7).
So what is there already is selected, and only what is not is uploaded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from core.errors import SyncError

# Plex answers uploads above 10 MB with a failure (facts of Plex, 5.8), whichever megabyte it means.
MAX_BYTES = 10_000_000

_SVG = "image/svg+xml"
_UNTOLD = frozenset({"", "application/octet-stream"})
_PAGE_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body")
_PNG_START = b"\x89PNG\r\n\x1a\n"
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_JPEG_MARK = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_JPEG_SCAN = 0xDA
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_UPLOAD = re.compile(r"upload://(?:.*/)?([0-9a-f]{40})", re.IGNORECASE)


class ImageFailed(SyncError):
    """One image could not be synced: the rest of its scene can, and it is tried again alone."""


class Unusable(ImageFailed):
    """Stash has it like that: no other picture says anything of it."""


class Fit(Enum):
    """The setting `poster_fit`: leave alone, cut the sides off, or add blurred bars."""

    NONE = "none"
    CROP = "crop"
    PAD = "pad"


class ImageKind(Enum):
    """The pictures of an item that are synced, by the names of their settings."""

    POSTER = "poster"
    ART = "background"


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture that Plex has on offer for an item.

    Attributes:
        rating_key: Plex's name of it: `upload://posters/<sha1>`, `media://...`, or an address.
    """

    rating_key: str
    selected: bool


def digest(data: bytes) -> str:
    """The SHA-1 of the bytes, in lower-case hex: what Plex will call them."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def digest_in(rating_key: str) -> str:
    """The SHA-1 in Plex's name of an upload; "" where the picture is no upload.

    The folder in the name differs between kinds and servers, so only the end counts.
    """
    match = _UPLOAD.fullmatch(rating_key)
    return match[1].lower() if match else ""


def identity(rating_key: str | None) -> str:
    """What tells a picture from others: of an upload the digest, else Plex's name; "" for none."""
    return digest_in(rating_key or "") or rating_key or ""


def selected(entries: Iterable[Entry]) -> str | None:
    """Plex's name of the picture that an item shows; None where it shows none."""
    return next((entry.rating_key for entry in entries if entry.selected), None)


def on_offer(entries: Iterable[Entry], sha1: str) -> Entry | None:
    """The picture with the bytes of that digest, the one that is shown before others; None where
    they have to be uploaded."""
    ours = [entry for entry in entries if digest_in(entry.rating_key) == sha1]
    return max(ours, key=lambda entry: entry.selected, default=None)


def media_type(data: bytes) -> str:
    """The kind of an image by its first bytes, like "image/jpeg"; "" for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(_PNG_START):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"BM") and data[6:10] == bytes(4):
        return "image/bmp"
    return "image/avif" if _is_avif(data) else ""


def says_no_cover(data: bytes, content_type: str) -> bool:
    """Whether this is how Stash says that a scene has no cover.

    It sends an SVG of its own. A text that somebody made a cover comes as an SVG too (measured on
    Stash 0.30), and is no picture either.
    """
    return _plain(content_type) == _SVG or is_drawing(data)


def is_drawing(data: bytes) -> bool:
    """Whether this is an SVG, and not a text that Stash calls one."""
    start = data[:1000].lstrip()
    return start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in start)


def fault(data: bytes, content_type: str) -> str:
    """Why these bytes cannot become a poster, as the end of a sentence; "" if they can."""
    told = _plain(content_type)
    if not data:
        return "it is empty"
    if is_page(data, content_type):
        return "a web page came instead of it; is a proxy or a login in front of Stash?"
    if told not in _UNTOLD and not told.startswith("image/"):
        return f"it is {told}, no image"
    if len(data) >= MAX_BYTES:
        return f"it has {len(data) / 1e6:.1f} MB, and Plex takes less than {MAX_BYTES / 1e6:g} MB"
    kind = media_type(data)
    if not kind:
        return f"it is no image of a kind that Plex can show ({told or 'no content type'})"
    if not _can_be_decoded(data, kind):
        return f"it is damaged: the {kind.removeprefix('image/').upper()} ends too early"
    return ""


def is_page(data: bytes, content_type: str) -> bool:
    """Whether this is a web page, a login say."""
    if _plain(content_type) == "text/html":
        return True
    return data[:512].lstrip().lower().startswith(_PAGE_STARTS)


def _plain(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()[:60]


def _is_avif(data: bytes) -> bool:
    """Whether the first box says so: size, `ftyp`, main brand, version, compatible brands."""
    if data[4:8] != b"ftyp":
        return False
    size = min(int.from_bytes(data[:4], "big"), 1024)
    return any(data[at : at + 4] in _AVIF_BRANDS for at in range(8, size, 4))


def _can_be_decoded(data: bytes, kind: str) -> bool:
    """Whether a viewer shows something of it: many covers lack their end, and are shown."""
    if kind == "image/jpeg":
        return _jpeg_has_a_scan(data)
    if kind == "image/png":
        return _png_has_data(data)
    if kind == "image/gif":
        return _gif_has_an_image(data)
    if kind == "image/bmp":
        return 14 < int.from_bytes(data[10:14], "little") < len(data)
    if kind == "image/webp":
        # Decoded as a whole or not at all, but for the byte that fills up the last chunk.
        return len(data) + 1 >= 8 + int.from_bytes(data[4:8], "little")
    return True


def _jpeg_has_a_scan(data: bytes) -> bool:
    """Steps from segment to segment: a preview in a header has scans of its own."""
    at, has_frame = 2, False
    while (mark := _JPEG_MARK.search(data, at)) is not None:
        at = mark.end() + int.from_bytes(data[mark.end() : mark.end() + 2], "big")
        if mark[1][0] == _JPEG_SCAN:
            return has_frame and at < len(data)
        has_frame = has_frame or mark[1][0] in _JPEG_FRAMES
    return False


def _png_has_data(data: bytes) -> bool:
    at = len(_PNG_START)
    while at + 12 <= len(data):
        if data[at + 4 : at + 8] == b"IDAT":
            return True
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return False


def _gif_has_an_image(data: bytes) -> bool:
    """Steps over the table of colours and what else may stand before the first image."""
    if len(data) < 13:
        return False
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    while data[at : at + 1] == b"!":
        at += 2
        while data[at : at + 1] not in (b"", b"\0"):
            at += 1 + data[at]
        at += 1
    return data[at : at + 1] == b"," and at + 11 < len(data)
