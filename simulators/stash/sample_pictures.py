"""Small real pictures made from a seed string.

The seed may start with a kind: "png:..." makes a PNG, "huge:..." a JPEG of eleven megabytes (too
large for a poster), "html:..." a login page (what a broken proxy may serve as an image). All else
is a JPEG of grey blocks.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from io import BytesIO

SIZE = (320, 176)
BLOCKS = (8, 4)  # a byte of a digest each
HUGE = 11 * 1024 * 1024
COMMENT = b"\xff\xfe\xff\xff" + bytes(65_533)  # the longest that a JPEG can have
# From Go's net/http/sniff.go, in its order, as far as pictures go.
SIGNATURES = (
    *((b"%PDF-", "application/pdf"), (b"BM", "image/bmp")),
    *((b"GIF87a", "image/gif"), (b"GIF89a", "image/gif")),
    *((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg")),
)
HTML_TAGS = (b"<!DOCTYPE HTML", b"<HTML", b"<HEAD", b"<SCRIPT", b"<TITLE", b"<BODY", b"<!--")
BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
SNIFFED = 512
DEFAULT_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9">'
    b'<rect width="16" height="9" fill="#394b59"/></svg>'
)


@lru_cache(maxsize=2000)
def picture(seed: str) -> bytes:
    """The bytes that stand for the seed, always the same."""
    kind = seed.partition(":")[0]
    if kind == "html":
        return b"<!DOCTYPE html><html><title>Login</title><body>Please log in</body></html>"
    from PIL import Image  # which a server without covers need not load

    blocks = Image.frombytes("L", BLOCKS, hashlib.sha256(seed.encode()).digest())
    made = BytesIO()
    image = blocks.resize(SIZE, Image.Resampling.NEAREST)
    image.save(made, "PNG" if kind == "png" else "JPEG")
    data = made.getvalue()
    return data[:2] + COMMENT * (HUGE // len(COMMENT)) + data[2:] if kind == "huge" else data


def media_type(data: bytes) -> str:
    """Sniffs the type from the first bytes, as Go does; SVG is the name that Stash gives to all
    that looks like text or XML, and AVIF is unknown to it."""
    for start, kind in SIGNATURES:
        if data.startswith(start):
            return kind
    if data.startswith(b"RIFF") and data[8:14] == b"WEBPVP":
        return "image/webp"
    start = data[:SNIFFED].lstrip(b"\t\n\x0c\r ").upper()
    if any(start.startswith(tag) and start[len(tag) :][:1] in (b" ", b">") for tag in HTML_TAGS):
        return "text/html; charset=utf-8"
    return "application/octet-stream" if BINARY.search(data[:SNIFFED]) else "image/svg+xml"
