"""Taking turns: so many at once, and the others in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """A semaphore; that of `threading` lets whoever comes again at once pass by those that wait.

    Args:
        most: at once.
    """

    def __init__(self, most: int) -> None:
        self._free = most
        self._changing = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        """Wait for a turn."""
        turn = threading.Lock()
        turn.acquire()
        try:
            with self._changing:
                if self._free:
                    self._free -= 1
                    return
                self._waiting.append(turn)
            turn.acquire()  # which who leaves has released
        except BaseException:
            self._give_up(turn)
            raise

    def _give_up(self, turn: threading.Lock) -> None:
        """Whoever waits is interrupted."""
        with self._changing:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return
        if not turn.locked():
            self.__exit__()

    def __exit__(self, *_error: object) -> None:
        """Let the next one go on."""
        with self._changing:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
