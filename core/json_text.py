"""JSON as servers send it, whatever it is, to Python values. Pure.

What spoils a single name must not cost the whole answer: bytes that are no UTF-8, lone surrogates
and raw control characters inside strings occur in real libraries.
"""

from __future__ import annotations

import json
import re
from typing import Any

# What stands for a byte or half a character that is no text.
UNREADABLE = "\ufffd"
# Each object or list takes up to 250 bytes of memory. A page of a thousand items has about 20,000.
MAX_CONTAINERS = 200_000
_MAX_DIGITS = 400  # of one number
_RAW_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONE_BYTES = re.compile("[\udc80-\udcff]")
# An escaped backslash, a pair of surrogates, or a surrogate alone.
_SURROGATES = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def decode_json(body: bytes) -> Any:
    """The value that a body of JSON stands for; its strings can be written as UTF-8.

    Each byte that is no UTF-8 and each lone surrogate becomes U+FFFD, as in what Go's encoder
    makes of the same file name. Raw control characters within strings are dropped, but for tabs
    and line ends.

    Raises:
        ValueError: it is no JSON, nested too deep, or too rich for our memory; the text says which.
    """
    if body.count(b"{") + body.count(b"[") > MAX_CONTAINERS:
        raise ValueError("it has too many parts")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _LONE_BYTES.sub(UNREADABLE, body.decode("utf-8", "surrogateescape"))
    if "\\ud" in text or "\\uD" in text:
        text = _SURROGATES.sub(_whole, text)
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except ValueError:
        return _decode_dirty(text)


def _decode_dirty(text: str) -> Any:
    try:
        return json.loads(_RAW_CONTROLS.sub("", text), strict=False, parse_int=_integer)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except ValueError:
        raise ValueError("it is no JSON, or broke off") from None


def _integer(digits: str) -> int | None:
    """The number; None for one of so many digits that nobody can have meant it."""
    return int(digits) if len(digits) <= _MAX_DIGITS else None


def _whole(match: re.Match[str]) -> str:
    return r"\ufffd" if match[1] else match[0]
