"""How long a task has Stash's queue to itself before it lets others work."""

from __future__ import annotations

from collections.abc import Callable

from core.timestamps import is_due

# After so much work a slice looks whether other jobs of Stash wait, and then every so often.
SLICE_SECONDS = 30.0
LOOK_SECONDS = 5.0


class Slice:
    """The time that a task may have to itself.

    Args:
        others_wait: whether another job of Stash waits for ours to end.
    """

    def __init__(self, clock: Callable[[], float], others_wait: Callable[[], bool]) -> None:
        self._clock = clock
        self._others_wait = others_wait
        self._look_at = clock() + SLICE_SECONDS
        self._over = False

    def over(self) -> bool:
        """Whether it is time to let others work."""
        now = self._clock()
        if not self._over and is_due(self._look_at, now, SLICE_SECONDS):
            self._look_at = now + LOOK_SECONDS
            self._over = self._others_wait()
        return self._over
