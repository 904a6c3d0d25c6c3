"""Fetches what comes next while what is there is being judged, in a thread of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Prefetch(Generic[T]):
    """Iterates over what `source` yields, at most `ahead` elements of it in memory; closable.

    What the source raises is raised to the consumer, after all that came before it. `source` is
    called and used in the thread only, so whatever it holds need not be thread-safe.
    """

    def __init__(self, source: Callable[[], Iterable[T]], ahead: int) -> None:
        self._source = source
        self._ready: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(ahead)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._fill, name="prefetch", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        while True:
            more, value = self._ready.get()
            if more:
                yield value  # type: ignore[misc]
                continue
            self._thread.join()
            if isinstance(value, BaseException):
                raise value
            return

    def __enter__(self) -> Prefetch[T]:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        """Stop fetching; the element being fetched is waited for and dropped, unless the process
        is to end."""
        self._closed.set()
        if kind is not None and not issubclass(kind, (Exception, GeneratorExit)):
            return
        while self._thread.is_alive():
            # Whatever it waits to put there: it looks at `_closed` after each element.
            with contextlib.suppress(queue.Empty):
                self._ready.get_nowait()
            self._thread.join(0.01)

    def _fill(self) -> None:
        end: BaseException | None = None
        try:
            for element in self._source():
                self._ready.put((True, element))
                if self._closed.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, who raises it
            end = error
        self._ready.put((False, end))
