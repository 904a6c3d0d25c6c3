"""When the next automatic reconcile is due: what is remembered, what is wanted, and now. Pure.

The rules, in one place:

- The next run is due one interval after the last one ended that saw at least as much: an automatic
  one, or one that the user started.
- Before the first run there is time to look around: it is due an interval, at most a day, after the
  plugin has begun to work, or at once where it has synced scenes before it kept this history.
- A run counts as one that failed until it says otherwise, so one that was killed does too. It is
  tried again after a quarter of the interval, at most an hour; then twice as long each time, up to
  the interval or a day. One that a guard stopped waits that longest time, or until it is confirmed.
- What was noted in the future, before somebody put the clock back, counts as noted now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from core.scopes import SCOPES, scope_named
from core.timestamps import DAY, not_after

HOUR = 3600.0
WEEK = 7 * DAY
INTERVALS: Mapping[str, float] = MappingProxyType({"hourly": HOUR, "daily": DAY, "weekly": WEEK})
_MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True)
class WantedSchedule:
    """What the user wants.

    Attributes:
        interval: seconds between two runs; None: no run.
        scope: the name of one of `core.scopes`.
    """

    interval: float | None
    scope: str

    @property
    def longest_pause(self) -> float:
        """The most seconds that anything is put off for."""
        return min(self.interval or DAY, DAY)


@dataclass(frozen=True, slots=True)
class History:
    """What is remembered. Times are epoch seconds.

    Attributes:
        since: when the plugin began to work here.
        ended: by scope, when the last run ended that saw all of it.
        tries: automatic runs that have begun since then.
        tried_at: when the last of them began, or ended without having seen all.
        is_stopped: a guard has stopped it.
        gave_way_at: when a run has first let other jobs of Stash go before it, be it in its midst;
            since then none has come to its end.
    """

    since: float | None = None
    ended: Mapping[str, float] = field(default_factory=dict)
    tries: int = 0
    tried_at: float | None = None
    is_stopped: bool = False
    gave_way_at: float | None = None


def due_at(history: History, wanted: WantedSchedule) -> float | None:
    """When the next run is due; it is at any time from then on. None: there is none.

    Args:
        history: as `seen` leaves it.
    """
    if wanted.interval is None:
        return None
    last = history.ended.get(wanted.scope)
    if last is not None:
        due = last + wanted.interval
    elif history.since is not None:
        due = history.since + wanted.longest_pause
    else:
        return None
    if history.tried_at is None:
        return due
    return max(due, history.tried_at + _pause(history, wanted, wanted.interval))


def _pause(history: History, wanted: WantedSchedule, interval: float) -> float:
    if history.is_stopped:
        return wanted.longest_pause
    first = min(HOUR, interval / 4)
    return min(wanted.longest_pause, first * 2.0 ** min(max(history.tries - 1, 0), _MOST_DOUBLINGS))


def seen(history: History, now: float) -> History:
    """The history as it counts now: nothing in it is still to come."""
    return replace(
        history,
        since=not_after(now, history.since),
        ended={scope: min(at, now) for scope, at in history.ended.items()},
        tried_at=not_after(now, history.tried_at),
        gave_way_at=not_after(now, history.gave_way_at),
    )


def begun(history: History, now: float, *, is_new: bool) -> History:
    """The plugin works. `is_new`: it has synced nothing so far."""
    if history.since is not None:
        return history
    return replace(history, since=now if is_new else now - WEEK)


def claimed(history: History, wanted: WantedSchedule, now: float) -> History | None:
    """A run begins; None where none is due."""
    due = due_at(history, wanted)
    if due is None or now < due:
        return None
    return replace(history, tries=history.tries + 1, tried_at=now, is_stopped=False)


def failed(history: History, now: float, *, is_stopped: bool) -> History:
    """The claimed run has ended and not seen everything; `is_stopped`: a guard has stopped it."""
    return replace(history, tried_at=now, is_stopped=is_stopped, gave_way_at=None)


def succeeded(history: History, wanted: WantedSchedule, scope: str, now: float) -> History:
    """A run over `scope`, whoever started it, has ended and seen all of it."""
    covered = [each.name for each in SCOPES if covers(scope, each.name)]
    after = replace(history, ended={**history.ended, **dict.fromkeys(covered, now)})
    return confirmed(after) if wanted.scope in covered else after


def covers(scope: str, other: str) -> bool:
    """Whether a run over one scope sees all that a run over the other does."""
    return scope_named(scope).covers(scope_named(other))


def confirmed(history: History) -> History:
    """Nothing keeps a run that is due from starting."""
    return replace(history, tries=0, tried_at=None, is_stopped=False, gave_way_at=None)


def given_way(history: History, now: float) -> History:
    """A run lets others go before it."""
    return history if history.gave_way_at is not None else replace(history, gave_way_at=now)


def may_give_way(history: History, wanted: WantedSchedule, now: float) -> bool:
    """Whether it still lets others go before it: not for ever, or it would never run."""
    since = history.gave_way_at
    return since is None or now - since < wanted.longest_pause


def is_full_pass_due(last: float | None, now: float, days: int) -> bool:
    """Whether a full pass is due.

    Args:
        last: when the last one began (epoch seconds); None: there was none.
        days: the most days between two of them.
    """
    return last is None or now < last or now - last >= days * DAY
