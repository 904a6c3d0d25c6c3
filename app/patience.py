"""How long a task waits for an answer of Plex or Stash, beyond the limits of one exchange.

One that does not come within seconds is given up where the process is to end, the user has stopped
the task, or other jobs of Stash wait. That says nothing of the server, and nobody is blamed for it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from app import stopping
from core.errors import GaveWay, RunStopped
from plex.exceptions import PlexServerDown
from shell import signals
from transport.patience import STEP, Asking

SLOW = 3.0  # seconds of an answer, after which it is asked whether to go on waiting
LOOK = 1.0  # seconds between two looks at what else there is to do
BY_BUTTON = 12.0  # seconds beyond the slow ones that a user waits for answers which do not come
BRIEFLY = 3.0  # and for those of what is beside his task
ENDING = "the process is to end"


class TaskPatience(Asking):
    """That of one task.

    Args:
        is_stopped: whether the user wants the task to end.
        others_wait: whether another job of Stash waits for ours to end.
        most: seconds that answers may be lacking for, after which the server counts as down.
    """

    def __init__(
        self,
        is_stopped: Callable[[], bool] = lambda: False,
        others_wait: Callable[[], bool] = lambda: False,
        most: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_stopped = is_stopped
        self._others_wait = others_wait
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._lacking = 0.0
        self._seen_at = self._look_at = -math.inf
        self._gives_way = False

    def wait(self, seconds: float) -> None:
        """An answer is waited for, so long by now.

        Raises:
            RunStopped, GaveWay: it is not waited for any longer.
            PlexServerDown: too many answers did not come.
        """
        if signals.have_come():
            raise RunStopped(ENDING)
        if seconds >= SLOW:
            with self._lock:
                self._look()

    def _look(self) -> None:
        now = self._clock()
        self._lacking += min(now - self._seen_at, 2 * STEP)
        self._seen_at = now
        if self._lacking > self._most:
            why = f"Plex did not answer for {SLOW + self._most:g} s; try again later"
            # Whether it answers otherwise is found out by who asks for one thing of many.
            raise PlexServerDown(why, may_be_one=True, is_costly=True)
        if not self._gives_way and now >= self._look_at:
            stopping.go_on(self._is_stopped)
            self._gives_way = self._others_wait()
            self._look_at = self._clock() + LOOK
        if self._gives_way:
            raise GaveWay("other tasks of Stash wait, and an answer does not come")

    def of_another(self) -> TaskPatience:
        """That with Stash, which is waited for as long as its own limits say."""
        return TaskPatience(self._is_stopped, self._others_wait, clock=self._clock)

    def answered(self, seconds: float) -> None:
        """A whole answer came after so long: a server that is slow is there."""
        if seconds >= SLOW:
            self._lacking = 0.0
