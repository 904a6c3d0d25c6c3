"""How names and values are written into an address, to the byte.

HTTP libraries differ in what they escape (blanks as "+", brackets, the operators inside parameter
names), and Plex reads some of it twice, so nothing is left to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import quote

SHORT = 40  # characters
Params = Sequence[tuple[str, str]]


def encode(text: str) -> str:
    """Percent-encodes everything but letters, digits and `_.-~`, as UTF-8."""
    return _again(text) if len(text) <= SHORT else quote(text, safe="", errors="replace")


@lru_cache(maxsize=4096)
def _again(text: str) -> str:
    """Parameters and names, which come again and again."""
    return quote(text, safe="", errors="replace")


def encode_query(params: Params) -> str:
    """The query of an address, without its question mark, in the order given."""
    return "&".join([f"{encode(name)}={encode(value)}" for name, value in params])


def window(start: int, size: int) -> list[tuple[str, str]]:
    """The parameters of a part of a list. Some endpoints honour only these, some proxies only the
    same as headers."""
    return [("X-Plex-Container-Start", str(start)), ("X-Plex-Container-Size", str(size))]


def key_batches(keys: Iterable[str], most: int, room: int) -> Iterator[list[str]]:
    """At most `most` keys at a time, whose list takes at most `room` bytes in an address."""
    batch: list[str] = []
    for key in dict.fromkeys(keys):
        full = len(batch) == most or len(encode(",".join([*batch, key]))) > room
        if batch and full:
            yield batch
            batch = []
        batch.append(key)
    if batch:
        yield batch
