"""A run that writes: its life, the same for every maker of plans.

A maker yields batches of plans; this takes them through the clear guard to the executor, keeps the
run's figures, lets others work in between, and gives back what it could not finish. A run that was
cut off is gone on with by the next one of its kind.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any, Protocol, TypeVar

from core.errors import GuardStopped
from core.models import Job
from storage.files.database import chunks
from storage.state import State
from sync_queue.queue import SyncQueue
from worker.executor.acknowledge import Acknowledger
from worker.executor.clear_guard import (
    ClearGuard,
    Loss,
    is_covered,
    losses_of,
    without_losses,
)
from worker.executor.figures import Figures, Names
from worker.executor.outcome import Outcome
from worker.plan import Absent, Batch, ScenePlan

log = logging.getLogger(__name__)
T = TypeVar("T")

BATCH = 100  # scenes that are planned together
RESUMED_WITHIN = 86_400.0  # seconds after which a run that was cut off is not gone on with
STALE = 30.0  # seconds after which a plan that waited is made afresh
MOST_IN_HAND = 5000  # scenes, beyond which all are proven before others are begun


class Interruption(Enum):
    """NONE: go on. EDITS: take what a user has just edited first. END: let others work."""

    NONE = "none"
    EDITS = "edits"
    END = "end"


def in_parts(
    everything: Sequence[T], size: int, on_done: Callable[[int, int], None]
) -> Iterator[Sequence[T]]:
    """Parts of a list; after each `on_done` is told how much is done, and of how much."""
    for start in range(0, len(everything), size):
        some = everything[start : start + size]
        yield some
        on_done(start + len(some), len(everything))


def never() -> Interruption:
    """Nothing interrupts the run."""
    return Interruption.NONE


class Batches(Protocol):
    """A maker of plans that need not be made again."""

    def batches(self) -> Generator[Batch, None, None]:
        """Plans, batch by batch. Each is carried out before the next is asked for; closed, it
        gives back what it has taken for a next one."""


class PlanSource(Batches, Protocol):
    def again(self, plans: Sequence[ScenePlan]) -> Batch:
        """Plans for the same scenes, made afresh; the same ones, where no guard lets them wait."""
        return Batch(list(plans))

    def made(self) -> Batch | None:
        """The next batch, where it is made already and right whatever becomes of those in hand."""
        return None


class PlanEnd(Protocol):
    """What carries plans out: the executor."""

    def execute(
        self,
        plans: Sequence[ScenePlan],
        is_over: Callable[[], bool],
        more: Callable[[], Sequence[ScenePlan]],
    ) -> Sequence[ScenePlan]:
        """Take some plans, and more of them while the last ones are under way; returns those that
        were not begun."""


# Decides about scenes that Plex does not have, once all others are done.
ResolveAbsent = Callable[[Sequence[Absent], Acknowledger, Figures], None]


@dataclass(frozen=True, slots=True)
class RunKind:
    """What is particular to a kind of run.

    Attributes:
        name: of the kind, as the history has it.
        reply: the figures of its reply, by name.
        facts: what its history says of it besides.
        counts_on: one that goes on goes on counting. Otherwise its maker starts over, and what was
            done before it was cut off counts as done already.
        keeps_failed: no job is left of what failed: the next run of this kind goes on with it.
    """

    name: str
    reply: Names
    facts: Mapping[str, Any] = field(default_factory=dict)
    counts_on: bool = False
    keeps_failed: bool = False


class WriteRun:
    """One run; the caller holds the drain lock.

    Args:
        end: makes what plans are handed to, of the run's id and of who is told of outcomes.
        guard: holds back scenes that lose something; None: nothing is held back.
        resolve_absent: decides about scenes that Plex does not have.
        clock: epoch seconds.
        interruption: asked after each scene.
        on_proven: told that scenes were proven and recorded.
    """

    def __init__(
        self,
        kind: RunKind,
        state: State,
        queue: SyncQueue,
        acknowledger: Acknowledger,
        figures: Figures,
        end: Callable[[int, Callable[[Sequence[Outcome]], None]], PlanEnd],
        *,
        guard: ClearGuard | None,
        resolve_absent: ResolveAbsent,
        clock: Callable[[], float],
        interruption: Callable[[], Interruption] = never,
        on_proven: Callable[[], None] = lambda: None,
    ) -> None:
        self._kind = kind
        self._state = state
        self._queue = queue
        self._acknowledger = acknowledger
        self._new_end = end
        self._guard = guard
        self._resolve_absent = resolve_absent
        self._clock = clock
        self._interruption = interruption
        self._on_proven = on_proven
        self._claimed: list[Job] = []
        self._absent: list[Absent] = []
        self._planned_at: dict[int, float] = {}
        self._loss = Loss()
        self._is_early = False
        self._before = Figures()
        self.figures = figures
        self.run_id = 0

    def run(self, source: PlanSource) -> None:
        """Carry out what the source plans, until there is no more or others are to work.

        Raises:
            GuardStopped: scenes are held back; everything else is done.
            StashError, PlexError: a server went away or refused us. What was done stays done, the
                jobs in hand are back in the queue, and `figures` has what was done until then.
        """
        with self._life():
            end = self._new_end(self.run_id, self._told)
            try:
                self._work(source, end)
                self._resolve_absent(self._absent, self._acknowledger, self.figures)
            finally:
                waiting = self._guard.give_back() if self._guard is not None else []
                self._give_back([*self._claimed, *jobs_of(waiting)])
                self._give_back([each.job for each in self._absent])
        if self._loss.scenes:
            raise GuardStopped(self._loss.message())

    @contextmanager
    def _life(self) -> Iterator[None]:
        runs, kind, now = self._state.runs, self._kind, self._clock()
        facts = dict(kind.facts)
        known = runs.resume(
            kind.name, now - RESUMED_WITHIN, lambda had: facts.items() <= dict(had).items()
        )
        if known is not None:
            log.info("run %d goes on where it was cut off", known.id)
            if kind.counts_on:
                self._before.restore(known.figures, kind.reply)
        with runs.begun(kind.name, self._clock, facts, known) as run:
            self.run_id, run.figures = run.id, self._facts
            try:
                yield
            finally:
                self.figures.remaining = self._queue.count_waiting()
            is_left = kind.keeps_failed and self.figures.failures.count > 0
            run.status = "partial" if self._is_early or is_left else "done"

    def _facts(self) -> dict[str, Any]:
        """What the history says of the run, what was done before it was cut off included."""
        total = Figures()
        total.add(self._before)
        total.add(self.figures)
        return {**self._kind.facts, **total.reply(self._kind.reply)}

    def _told(self, outcomes: Sequence[Outcome]) -> None:
        self._acknowledger.outcomes(outcomes)
        if any(outcome.is_proven for outcome in outcomes):
            self._on_proven()
        self._state.runs.note(self.run_id, self._facts())

    def _work(self, source: PlanSource, end: PlanEnd) -> None:
        more = partial(self._more, source)
        with closing(source.batches()) as batches:
            for batch in batches:
                self._execute(self._taken(batch), end, more)
                self._claimed = []
                if self._guard is not None and self._guard.is_full:
                    self._verdict(source, end)
                if self._interruption() is Interruption.END:
                    self._is_early = True
                    break
        self._verdict(source, end)

    def _more(self, source: PlanSource) -> Sequence[ScenePlan]:
        """The next plans, where these need not wait until all that is in hand is proven."""
        is_full = self._guard is not None and self._guard.is_full
        if is_full or len(self._claimed) > MOST_IN_HAND or self._is_interrupted():
            return ()
        batch = source.made()
        return self._taken(batch) if batch is not None else ()

    def _is_interrupted(self) -> bool:
        return self._interruption() is not Interruption.NONE

    def _taken(self, batch: Batch) -> Sequence[ScenePlan]:
        """What of a batch is to be carried out by now."""
        plans = batch.ready
        self._claimed += [*jobs_of(plans), *batch.jobs]
        self._sort_out(batch)
        now = self._clock()
        self._planned_at.update((plan.scene_id, now) for plan in plans)
        if self._guard is None:
            return plans
        plans, held = self._parted(plans)
        # What is held back of these waits on, and all else of them goes.
        return [*self._guard.let_through(plans), *map(without_losses, held)]

    def _parted(self, plans: Sequence[ScenePlan]) -> tuple[list[ScenePlan], list[ScenePlan]]:
        """The plans, and those that would lose just what is held back of their scenes already."""
        ids = {plan.scene_id for plan in plans}
        held = {each.job.scene_id: each.losses for each in self._queue.held(ids)}
        known = [
            plan
            for plan in plans
            if plan.scene_id in held and losses_of(plan) and is_covered(plan, held[plan.scene_id])
        ]
        ids = {plan.scene_id for plan in known}
        return [plan for plan in plans if plan.scene_id not in ids], known

    def _sort_out(self, batch: Batch) -> None:
        """Acknowledge what has no plan."""
        self._give_back(batch.left_alone)
        self._acknowledger.without_write(batch.done)
        for job, failure, why in batch.given_up:
            self.figures.processed += 1
            self._acknowledger.failed.park(job, failure, why)
        for job, failure, why in batch.failed:
            self.figures.processed += 1
            self._acknowledger.failed.retry(job, failure, why)
        self._absent += batch.not_found

    def _execute(
        self,
        plans: Sequence[ScenePlan],
        end: PlanEnd,
        more: Callable[[], Sequence[ScenePlan]] = tuple,
    ) -> None:
        if plans:
            self._give_back(jobs_of(end.execute(plans, self._is_interrupted, more)))

    def _verdict(self, source: PlanSource, end: PlanEnd) -> None:
        """Let the scenes go that the guard kept waiting, or hold them back."""
        if self._guard is None:
            return
        plans, loss = self._guard.verdict()
        self._claimed = jobs_of(plans)
        if loss is not None:
            self._hold(plans, loss)
        elif plans:
            self._execute(self._fresh(source, plans), end)
        self._claimed = []

    def _fresh(self, source: PlanSource, plans: Sequence[ScenePlan]) -> list[ScenePlan]:
        """The plans as they are now: what waited for long is planned once more.

        One that takes more away by now is left for the next run.
        """
        limit = self._clock() - STALE
        kept = [plan for plan in plans if self._planned_at.get(plan.scene_id, limit) > limit]
        old = {plan.scene_id: plan for plan in plans if plan not in kept}
        for some in chunks(list(old.values()), BATCH):
            batch = source.again(some)
            self._sort_out(batch)
            fits = [p for p in batch.ready if is_covered(p, losses_of(old[p.scene_id]))]
            kept += fits
            self._give_back(jobs_of(plan for plan in batch.ready if plan not in fits))
        return kept

    def _hold(self, plans: Sequence[ScenePlan], loss: Loss) -> None:
        for line in loss.lines:
            log.info("held back: %s", line)
        fresh = [plan.scene_id for plan in plans if plan.job is None]
        self._queue.put_many({"scene_id": i, "reason": "held back"} for i in fresh)
        ordered = self._queue.claim_scenes(fresh)
        jobs = {job.scene_id: job for job in [*ordered, *jobs_of(plans)]}
        self._queue.hold(
            (jobs[plan.scene_id], losses_of(plan)) for plan in plans if plan.scene_id in jobs
        )
        self.figures.processed += len(plans)
        self.figures.held += len(plans)
        self._loss.join(loss)

    def _give_back(self, jobs: Iterable[Job]) -> None:
        """Put jobs back in line as they were; what is acknowledged by now stays so."""
        given = list(jobs)
        if given:
            self._queue.release(given)


def jobs_of(plans: Iterable[ScenePlan]) -> list[Job]:
    return [plan.job for plan in plans if plan.job is not None]
