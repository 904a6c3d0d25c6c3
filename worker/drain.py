"""The drain: takes due jobs in batches, has them prepared and applied, and ends when none is due.

It holds the drain lock, so at most one runs. It never sleeps for a job in backoff. Before the first
write of a run the whole of it is weighed against the clear guard; a run that others may end weighs
a part at a time, or it would spend its time on that alone.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from core.errors import GuardStopped
from core.guards import Tally, clears_too_much, tally
from core.models import Job
from storage.runs import RunStatus
from storage.state import State
from sync_queue.queue import SyncQueue
from worker.apply import Applier
from worker.awaiting import Awaiting
from worker.prepare import Preparer
from worker.result import DrainResult
from worker.settle import DrainRules, Settler

log = logging.getLogger(__name__)

BATCH = 100
PART = 1000  # jobs that a run which may be ended early weighs at a time
GUARD = "max_clear_percent"
KIND = "drain"


class Drain:
    """One run over the queue; the caller holds the drain lock.

    Args:
        awaiting: decides about scenes that Plex does not have, once all others are done.
        clock: epoch seconds.
        jitter: random numbers in [0, 1) for backoff.
        on_progress: told the share done, 0..1, after each scene.
        enough: asked after each scene; once it says so the run ends, and the rest stays queued.
            None: it never does.
    """

    def __init__(
        self,
        queue: SyncQueue,
        state: State,
        preparer: Preparer,
        applier: Callable[[int, Callable[[], None]], Applier],
        awaiting: Awaiting,
        rules: DrainRules,
        *,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        on_progress: Callable[[float], None],
        enough: Callable[[], bool] | None = None,
    ) -> None:
        self._queue = queue
        self._state = state
        self._preparer = preparer
        self._new_applier = applier
        self._rules = rules
        self._clock = clock
        self._on_progress = on_progress
        self._enough = enough or _never
        self._part = sys.maxsize if enough is None else PART
        self._settler = Settler(queue, rules, awaiting, clock, jitter)
        self.result = self._settler.result
        self._allowed = Tally()
        self._spent = Tally()
        self._due = 0
        self._seen = 0
        self._weighed = 0
        self._claimed = 0
        self._is_early = False
        self._confirmed: int | None = None

    def run(self) -> DrainResult:
        """Work until no job is due, or it is enough.

        Raises:
            GuardStopped: before the first write; every job is still in the queue.
            StashError, PlexError: a server went away or refused us. What was done stays done, the
                jobs in hand are back in the queue, and `result` has the figures until then.
        """
        recovered = self._queue.recover()
        if recovered:
            log.info("%d jobs of an interrupted run are taken up again", recovered)
        started = self._clock()
        self._state.runs.close_abandoned(KIND, started)
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
                if self._is_early or status != "done":
                    self._keep_confirmation(started)
                figures = self.result.as_dict()
                self._state.runs.finish(run_id, status, figures, self._clock())
        return self.result

    def _drain(self, run_id: int, started: float) -> None:
        due = self._queue.due(started)
        self._due = len(due)
        self._preparer.expect(self._due)
        if self._due <= BATCH:
            self._weighed = self._due  # by the plans of the only batch
        self._weigh_ahead(run_id, due)
        try:
            self._work(run_id, due, started)
            self._settler.settle_absent()
        finally:
            self._settler.release_absent()
        self._queue.prune()
        self._state.forget_old(self._clock())

    def _work(self, run_id: int, due: Sequence[Job], started: float) -> None:
        applier = self._new_applier(run_id, self._step)
        while not self._is_early and (jobs := self._queue.claim(BATCH, started)):
            self._claimed += len(jobs)
            try:
                batch = self._preparer.prepare(jobs)
                self._spend(run_id, tally(c for p in batch.ready for c in p.changes))
                applied = applier.apply(batch.ready, self._enough)
            except BaseException:
                self._queue.release(jobs)
                raise
            left = {prepared.job.job_id for prepared in applied.left}
            self._settler.settle([job for job in jobs if job.job_id not in left], batch, applied)
            self._queue.release(prepared.job for prepared in applied.left)
            self._is_early = bool(left) or self._enough()
            if not self._is_early:
                self._weigh_ahead(run_id, due)

    def _weigh_ahead(self, run_id: int, due: Sequence[Job]) -> None:
        """Weigh the next part, if all that was weighed has been worked on.

        If it takes too much away, all the rest is weighed as well: that is what the user is told.
        """
        if self._claimed < self._weighed or self._weighed >= len(due):
            return
        end = min(self._weighed + self._part, len(due))
        total = self._allowed + self._weigh(due[self._weighed : end])
        if end < len(due) and clears_too_much(total, self._rules.max_clear_percent):
            total += self._weigh(due[end:])
            end = len(due)
        self._weighed = end
        self._guard(run_id, total)

    def _weigh(self, due: Sequence[Job]) -> Tally:
        """What some jobs would touch and take away, from plans that are thrown away again.

        A merge without a record takes nothing away, so those scenes only count if they must.
        """
        total = Tally()
        for start in range(0, len(due), BATCH):
            jobs = self._preparer.able_to_clear(due[start : start + BATCH])
            batch = self._preparer.prepare(jobs)
            total += tally(change for each in batch.ready for change in each.changes)
            self._on_progress(min(1.0, self._seen / max(self._due, 1)))
        return total

    def _spend(self, run_id: int, batch: Tally) -> None:
        """Weigh again what was not weighed before: the only batch, and jobs queued meanwhile."""
        self._spent += batch
        if self._spent.cleared > self._allowed.cleared:
            touched = max(self._spent.touched, self._allowed.touched)
            self._guard(run_id, Tally(touched, self._spent.cleared))

    def _guard(self, run_id: int, total: Tally) -> None:
        percent = self._rules.max_clear_percent
        runs = self._state.runs
        if clears_too_much(total, percent):
            confirmed = runs.take_confirmation(
                GUARD, lambda known: total.cleared <= known.get("cleared", 0)
            )
            if confirmed is None:
                self._stop(run_id, total)
            self._confirmed = confirmed.id
        self._allowed = total

    def _keep_confirmation(self, started: float) -> None:
        """What the user has let through, and was not done, needs no other word."""
        if self._confirmed is not None and self._queue.due(started):
            self._state.runs.give_back(self._confirmed)

    def _stop(self, run_id: int, total: Tally) -> NoReturn:
        figures = {"cleared": total.cleared, "touched": total.touched}
        self._state.runs.finish(run_id, "stopped", figures, self._clock(), guard=GUARD)
        done = self.result.processed
        when = f"after {done} of its scenes, before any further" if done else "before the first"
        raise GuardStopped(
            f"Stopped {when} write: this run would clear or remove {total.cleared} of "
            f"the {total.touched} values that it touches in Plex, more than "
            f"{self._rules.max_clear_percent} % "
            "(max_clear_percent). If that is right, run the task 'Confirm Stopped Run' and then "
            f"'Process Queue' again; all {'other ' if done else ''}jobs are still in the queue."
        )

    def _step(self) -> None:
        self._seen += 1
        self._on_progress(min(1.0, self._seen / max(self._due, 1)))


def _never() -> bool:
    return False
