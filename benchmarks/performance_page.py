"""The parts of docs/performance.md that commands of their own measure, at its end."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

MILLION = "## A million scenes\n"
REAL_STASH = "## In a real Stash\n"
REAL_SYNC = "## A first sync from a real Stash\n"
_PARTS = (MILLION, REAL_STASH, REAL_SYNC)
_ANY = re.compile("|".join(re.escape(heading) for heading in _PARTS))


def kept(page: Path) -> str:
    """All of them, to be kept when the rest is written anew; empty where there is none."""
    found = parts(page)
    return "".join(f"\n{found[heading]}" for heading in _PARTS if heading in found)


def replace_part(page: Path, heading: str, told: str) -> None:
    """Write one of them anew; `told` begins with its heading."""
    found = parts(page) | {heading: f"{told.rstrip()}\n"}
    text = page.read_text("utf-8")
    start = _ANY.search(text)
    rest = text[: start.start()] if start else text
    ends = "".join(f"\n{found[each]}" for each in _PARTS if each in found)
    page.write_text(f"{rest.rstrip()}\n{ends}", "utf-8")


def parts(page: Path) -> dict[str, str]:
    """Each with its heading, by that."""
    text = page.read_text("utf-8") if page.is_file() else ""
    bounds = [*(each.start() for each in _ANY.finditer(text)), len(text)]
    pieces = (f"{text[start:end].rstrip()}\n" for start, end in pairwise(bounds))
    return {heading: piece for piece in pieces for heading in _PARTS if piece.startswith(heading)}
