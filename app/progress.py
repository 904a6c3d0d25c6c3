"""Progress that Stash sees at least once a second, however long one request takes."""

from __future__ import annotations

import threading
from collections.abc import Callable

INTERVAL = 0.8  # seconds


class Heartbeat:
    """Passes the latest share on, from a thread of its own; a context manager.

    Args:
        emit: takes a share, 0..1; called from the thread only, and once at the end.
    """

    def __init__(self, emit: Callable[[float], None], interval: float = INTERVAL) -> None:
        self._emit = emit
        self._interval = interval
        self._share = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="progress", daemon=True)

    def report(self, share: float) -> None:
        """Set the share; it never goes back."""
        self._share = max(self._share, share)

    def _beat(self) -> None:
        self._emit(self._share)
        while not self._stopped.wait(self._interval):
            self._emit(self._share)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._emit(self._share)
