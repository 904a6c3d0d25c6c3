"""Tells the queue what became of scenes, and counts it: one switch from outcomes to jobs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from core.models import Failure, ItemRef, Job
from sync_queue.queue import SyncQueue
from worker.executor.conflict_messages import conflicts_of, refusals_of
from worker.executor.failed_jobs import FailedJobs, RetryRules
from worker.executor.figures import Figures
from worker.executor.outcome import Outcome, Status
from worker.plan import ScenePlan

log = logging.getLogger(__name__)

PICTURES_PAUSE = 3600.0  # seconds; whoever finds that pictures come again wakes these jobs
_FAILURES = {
    Status.REJECTED: Failure.REJECTED,
    Status.ITEM_FAILED: Failure.ITEM_FAILED,
    Status.NOT_TAKEN: Failure.NOT_TAKEN,
    Status.VANISHED: Failure.NOT_FOUND,
}


class Acknowledger:
    """Acknowledges the jobs of plans and keeps count, of plans without a job as well.

    Args:
        on_done: told the scenes that nothing is left to do for, by id, with what they are called.
    """

    def __init__(
        self,
        queue: SyncQueue,
        rules: RetryRules,
        figures: Figures,
        on_done: Callable[[Mapping[int, str]], None] = lambda _titles: None,
    ) -> None:
        self._queue = queue
        self._on_done = on_done
        self._rules = rules
        self._figures = figures
        self.failed = FailedJobs(queue, rules, figures)
        self._items: set[ItemRef] = set()
        self._scenes: set[int] = set()

    def outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Count outcomes and end, retry or give up on their jobs. Records are written by now."""
        finished: list[Job] = []
        titles: dict[int, str] = {}
        for outcome in outcomes:
            self._count(outcome)
            job = outcome.plan.job
            if not outcome.is_proven:
                self._fail(outcome)
            elif outcome.pictures_wait:
                self._wait_for_pictures(outcome)
            elif outcome.failures:
                self._note_failures(outcome)
            elif not outcome.plan.is_whole:
                self._end_part(outcome.plan)
            else:
                self._figures.scenes_done += 1
                self._figures.succeeded += job is not None
                finished += [job] if job is not None else []
                titles[outcome.plan.scene_id] = outcome.plan.title
        self._queue.finish(finished)
        self._on_done(titles)

    def _end_part(self, plan: ScenePlan) -> None:
        """A part of a scene is done: its job has the rest to do, or to wait with. Of what waits
        the user was told when it was held back."""
        self._figures.scenes_partly += 1
        if plan.job is None:
            return
        if plan.held is None:
            self._queue.release([plan.job])
        else:
            self._figures.succeeded += 1
            self._queue.hold([(plan.job, plan.held)])

    def _count(self, outcome: Outcome) -> None:
        figures = self._figures
        if outcome.plan.job is not None:
            figures.processed += 1
        # One that is taken up again in the same run counts once.
        fresh = outcome.edited - self._items
        figures.items_edited += len(fresh)
        figures.scenes += bool(fresh) and outcome.plan.scene_id not in self._scenes
        self._items |= fresh
        self._scenes |= {outcome.plan.scene_id} if fresh else set()
        figures.uploads += outcome.uploads
        figures.selects += outcome.selects
        figures.restored += sum(map(len, outcome.back.values()))
        if not outcome.is_recorded:
            return
        total = outcome.total
        figures.unchanged += total.touched == 0 and outcome.is_proven
        figures.values_touched += total.touched
        figures.values_cleared += total.cleared
        for line in conflicts_of(outcome):
            figures.conflicts.note(line)
            log.warning("stays as it is in Plex: %s", line)
        for line in refusals_of(outcome):
            figures.refused.note(line)
            log.warning("not taken by Plex: %s", line)

    def _fail(self, outcome: Outcome) -> None:
        job, failure = outcome.plan.job, _FAILURES[outcome.status]
        line = f"{outcome.plan.called}: {outcome.why}"
        self._figures.failures.note(line)
        if job is None:
            log.warning("failed: %s", line)
        elif failure is Failure.NOT_FOUND:
            self.failed.missing(job, outcome.why)
        elif failure is Failure.REJECTED:
            self.failed.park(job, failure, outcome.why)
        else:
            self.failed.retry(job, failure, line)

    def _note_failures(self, outcome: Outcome) -> None:
        """Pictures and locks that failed: the scene is synced but for these."""
        why = "; ".join(outcome.failures)
        for line in outcome.failures:
            self._figures.failures.note(f"{outcome.plan.called}: {line}")
        if outcome.plan.job is not None:
            settle = self.failed.park if outcome.is_final else self.failed.retry
            settle(outcome.plan.job, Failure.PICTURE, f"{outcome.plan.called}: {why}")
            return
        log.warning("partly failed: %s: %s", outcome.plan.called, why)
        if outcome.plan.cover:
            # A job brings a failed picture sooner than the next reconcile.
            order = {"scene_id": outcome.plan.scene_id, "reason": f"a picture failed: {why}"}
            self._queue.put_many([order])

    def _wait_for_pictures(self, outcome: Outcome) -> None:
        job, why = outcome.plan.job, outcome.pictures_wait
        if job is None:
            self._figures.failures.note(f"{outcome.plan.called}: {why}")
            self._queue.put_many([{"scene_id": outcome.plan.scene_id, "reason": why}])
            return
        until = self._rules.clock() + PICTURES_PAUSE
        self._queue.postpone([(job, until, Failure.NO_PICTURES, why)])
        self._figures.retried += 1

    def without_write(self, done: Iterable[tuple[Job, str]]) -> None:
        """End jobs that have nothing to do; the text says why."""
        ended = list(done)
        for job, why in ended:
            log.info("scene %d: nothing to do, %s", job.scene_id, why)
        self._figures.processed += len(ended)
        self._figures.skipped += len(ended)
        self._figures.succeeded += len(ended)
        self._queue.finish([job for job, _ in ended])
        self._on_done({job.scene_id: str(job.data.get("title") or "") for job, _ in ended})
