"""The life of a run: what becomes of its jobs, its figures and its place in the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from core.models import Failure, Job
from plex.exceptions import PlexServerDown
from tests.worker.builders import edit, plan
from tests.worker.executor.run_harness import KIND, SET, RunHarness, Source
from worker.executor.acknowledge import Acknowledger
from worker.executor.figures import DRAIN, UNDO, Figures
from worker.executor.run import RESUMED_WITHIN, Interruption, RunKind, jobs_of
from worker.plan import Absent, Batch


def job_of(harness: RunHarness, scene_id: int) -> Job:
    job = harness.plans(scene_id)[0].job
    assert job is not None
    return job


def test_a_run_ends_its_jobs_and_tells_what_it_did(harness: RunHarness) -> None:
    made = harness.run(Source([Batch(harness.plans(1, 2)), Batch(harness.plans(3))]))

    figures = made.figures
    assert harness.written == [1, 2, 3]
    assert (figures.processed, figures.succeeded, figures.items_edited) == (3, 3, 3)
    assert harness.waiting() == set()
    history = harness.history()
    assert (history.id, history.kind, history.status) == (made.run_id, "drain", "done")
    assert history.figures == figures.reply(DRAIN)


def test_what_is_taken_up_again_in_a_run_is_counted_once(harness: RunHarness) -> None:
    plans = harness.plans(1, 2)
    source = Source([Batch(plans), Batch(plans[:1])])

    figures = harness.run(source).figures

    assert harness.written == [1, 2, 1]
    assert (figures.items_edited, figures.scenes) == (2, 2)


def test_what_has_no_plan_is_acknowledged_for_what_it_is(harness: RunHarness) -> None:
    done, given_up, failed, left, absent = (job_of(harness, number) for number in range(1, 6))
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
            acknowledger.failed.missing(each.job, each.path)

    figures = harness.run(Source([batch]), resolve_absent=settle).figures

    assert seen == [5]
    assert (figures.processed, figures.skipped, figures.failed, figures.retried) == (4, 1, 1, 2)
    assert harness.waiting() == {3, 4, 5}
    assert [job.scene_id for job in harness.queue.dead_letters()] == [2]
    assert figures.remaining == 3


def test_what_is_made_already_does_not_wait_for_the_end_of_a_batch(harness: RunHarness) -> None:
    ahead = [Batch(harness.plans(2), done=[(job_of(harness, 3), "it has no file")])]
    source = Source([Batch(harness.plans(1)), Batch(harness.plans(4))], ahead=ahead)

    figures = harness.run(source).figures

    assert harness.written == [1, 2, 4]
    assert (figures.processed, figures.skipped, figures.remaining) == (4, 1, 0)


def test_what_is_made_already_is_left_where_others_are_to_work(harness: RunHarness) -> None:
    source = Source([Batch(harness.plans(1))], ahead=[Batch(harness.plans(2))])

    harness.run(source, interruption=lambda: Interruption.END)

    assert (harness.written, harness.waiting()) == ([1], set())
    harness.queue.release(jobs_of(source.ahead.pop().ready))


def test_an_outage_gives_back_also_what_came_while_others_were_under_way(
    harness: RunHarness,
) -> None:
    source = Source([Batch(harness.plans(1))], ahead=[Batch(harness.plans(2, 3))])

    with pytest.raises(PlexServerDown):
        harness.run(source, down_at=2)

    assert (harness.written, harness.waiting()) == ([1], {2, 3})


# Cut off ---------------------------------------------------------------------------------------


def test_in_an_outage_nobody_is_blamed_and_the_next_run_goes_on(harness: RunHarness) -> None:
    batches = [Batch(harness.plans(1, 2, 3)), Batch(harness.plans(4))]
    batches[0].not_found = [Absent(job_of(harness, 5), ("/d/5.mp4",))]
    with pytest.raises(PlexServerDown):
        harness.run(Source(batches[:1]), down_at=2)
    first = harness.made
    assert harness.history().status == "failed"
    assert first.figures.succeeded == 1
    harness.queue.release([job for each in batches[1].ready if (job := each.job)])
    assert harness.waiting() == {2, 3, 4, 5}
    assert {job.attempts for job in harness.queue.due(4e9)} == {0}

    harness.now += 60
    second = harness.run(Source([Batch(harness.plans(2, 3, 4, 5))]))

    assert second.run_id == first.run_id
    assert second.figures.succeeded == 4, "a task tells what it did itself"
    history = harness.history()
    assert (history.status, history.started_at) == ("done", 1_000.0)
    assert history.figures["succeeded"] == 5
    # Once it has come to its end, the next is another one.
    assert harness.run(Source([])).run_id != first.run_id


@pytest.mark.parametrize(
    ("later", "kind"),
    [
        (RESUMED_WITHIN + 1, KIND),
        (1.0, RunKind("confirm", DRAIN)),
        (1.0, replace(KIND, facts={"undone_run": 3})),
    ],
)
def test_a_run_of_long_ago_or_of_something_else_is_not_gone_on_with(
    harness: RunHarness, later: float, kind: RunKind
) -> None:
    with pytest.raises(PlexServerDown):
        harness.run(Source([Batch(harness.plans(1))]), down_at=1)
    first = harness.made
    harness.now += later

    second = harness.run(Source([Batch(harness.plans(1))]), kind)

    assert second.run_id != first.run_id
    assert harness.history().figures.items() >= dict(kind.facts).items()
    assert harness.history().figures["succeeded"] == 1


def test_a_run_whose_maker_starts_over_counts_anew(harness: RunHarness) -> None:
    """What was put back before counts as back already, and what is gone is not counted twice."""
    kind = RunKind("undo", UNDO, {"undone_run": 3})
    figures = []
    for down_at in (2, None):
        source = Source([Batch([plan(edit(SET, key=str(n)), scene_id=n) for n in (1, 2)])])

        def count() -> None:
            harness.made.figures.gone += 1

        source.on_batch = count
        try:
            figures.append(harness.run(source, kind, down_at=down_at).figures)
        except PlexServerDown:
            figures.append(harness.made.figures)
            first = harness.made.run_id

    assert harness.made.run_id == first
    history = harness.history()
    assert history.figures == {"undone_run": 3, **figures[1].reply(UNDO)}
    assert history.figures["gone"] == 1


def test_others_may_work_in_between(harness: RunHarness) -> None:
    source = Source([Batch(harness.plans(1, 2, 3))])
    made = harness.run(source, interruption=lambda: Interruption.END)

    assert harness.written == [1]
    assert harness.waiting() == {2, 3}
    assert harness.history().status == "partial"
    harness.run(Source([Batch(harness.plans(2, 3))]))
    assert harness.history().id == made.run_id
    assert (harness.history().status, harness.history().figures["succeeded"]) == ("done", 3)


def test_what_a_user_has_just_edited_comes_first_and_the_run_goes_on(harness: RunHarness) -> None:
    asked = iter([Interruption.EDITS, Interruption.NONE])
    source = Source([Batch(harness.plans(1, 2)), Batch(harness.plans(3))])

    harness.run(source, interruption=lambda: next(asked, Interruption.NONE))

    assert harness.written == [1, 3]
    assert (harness.waiting(), harness.history().status) == ({2}, "done")
