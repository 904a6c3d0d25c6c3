"""How long a task waits for an answer of Plex or Stash, beyond the limits of one exchange.

One that does not come within seconds is given up where the process is to end, the user has stopped
the task, or other jobs of Stash wait. That says nothing of the server, and nobody is blamed for it.
A task that somebody has started by hand waits for some more seconds, and then says so.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

from app import stopping
from core.errors import GaveWay, RunStopped
from core.reconcile_due import HOUR
from plex.exceptions import PlexServerDown
from shell import signals
from storage.key_value import Key
from storage.state import State
from transport.patience import STEP, Asking

log = logging.getLogger(__name__)

SLOW = 3.0  # seconds of an answer, after which it is asked whether to go on waiting
LOOK = 1.0  # seconds between two looks at what else there is to do
BY_BUTTON = 12.0  # seconds beyond the slow ones that a user waits for answers which do not come
BRIEFLY = 3.0  # and for those of what is beside his task
GRACE = 2.0  # seconds for what is under way, once the user has stopped the task
ENDING = "the process is to end"
# Seconds that a task by hand has waited for Plex in vain, and when, epoch seconds.
WAITED_IN_VAIN: Key[tuple[float, float]] = Key("waited_in_vain", (0.0, 0.0), (float, float), tuple)


class TaskPatience(Asking):
    """That of one task.

    Args:
        is_stopped: whether the user wants the task to end.
        others_wait: whether another job of Stash waits for ours to end.
        is_too_long: whether answers are lacking for too many seconds, so that the server counts as
            down.
    """

    def __init__(
        self,
        is_stopped: Callable[[], bool] = lambda: False,
        others_wait: Callable[[], bool] = lambda: False,
        is_too_long: Callable[[float], bool] = lambda _seconds: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_stopped = is_stopped
        self._others_wait = others_wait
        self._is_too_long = is_too_long
        self._clock = clock
        self._lock = threading.Lock()
        self._lacking = 0.0
        self._seen_at = self._look_at = -math.inf
        self._stopped_at = math.inf
        self._gives_way = False

    def wait(self, seconds: float) -> None:
        """An answer is waited for, so long by now.

        Raises:
            RunStopped, GaveWay: it is not waited for any longer.
            PlexServerDown: too many answers did not come.
        """
        if signals.have_come():
            raise RunStopped(ENDING)
        with self._lock:
            self._heed_stop()
            if seconds >= SLOW:
                self._look()

    def _heed_stop(self) -> None:
        """Of answers that each come in time, many may be left when the task is stopped."""
        if self._is_stopped():
            now = self._clock()
            self._stopped_at = min(self._stopped_at, now)
            if now >= self._stopped_at + GRACE:
                stopping.go_on(self._is_stopped)

    def _look(self) -> None:
        now = self._clock()
        self._lacking += min(now - self._seen_at, 2 * STEP)
        self._seen_at = now
        if self._is_too_long(self._lacking):
            why = f"Plex did not answer for {SLOW + self._lacking:.0f} s; try again later"
            # Whether it answers otherwise is found out by who asks for one thing of many.
            raise PlexServerDown(why, may_be_one=True, is_costly=True)
        if not self._gives_way and now >= self._look_at:
            stopping.go_on(self._is_stopped)
            self._gives_way = self._others_wait()
            self._look_at = self._clock() + LOOK
        if self._gives_way:
            why = "other tasks of Stash wait, and an answer does not come"
            raise GaveWay(why, self._lacking)

    def of_another(self) -> TaskPatience:
        """That with Stash, which is waited for as long as its own limits say."""
        return TaskPatience(self._is_stopped, self._others_wait, clock=self._clock)

    def answered(self, seconds: float) -> None:
        """A whole answer came after so long: a server that is slow is there."""
        if seconds >= SLOW:
            self._lacking = 0.0


class Growing:
    """How long a task that somebody has started by hand, and that nobody carries on, waits for
    answers: twice as long as the last one within an hour that waited in vain, so that a server
    which always takes long is reached in the end.

    Args:
        longest: seconds that any answer may take.
    """

    def __init__(
        self, data_dir: Path, longest: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._data_dir = data_dir
        self._longest = longest
        self._clock = clock
        self._most = BY_BUTTON
        self._is_noted = False

    def __call__(self, seconds: float) -> bool:
        """Whether answers are lacking for too many seconds."""
        if seconds > self._most and not self._is_noted:
            now = self._clock()
            with State(self._data_dir, log.warning, clock=self._clock) as state:
                waited, at = state.get_value(WAITED_IN_VAIN)
                if 0 <= now - at < HOUR:
                    self._most = max(self._most, min(2 * waited, self._longest))
                if seconds > self._most:
                    state.set_value(WAITED_IN_VAIN, (self._most, now))
                    self._is_noted = True
        return seconds > self._most
