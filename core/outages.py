"""Outages of a service, and what they amount to. Pure. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage, from the first failed request to the first that got through.

    Attributes:
        service: "plex" or "pictures".
        ended_at: None: it lasts.
        error: what the service, or its absence, said at first; for people.
    """

    service: str
    began_at: float
    ended_at: float | None
    error: str

    def end(self, now: float) -> float:
        """When it ended; of one that lasts, now."""
        return now if self.ended_at is None else self.ended_at


@dataclass(frozen=True, slots=True)
class OutageFigures:
    """What outages amount to in a time. Lengths are in seconds.

    Attributes:
        count: outages that began or lasted in that time.
        downtime: their length, as far as it lies in that time.
        mttr: mean time to recovery, of those that ended; None: none did.
        mtbf: mean time between failures: the time without an outage, by their number; None: there
            was none.
        availability: the share of the time without an outage, 0 to 1.
    """

    count: int
    downtime: float
    mttr: float | None
    mtbf: float | None
    availability: float


def as_of(outages: Iterable[Outage], now: float) -> list[Outage]:
    """Those that have begun. One that lasts has, also where its time lies ahead: the clock was set
    back since. It then begins now."""
    at_last = [
        replace(each, began_at=min(each.began_at, now)) if each.ended_at is None else each
        for each in outages
    ]
    return [each for each in at_last if each.began_at <= now]


def figures(outages: Iterable[Outage], since: float, now: float) -> OutageFigures:
    seconds = max(now - since, 0.0)
    parts = [
        (max(each.began_at, since), min(each.end(now), now))
        for each in outages
        if each.began_at <= now and (each.ended_at is None or each.ended_at >= since)
    ]
    whole = [
        each.ended_at - each.began_at
        for each in outages
        if each.ended_at is not None and since <= each.ended_at <= now
    ]
    downtime, reached = 0.0, since
    for start, end in sorted(parts):  # they overlap where the clock was set back
        downtime += max(end - max(start, reached), 0.0)
        reached = max(reached, end)
    return OutageFigures(
        len(parts),
        downtime,
        sum(whole) / len(whole) if whole else None,
        (seconds - downtime) / len(parts) if parts else None,
        1 - downtime / seconds if seconds else 1.0,
    )
