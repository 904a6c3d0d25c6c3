"""The drain: takes due jobs in batches, has them prepared and applied, and ends when none is due.

It holds the drain lock, so at most one runs. It never sleeps for a job in backoff. Before the first
write of a run the whole of it is weighed against the clear guard.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn

from core.errors import GuardStopped
from core.guards import Tally, clears_too_much
from core.models import Job
from storage.key_value import Key
from storage.runs import RunStatus
from storage.shapes import Maybe
from storage.state import State
from sync_queue.queue import SyncQueue
from worker.executor.apply import Applier
from worker.executor.clear_guard import Weight, packed, unpacked
from worker.executor.outcomes import DrainRules, Settler
from worker.executor.result import DrainResult
from worker.locating.scan_wait import ScanWaiting
from worker.scene_sync.preparer import Prepared, Preparer

log = logging.getLogger(__name__)

BATCH = 100
PART = 1000  # jobs that a run which may be ended early weighs at a time
EVERYTHING = 100  # per cent: no run can clear more than it touches, so there is nothing to weigh
GUARD = "max_clear_percent"
# The last run that was stopped, its marks, and whether it was confirmed and goes on.
STOPPED: Key[Mapping[str, Any]] = Key(
    "max_clear_percent_stopped",
    MappingProxyType({}),
    {"stop": Maybe(int), "marks": Maybe(object), "goes_on": Maybe(bool)},
    encode=dict,
)
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
        awaiting: ScanWaiting,
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
        self._spent = Weight()
        self._weight = Weight()
        self._was_confirmed = False
        self._due = 0
        self._seen = 0
        self._weighed = 0
        self._claimed = 0
        self._is_early = False

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
                figures = self.result.as_dict()
                self._state.runs.finish(run_id, status, figures, self._clock())
        return self.result

    def _drain(self, run_id: int, started: float) -> None:
        due = self._queue.due(started)
        self._due = len(due)
        self._preparer.expect(self._due)
        if self._due <= BATCH or self._rules.max_clear_percent >= EVERYTHING:
            self._weighed = self._due  # by the plans of the only batch, if at all
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
                self._spend(run_id, batch.ready)
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
        if not self._is_early:
            self._end_confirmation()

    def _end_confirmation(self) -> None:
        """The run has come to its end: what was confirmed for it is done."""
        if self._was_confirmed:
            self._state.set_value(STOPPED, {})
        elif self.result.processed:
            # A word that was not needed here is none for later runs.
            self._state.runs.overtake(GUARD)

    def _weigh_ahead(self, run_id: int, due: Sequence[Job]) -> None:
        """Weigh the next part, if all that was weighed has been worked on.

        If it takes too much away, all the rest is weighed as well: that is what the user is told.
        """
        if self._claimed < self._weighed or self._weighed >= len(due):
            return
        end = min(self._weighed + self._part, len(due))
        self._weigh(due[self._weighed : end])
        if end < len(due) and clears_too_much(self._weight.total, self._rules.max_clear_percent):
            self._weigh(due[end:])
            end = len(due)
        self._weighed = end
        self._guard(run_id, self._weight)

    def _weigh(self, due: Sequence[Job]) -> None:
        """Add what some jobs would touch and take away, from plans that are thrown away again.

        A merge without a record takes nothing away, so those scenes only count if they must.
        """
        for start in range(0, len(due), BATCH):
            jobs = self._preparer.able_to_clear(due[start : start + BATCH])
            self._weight.add(self._preparer.prepare(jobs).ready)
            self._on_progress(min(1.0, self._seen / max(self._due, 1)))

    def _spend(self, run_id: int, batch: Sequence[Prepared]) -> None:
        """Weigh again what was not weighed before: the only batch, and jobs queued meanwhile."""
        self._spent.add(batch)
        if self._spent.total.cleared > self._allowed.cleared:
            touched = max(self._spent.total.touched, self._allowed.touched)
            self._spent.total = Tally(touched, self._spent.total.cleared)
            self._guard(run_id, self._spent)

    def _guard(self, run_id: int, weight: Weight) -> None:
        if not clears_too_much(weight.total, self._rules.max_clear_percent):
            self._allowed = weight.total
        elif self._is_confirmed(weight):
            self._allowed, self._was_confirmed = weight.total, True
        else:
            self._stop(run_id, weight)

    def _is_confirmed(self, weight: Weight) -> bool:
        """Whether the user has confirmed a run that was about to take away all of this.

        A confirmed run that was interrupted, or that let others work, goes on without another word.
        """
        stopped = self._state.get_value(STOPPED)
        if not stopped or not weight.marks <= unpacked(stopped["marks"]):
            return False
        is_it = self._state.runs.take_confirmation(
            GUARD, lambda known: known.get("stop") == stopped["stop"]
        )
        if is_it:
            self._state.set_value(STOPPED, {**stopped, "goes_on": True})
        return is_it or stopped["goes_on"]

    def _stop(self, run_id: int, weight: Weight) -> NoReturn:
        for line in weight.lines:
            log.info("would take away: %s", line)
        stopped = {"stop": run_id, "marks": packed(weight.marks), "goes_on": False}
        self._state.set_value(STOPPED, stopped)
        figures = {**weight.figures(), "stop": run_id}
        self._state.runs.finish(run_id, "stopped", figures, self._clock(), guard=GUARD)
        done = self.result.processed
        when = f"after {done} of its scenes, before any further" if done else "before the first"
        raise GuardStopped(
            f"Stopped {when} write: this run would clear or remove {weight.total.cleared} of the "
            f"{weight.total.touched} values that it touches in Plex ({weight.in_words()}), more "
            f"than {self._rules.max_clear_percent} % (max_clear_percent). 'Preview Queue' shows "
            "them. If that is right, run the task 'Confirm Stopped Run' and then 'Process Queue' "
            f"again; all {'other ' if done else ''}jobs are still in the queue."
        )

    def _step(self) -> None:
        self._seen += 1
        self._on_progress(min(1.0, self._seen / max(self._due, 1)))


def _never() -> bool:
    return False
