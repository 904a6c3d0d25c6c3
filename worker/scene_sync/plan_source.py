"""Plans for the jobs of the queue: those that are due, and those that the user has confirmed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import replace

from core.models import Job
from storage.files.database import chunks
from sync_queue.jobs import EDIT
from sync_queue.queue import SyncQueue
from worker.executor.clear_guard import is_covered, losses_of
from worker.executor.figures import Figures
from worker.executor.run import BATCH, PlanSource, in_parts, jobs_of
from worker.plan import Batch, ScenePlan
from worker.scene_sync.plans_ahead import PlansAhead
from worker.scene_sync.preparer import Preparer

log = logging.getLogger(__name__)

# Scenes of a drain that are planned together at most, each time some more where the last ones were
# planned, and written, within so many seconds: what several have in common is one request, no plan
# gets old, and nobody waits long to see his edit.
MANY, SOON = 1000, 5.0
# So many times more at the least, and at the most.
SOME_MORE, MORE = 1.25, 2.0


class DueJobs(PlanSource):
    """Plans for the jobs that are due when the run begins, a user's edits first.

    Args:
        clock: epoch seconds.
        before_batch: called before jobs are claimed, for who has more to queue.
    """

    def __init__(
        self,
        queue: SyncQueue,
        preparer: Preparer,
        clock: Callable[[], float],
        before_batch: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._preparer = preparer
        self._before_batch = before_batch
        self._clock = clock
        self._started = clock()
        self._size = BATCH
        self._begun_at = self._started
        self._in_hand = 0
        self._is_full = False
        self._ahead = PlansAhead(preparer.prepare)
        recovered = queue.recover()
        if recovered:
            log.info("%d jobs of an interrupted run are taken up again", recovered)
        self.due = queue.count_due(self._started)
        preparer.expect(self.due)

    def batches(self) -> Generator[Batch, None, None]:
        """Plans until no job is due; those for the next jobs are made meanwhile."""
        try:
            while (batch := self._next()) is not None:
                self._ahead.hand_out(batch.ready, is_alone=True)
                yield self._handed_out(batch)
                self._note_speed()
        finally:
            self._queue.release(self._ahead.drop())

    def made(self) -> Batch | None:
        """The plans ahead, unless somebody's edit is to go first."""
        if not self._ahead.are_right:
            return None
        self._before_batch()
        if self._queue.count_due(self._started, least=EDIT) or self._are_outdated:
            return None
        batch = self._ahead.take_if_right()  # the looks before took their time
        if batch is None:
            return None
        self._note_speed()
        self._ahead.hand_out(batch.ready, is_alone=False)
        return self._handed_out(batch)

    def _handed_out(self, batch: Batch) -> Batch:
        """The batch, while the next one is planned."""
        if not self._ahead.jobs and self._is_full:
            self._ahead.begin(self._claim())
        self._begun_at, self._in_hand = self._clock(), len(batch.ready)
        return batch

    def _note_speed(self) -> None:
        took = self._clock() - self._begun_at
        is_fast = 0 <= took <= SOON and self._ahead.took <= SOON
        more = growth(took / max(self._in_hand, 1), self._ahead.took_each)
        self._size = min(int(more * self._size), MANY) if is_fast else BATCH

    def _next(self) -> Batch | None:
        """The next plans, those for users' edits first."""
        self._before_batch()
        if self._are_outdated:
            self._queue.release(self._ahead.drop())
        # By themselves, so that they need not wait until bulk work is planned.
        jobs = self._queue.claim(self._size, self._started, least=EDIT)
        if not jobs and self._ahead.jobs:
            return self._ahead.take()
        jobs = jobs or self._claim()
        return _prepared(self._queue, self._preparer, jobs) if jobs else None

    @property
    def _are_outdated(self) -> bool:
        """Whether somebody has edited a scene that is planned ahead."""
        return self._queue.has_edit_among(job.scene_id for job in self._ahead.jobs)

    def _claim(self) -> list[Job]:
        jobs = self._queue.claim(self._size, self._started)
        self._is_full = len(jobs) == self._size
        return jobs

    def again(self, plans: Sequence[ScenePlan]) -> Batch:
        """Plans for the same jobs, made afresh."""
        return self._preparer.prepare(jobs_of(plans))


def growth(write: float, plan: float) -> float:
    """How many times more scenes are planned while those in hand are written, so that these plans
    are made in time. Where a scene is planned more slowly than it is written, they are not anyway.

    Args:
        write, plan: seconds for a scene.
    """
    return min(MORE, max(SOME_MORE, write / plan)) if 0 < plan < write else MORE


class ConfirmedJobs(PlanSource):
    """Plans for what the clear guard holds back and the user has confirmed: exactly what was shown.

    A scene that would lose anything else by now is held back again.

    Args:
        chosen: the scenes; None: all that are held.
    """

    def __init__(
        self,
        queue: SyncQueue,
        preparer: Preparer,
        figures: Figures,
        chosen: Collection[int] | None = None,
    ) -> None:
        self._queue = queue
        self._preparer = preparer
        self._figures = figures
        self._chosen = chosen
        preparer.expect(0)

    def batches(self) -> Generator[Batch, None, None]:
        """Plans of all that was held when this began."""
        scene_ids = [each.job.scene_id for each in self._queue.held(self._chosen)]
        for some in chunks(scene_ids, BATCH):
            claimed = self._queue.claim_held(BATCH, some)
            held = {each.job.scene_id: each.losses for each in claimed}
            jobs = [each.job for each in claimed]
            batch = _prepared(self._queue, self._preparer, jobs)
            fits = [p for p in batch.ready if is_covered(p, held[p.scene_id])]
            again = [plan for plan in batch.ready if plan not in fits]
            self._queue.hold((p.job, losses_of(p)) for p in again if p.job is not None)
            for plan in again:
                self._figures.changed.note(
                    f"{plan.called}: it would lose something else by now, and is held back again"
                )
            self._figures.held += len(again)
            yield replace(batch, ready=fits)


class ListedScenes:
    """Plans for given scenes that no queue knows, to be looked at."""

    def __init__(
        self,
        preparer: Preparer,
        jobs: Sequence[Job],
        on_scenes: Callable[[int, int], None],
    ) -> None:
        self._preparer = preparer
        self._jobs = jobs
        self._on_scenes = on_scenes
        preparer.expect(len(jobs))

    def batches(self) -> Generator[Batch, None, None]:
        for some in in_parts(self._jobs, BATCH, self._on_scenes):
            yield self._preparer.prepare(some)


def _prepared(queue: SyncQueue, preparer: Preparer, jobs: Sequence[Job]) -> Batch:
    try:
        return preparer.prepare(jobs)
    except BaseException:
        queue.release(jobs)
        raise
