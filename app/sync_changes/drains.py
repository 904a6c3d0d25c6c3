"""Drains in slices, as often as something is due, and one at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.wiring import Context
from core.errors import DrainBusy
from sync_queue.lock import DrainLock
from worker.executor.result import LISTED, DrainResult

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
        if not self._over and now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._over = self._others_wait()
        return self._over


class Drains:
    """All drains of one task, and their figures in one.

    A job that comes after a drain's last look and before it lets go of its lock is nobody's: who
    brought it finds the lock held, who holds it does not look. So each looks again once it has let
    go. Not for jobs that have failed before: those come due one after the other, and a drain for
    each of them would ask Plex for its libraries each time.
    """

    def __init__(self, context: Context, enough: Callable[[], bool]) -> None:
        self._context = context
        self._enough = enough
        self.result = DrainResult()
        self.busy = False

    def run(self, *, has_drained: bool = False) -> None:
        """Drain until nothing is due or it is enough; `busy` says whether another one does.

        Args:
            has_drained: a drain has just ended, so it is about what has come since.

        Raises:
            what `worker.drain.Drain.run` raises; the figures until then are in the result.
        """
        self.busy = False
        is_left = not has_drained and self.has_work()
        while (is_left or self._has_news()) and not self._enough():
            is_left = False
            before = self.result.processed
            try:
                self._once()
            except DrainBusy:
                self.busy = True
                return
            if self.result.processed == before:
                return

    def has_work(self) -> bool:
        """Whether a job is due, or was left behind by a drain that was killed."""
        with self._context.open_queue() as queue:
            stats = queue.stats(self._context.clock())
        self.result.remaining = stats.waiting
        return stats.due + stats.working > 0

    def _has_news(self) -> bool:
        """Whether a job is due that never failed, or was left behind by a drain that was killed."""
        now = self._context.clock()
        with self._context.open_queue() as queue:
            stats = queue.stats(now)
            is_new = queue.has_fresh_due(now)
        self.result.remaining = stats.waiting
        return is_new or stats.working > 0

    def _once(self) -> None:
        context = self._context
        with DrainLock(context.data_dir), context.open_drain(self._enough) as drain:
            try:
                drain.run()
            finally:
                self.result = combined(self.result, drain.result)


def combined(first: DrainResult, second: DrainResult) -> DrainResult:
    """The figures of a drain and of a later one."""
    had, has = first.as_dict(), second.as_dict()
    both: dict[str, Any] = {
        name: [*value, *has[name]][:LISTED] if isinstance(value, list) else value + has[name]
        for name, value in had.items()
    }
    return DrainResult(**{**both, "remaining": second.remaining})
