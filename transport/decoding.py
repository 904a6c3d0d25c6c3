"""JSON of a server that may send anything, and words for what came instead of it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable

MOST_LEVELS = 100  # of lists and objects inside each other; neither server needs twenty

# Not strict: titles are found with raw control characters in them.
_DECODER = json.JSONDecoder(strict=False)
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
        NotJson: it is none, or nested too deeply.
    """
    try:
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = body.decode("utf-8-sig", "replace")
        value = _DECODER.decode(text)
        if _SURROGATE.search(body):
            value = _DECODER.decode(_paired(json.dumps(value, ensure_ascii=False)))
        if not _is_shallow(value):
            raise NotJson("JSON came that is nested too deeply")
    except RecursionError:
        raise NotJson("JSON came that is nested too deeply") from None
    except ValueError:
        raise NotJson(what_came(body, content_type)) from None
    return value


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


def excerpt(body: bytes) -> str:
    """The beginning of an answer that is a text or a page, in one line, for people."""
    return _one_line(body[:_SEEN].decode("utf-8", "replace"))


def _one_line(text: str) -> str:
    line = " ".join(html.unescape(_MARKUP.sub(" ", text)).split())
    return "".join(filter(str.isprintable, line))[:_EXCERPT]


def _paired(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


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
