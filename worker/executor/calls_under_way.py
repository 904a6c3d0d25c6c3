"""Calls that were begun in threads, each known by a key until it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class CallsUnderWay(Generic[K, T]):
    """Calls under way, and those whose result was not asked for. For one thread.

    Args:
        most: at once; the others wait for these.
        name: of the threads.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._pool: ThreadPoolExecutor | None = None
        self._begun: dict[K, Future[T]] = {}

    def __iter__(self) -> Iterator[K]:
        return iter(self._begun)

    def __len__(self) -> int:
        return len(self._begun)

    def begin(self, key: K, call: Callable[[], T]) -> None:
        """Have it called; `pop` has to follow, or `drop`."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._most, thread_name_prefix=self._name)
        self._begun[key] = self._pool.submit(call)

    def pop(self, key: K) -> Future[T] | None:
        """What was begun under a key, which is forgotten; None where nothing was."""
        return self._begun.pop(key, None)

    def wait_for_next(self, count: int, longest: float) -> None:
        """Wait until so many of those begun first have ended, if there are twice as many; at most
        so many seconds."""
        if len(self._begun) >= 2 * count:
            last = next(islice(self._begun.values(), count - 1, None))
            wait([last], longest)

    def cancel(self, key: K) -> bool:
        """Have it not called, and forget it; False where that is too late, and `pop` follows."""
        begun = self._begun.get(key)
        if begun is not None and not begun.cancel():
            return False
        self._begun.pop(key, None)
        return True

    def wait(self) -> None:
        """Nothing is under way when this returns."""
        wait(self._begun.values())

    def drop(self) -> None:
        """Of what was begun nothing is called any more when this returns."""
        for begun in self._begun.values():
            begun.cancel()
        self.wait()
        self._begun.clear()

    def close(self) -> None:
        """End the threads; nothing is called any more when this returns."""
        self.drop()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
