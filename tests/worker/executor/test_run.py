"""The life of a run: what becomes of its jobs, its figures and its place in the history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import GuardStopped
from core.guards import FREE_CLEARS
from core.models import Failure, Job
from plex.exceptions import PlexServerDown
from storage.runs import Run
from storage.state import State
from sync_queue.queue import SyncQueue
from tests.worker.builders import change, edit, plan
from worker.executor.acknowledge import Acknowledger, RetryRules
from worker.executor.clear_guard import ClearGuard
from worker.executor.figures import DRAIN, UNDO, Figures
from worker.executor.outcome import Outcome, Status
from worker.executor.run import (
    RESUMED_WITHIN,
    STALE,
    Interruption,
    RunKind,
    SettleAbsent,
    WriteRun,
    never,
)
from worker.plan import Absent, Batch, ScenePlan

SET, LOSS = change("title", "Old", "New"), change("summary", "Old.", None)
KIND = RunKind("drain", DRAIN, counts_on=True)
Told = Callable[[Sequence[Outcome]], None]


@dataclass
class Source:
    """Gives these batches, and others for what waited too long.

    Attributes:
        fresh: what `again` plans for a scene, if it is something else.
        asked: the scenes that were planned again.
    """

    given: Sequence[Batch]
    fresh: Mapping[int, ScenePlan] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    on_batch: Callable[[], None] = lambda: None

    def batches(self) -> Iterator[Batch]:
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
        self, plans: Sequence[ScenePlan], is_over: Callable[[], bool]
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
        return []


@dataclass
class Office:
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
        settle_absent: SettleAbsent = lambda _absent, _acknowledger, _figures: None,
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
            settle_absent=settle_absent,
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


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with State(tmp_path, print) as state, SyncQueue(tmp_path / "queue") as queue:
        yield Office(state, queue)
        assert queue.stats(4e9).working == 0


def test_a_run_ends_its_jobs_and_tells_what_it_did(office: Office) -> None:
    made = office.run(Source([Batch(office.plans(1, 2)), Batch(office.plans(3))]))

    figures = made.figures
    assert office.written == [1, 2, 3]
    assert (figures.processed, figures.succeeded, figures.items_edited) == (3, 3, 3)
    assert office.waiting() == set()
    history = office.history()
    assert (history.id, history.kind, history.status) == (made.run_id, "drain", "done")
    assert history.figures == figures.reply(DRAIN)


def test_what_has_no_plan_is_acknowledged_for_what_it_is(office: Office) -> None:
    done, given_up, failed, left, absent = (job_of(office, number) for number in range(1, 6))
    batch = Batch(
        done=[(done, "it has no file")],
        given_up=[(given_up, Failure.AMBIGUOUS, "several items fit")],
        failed=[(failed, Failure.OTHER, "no luck")],
        not_found=[Absent(absent, ("/d/5.mp4",))],
        left_alone=[left],
    )
    seen: list[int] = []

    def settle(missing: Sequence[Absent], acknowledger: Acknowledger, figures: Figures) -> None:
        seen.extend(each.job.scene_id for each in missing)
        figures.processed += len(missing)
        for each in missing:
            acknowledger.missing(each.job, each.path)

    figures = office.run(Source([batch]), settle_absent=settle).figures

    assert seen == [5]
    assert (figures.processed, figures.skipped, figures.failed, figures.retried) == (4, 1, 1, 2)
    assert office.waiting() == {3, 4, 5}
    assert [job.scene_id for job in office.queue.dead_letters()] == [2]
    assert figures.remaining == 3


# Cut off ---------------------------------------------------------------------------------------


def test_in_an_outage_nobody_is_blamed_and_the_next_run_goes_on(office: Office) -> None:
    batches = [Batch(office.plans(1, 2, 3)), Batch(office.plans(4))]
    batches[0].not_found = [Absent(job_of(office, 5), ("/d/5.mp4",))]
    with pytest.raises(PlexServerDown):
        office.run(Source(batches[:1]), down_at=2)
    first = office.made
    assert office.history().status == "failed"
    assert first.figures.succeeded == 1
    office.queue.release([job for each in batches[1].ready if (job := each.job)])
    assert office.waiting() == {2, 3, 4, 5}
    assert {job.attempts for job in office.queue.due(4e9)} == {0}

    office.now += 60
    second = office.run(Source([Batch(office.plans(2, 3, 4, 5))]))

    assert second.run_id == first.run_id
    assert second.figures.succeeded == 4, "a task tells what it did itself"
    history = office.history()
    assert (history.status, history.started_at) == ("done", 1_000.0)
    assert history.figures["succeeded"] == 5
    # Once it has come to its end, the next is another one.
    assert office.run(Source([])).run_id != first.run_id


def job_of(office: Office, scene_id: int) -> Job:
    job = office.plans(scene_id)[0].job
    assert job is not None
    return job


@pytest.mark.parametrize(
    ("later", "kind"),
    [
        (RESUMED_WITHIN + 1, KIND),
        (1.0, RunKind("confirm", DRAIN)),
        (1.0, replace(KIND, facts={"undone_run": 3})),
    ],
)
def test_a_run_of_long_ago_or_of_something_else_is_not_gone_on_with(
    office: Office, later: float, kind: RunKind
) -> None:
    with pytest.raises(PlexServerDown):
        office.run(Source([Batch(office.plans(1))]), down_at=1)
    first = office.made
    office.now += later

    second = office.run(Source([Batch(office.plans(1))]), kind)

    assert second.run_id != first.run_id
    assert office.history().figures.items() >= dict(kind.facts).items()
    assert office.history().figures["succeeded"] == 1


def test_a_run_whose_maker_starts_over_counts_anew(office: Office) -> None:
    """What was put back before counts as back already, and what is gone is not counted twice."""
    kind = RunKind("undo", UNDO, {"undone_run": 3})
    figures = []
    for down_at in (2, None):
        source = Source([Batch([plan(edit(SET, key=str(n)), scene_id=n) for n in (1, 2)])])

        def count() -> None:
            office.made.figures.gone += 1

        source.on_batch = count
        try:
            figures.append(office.run(source, kind, down_at=down_at).figures)
        except PlexServerDown:
            figures.append(office.made.figures)
            first = office.made.run_id

    assert office.made.run_id == first
    history = office.history()
    assert history.figures == {"undone_run": 3, **figures[1].reply(UNDO)}
    assert history.figures["gone"] == 1


def test_others_may_work_in_between(office: Office) -> None:
    source = Source([Batch(office.plans(1, 2, 3))])
    made = office.run(source, interruption=lambda: Interruption.END)

    assert office.written == [1]
    assert office.waiting() == {2, 3}
    assert office.history().status == "partial"
    office.run(Source([Batch(office.plans(2, 3))]))
    assert office.history().id == made.run_id
    assert (office.history().status, office.history().figures["succeeded"]) == ("done", 3)


def test_what_a_user_has_just_edited_comes_first_and_the_run_goes_on(office: Office) -> None:
    asked = iter([Interruption.EDITS, Interruption.NONE])
    source = Source([Batch(office.plans(1, 2)), Batch(office.plans(3))])

    office.run(source, interruption=lambda: next(asked, Interruption.NONE))

    assert office.written == [1, 3]
    assert (office.waiting(), office.history().status) == ({2}, "done")


# The clear guard -------------------------------------------------------------------------------

TOO_MANY = range(100, 101 + FREE_CLEARS)


def test_what_loses_too_much_is_held_and_all_else_is_written(office: Office) -> None:
    source = Source([Batch([*office.plans(*TOO_MANY, what=LOSS), *office.plans(1)])])

    with pytest.raises(GuardStopped, match=f"{len(TOO_MANY)} scenes are held back") as caught:
        office.run(source, guard=ClearGuard(20))

    assert f"{len(TOO_MANY)} values ({len(TOO_MANY)} summary)" in str(caught.value)
    assert office.written == [1]
    held = office.queue.held()
    assert {each.job.scene_id for each in held} == set(TOO_MANY)
    assert all(each.marks and len(each.lines) == 1 for each in held)
    figures = office.made.figures
    assert (figures.held, figures.succeeded) == (len(TOO_MANY), 1)
    assert figures.processed == 1 + len(TOO_MANY)
    assert office.history().status == "done"


def test_scenes_without_a_job_are_held_with_one(office: Office) -> None:
    plans = [plan(edit(LOSS, key=str(n)), scene_id=n) for n in TOO_MANY]

    with pytest.raises(GuardStopped):
        office.run(Source([Batch(plans)]), guard=ClearGuard(20))

    assert {each.job.scene_id for each in office.queue.held()} == set(TOO_MANY)


def test_few_losses_wait_for_all_others_and_are_written(office: Office) -> None:
    source = Source([Batch(office.plans(7, what=LOSS)), Batch(office.plans(1, 2))])

    office.run(source, guard=ClearGuard(20))

    assert office.written == [1, 2, 7]
    assert source.asked == []


def test_what_waited_long_is_planned_again_and_loses_no_more_than_before(office: Office) -> None:
    plans = office.plans(7, 8, what=LOSS)
    worse = replace(plans[1], edits=(edit(LOSS, change("tags", ("Sea",), ()), key="8"),))
    source = Source([Batch(plans)], {8: worse})

    def wait() -> None:
        office.now += STALE

    source.on_batch = wait

    office.run(source, guard=ClearGuard(20))

    assert source.asked == [7, 8]
    assert office.written == [7]
    assert office.waiting() == {8}


def test_in_an_outage_what_waited_is_given_back(office: Office) -> None:
    source = Source([Batch([*office.plans(7, what=LOSS), *office.plans(1)])])
    with pytest.raises(PlexServerDown):
        office.run(source, guard=ClearGuard(20), down_at=1)
    assert office.waiting() == {1, 7}


def held_before(office: Office) -> None:
    plans = office.plans(*TOO_MANY, what=LOSS)
    with pytest.raises(GuardStopped):
        office.run(Source([Batch(plans)]), guard=ClearGuard(20))


def both(office: Office, *scene_ids: int) -> list[ScenePlan]:
    """Plans that lose what is held back, and set a title as well."""
    plans = office.plans(*scene_ids)
    return [replace(p, edits=(edit(SET, LOSS, key=str(p.scene_id)),)) for p in plans]


def test_of_a_scene_that_is_held_all_else_is_written(office: Office) -> None:
    held_before(office)

    figures = office.run(Source([Batch(both(office, 100))]), guard=ClearGuard(20)).figures

    assert (figures.processed, figures.succeeded, figures.held) == (1, 1, 0)
    (written,) = office.ends[-1].written
    assert [each.field for each in written.changes] == ["title"]
    assert not written.is_whole
    assert {each.job.scene_id for each in office.queue.held()} == set(TOO_MANY)
    assert office.waiting() == set()


def test_what_is_left_of_scenes_that_are_held_is_due_still(office: Office) -> None:
    held_before(office)
    source = Source([Batch(both(office, 100, 101))])

    office.run(source, guard=ClearGuard(20), interruption=lambda: Interruption.EDITS)

    assert [each.scene_id for each in office.ends[-1].written] == [100]
    assert office.waiting() == {101}
    assert {each.job.scene_id for each in office.queue.held()} == set(TOO_MANY)


def test_what_fails_of_scenes_that_are_held_is_told_and_what_is_held_stays(office: Office) -> None:
    held_before(office)
    source = Source([Batch(both(office, 100))])

    figures = office.run(source, guard=ClearGuard(20), refuses=frozenset({100})).figures

    assert (figures.processed, figures.failed, figures.held) == (1, 1, 0)
    assert [job.scene_id for job in office.queue.dead_letters()] == [100]
    assert {each.job.scene_id for each in office.queue.held()} == set(TOO_MANY)


def test_of_more_that_is_held_only_what_is_new_is_told(office: Office) -> None:
    held_before(office)
    more = range(200, 200 + len(TOO_MANY))
    plans = [*both(office, 100), *office.plans(*more, what=LOSS)]

    with pytest.raises(GuardStopped, match=f"^{len(more)} scenes are held back"):
        office.run(Source([Batch(plans)]), guard=ClearGuard(20))

    assert (office.made.figures.held, office.made.figures.succeeded) == (len(more), 1)
