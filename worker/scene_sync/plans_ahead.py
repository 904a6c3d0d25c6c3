"""Plans the next jobs while those in hand are written: reads overlap with writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from core.models import ItemRef, Job
from worker.executor.clear_guard import losses_of
from worker.executor.run import STALE
from worker.plan import Batch, ScenePlan

Prepare = Callable[[Sequence[Job]], Batch]


class PlansAhead:
    """Jobs that are planned before it is their turn.

    A plan is good as long as none of its items was written to since it was begun: a scene that is
    written may take an item over from another one; and not for long, since people edit in Plex.

    Args:
        prepare: plans some jobs; is called in a thread of its own.
        clock: seconds that are never set back.

    Attributes:
        jobs: those of which the plans were begun and not taken.
        took, took_each: seconds that the last plans took, all of them and each.
    """

    def __init__(self, prepare: Prepare, clock: Callable[[], float] = time.monotonic) -> None:
        self._prepare = prepare
        self._clock = clock
        self._begun_at = 0.0
        self._begun: Future[Batch] | None = None
        self._lossy: set[ItemRef] = set()
        self._in_hand: set[ItemRef] = set()
        self.jobs: list[Job] = []
        self.took = self.took_each = 0.0

    def hand_out(self, plans: Iterable[ScenePlan], *, is_alone: bool) -> None:
        """These are about to be written; such as take something away, perhaps much later.

        Args:
            is_alone: all that was handed out before is written by now.
        """
        if is_alone and self._begun is None:
            self._in_hand = set()
        for plan in plans:
            self._in_hand.update(plan.items)
            if losses_of(plan):
                self._lossy.update(plan.items)

    @property
    def are_right(self) -> bool:
        """Whether the plans are made, and nothing that was handed out since can change them."""
        begun = self._begun
        if begun is None or not begun.done() or begun.exception() is not None:
            return False
        return not self._are_doubtful(begun.result())

    def begin(self, jobs: list[Job]) -> None:
        """Plan these, while what was handed out is written."""
        self.jobs = jobs
        if not jobs:
            return
        self._begun_at = self._clock()
        pool = ThreadPoolExecutor(1, thread_name_prefix="plans")
        self._begun = pool.submit(self._timed, jobs)
        pool.shutdown(wait=False)

    def _timed(self, jobs: Sequence[Job]) -> Batch:
        begun_at = self._clock()
        batch = self._prepare(jobs)
        self.took = self._clock() - begun_at
        self.took_each = self.took / len(jobs)
        return batch

    def take(self) -> Batch:
        """The plans for `jobs`, once all that was handed out is written. Raises as `prepare`; then
        they are still in `jobs`."""
        assert self._begun is not None
        batch = self._begun.result()
        if self._are_doubtful(batch):
            batch = self._prepare(self.jobs)
        return self._taken(batch)

    def take_if_right(self) -> Batch | None:
        """The same where `are_right`, while others are written: made afresh now, plans could be for
        just these."""
        return self._taken(self._begun.result()) if self._begun and self.are_right else None

    def _taken(self, batch: Batch) -> Batch:
        self._begun, self.jobs = None, []
        return batch

    def _are_doubtful(self, batch: Batch) -> bool:
        written = self._in_hand | self._lossy
        is_old = self._clock() - self._begun_at > STALE
        return is_old or any(not written.isdisjoint(plan.items) for plan in batch.ready)

    def drop(self) -> list[Job]:
        """The jobs that were not taken, once nobody plans them any more."""
        if self._begun is not None:
            wait([self._begun])
        jobs, self.jobs, self._begun = self.jobs, [], None
        return jobs
