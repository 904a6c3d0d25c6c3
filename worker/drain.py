"""The drain: takes due jobs in batches, has them prepared and applied, and ends when none is due.

It holds the drain lock, so at most one runs. It never sleeps for a job in backoff. Before the first
write of a run the whole of it is weighed against the clear guard.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.backoff import delay
from core.errors import GuardStopped
from core.guards import Tally, clears_too_much, tally
from core.models import Job
from core.planning import FirstSync
from plex.exceptions import PlexNotFound
from storage.runs import RunStatus
from storage.state import State
from sync_queue.queue import SyncQueue
from worker.apply import Applied, Applier
from worker.prepare import Batch, Preparer

log = logging.getLogger(__name__)

BATCH = 100
GUARD = "max_clear_percent"
KIND = "drain"


@dataclass(slots=True)
class DrainResult:
    """The figures of one drain, in scenes.

    Attributes:
        processed: jobs taken up; succeeded, failed and retried add up to it.
        succeeded: ended, with or without a change (`unchanged`, `skipped` tell which).
        failed: became dead letters.
        retried: wait for another try, most of them for Plex to scan a file.
        unchanged: nothing differed, so only the record was written.
        skipped: ended without a record: gone from Stash, no metadata, or another scene's item.
        items_edited: items that were changed.
        remaining: jobs still in the queue, those in backoff included.
    """

    processed: int = 0
    succeeded: int = 0
    failed: int = 0
    retried: int = 0
    unchanged: int = 0
    skipped: int = 0
    items_edited: int = 0
    remaining: int = 0
    values_touched: int = 0
    values_cleared: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The figures by name, as a task replies with them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DrainRules:
    """The settings that a drain needs."""

    max_clear_percent: int
    max_retries: int
    skip_not_found: bool
    first_sync: FirstSync


class Drain:
    """One run over the queue; the caller holds the drain lock.

    Args:
        clock: epoch seconds.
        jitter: random numbers in [0, 1) for backoff.
        on_progress: told the share done, 0..1, after each scene.
    """

    def __init__(
        self,
        queue: SyncQueue,
        state: State,
        preparer: Preparer,
        applier: Callable[[int, Callable[[], None]], Applier],
        rules: DrainRules,
        *,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        on_progress: Callable[[float], None],
    ) -> None:
        self._queue = queue
        self._state = state
        self._preparer = preparer
        self._new_applier = applier
        self._rules = rules
        self._clock = clock
        self._jitter = jitter
        self._on_progress = on_progress
        self.result = DrainResult()
        self._due = 0
        self._seen = 0

    def run(self) -> DrainResult:
        """Work until no job is due.

        Raises:
            GuardStopped: before the first write; every job is still in the queue.
            StashError, PlexError: a server went away or refused us. What was done stays done, the
                jobs in hand are back in the queue, and `result` has the figures until then.
        """
        recovered = self._queue.recover()
        if recovered:
            log.info("%d jobs of an interrupted run are taken up again", recovered)
        started = self._clock()
        run_id = self._state.runs.start(KIND, started)
        status: RunStatus = "failed"
        try:
            self._drain(run_id, started)
            status = "done"
        except GuardStopped:
            status = "stopped"
            raise
        finally:
            self.result.remaining = self._queue.stats(self._clock()).waiting
            if status != "stopped":
                figures = self.result.as_dict()
                self._state.runs.finish(run_id, status, figures, self._clock())
        return self.result

    def _drain(self, run_id: int, started: float) -> None:
        due = self._queue.due(started)
        self._due = len(due)
        self._preparer.expect(self._due)
        weighed = self._due <= BATCH
        if not weighed:
            self._guard(run_id, self._weigh(due))
        applier = self._new_applier(run_id, self._step)
        while jobs := self._queue.claim(BATCH, started):
            try:
                batch = self._preparer.prepare(jobs)
                if weighed and not self.result.processed:
                    self._guard(run_id, tally(c for p in batch.ready for c in p.changes))
                applied = applier.apply(batch.ready)
            except BaseException:
                self._queue.release(jobs)
                raise
            self._settle(jobs, batch, applied)
        self._queue.prune()

    def _weigh(self, due: Sequence[Job]) -> Tally:
        """What the whole run would touch and take away, from plans that are thrown away again.

        A merge without a record takes nothing away, so those scenes only count if they must.
        """
        total = Tally()
        for start in range(0, len(due), BATCH):
            jobs = self._preparer.able_to_clear(due[start : start + BATCH])
            batch = self._preparer.prepare(jobs)
            total += tally(change for each in batch.ready for change in each.changes)
            self._on_progress(0.0)
        return total

    def _guard(self, run_id: int, total: Tally) -> None:
        percent = self._rules.max_clear_percent
        if not clears_too_much(total, percent):
            return
        runs = self._state.runs
        if runs.take_confirmation(GUARD, lambda known: total.cleared <= known.get("cleared", 0)):
            return
        figures = {"cleared": total.cleared, "touched": total.touched}
        runs.finish(run_id, "stopped", figures, self._clock(), guard=GUARD)
        raise GuardStopped(
            f"Stopped before the first write: this run would clear or remove {total.cleared} of "
            f"the {total.touched} values that it touches in Plex, more than {percent} % "
            "(max_clear_percent). If that is right, run the task 'Confirm Stopped Run' and then "
            "'Process Queue' again; all jobs are still in the queue."
        )

    def _step(self) -> None:
        self._seen += 1
        self._on_progress(min(1.0, self._seen / max(self._due, 1)))

    def _settle(self, jobs: Sequence[Job], batch: Batch, applied: Applied) -> None:
        """Tell the queue what became of each job. Records are written by now."""
        result = self.result
        result.processed += len(jobs)
        result.items_edited += applied.items_edited
        finished = [prepared.job for prepared in applied.synced]
        for prepared in applied.synced:
            total = tally(prepared.changes)
            result.unchanged += total.touched == 0
            result.values_touched += total.touched
            result.values_cleared += total.cleared
        for job, why in batch.done:
            log.info("scene %d: nothing to do, %s", job.scene_id, why)
            finished.append(job)
        result.skipped += len(batch.done)
        result.succeeded += len(finished)
        self._queue.finish(finished)
        for prepared, rejected in applied.rejected:
            self._park(prepared.job, f"PlexRejected: {rejected}")
        for job, why in batch.ambiguous:
            self._park(job, f"Ambiguous: {why}")
        self._settle_absent(batch.not_found)
        self._settle_absent((p.job, "its item went away") for p in applied.vanished)

    def _settle_absent(self, absent: Iterable[tuple[Job, str]]) -> None:
        """Plex may not have scanned it yet: wait, and give up after `max_retries`."""
        for job, path in absent:
            name = PlexNotFound.__name__
            error = f"{name}: no item in Plex has the file of scene {job.scene_id} ({path})"
            attempts = job.attempts + 1
            if self._rules.skip_not_found:
                log.info("scene %d is skipped: not in Plex (%s)", job.scene_id, path)
                self._queue.finish([job])
                self.result.succeeded += 1
                self.result.skipped += 1
            elif attempts > self._rules.max_retries:
                self._park(job, error)
            else:
                due = self._clock() + delay(attempts, self._jitter())
                self._queue.retry(job, due, error)
                self.result.retried += 1

    def _park(self, job: Job, error: str) -> None:
        log.warning("scene %d is given up on: %s", job.scene_id, error)
        self._queue.park(job, error)
        self.result.failed += 1
