"""The simulated Stash's clock and the text form in which Stash stores and compares times.

Stash keeps RFC 3339 text of whole seconds in the server's local offset at the time of writing;
job times have up to nine fractional digits. Both switches (`now`, `offset`) can be changed while
the server runs, to make a library whose rows were written under several offsets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

FRACTION = re.compile(r"\.(\d+)")


@lru_cache(maxsize=200_000)
def parse_time(text: str) -> datetime:
    """Parses RFC 3339 text ("Z" included).

    Raises:
        ValueError: it is no such text, or has no offset.
    """
    # Python 3.10 reads fractions of three or six digits only, and no "Z".
    padded = FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), text)
    moment = datetime.fromisoformat(padded.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"no offset in {text!r}")
    return moment


def unix(text: str) -> int:
    return int(parse_time(text).timestamp())


def parse_offset(text: str) -> timezone:
    """ "Z", "+11:00", "-03:30" -> a fixed zone."""
    if text == "Z":
        return timezone.utc
    sign = -1 if text[0] == "-" else 1
    hours, minutes = text[1:].split(":")
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))


class Clock:
    """Tells the time in the offset of the switches.

    Args:
        switches: `offset` ("Z" or "+hh:mm"), and `now`: None for the real time, or RFC 3339 text
            at which the time stands still.
    """

    def __init__(self, switches: Mapping[str, Any]) -> None:
        self._switches = switches

    def now(self) -> datetime:
        zone = parse_offset(self._switches["offset"])
        fixed = self._switches["now"]
        return parse_time(fixed).astimezone(zone) if fixed else datetime.now(zone)

    def text(self) -> str:
        """What Stash writes into created_at and updated_at."""
        return _go_text(self.now().replace(microsecond=0))

    def fine_text(self) -> str:
        """What the job list shows."""
        return _go_text(self.now())

    def utc_text(self) -> str:
        """What the play and o histories store."""
        return _go_text(self.now().astimezone(timezone.utc).replace(microsecond=0))


def _go_text(moment: datetime) -> str:
    text = moment.isoformat()
    head, zone = text[:-6], text[-6:]
    if "." in head:
        head = head.rstrip("0")
    return head + ("Z" if zone == "+00:00" else zone)
