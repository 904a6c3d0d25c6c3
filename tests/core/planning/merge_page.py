"""The tables of docs/merge.md, as the tests read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.models import Value
from core.planning.three_way_merge import FirstSync, MergeRules

PAGE = Path(__file__).resolve().parents[3] / "docs" / "merge.md"
OFF, ON = MergeRules(FirstSync.MERGE), MergeRules(FirstSync.MERGE, preserve=True)

Row = Mapping[str, str]
Pattern = tuple[int, ...]

# What the letters stand for. Z is what a server may make of A.
LETTERS: Mapping[str, Mapping[str, Value]] = {
    "title": dict(zip("ABCDZ", ("One", "Two", "Three", "Four", "ONE!"), strict=True)),
    "summary": dict(zip("ABCDZ", ("One.\n\nTwo.", "B.", "C.", "D.", "One. Two."), strict=True)),
    "studio": dict(zip("ABCDZ", ("Tideline", "North", "South", "West", "tideline"), strict=True)),
    "date": dict(zip("ABCDZ", (f"202{n}-05-0{n + 1}" for n in range(5)), strict=True)),
    "rating": dict(zip("ABCDZ", (7.3, 4.0, 1.0, 9.9, 7.5), strict=True)),
}
TEXTS = ("summary", "studio", "date")


def tables() -> dict[str, list[Row]]:
    """The rows of the page's tables, by the heading that they stand under."""
    found: dict[str, list[Row]] = {}
    heading, header = "", None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if not line.startswith("|"):
            header = None
        elif header is None:
            header = [cell.strip("` ") for cell in line.strip("|").split("|")]
        elif not re.fullmatch(r"[|\- ]+", line) or "–" in line:
            cells = [cell.strip() for cell in line[1:-1].split("|")]
            plain = [name.replace("`", "") for name in header]
            found.setdefault(heading, []).append(dict(zip(plain, cells, strict=True)))
    return found


TABLES = tables()
THEN_AND_NOW = ("Stash then", "Plex then", "Stash now", "Plex now")
LEGENDS = ("How to read the tables",)
VALUES = (
    "Both were in step",
    "The value was yours",
    "Plex altered or refused what was sent",
    "A first sync kept what it found",
    "A rating that is not ours",
    "A field that you locked later",
    "Dates that Stash knows in part",
)
FIRST_VALUE, FIRST_LIST = "First sync", "First sync of a list"
STEM, REWRITTEN = "A scene without a title", "Somebody else keeps rewriting a field"
LISTS, LOCKED_LIST = "Later syncs of a list", "A list that you locked"


@dataclass(frozen=True)
class Cell:
    """A value of a table, and the words behind it."""

    value: str
    words: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Cell:
        value, *words = text.split(", ")
        return cls(value, frozenset(words))


def fields_of(row: Row) -> list[str]:
    names: list[str] = []
    for word in row["field"].split(", "):
        names += {"any": list(LETTERS), "text": list(TEXTS)}.get(word, [word])
    return names


def value_of(field: str, letter: str) -> Value:
    return None if letter == "–" else LETTERS[field].get(letter, letter)


def rules_of(column: str) -> tuple[MergeRules, bool]:
    """The settings that a column stands for, and whether it says that the user locked the field."""
    words = column.split(", ")
    first_sync = FirstSync(words[0]) if words[0] in ("merge", "mirror") else FirstSync.MERGE
    locked = "locked" in words
    return MergeRules(first_sync, preserve=locked or words[0] in ("on", "collections on")), locked
