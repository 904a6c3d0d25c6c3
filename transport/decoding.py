"""JSON of a server that may send anything, and words for what came instead of it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable

from core.text import excerpt as one_line

# What stands for a byte or half a character that is no text, one for each, as Go's encoder has it.
UNREADABLE = "\ufffd"
MOST_LEVELS = 100  # of lists and objects inside each other; neither server needs twenty
# Each takes up to 250 bytes of memory. A page of a thousand items of Plex has about 20,000.
MOST_PARTS = 200_000
_MOST_DIGITS = 400

# Not strict: titles are found with raw control characters in them.
_DECODER = json.JSONDecoder(strict=False)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_LONE_BYTES = re.compile("[\udc80-\udcff]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_MARKUP = re.compile(r"<(?:style|script|head)\b.*?</[^>]*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.DOTALL | re.IGNORECASE)
_EXCERPT = 160
_SEEN = 8192  # bytes of a body that are looked at for an excerpt


class NotJson(Exception):
    """A body cannot be used; the text says what it is instead, like "a web page came"."""


def decode(body: bytes, content_type: str = "") -> object:
    """The value that a body holds.

    What is no UTF-8 in it, and halves of surrogate pairs, become U+FFFD: no other text has to
    suffer from them, and both servers' names of one file stay alike.

    Raises:
        NotJson: it is none, or nested too deeply, or too much for our memory.
    """
    brackets = body.translate(None, _NO_BRACKETS)
    if len(brackets) > 2 * MOST_PARTS:
        raise NotJson("JSON came that has too many parts")
    try:
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = _LONE_BYTES.sub(UNREADABLE, body.decode("utf-8-sig", "surrogateescape"))
        value = _decoded(text)
        if _SURROGATE.search(body):
            value = _DECODER.decode(_paired(json.dumps(value, ensure_ascii=False)))
        if _may_be_deep(brackets) and not _is_shallow(value):
            raise NotJson("JSON came that is nested too deeply")
    except RecursionError:
        raise NotJson("JSON came that is nested too deeply") from None
    except ValueError:
        raise NotJson(what_came(body, content_type)) from None
    return value


def _decoded(text: str) -> object:
    try:
        return _DECODER.decode(text)
    except ValueError:
        # Python refuses numbers of thousands of digits; here one spoils nothing else.
        return json.loads(text, strict=False, parse_int=_integer)


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MOST_DIGITS else None


def what_came(body: bytes, content_type: str) -> str:
    """A body that is no JSON, as "... came" for people."""
    text = body[:_SEEN].decode("utf-8", "replace").lstrip("\ufeff").strip()
    if not text:
        return "nothing came"
    if text[0] in "{[":
        return "JSON came that breaks off or is damaged"
    if content_type == "text/html" or text[:200].lower().startswith(("<!doctype html", "<html")):
        title = _TITLE.search(text)
        named = _one_line(title[1]) if title else ""
        return f'a web page came ("{named}")' if named else "a web page came"
    if content_type.startswith("text/") or content_type == "application/xml":
        return f"{content_type} came"
    return f"{content_type or 'something without a type'} came"


def _one_line(text: str) -> str:
    return one_line(html.unescape(_MARKUP.sub(" ", text)), _EXCERPT)


def _paired(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _may_be_deep(brackets: bytes) -> bool:
    """Whether it is worth while to look at each value: few pairs are left of most answers."""
    for _ in range(MOST_LEVELS):
        fewer = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if fewer == brackets:
            return len(brackets) > MOST_LEVELS
        brackets = fewer
    return True


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for outer in level
            for inner in _inside(outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return True
    return False


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
