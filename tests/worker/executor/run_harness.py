"""A queue and a state, and runs over both whose plans are carried out by a stand-in for Plex."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plex.exceptions import PlexServerDown
from storage.state import State
from storage.state_tables.runs import Run
from sync_queue.queue import SyncQueue
from tests.worker.builders import change, edit, plan
from worker.executor.acknowledge import Acknowledger
from worker.executor.clear_guard import ClearGuard
from worker.executor.failed_jobs import RetryRules
from worker.executor.figures import DRAIN, Figures
from worker.executor.outcome import Outcome, Status
from worker.executor.run import (
    Interruption,
    PlanSource,
    ResolveAbsent,
    RunKind,
    WriteRun,
    never,
)
from worker.plan import Batch, ScenePlan

SET, LOSS = change("title", "Old", "New"), change("summary", "Old.", None)
KIND = RunKind("drain", DRAIN, counts_on=True)
Told = Callable[[Sequence[Outcome]], None]


@dataclass
class Source(PlanSource):
    """Gives these batches, and others for what waited too long.

    Attributes:
        fresh: what `again` plans for a scene, if it is something else.
        asked: the scenes that were planned again.
        ahead: batches that are made already.
    """

    given: Sequence[Batch]
    fresh: Mapping[int, ScenePlan] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    on_batch: Callable[[], None] = lambda: None
    ahead: list[Batch] = field(default_factory=list)

    def made(self) -> Batch | None:
        return self.ahead.pop(0) if self.ahead else None

    def batches(self) -> Generator[Batch, None, None]:
        for batch in self.given:
            yield batch
            self.on_batch()

    def again(self, plans: Sequence[ScenePlan]) -> Batch:
        self.asked += [each.scene_id for each in plans]
        return Batch([self.fresh.get(each.scene_id, each) for each in plans])


@dataclass
class End:
    """Carries everything out, one scene after the other.

    Attributes:
        down_at: the scene at which Plex goes away.
        refuses: the scenes that it refuses.
    """

    told: Told
    down_at: int | None
    refuses: frozenset[int]
    written: list[ScenePlan] = field(default_factory=list)

    def execute(
        self,
        plans: Sequence[ScenePlan],
        is_over: Callable[[], bool],
        more: Callable[[], Sequence[ScenePlan]],
    ) -> Sequence[ScenePlan]:
        for number, each in enumerate(plans):
            if number and is_over():
                return plans[number:]
            if each.scene_id == self.down_at:
                raise PlexServerDown("Plex went away")
            self.written.append(each)
            if each.scene_id in self.refuses:
                self.told([Outcome(each, Status.REJECTED, "HTTP 400")])
                continue
            back = {e.ref: frozenset(e.names) for e in each.edits if e.names}
            self.told([Outcome(each, Status.PROVEN, back=back)])
        others = more()
        return self.execute(others, is_over, more) if others else []


@dataclass
class RunHarness:
    """A queue, a state, and runs over both."""

    state: State
    queue: SyncQueue
    now: float = 1_000.0
    ends: list[End] = field(default_factory=list)

    def plans(self, *scene_ids: int, what: Any = SET) -> list[ScenePlan]:
        """Plans with claimed jobs."""
        self.queue.put_many({"scene_id": n, "reason": "asked for"} for n in scene_ids)
        jobs = {job.scene_id: job for job in self.queue.claim_scenes(scene_ids)}
        return [plan(edit(what, key=str(n)), scene_id=n, job=jobs[n]) for n in scene_ids]

    def run(
        self,
        source: Source,
        kind: RunKind = KIND,
        *,
        down_at: int | None = None,
        refuses: frozenset[int] = frozenset(),
        guard: ClearGuard | None = None,
        resolve_absent: ResolveAbsent = lambda _absent, _acknowledger, _figures: None,
        interruption: Callable[[], Interruption] = never,
    ) -> WriteRun:
        figures = Figures()
        rules = RetryRules(3, False, lambda: self.now, lambda: 0.5)

        def end(_run_id: int, told: Told) -> End:
            self.ends.append(End(told, down_at, refuses))
            return self.ends[-1]

        made = WriteRun(
            kind,
            self.state,
            self.queue,
            Acknowledger(self.queue, rules, figures),
            figures,
            end,
            guard=guard,
            resolve_absent=resolve_absent,
            clock=lambda: self.now,
            interruption=interruption,
        )
        self.made = made
        made.run(source)
        return made

    @property
    def written(self) -> list[int]:
        """The scenes that were written, over all runs."""
        return [each.scene_id for end in self.ends for each in end.written]

    def waiting(self) -> set[int]:
        return {job.scene_id for job in self.queue.due(4e9)}

    def history(self) -> Run:
        (run,) = self.state.runs.latest(limit=1)
        return run
