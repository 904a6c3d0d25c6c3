"""Stash's timestamps: RFC 3339 text in any offset, with up to nine fractional digits; and ours."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d+))?"
    r"(?:([Zz])|([+-])([01]\d|2[0-3]):?([0-5]\d))?",
    re.ASCII,
)
# How Stash writes nearly all of them, and what every Python reads by itself. Years at either end of
# the calendar are left out: an offset may lead out of it.
_PLAIN = re.compile(
    r"[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
DAY = 86_400.0  # seconds
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST, _LAST = -62_135_596_800.0, 253_402_300_799.0  # epoch seconds of the years 1 and 9999


def parse_timestamp(value: object) -> float | None:
    """Epoch seconds, or None for what is no timestamp; without an offset it counts as UTC."""
    if isinstance(value, datetime):
        value = value.isoformat()
    if not isinstance(value, str):
        return None
    if _PLAIN.fullmatch(value):
        try:
            if value[-1] == "Z":  # Python 3.10 does not know it
                value = f"{value[:-1]}+00:00"
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            return None
    found = _TIMESTAMP.fullmatch(value.strip())
    if found is None:
        return None
    day, clock, fraction, _zulu, sign, hours, minutes = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=timezone.utc)
        if sign is not None:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            moment = moment + offset if sign == "-" else moment - offset
    except (ValueError, OverflowError):
        return None
    seconds = moment.timestamp()
    return seconds + float(f"0.{fraction}") if fraction else seconds


def rfc3339(at: float) -> str:
    """Epoch seconds as text in UTC, like 2026-01-11T07:07:53Z: the whole second that has passed.

    It is for people; what goes on being compared stays a number. Read again it is never later than
    it was, and a time outside of the calendar becomes its first or last second.
    """
    moment = _EPOCH + timedelta(seconds=math.floor(min(max(_FIRST, at), _LAST)))
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def in_words(seconds: float) -> str:
    """A length of time for people, in one unit: 45 s, 12 min, 5 h, 3 days."""
    if seconds < 59.5:
        return f"{max(seconds, 0):.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86_400:.0f} days"


def is_due(at: float, now: float, longest: float) -> bool:
    """Whether it is time for what was put off until `at`, by `longest` seconds at most: else the
    clock was set back meanwhile."""
    return now >= at or at > now + longest


def not_after(now: float, at: float | None) -> float | None:
    """A time that is noted as past, if any; of one that lies ahead, now: the clock was set back."""
    return None if at is None else min(at, now)
