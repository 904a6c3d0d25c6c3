"""Notes whether Plex answers those who write to it, and spares it after an outage.

An outage is over with the first scene that is proven to show in Plex, or a run that comes to its
end: a server may well answer questions and fail at all that matters. Until then whatever fails is
part of the same outage.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from types import TracebackType

from core.circuit_breaker import LONGEST_PAUSE, LONGEST_STALL
from core.errors import GuardStopped
from core.timestamps import in_words
from plex.exceptions import PlexError, PlexServerDown
from storage.state_tables.outages import PLEX, OutageStore

log = logging.getLogger(__name__)


class PlexWatch:
    """A context manager around work that needs Plex.

    Args:
        clock: epoch seconds.
    """

    def __init__(
        self,
        store: OutageStore,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._clock = clock
        self._breaker = store.breaker(PLEX, clock())
        self._is_trial = self._breaker.failures > 0
        self._last = clock()

    def proven(self) -> None:
        """Plex has done what it was asked for: an outage is over."""
        self._is_trial = False
        since = self._breaker.since
        if since is not None:
            now = self._clock()
            self._breaker = self._store.succeeded(PLEX, now)
            log.info("Plex answers again, after %s", in_words(now - since))

    def failed(self, error: PlexServerDown) -> None:
        """Plex has not answered, or fails at the work for which it said that it is back."""
        longest = LONGEST_STALL if self._is_trial else LONGEST_PAUSE
        now, jitter = self._clock(), random.random()
        self._breaker = self._store.failed(PLEX, now, jitter, str(error), longest)

    def spares(self) -> bool:
        """Whether Plex has failed lately, and is to get one request after the other."""
        if self._breaker.recovered_at is None:  # nearly always, and asked several times a scene
            return self._breaker.failures > 0
        return self._breaker.failures > 0 or self._breaker.rest(self._clock(), 1.0) > 0

    def rest(self, sleep: Callable[[float], None]) -> None:
        """Something was written: go on at once, or after a while where Plex is just back."""
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
            self.proven()
