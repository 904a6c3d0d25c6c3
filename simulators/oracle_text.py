"""How text, names and dates compare in the oracle: its own reading of the contract's rules."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

# Zero-width space, word joiner, byte order mark, bidi embeddings/overrides and isolates go;
# joiners (U+200C, U+200D) and variation selectors stay, emoji are made of them.
_INVISIBLE = frozenset([0x200B, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def safe_text(text: str) -> str:
    """`text` as Plex may hold it: no control or invisible characters, NFC, no trailing blanks."""
    kept = "".join(char for char in text if char in "\n\t" or not _unwanted(char))
    return unicodedata.normalize("NFC", kept).rstrip()


def _unwanted(char: str) -> bool:
    return ord(char) in _INVISIBLE or unicodedata.category(char) == "Cc"


def name_key(name: str) -> str:
    """What two spellings of one tag, performer or studio have in common."""
    folded = unicodedata.normalize("NFC", safe_text(name).strip()).casefold()
    return unicodedata.normalize("NFC", folded)


def name_keys(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name_key(name) for name in names if name_key(name))


def padded_date(date: str) -> str:
    """A partial date (YYYY, YYYY-MM) as its first day; a full one as it is."""
    return {4: f"{date}-01-01", 7: f"{date}-01"}.get(len(date), date)


def date_agrees(stash: str, plex: str | None) -> bool:
    """Whether Plex's day lies inside Stash's (possibly partial) date."""
    return plex is not None and (plex == stash or plex.startswith(f"{stash}-"))
