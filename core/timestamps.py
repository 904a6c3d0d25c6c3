"""Stash's timestamps: RFC 3339 text in any offset, with up to nine fractional digits."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_TIMESTAMP = re.compile(
    r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|z|[+-]\d{2}:?\d{2})?$"
)


def parse_timestamp(text: object) -> float | None:
    """Epoch seconds, or None for what is no timestamp; without an offset it counts as UTC."""
    found = _TIMESTAMP.match(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=_zone(zone))
    except ValueError:
        return None
    return moment.timestamp() + float(fraction or 0)


def _zone(text: str | None) -> timezone:
    if text is None or text in "Zz":
        return timezone.utc
    hours, minutes = int(text[1:3]), int(text[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
