"""Small real pictures made from a seed string: valid JPEG and PNG files without an image library.

The seed may start with a kind: "png:..." makes a PNG, "huge:..." a JPEG of eleven megabytes (too
large for a poster), "html:..." a login page (what a broken proxy may serve as an image). All else
is a JPEG of 320 x 176 grey blocks.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from functools import lru_cache

WIDTH, HEIGHT, BLOCK = 320, 176, 8
HUGE = 11 * 1024 * 1024
# The DC table of ITU T.81, K.3.1: how many codes of each length 1..16, and their symbols 0..11.
DC_LENGTHS = bytes((0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0))
DC_SYMBOLS = bytes(range(12))
# One code only, "0": the end of a block, since no block here has other coefficients.
AC_LENGTHS = bytes((1, *([0] * 15)))
AC_SYMBOLS = b"\x00"
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
    if kind == "png":
        return _png(seed)
    if kind == "html":
        return b"<!DOCTYPE html><html><title>Login</title><body>Please log in</body></html>"
    return _jpeg(seed, HUGE if kind == "huge" else 0)


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


def _shades(seed: str, count: int) -> list[int]:
    """Grey values, a soft pattern that depends on the seed."""
    digest = hashlib.sha256(seed.encode()).digest()
    return [(digest[index % 32] + 3 * index) % 256 for index in range(count)]


def _png(seed: str) -> bytes:
    row_shades = _shades(seed, HEIGHT)
    rows = b"".join(b"\x00" + bytes([shade]) * WIDTH for shade in row_shades)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(name, data) for name, data in chunks)


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _jpeg(seed: str, padding: int) -> bytes:
    comments = [seed.encode()[:1000]]
    comments += [bytes(65_000)] * (padding // 65_000)
    quantisation = b"\x00" + bytes([8] * 64)  # the DC coefficient is then the grey value itself
    frame = struct.pack(">BHHB", 8, HEIGHT, WIDTH, 1) + bytes((1, 0x11, 0))
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
            *(_segment(0xFE, comment) for comment in comments),
            _segment(0xDB, quantisation),
            _segment(0xC0, frame),
            _segment(0xC4, b"\x00" + DC_LENGTHS + DC_SYMBOLS),
            _segment(0xC4, b"\x10" + AC_LENGTHS + AC_SYMBOLS),
            _segment(0xDA, bytes((1, 1, 0x00, 0, 63, 0))),
            _scan(seed),
            b"\xff\xd9",
        )
    )


def _dc_codes() -> dict[int, str]:
    """The codes of the DC table as bit texts, by symbol."""
    codes: dict[int, str] = {}
    code, symbols = 0, iter(DC_SYMBOLS)
    for length, count in enumerate(DC_LENGTHS, start=1):
        for _ in range(count):
            codes[next(symbols)] = format(code, f"0{length}b")
            code += 1
        code <<= 1
    return codes


def _scan(seed: str) -> bytes:
    """The entropy-coded data: per block its grey less the last one's, and an end."""
    codes, bits, last = _dc_codes(), [], 0
    for shade in _shades(seed, (WIDTH // BLOCK) * (HEIGHT // BLOCK)):
        step, last = shade - 128 - last, shade - 128
        size = abs(step).bit_length()
        value = step if step >= 0 else step + (1 << size) - 1
        bits.append(codes[size] + (format(value, f"0{size}b") if size else "") + "0")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    data = int(text, 2).to_bytes(len(text) // 8, "big")
    return data.replace(b"\xff", b"\xff\x00")
