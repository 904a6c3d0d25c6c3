"""What a setting may hold, kind by kind: each reads one value as Stash hands it over.

Each raises BadValueError for what it cannot be.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from core import quoted_lists
from core.fields import LINE_LIMIT
from core.tag_rules import FORM, RuleError, parse
from core.text import clean_line, name_key

_ON = frozenset({"true", "yes", "on", "1"})
_OFF = frozenset({"false", "no", "off", "0"})
_SHOWN = 80  # characters of a bad entry that an error repeats


class BadValueError(Exception):
    """A value that a setting cannot have; the text says what it can have."""


def text(value: object, allowed: str) -> str:
    """A text as the user typed it; YAML makes a number of a library called 2024."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadValueError(allowed)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def line(value: object) -> str:
    """A text of one line, as Plex takes it."""
    allowed = "a text of one line"
    given = text(value, allowed)
    if "\n" in given:
        raise BadValueError(allowed)
    return clean_line(given, LINE_LIMIT)


def tag_rules(value: object) -> str:
    """Rules of `core.tag_rules`, written as it writes them."""
    given = text(value, FORM)
    try:
        return str(parse(given))
    except RuleError as error:
        raise BadValueError(f"{FORM}; {error}") from None


def switch(value: object) -> bool:
    word = str(value).strip().lower() if isinstance(value, (str, int, float)) else ""
    if word in _ON or value == 1:
        return True
    if word in _OFF or value == 0:
        return False
    raise BadValueError("on or off (true or false)")


def trust(value: object) -> bool | str:
    """Whether certificates are checked, or the file of the authorities that count."""
    try:
        return switch(value)
    except BadValueError:
        allowed = "true, false, or the absolute path of a file of certificates (PEM)"
        path = text(value, allowed)
        if _is_absolute(path):
            return path
        raise BadValueError(allowed) from None


@dataclass(frozen=True, slots=True)
class Number:
    """A number within limits; `allowed` says so, and what else there is."""

    low: float
    high: float
    allowed: str = "a number from {0.low:g} to {0.high:g}, or 0 or empty for the default"

    def __call__(self, value: object) -> float:
        try:
            is_none = isinstance(value, bool) or not isinstance(value, (str, int, float))
            read = math.nan if is_none else float(str(value))
        except ValueError:
            read = math.nan
        if not self.low <= read <= self.high:
            raise BadValueError(self.allowed.format(self))
        return read


