"""Notes whether Plex answers those who write to it, and spares it after an outage."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from types import TracebackType

from core.errors import GuardStopped
from core.timestamps import in_words
from plex.exceptions import PlexError, PlexServerDown
from storage.outages import PLEX, OutageStore

log = logging.getLogger(__name__)


class PlexWatch:
    """A context manager around work that needs Plex.

    Args:
        clock: epoch seconds.
        jitter: random numbers in [0, 1).
    """

    def __init__(
        self,
        store: OutageStore,
        clock: Callable[[], float],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._clock = clock
        self._jitter = jitter
        self._breaker = store.breaker(PLEX, clock())
        self._last = clock()

    def answers(self) -> None:
        """Plex has answered: an outage is over."""
        since = self._breaker.since
        if since is not None:
            now = self._clock()
            self._breaker = self._store.succeeded(PLEX, now)
            log.info("Plex answers again, after %s", in_words(now - since))

    def failed(self, error: PlexServerDown) -> None:
        """Plex has not answered."""
        self._breaker = self._store.failed(PLEX, self._clock(), self._jitter(), str(error))

    def rest(self, sleep: Callable[[float], None]) -> None:
        """Something was written: go on at once, or after a while where Plex is just back."""
        self.answers()
        now = self._clock()
        seconds = self._breaker.rest(now, now - self._last)
        if seconds > 0:
            sleep(seconds)
        self._last = self._clock()

    def __enter__(self) -> PlexWatch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, PlexServerDown):
            self.failed(error)
        elif error is None or isinstance(error, (PlexError, GuardStopped)):
            self.answers()
