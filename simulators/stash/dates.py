"""Dates as Stash reads them from its clients (pkg/models/date.go, pkg/utils/date.go)."""

from __future__ import annotations

import re
from datetime import datetime

from simulators.stash.library import StashError
from simulators.stash.times import parse_time

FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S")
PARTIAL_FORMS = (("%Y-%m", 7), ("%Y", 4))
SHAPE = re.compile(r"\d{4}(-\d{2}(-\d{2}.*)?)?", re.DOTALL)  # strptime would take 2024-5-1


def parse_date(text: str, partial: bool) -> str:
    """What is stored of a date: a full one may come with a time, which is dropped.

    Args:
        partial: YYYY and YYYY-MM are allowed (v0.30).

    Raises:
        StashError: it is none.
    """
    if SHAPE.fullmatch(text):
        for form in FORMS:
            if _fits(text, form):
                return text[:10]
        if partial and any(_fits(text, form) for form, size in PARTIAL_FORMS if len(text) == size):
            return text
        if _is_moment(text):
            return text[:10]
    raise StashError(
        f'converting date: failed to parse date "{text}": [ParseDateStringAsTime failed: '
        f"dateString <{text}>]"
    )


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only its shape counts
    except ValueError:
        return False
    return True


def _is_moment(text: str) -> bool:
    try:
        parse_time(text)
    except ValueError:
        return False
    return "T" in text