@dataclass(frozen=True, slots=True)
class WholeNumber(Number):
    """A whole number within limits."""

    allowed: str = "a whole number from {0.low} to {0.high}; 0 or empty for the default"

    def __call__(self, value: object) -> int:
        read = Number.__call__(self, value)
        if read != math.floor(read):
            raise BadValueError(self.allowed.format(self))
        return int(read)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words, in any case."""

    choices: tuple[str, ...]

    def __call__(self, value: object) -> str:
        allowed = "one of " + ", ".join(self.choices)
        word = text(value, allowed).lower()
        if word not in self.choices:
            raise BadValueError(allowed)
        return word


@dataclass(frozen=True, slots=True)
class SomeOf:
    """Some of these words, in any case and with commas between them."""

    choices: tuple[str, ...]

    def __call__(self, value: object) -> tuple[str, ...]:
        words = {word.lower() for word in names(value)}
        if not words <= set(self.choices):
            raise BadValueError("some of " + ", ".join(self.choices))
        return tuple(word for word in self.choices if word in words)


# Here 0 means 0.
hours = Number(0, 168, "a number from {0.low:g} to {0.high:g} (hours), or empty for the default")


def names(value: object) -> tuple[str, ...]:
    """Names between commas, or a list of them, also as JSON; each once, in the order given."""
    allowed = "names, with commas between them"
    listed = _listed(value, allowed)
    if listed is None:
        listed = [name for name, _ in quoted_lists.parts(text(value, allowed), ",")]
    found: dict[str, str] = {}
    for name in filter(None, listed):
        found.setdefault(name_key(name), name)
    return tuple(found.values())


def _listed(value: object, allowed: str) -> list[str] | None:
    """The texts of a list, or of one in JSON: read as names with commas it would name nothing."""
    if isinstance(value, str) and value.strip().startswith("["):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    return [text(each, allowed) for each in value] if isinstance(value, list) else None


def url(value: object) -> str:
    allowed = (
        "the address of Plex and nothing else: http:// or https://, a host, if need be a port, and"
        " the path below which a proxy has Plex, like http://192.168.1.10:32400"
    )
    try:
        parts = urlsplit(text(value, allowed))
        port = parts.port
    except ValueError:
        raise BadValueError(allowed) from None
    path = parts.path.rstrip("/")
    extra = parts.query or parts.fragment or "@" in parts.netloc or not _PROXY_PATH.fullmatch(path)
    wrong_host = not is_host(parts.hostname) or re.search(r"[\s\\<>\"]", parts.netloc)
    if parts.scheme not in ("http", "https") or extra or wrong_host or port == 0:
        raise BadValueError(allowed)
    return f"{parts.scheme}://{parts.netloc}{path}"


# Below /web, and there alone, is Plex's own page, which people copy the address of.
_PROXY_PATH = re.compile(r"(?!/web(/|$))(/[A-Za-z0-9._~%-]+)*")


def addresses(value: object) -> tuple[str, ...]:
    """Addresses of any scheme between commas, each once, in the order given."""
    allowed = "addresses with commas between them, each with its scheme, like https://host/path"
    listed = _listed(value, allowed)
    if listed is None:
        listed = [one.strip() for one in text(value, allowed).split(",")]
    found = [one for one in listed if one]
    if not all(re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[!-~]+", one) for one in found):
        raise BadValueError(allowed)
    return tuple(dict.fromkeys(found))


def is_host(name: str | None) -> bool:
    """Whether a name could be one of a host: none of its parts is empty, too long or unseen. With
    colons it is an address of IPv6, which may name the network interface after a percent sign."""
    told = name or ""
    if not told.isprintable() or re.search(r"[\s/?#@\[\]\\]", told):
        return False
    try:
        return bool(ip_address(told.replace("%25", "%")) if ":" in told else told.encode("idna"))
    except (UnicodeError, ValueError):
        return False


def token(value: object) -> str:
    allowed = "a Plex token: letters, digits, '-' and '_', without blanks"
    given = text(value, allowed)
    if not re.fullmatch(r"[!-~]+", given):  # it is sent in an HTTP header
        raise BadValueError(allowed)
    return given


def path_map(value: object) -> tuple[tuple[str, str], ...]:
    """Pairs of path prefixes from `left=>right; left=>right`, without closing slashes.

    Raises:
        BadValueError: an entry is no pair of absolute paths, or a left side has two right ones.
    """
    allowed = "pairs of absolute paths, /left=>/right, with ';' between pairs"
    pairs: dict[str, str] = {}
    sides: list[str] = []
    for side, end in quoted_lists.parts(text(value, allowed), "=>|[;\n]"):
        sides.append(side)
        if end == "=>":
            continue
        if any(sides):
            if len(sides) != 2 or not all(map(_is_absolute, sides)):
                entry = "=>".join(map(quoted_lists.quoted, sides))
                raise BadValueError(f"{allowed}; this is none: {entry[:_SHOWN]!r}")
            left, right = map(_without_closing_slash, sides)
            if pairs.setdefault(left, right) != right:
                left = left[:_SHOWN]
                raise BadValueError(f"one pair for each path on the left; {left!r} has two")
        sides.clear()
    return tuple(pairs.items())


def path_map_text(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs of path prefixes as they would be typed."""
    quoted = quoted_lists.quoted
    return "; ".join(f"{quoted(left)}=>{quoted(right)}" for left, right in pairs)


def _is_absolute(path: str) -> bool:
    return re.match(r"/|\\\\|[A-Za-z]:[\\/]", path) is not None


def _without_closing_slash(path: str) -> str:
    root = re.match(r"[A-Za-z]:[\\/]|/", path)
    bare = path.rstrip("/\\")
    return root[0] if root and len(bare) < len(root[0]) else bare
