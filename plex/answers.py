"""What an answer of Plex says, or of another program at its address. Pure.

Plex answers errors in HTML whatever was asked for, so the status is read before the body.
"""

from __future__ import annotations

import html
import re
from typing import Any

from core.text import excerpt
from transport.decoding import NotJson, decode
from transport.http import Answer

_EXCERPT = 160
# Bytes of an answer in which a sentence is looked for: with some of what may stand there, the time
# that it takes grows with their square.
_LOOKED_AT = 16 * 1024
_MARKUP = re.compile(r"<(?:style|script|title)\b.*?</[^>]*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_XML_STATUS = re.compile(r"<Response\b[^<>]*\bstatus=[\"']([^\"'<>]*)", re.IGNORECASE)
# What a server says that is not ready for what was asked, whatever the status (facts of Plex, 13).
_STARTING = re.compile(r"still starting up|startup maintenance|server is starting", re.IGNORECASE)
_LOCKED = re.compile(r"database is (?:locked|busy)", re.IGNORECASE)
_SENTENCES = ("status", "message", "error", "title")
_PLEX_XML = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?<(?:MediaContainer|Response)\b")


def said(answer: Answer, secret: str) -> str:
    """The sentence of an error answer, for people; "" where it has none.

    Args:
        secret: what must not be repeated.
    """
    text = answer.body[:_LOOKED_AT].decode("utf-8", "replace")
    if text.lstrip().startswith(("{", "[")):
        text = _sentence(answer.body)
    elif (match := _XML_STATUS.search(text)) is not None:
        text = match[1]
    else:
        text = _MARKUP.sub(" ", text)
    text = html.unescape(text)
    if secret:
        text = text.replace(secret, "…")
    return excerpt(text, _EXCERPT)


def is_starting(sentence: str) -> bool:
    """Whether a server says that it is not ready yet."""
    return _STARTING.search(sentence) is not None


def is_locked(sentence: str) -> bool:
    """Whether a server says that its database is in use."""
    return _LOCKED.search(sentence) is not None


def container_in(answer: Answer) -> dict[str, Any]:
    """The MediaContainer of an answer.

    Raises:
        NotJson: it has none; the text says what came instead.
    """
    value = decode(answer.body, answer.content_type)
    container = value.get("MediaContainer") if isinstance(value, dict) else None
    if isinstance(container, dict):
        return container
    raise NotJson("JSON came that is not Plex's")


def strange_body(answer: Answer) -> str:
    """What came as the answer to a write, if it is nothing that Plex says; else "".

    Plex answers writes with nothing, a MediaContainer, or the path of what was uploaded.
    """
    body = answer.body.strip()
    if not body or body.startswith(b"/library/metadata/") or _PLEX_XML.match(body):
        return ""
    try:
        container_in(answer)
    except NotJson as error:
        return str(error)
    return ""


def _sentence(body: bytes) -> str:
    """The first text under a name that sentences have, at most one level down."""
    try:
        value = decode(body)
    except NotJson:
        return ""
    levels = [value, *(value.values() if isinstance(value, dict) else ())]
    for level in levels:
        if isinstance(level, dict):
            for name in _SENTENCES:
                if isinstance(level.get(name), str) and level[name].strip():
                    return str(level[name])
    return ""
