"""What becomes of a job that failed: tried again after a pause, or a dead letter."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from core.backoff import delay
from core.models import Failure, Job
from sync_queue.queue import SyncQueue
from worker.executor.figures import Figures

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How jobs that failed are tried again.

    Attributes:
        max_retries: after so many a job is given up on.
        skip_not_found: a scene that Plex does not have is done.
        clock: epoch seconds.
        jitter: random numbers in [0, 1) for backoff.
    """

    max_retries: int
    skip_not_found: bool
    clock: Callable[[], float]
    jitter: Callable[[], float]


class FailedJobs:
    """Retries jobs or gives up on them, and counts both."""

    def __init__(self, queue: SyncQueue, rules: RetryRules, figures: Figures) -> None:
        self._queue = queue
        self._rules = rules
        self._figures = figures

    def missing(self, job: Job, path: str) -> None:
        """Plex may not have scanned it yet: wait, and give up after `max_retries`."""
        if self._rules.skip_not_found:
            log.info("scene %d is skipped: not in Plex (%s)", job.scene_id, path)
            self._queue.finish([job])
            self._figures.succeeded += 1
            self._figures.skipped += 1
            return
        why = f"no item in Plex has the file of scene {job.scene_id} ({path})"
        self.retry(job, Failure.NOT_FOUND, why)

    def retry(self, job: Job, failure: Failure, why: str) -> None:
        """Try a job again later, or give up on it."""
        attempts = job.attempts + 1
        if attempts > self._rules.max_retries:
            self.park(job, failure, why)
            return
        log.info("scene %d will be tried again: %s", job.scene_id, why)
        until = self._rules.clock() + delay(attempts, self._rules.jitter())
        self._queue.retry(job, until, failure, why)
        self._figures.retried += 1

    def park(self, job: Job, failure: Failure, why: str) -> None:
        """Make a job a dead letter."""
        log.warning("scene %d is given up on: %s", job.scene_id, why)
        self._queue.park(job, failure, why)
        self._figures.failed += 1
