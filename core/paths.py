"""Comparing file paths of two servers that mount the same disk in different places.

Paths compare after: slash direction, Unicode NFC (macOS hands out NFD), and case folding where
either side is Windows (design: "Matching").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from core.text import name_key

_KNOWN = 4096  # paths that are remembered: each scene's are asked for several times
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")


def is_windows(path: str) -> bool:
    """True for drive letters and UNC names; a backslash alone is a legal POSIX file name."""
    if path[1:2] == ":":
        return _DRIVE.match(path) is not None
    return path.startswith(("\\\\", "//"))


def canonical(path: str) -> str:
    """Forward slashes only, no doubled or trailing ones, NFC; case is left alone."""
    if path.isascii() and not ("\\" in path or "//" in path or path.endswith("/")):
        return path
    return _canonical(path)


@lru_cache(maxsize=_KNOWN)  # one comparison asks for each path several times
def _canonical(path: str) -> str:
    if is_windows(path):
        head = "//" if path[0] in "\\/" else ""
        path = head + path.replace("\\", "/").lstrip("/")
    else:
        head = ""
    body = path[len(head) :]
    while "//" in body:
        body = body.replace("//", "/")
    if len(body) > 1:
        body = body.rstrip("/")
    return unicodedata.normalize("NFC", head + body)


def base_name(path: str) -> str:
    """The last component of a canonical or raw path."""
    return canonical(path).rsplit("/", 1)[-1]


def stem(path: str) -> str:
    """The base name without its extension (a leading dot is no extension)."""
    name = base_name(path)
    head, dot, tail = name.rpartition(".")
    return head if dot and head and tail else name


def folder(path: str) -> str:
    """The canonical path without its last component."""
    return canonical(path).rpartition("/")[0]


@lru_cache(maxsize=_KNOWN)
def path_key(path: str) -> str:
    """A bucket for paths that may be equal: confirm with `same_path`."""
    return name_key(canonical(path))


@lru_cache(maxsize=_KNOWN)
def base_key(path: str) -> str:
    """A bucket for base names that may be equal: confirm with `same_name`."""
    return name_key(base_name(path))


def same_path(one: str, other: str) -> bool:
    """Whether two paths name one file, folding case only where either side is Windows."""
    if one == other:
        return True
    left, right = canonical(one), canonical(other)
    if left == right:
        return True
    return (is_windows(one) or is_windows(other)) and name_key(left) == name_key(right)


def common_suffix(one: str, other: str) -> int:
    """How many trailing components two paths share; the base name counts as one."""
    fold = is_windows(one) or is_windows(other)
    left, right = canonical(one).split("/"), canonical(other).split("/")
    count = 0
    for a, b in zip(reversed(left), reversed(right), strict=False):
        if not a or not (a == b or (fold and name_key(a) == name_key(b))):
            break
        count += 1
    return count


def same_name(one: str, other: str) -> bool:
    """Whether two paths have equal base names."""
    left, right = base_name(one), base_name(other)
    if left == right:
        return left != ""
    return (is_windows(one) or is_windows(other)) and name_key(left) == name_key(right)


def lies_below(path: str, root: str) -> bool:
    """Whether a path is `root` or lies in it (at a component boundary)."""
    whole, top = canonical(path), canonical(root)
    if whole == top or whole.startswith(_closed(top)):
        return True
    if not is_windows(_closed(path)):
        return False
    whole, top = name_key(whole), name_key(top)
    return whole == top or whole.startswith(_closed(top))


@dataclass(frozen=True, slots=True)
class _Prefix:
    """One pair of a path map, made ready for comparing."""

    depth: int
    target: str
    order: int


@dataclass(slots=True)
class _Prefixes:
    """Prefixes by their spelling."""

    _known: dict[str, list[_Prefix]] = field(default_factory=dict)
    _lengths: set[int] = field(default_factory=set)

    def add(self, spelled: str, prefix: _Prefix) -> None:
        self._known.setdefault(spelled, []).append(prefix)
        self._lengths.add(len(spelled))

    def of(self, path: str) -> list[_Prefix]:
        """Those of a path that ends with a slash, as they do themselves."""
        found: list[_Prefix] = []
        for length in self._lengths:
            if length <= len(path) and (some := self._known.get(path[:length])):
                found += some
        return found


class _Lookup:
    """Where paths lead by some pairs; what was asked for lately is remembered."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        # No path of Windows lies in a folder of another system, nor the other way round.
        self._exact, self._folded = _Prefixes(), _Prefixes()
        self._known: dict[str, tuple[str, ...]] = {}
        for order, (source, target) in enumerate(pairs):
            depth = len(canonical(source).rstrip("/").split("/"))
            prefix = _Prefix(depth, canonical(target), order)
            if is_windows(_closed(source)):
                self._folded.add(_closed(path_key(source)), prefix)
            else:
                self._exact.add(_closed(canonical(source)), prefix)

    def of(self, path: str) -> tuple[str, ...]:
        known = self._known.get(path)
        if known is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            known = self._known[path] = self._look(path)
        return known

    def _look(self, path: str) -> tuple[str, ...]:
        whole = canonical(path)
        closed = _closed(whole)
        fitting = self._folded.of(name_key(closed)) if is_windows(path) else self._exact.of(closed)
        if len(fitting) == 1:
            return (_swap(whole, fitting[0]),)
        if not fitting:
            return (path,)
        deepest = max(prefix.depth for prefix in fitting)
        found = sorted((p for p in fitting if p.depth == deepest), key=lambda p: p.order)
        return tuple([_swap(whole, prefix) for prefix in found])


@dataclass(frozen=True, slots=True)
class PathMap:
    """The user's `path_map`: (Stash prefix, Plex prefix) pairs; the longest prefix that fits wins.

    Several pairs may share a Stash prefix (one folder that Plex has split): all their results are
    tried. A path that no prefix fits stays as it is.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    _lookup: _Lookup = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lookup", _Lookup(self.pairs))

    def to_plex(self, path: str) -> tuple[str, ...]:
        """All paths that a Stash path may have in Plex."""
        return self._lookup.of(path) if self.pairs else (path,)


def _closed(path: str) -> str:
    return path if path.endswith("/") else path + "/"


def _swap(whole: str, prefix: _Prefix) -> str:
    # By components: equal prefixes may differ in length, one of them decomposed.
    rest = "/".join(whole.split("/", prefix.depth)[prefix.depth :])
    return f"{prefix.target.rstrip('/')}/{rest}" if rest else prefix.target


def lies_in_any(paths: Sequence[str], roots: Sequence[str]) -> bool:
    return any(lies_below(path, root) for path in paths for root in roots)


def differing_roots(one: str, other: str) -> tuple[str, str]:
    """What is left of two paths without the trailing components that they share."""
    shared = common_suffix(one, other)
    left, right = (canonical(path).split("/") for path in (one, other))
    return "/".join(left[: len(left) - shared]), "/".join(right[: len(right) - shared])


def spellings(name: str) -> tuple[str, ...]:
    """A file name in the Unicode forms in which a disk may hold it (macOS decomposes)."""
    forms = (name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))
    return tuple(dict.fromkeys(forms))
