"""A request's query as Plex reads it: in order, from the raw address, operators in the names.

The address is taken apart by hand because the difference between `updatedAt%3E%3E=5` (a filter)
and `updatedAt%3E%3E%3D=5` (silently ignored) is lost in most query parsers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from simulators.plex.errors import Refused

START, SIZE = "x-plex-container-start", "x-plex-container-size"


@dataclass(frozen=True, slots=True)
class Pair:
    name: str
    value: str | None  # None: there was no "="


@dataclass(frozen=True, slots=True)
class Query:
    pairs: tuple[Pair, ...]

    @classmethod
    def of(cls, raw_path: str) -> Query:
        """Reads the query of a request target, percent-decoding names and values once."""
        text = raw_path.partition("?")[2].partition("#")[0]
        pairs = []
        for piece in text.split("&"):
            if not piece:
                continue
            name, equals, value = piece.partition("=")
            pairs.append(Pair(unquote_plus(name), unquote_plus(value) if equals else None))
        return cls(tuple(pairs))

    def get(self, name: str) -> str | None:
        """The first value of that name, whatever its case; None where it is missing."""
        wanted = name.lower()
        return next((pair.value for pair in self.pairs if pair.name.lower() == wanted), None)

    def flag(self, name: str) -> bool:
        return self.get(name) in {"1", "true"}

    def names(self, name: str) -> frozenset[str]:
        """A comma list as a set."""
        return frozenset(part for part in (self.get(name) or "").split(",") if part)


@dataclass(frozen=True, slots=True)
class Page:
    start: int
    size: int | None  # None: everything
    asked: bool

    def cut(self, count: int) -> slice:
        end = count if self.size is None else self.start + self.size
        return slice(self.start, end)


def page_of(query: Query, headers: Mapping[str, str], switches: Mapping[str, Any]) -> Page:
    """The window that a request asks for, after the server's own limits.

    Raises:
        Refused: 400 for numbers that are none, and where the switches `missing_size` and
            `over_cap` say so.
    """
    start = _number(query.get(START) or headers.get(START))
    size = _number(query.get(SIZE) or headers.get(SIZE))
    if start is None and switches["size_without_start"] == "ignored":
        size = None
    asked = start is not None or size is not None
    if size is None and switches["missing_size"] == "400":
        raise Refused(400)
    cap = int(switches["size_cap"])
    if size is not None and size > cap:
        if switches["over_cap"] == "400":
            raise Refused(400)
        size = cap
    return Page(start or 0, size, asked)


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise Refused(400)
    return int(text)


def keys_of(text: str) -> list[int]:
    """Rating keys of a comma list; what is no number can't be a known key and is left out."""
    return [int(part) for part in text.split(",") if part.isdecimal()]
