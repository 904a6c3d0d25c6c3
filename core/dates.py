"""Dates as Stash has them (also partial: a year, or a year and month) against Plex's full dates."""

from __future__ import annotations

import re
from datetime import date

# Only a full date can have a time after it: "2020 Vision" is no date.
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ]\d.*)?)?)?", re.ASCII)


def parse_date(text: str | None) -> str | None:
    """Normalise to YYYY, YYYY-MM or YYYY-MM-DD; None for nothing and for what is no date."""
    found = _DATE.fullmatch((text or "").strip())
    if found is None:
        return None
    year, month, day = found.groups()
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return "-".join([year] + [f"{int(part):02d}" for part in (month, day) if part is not None])


def padded(partial: str) -> str:
    """The first day that a partial date covers: Plex only takes full dates."""
    return partial + "-01" * (2 - partial.count("-"))


def agrees(partial: str, full: str) -> bool:
    """Whether a Plex date lies inside a (possibly partial) Stash date."""
    return full == partial or full.startswith(partial + "-")
