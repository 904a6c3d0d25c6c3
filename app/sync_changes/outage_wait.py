"""Sync Changes stays while Plex is away, so that after an outage nobody has to click.

It asks with growing pauses whether the service is back, looks every few seconds whether another job
of Stash waits, and then queues itself behind it. `outage_wait` hours after it has begun to wait, be
it in an earlier task, it ends.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from app.sync_changes.handover import others_wait
from app.wiring import Context
from core.change_words import changes_wait, closed
from core.circuit_breaker import Breaker
from core.errors import StashError
from core.timestamps import in_words
from plex.exceptions import PlexServerDown
from storage.key_value import Key
from storage.state import State
from storage.state_tables.outages import NAMES
from sync_queue.inbox_reader import Inbox

log = logging.getLogger(__name__)

HOUR = 3600.0
LOOK = 3.0  # seconds between two looks at Stash's jobs
TELL = HOUR  # seconds between two lines in the log
WITHOUT_STASH = 120.0  # seconds without Stash, after which nobody is there to wait for
# By service: since when tasks wait for it, and when that was told last (epoch seconds).
WAITS: Key[Mapping[str, tuple[float, float]]] = Key(
    "outage_waits",
    {},
    {str: (float, float)},
    lambda told: {service: (since, at) for service, (since, at) in told.items()},
    dict,
)


class EndedByOutage(PlexServerDown):
    """A task ends while Plex is away."""

    says_what_waits = True


class WaitEnd(Enum):
    """Why a wait is over."""

    BACK = "the service may be back"
    NEWS = "there is something to do meanwhile"
    OTHERS = "another job of Stash waits"
    SETTINGS = "the settings have changed, which another task is to read"
    TOO_LONG = "it was waited for long enough, or there is nothing to wait for"


@dataclass(frozen=True, slots=True)
class Service:
    """What is waited for.

    Attributes:
        name: of `storage.state_tables.outages`.
        is_back: asks it.
        waiting: how many changes wait for it.
    """

    name: str
    is_back: Callable[[], bool]
    waiting: Callable[[], int]


class OutageWait:
    """The waiting of one task.

    Args:
        sleep: seconds.
    """

    def __init__(
        self,
        context: Context,
        sleep: Callable[[float], None],
    ) -> None:
        self._context = context
        self._sleep = sleep
        self._stash_lost_at: float | None = None

    @property
    def _longest(self) -> float:
        return self._context.settings.outage_wait * HOUR

    def breaker(self, service: str) -> Breaker:
        with self._context.open_state() as state:
            return state.outages.breaker(service, self._context.clock())

    def has_failed(self, service: str) -> bool:
        """Whether a service has failed when it was asked last."""
        return self.breaker(service).failures > 0

    def break_off(self, service: str) -> None:
        """A trial gave way: the next one is due after a pause, not when one that was killed is."""
        if self.has_failed(service):
            self._failed(service, self._context.clock())

    def wait(
        self, service: Service, why: str, is_news: Callable[[], bool] = lambda: False
    ) -> WaitEnd:
        """Until the service may be back, or the task is to do something else.

        Args:
            why: what the service failed with, for people.

        Raises:
            StashError: Stash has not answered for minutes.
        """
        if not self._longest:
            return WaitEnd.TOO_LONG
        breaker = self.breaker(service.name)
        since, told_at = self._begun(service, breaker, why)
        seen = 0.0
        while True:
            now = self._context.clock()
            if now < seen:  # the clock was set back
                breaker, since, told_at = self._failed(service.name, now), min(since, now), now
            seen = now
            if others_wait(self._context):
                return WaitEnd.OTHERS
            if is_news():
                return WaitEnd.NEWS
            if now - since >= self._longest:
                return WaitEnd.TOO_LONG
            if now >= breaker.retry_at:
                if self._has_new_settings(now):
                    return WaitEnd.SETTINGS
                if self._is_back(service, now):
                    return WaitEnd.BACK
                breaker = self._failed(service.name, now)  # a slow answer was a pause as well
                self._context.notify()
                continue
            if now - told_at >= TELL:
                told_at = self._tell(service, since)
            self._sleep(min(LOOK, max(breaker.retry_at - self._context.clock(), 0.1)))

    def _is_back(self, service: Service, now: float) -> bool:
        with self._context.open_state() as state:
            is_due = state.outages.try_again(service.name, now)
        return is_due and service.is_back()

    def _failed(self, service: str, now: float) -> Breaker:
        with self._context.open_state() as state:
            return state.outages.failed(service, now, random.random(), "")

    def _has_new_settings(self, now: float) -> bool:
        try:
            changed = self._context.has_new_settings()
        except StashError:
            if self._stash_lost_at is None:
                self._stash_lost_at = now
            if now - self._stash_lost_at >= WITHOUT_STASH:
                raise
            return False
        self._stash_lost_at = None
        return changed

    def _begun(self, service: Service, breaker: Breaker, why: str) -> tuple[float, float]:
        """Since when this outage is waited for, and when that was told."""
        now = self._context.clock()
        with self._context.open_state() as state:
            since, told_at = state.get_value(WAITS).get(service.name, (0.0, 0.0))
            began = now if breaker.since is None else breaker.since
            if began <= since <= now < since + self._longest:
                return since, min(told_at, now)
            _note(state, service.name, (now, now))
        log.warning(
            "%s %s for %s, and so does Sync Changes, %s at most; other tasks of Stash go first.",
            closed(why),
            changes_wait(service.waiting()),
            NAMES[service.name],
            in_words(self._longest),
        )
        return now, now

    def _tell(self, service: Service, since: float) -> float:
        now = self._context.clock()
        waiting = changes_wait(service.waiting())
        log.info("%s: away for %s; %s", NAMES[service.name], in_words(now - since), waiting)
        with self._context.open_state() as state:
            _note(state, service.name, (since, now))
        return now


def count_waiting(context: Context, inbox: Inbox) -> int:
    """How many changes wait: jobs in the queue, and what hooks have noted."""
    with context.open_queue() as queue:
        waiting = queue.count_waiting()
    return waiting + inbox.count()


def _note(state: State, service: str, times: tuple[float, float]) -> None:
    state.change_value(WAITS, lambda known: {**known, service: times})
