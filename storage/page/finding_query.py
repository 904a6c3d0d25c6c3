"""What findings are listed by: their types, filters and orders. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.finding_types import GAPS

KEY_LENGTH = 40  # characters of a title by which lists are sorted
_COLUMNS = {
    "title": ("title_key",),
    "type": ("type", "title_key"),
    "studio": ("studio", "title_key"),
    "library": ("library", "title_key"),
    "updated": ("updated_at",),
}
# The orders of lists, by what asks for them: a column, with "-" before it for the descending order.
ORDERS: Mapping[str, str] = {
    f"{sign}{name}": ", ".join(f"{column}{down}" for column in (*columns, "scene_id"))
    for sign, down in (("", ""), ("-", " DESC"))
    for name, columns in _COLUMNS.items()
}


@dataclass(frozen=True, slots=True)
class FindingQuery:
    """What is to be listed, "" for all.

    Attributes:
        type: one type; "" for all that are gaps.
        text: a part of title, path or studio, in any case.
        sort: one of `ORDERS`.
    """

    type: str = ""
    studio: str = ""
    library: str = ""
    text: str = ""
    sort: str = "title"


def title_key(title: str) -> str:
    """What lists are sorted by."""
    return title[:KEY_LENGTH].casefold()


def terms_of(wanted: FindingQuery) -> tuple[list[str], list[object]]:
    """The conditions that a finding has to meet, each with its value."""
    is_gap = not wanted.type or wanted.type in GAPS
    terms: list[str] = ["gap = ?"]
    values: list[object] = [int(is_gap)]
    for column in ("type", "studio", "library"):
        value = getattr(wanted, column)
        if value:
            terms.append(f"{column} = ?")
            values.append(value)
    if wanted.text:
        terms.append("instr(search, ?)")
        values.append(wanted.text.casefold())
    return terms, values
