"""How text, names and dates compare in the oracle: its own reading of the contract's rules."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Control characters but newline and tab; zero-width space, word joiner, byte order mark, bidi
# embeddings, overrides and isolates. Joiners (U+200C, U+200D) and variation selectors stay:
# emoji are made of them.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")


def safe_text(text: str) -> str:
    """`text` as Plex may hold it: no control or invisible characters, NFC, no trailing blanks."""
    return unicodedata.normalize("NFC", _UNWANTED.sub("", text)).rstrip()


@lru_cache(maxsize=100_000)
def name_key(name: str) -> str:
    """What two spellings of one tag, performer or studio have in common."""
    return unicodedata.normalize("NFC", lower(safe_text(name).strip()))


def lower(text: str) -> str:
    """`text` without regard to case, as servers compare: one letter for each letter."""
    return "".join(map(_lower_letter, text))


@lru_cache(maxsize=10_000)
def _lower_letter(letter: str) -> str:
    for small in (letter.casefold(), letter.lower()):
        if len(small) == 1:
            return small
    return letter


def name_keys(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(name_key, names)) - {""}


def padded_date(date: str) -> str:
    """A partial date (YYYY, YYYY-MM) as its first day; a full one as it is."""
    return {4: f"{date}-01-01", 7: f"{date}-01"}.get(len(date), date)


def date_agrees(stash: str, plex: str | None) -> bool:
    """Whether Plex's day lies inside Stash's (possibly partial) date."""
    return plex is not None and (plex == stash or plex.startswith(f"{stash}-"))
