"""Being told to end: by the system, a container that stops, or Ctrl-C.

Stash kills without a signal, so nothing relies on this; but where there is time, claimed jobs are
given back, and the user reads one line instead of a traceback.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType

# Windows has no SIGHUP, and others no SIGBREAK.
_NAMES = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
GRACE = 10.0  # seconds in which the same wish, repeated, does not disturb what it has begun


class Stopped(BaseException):
    """The process is to end. No error of ours: whoever handles those must not go on after it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The task was stopped by {name}; what it had in hand waits for the next one."
        )


class _Handler:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = -GRACE
        self.has_come = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        before, self._last = self._last, self._clock()
        self.has_come = True
        if self._last - before >= GRACE:
            raise Stopped(signal.Signals(number).name)


def have_come() -> bool:
    """Whether the process was told to end since `listen`: for threads, where nothing is raised."""
    handler = signal.getsignal(signal.SIGTERM)
    return isinstance(handler, _Handler) and handler.has_come


def ignore() -> None:
    """From now on signals to end change nothing: the process is about to end."""
    for number in _numbers():
        signal.signal(number, signal.SIG_IGN)


def listen(clock: Callable[[], float] = time.monotonic) -> None:
    """From now on signals to end raise `Stopped` in the main thread."""
    handler = _Handler(clock)
    for number in _numbers():
        signal.signal(number, handler)


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
