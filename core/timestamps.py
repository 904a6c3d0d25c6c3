"""Stash's timestamps: RFC 3339 text in any offset, with up to nine fractional digits."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d+))?"
    r"(?:([Zz])|([+-])([01]\d|2[0-3]):?([0-5]\d))?",
    re.ASCII,
)
# How Stash writes nearly all of them, and what every Python reads by itself. Years at either end of
# the calendar are left out: an offset may lead out of it.
_PLAIN = re.compile(r"[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d[+-](?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)


def parse_timestamp(value: object) -> float | None:
    """Epoch seconds, or None for what is no timestamp; without an offset it counts as UTC."""
    if not isinstance(value, str):
        return None
    if _PLAIN.fullmatch(value):
        try:
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
