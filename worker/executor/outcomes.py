"""One switch from what became of a job to what the queue is told of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.backoff import delay
from core.guards import tally
from core.models import Failure, Job
from core.planning.item_plan import FirstSync
from sync_queue.queue import SyncQueue
from worker.executor.apply import Applied
from worker.executor.messages import conflicts, refusals
from worker.executor.result import DrainResult
from worker.locating.scan_wait import ScanWaiting
from worker.scene_sync.preparer import Absent, Batch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DrainRules:
    """The settings that a drain needs."""

    max_clear_percent: int
    max_retries: int
    skip_not_found: bool
    first_sync: FirstSync


class Settler:
    """Tells the queue what became of the jobs of each batch, and keeps count.

    Args:
        awaiting: decides about scenes that Plex does not have.
        clock: epoch seconds.
        jitter: random numbers in [0, 1) for backoff.
    """

    def __init__(
        self,
        queue: SyncQueue,
        rules: DrainRules,
        awaiting: ScanWaiting,
        clock: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self._queue = queue
        self._rules = rules
        self._awaiting = awaiting
        self._clock = clock
        self._jitter = jitter
        self.result = DrainResult()
        self._absent: list[Absent] = []

    def settle(self, jobs: Sequence[Job], batch: Batch, applied: Applied) -> None:
        """End, retry or give up on each job. Records are written by now.

        Those whose scenes Plex does not have are kept in hand, until `settle_absent`.
        """
        result = self.result
        result.processed += len(jobs)
        result.items_edited += applied.items_edited
        result.uploads += applied.uploads
        result.selects += applied.selects
        self._tell(applied)
        imageless = {prepared.job.job_id for prepared, _ in applied.imageless}
        finished = [p.job for p in applied.synced if p.job.job_id not in imageless]
        for job, why in batch.done:
            log.info("scene %d: nothing to do, %s", job.scene_id, why)
            finished.append(job)
        result.skipped += len(batch.done)
        result.succeeded += len(finished)
        self._queue.finish(finished)
        for prepared, rejected in applied.rejected:
            self._park(prepared.job, Failure.REJECTED, str(rejected))
        for job, why in batch.ambiguous:
            self._park(job, Failure.AMBIGUOUS, why)
        for prepared, why in applied.imageless:
            self._retry(prepared.job, Failure.PICTURE, f"scene {prepared.scene.id}: {why}")
        self._absent += batch.not_found
        for prepared in applied.vanished:
            self._miss(prepared.job, "its item went away")

    def settle_absent(self) -> None:
        """Settle what Plex does not have, once all else is done.

        Raises:
            PlexError: none of these jobs is settled then.
        """
        if not self._absent:
            return
        waits = self._awaiting.judge(self._absent)
        waiting = [each.job for each in self._absent if each.job.job_id in waits]
        self._queue.postpone(
            (job, waits[job.job_id].not_before, Failure.AWAITS_SCAN, waits[job.job_id].why)
            for job in waiting
        )
        self.result.retried += len(waiting)
        self.result.awaiting += len(waiting)
        for each in self._absent:
            if each.job.job_id not in waits:
                self._miss(each.job, each.path)
        self._absent.clear()
        self.result.scans_asked = self._awaiting.asked

    def release_absent(self) -> None:
        """Give back the jobs that are still in hand, as they were."""
        self._queue.release(each.job for each in self._absent)
        self.result.processed -= len(self._absent)
        self._absent.clear()

    def _tell(self, applied: Applied) -> None:
        result = self.result
        for prepared in applied.synced:
            total = tally(prepared.changes)
            result.unchanged += total.touched == 0
            result.values_touched += total.touched
            result.values_cleared += total.cleared
        for line in conflicts(applied):
            result.note_conflict(line)
            log.warning("%s", line)
        for line in refusals(applied):
            result.note_refused(line)
            log.warning("%s", line)

    def _miss(self, job: Job, path: str) -> None:
        """Plex may not have scanned it yet: wait, and give up after `max_retries`."""
        if self._rules.skip_not_found:
            log.info("scene %d is skipped: not in Plex (%s)", job.scene_id, path)
            self._queue.finish([job])
            self.result.succeeded += 1
            self.result.skipped += 1
            return
        why = f"no item in Plex has the file of scene {job.scene_id} ({path})"
        self._retry(job, Failure.NOT_FOUND, why)

    def _retry(self, job: Job, failure: Failure, why: str) -> None:
        attempts = job.attempts + 1
        if attempts > self._rules.max_retries:
            self._park(job, failure, why)
            return
        log.info("scene %d will be tried again: %s", job.scene_id, failure.told(why))
        self._queue.retry(job, self._clock() + delay(attempts, self._jitter()), failure, why)
        self.result.retried += 1

    def _park(self, job: Job, failure: Failure, why: str) -> None:
        log.warning("scene %d is given up on: %s", job.scene_id, failure.told(why))
        self._queue.park(job, failure, why)
        self.result.failed += 1
