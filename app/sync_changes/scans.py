"""Sync Changes waits for the scans of Plex that jobs wait for, while it keeps nobody waiting."""

from __future__ import annotations

import logging
from collections.abc import Callable

from app.sync_changes.outage_wait import WaitEnd
from app.sync_changes.probes import BRIEF, count_without_pictures
from app.wiring import Context, Timeouts
from core.models import Failure
from core.timestamps import is_due
from plex.exceptions import PlexError, PlexServerDown
from plex.scanning import PlexScans

log = logging.getLogger(__name__)

# A scan of a folder takes seconds. One of a whole library is left to the next change or task.
LONGEST = 300.0  # seconds in one task
TICK = 1.0  # seconds between two looks at the inbox
# Seconds until Plex is looked at: first, since a scan takes a moment to begin, and in the long run.
FIRST_LOOK, SELDOM = 2.0, 10.0


class ScanWait:
    """The waiting of one task.

    Args:
        others_wait: whether another job of Stash waits for ours to end.
    """

    def __init__(
        self, context: Context, sleep: Callable[[float], None], others_wait: Callable[[], bool]
    ) -> None:
        self._context = context
        self._sleep = sleep
        self._others_wait = others_wait
        self._left = LONGEST

    def has_jobs(self) -> bool:
        """Whether jobs wait for a scan."""
        return count_awaiting(self._context) > 0

    def wait(self, has_changes: Callable[[], bool]) -> WaitEnd:
        """Until a scan that jobs wait for has ended, and its jobs are due.

        Args:
            has_changes: whether changes were noted that ought to be dealt with first.
        """
        if not self.has_jobs():
            return WaitEnd.TOO_LONG
        pace = FIRST_LOOK
        next_look = self._context.clock() + pace
        while self._left > 0:
            self._sleep(TICK)
            self._left -= TICK
            if has_changes():
                return WaitEnd.NEWS
            if not is_due(next_look, self._context.clock(), SELDOM):
                continue
            if self._others_wait():
                return WaitEnd.OTHERS
            try:
                if wake_scanned(self._context, BRIEF):
                    return WaitEnd.NEWS
            except PlexServerDown as error:  # it has other things to do just now
                log.debug("Plex could not be asked for its scans: %s", error)
            except PlexError as error:
                log.warning("%s", error)
                return WaitEnd.TOO_LONG
            pace = min(pace * 1.5, SELDOM)
            next_look = self._context.clock() + pace
        log.info("Plex still scans; scenes that it may find are looked at with the next change")
        return WaitEnd.TOO_LONG


def count_awaiting(context: Context) -> int:
    """How many jobs wait for scans."""
    with context.open_queue() as queue:
        return queue.count_waiting(Failure.AWAITS_SCAN)


def wake_scanned(context: Context, timeouts: Timeouts | None = None) -> int:
    """Make the jobs due that wait for scans, if one of those has ended; how many.

    Raises:
        PlexError: as the client.
    """
    with context.open_state() as state:
        awaited = state.scans.awaited(context.clock())
    with context.open_plex(timeouts) as plex:
        running = PlexScans(plex).running()
    if awaited and awaited.keys() <= running.keys():
        return 0
    with context.open_queue() as queue:
        return queue.wake(Failure.AWAITS_SCAN)


def before_drain(context: Context) -> None:
    """Another task drains: it takes along what a scan has brought.

    Raises:
        PlexError: as the client.
    """
    if count_awaiting(context):
        wake_scanned(context)


def leave_waiting(context: Context) -> None:
    """Another task has drained: have Sync Changes asked for, to wait for scans and pictures."""
    if count_awaiting(context) or count_without_pictures(context):
        context.request_follow_up()
