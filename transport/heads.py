"""Heads of requests, and heads of answers as nearly every server sends them: of those that are read
without a parser for e-mail nothing has to be guessed. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from urllib3 import HTTPHeaderDict

Headers = tuple[tuple[str, str], ...]

_END = b"\r\n\r\n"
_STATUS = re.compile(r"HTTP/1\.1 ([2-5][0-9][0-9]) ([ -~]*)")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([ -~]*)")
_LENGTH = re.compile(r"[0-9]{1,12}")
_MOST = 100  # headers
_NOT_IN_TARGET = re.compile(r"[\x00-\x20\x7f]")
_NOT_IN_HEADER = re.compile(r"[\r\n\x00]")
_BODILESS = (204, 304)


@dataclass(frozen=True, slots=True)
class PlainHead:
    """The head of an answer of `length` bytes after which the connection stays open.

    Attributes:
        size: of the head itself in bytes.
    """

    status: int
    reason: str
    headers: HTTPHeaderDict
    length: int
    size: int


def plain_head(received: bytes) -> PlainHead | None:
    """The head that some bytes begin with; None where it is not all there, or has anything about it
    that takes more than this to be understood."""
    text, end, _ = received.partition(_END)
    if not end or not text.isascii():
        return None
    first, *lines = text.decode("ascii").split("\r\n")
    status = _STATUS.fullmatch(first)
    found = [_HEADER.fullmatch(line) for line in lines]
    if status is None or int(status[1]) in _BODILESS or len(found) > _MOST:
        return None
    headers = HTTPHeaderDict()
    for header in found:
        if header is None:
            return None
        headers.add(header[1], header[2])
    length = headers.get("content-length", "")
    is_kept = headers.get("connection", "keep-alive").lower() == "keep-alive"
    if "transfer-encoding" in headers or not is_kept or not _LENGTH.fullmatch(length):
        return None
    return PlainHead(int(status[1]), status[2].strip(), headers, int(length), len(text) + len(_END))


def request_head(method: str, target: str, host: str, headers: Headers) -> bytes:
    """The head of a request. Raises ValueError: something of it cannot be sent."""
    if _NOT_IN_TARGET.search(target):
        raise ValueError("an address with blanks or control characters")
    return f"{method} {target} HTTP/1.1\r\n".encode("ascii") + _lines((("Host", host), *headers))


@lru_cache(maxsize=64)
def _lines(headers: Headers) -> bytes:
    """Most requests have the headers of the last ones."""
    if any(_NOT_IN_HEADER.search(name + value) for name, value in headers):
        raise ValueError("a header with control characters")
    text = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"{text}\r\n".encode("latin-1")


def host_header(host: str, port: int, usual_port: int) -> str:
    """Whom a request is for, as its header Host says. Raises ValueError: the host is no name."""
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    if ":" in name:
        name = f"[{name.partition('%')[0]}]"
    return name if port == usual_port else f"{name}:{port}"
