"""A run and the clear guard: what is held back, and that all else is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.clear_limit import FREE_CLEARS
from core.errors import GuardStopped
from plex.exceptions import PlexServerDown
from tests.worker.builders import change, edit, plan
from tests.worker.executor.run_harness import LOSS, SET, RunHarness, Source
from worker.executor.clear_guard import ClearGuard
from worker.executor.run import STALE, Interruption
from worker.plan import Batch, ScenePlan

TOO_MANY = range(100, 101 + FREE_CLEARS)


def test_what_loses_too_much_is_held_and_all_else_is_written(harness: RunHarness) -> None:
    source = Source([Batch([*harness.plans(*TOO_MANY, what=LOSS), *harness.plans(1)])])

    with pytest.raises(GuardStopped, match=f"{len(TOO_MANY)} scenes are held back") as caught:
        harness.run(source, guard=ClearGuard(20))

    assert f"{len(TOO_MANY)} values ({len(TOO_MANY)} summary)" in str(caught.value)
    assert harness.written == [1]
    held = harness.queue.held()
    assert {each.job.scene_id for each in held} == set(TOO_MANY)
    assert all(len(each.losses) == 1 for each in held)
    figures = harness.made.figures
    assert (figures.held, figures.succeeded) == (len(TOO_MANY), 1)
    assert figures.processed == 1 + len(TOO_MANY)
    assert harness.history().status == "done"


def test_scenes_without_a_job_are_held_with_one(harness: RunHarness) -> None:
    plans = [plan(edit(LOSS, key=str(n)), scene_id=n) for n in TOO_MANY]

    with pytest.raises(GuardStopped):
        harness.run(Source([Batch(plans)]), guard=ClearGuard(20))

    assert {each.job.scene_id for each in harness.queue.held()} == set(TOO_MANY)


def test_few_losses_wait_for_all_others_and_are_written(harness: RunHarness) -> None:
    source = Source([Batch(harness.plans(7, what=LOSS)), Batch(harness.plans(1, 2))])

    harness.run(source, guard=ClearGuard(20))

    assert harness.written == [1, 2, 7]
    assert source.asked == []


def test_what_waited_long_is_planned_again_and_loses_no_more_than_before(
    harness: RunHarness,
) -> None:
    plans = harness.plans(7, 8, what=LOSS)
    worse = replace(plans[1], edits=(edit(LOSS, change("tags", ("Sea",), ()), key="8"),))
    source = Source([Batch(plans)], {8: worse})

    def wait() -> None:
        harness.now += STALE

    source.on_batch = wait

    harness.run(source, guard=ClearGuard(20))

    assert source.asked == [7, 8]
    assert harness.written == [7]
    assert harness.waiting() == {8}


def test_in_an_outage_what_waited_is_given_back(harness: RunHarness) -> None:
    source = Source([Batch([*harness.plans(7, what=LOSS), *harness.plans(1)])])
    with pytest.raises(PlexServerDown):
        harness.run(source, guard=ClearGuard(20), down_at=1)
    assert harness.waiting() == {1, 7}


def held_before(harness: RunHarness) -> None:
    plans = harness.plans(*TOO_MANY, what=LOSS)
    with pytest.raises(GuardStopped):
        harness.run(Source([Batch(plans)]), guard=ClearGuard(20))


def both(harness: RunHarness, *scene_ids: int) -> list[ScenePlan]:
    """Plans that lose what is held back, and set a title as well."""
    plans = harness.plans(*scene_ids)
    return [replace(p, edits=(edit(SET, LOSS, key=str(p.scene_id)),)) for p in plans]


def test_of_a_scene_that_is_held_all_else_is_written(harness: RunHarness) -> None:
    held_before(harness)

    figures = harness.run(Source([Batch(both(harness, 100))]), guard=ClearGuard(20)).figures

    assert (figures.processed, figures.succeeded, figures.held) == (1, 1, 0)
    (written,) = harness.ends[-1].written
    assert [each.field for each in written.changes] == ["title"]
    assert not written.is_whole
    assert {each.job.scene_id for each in harness.queue.held()} == set(TOO_MANY)
    assert harness.waiting() == set()


def test_what_is_left_of_scenes_that_are_held_is_due_still(harness: RunHarness) -> None:
    held_before(harness)
    source = Source([Batch(both(harness, 100, 101))])

    harness.run(source, guard=ClearGuard(20), interruption=lambda: Interruption.EDITS)

    assert [each.scene_id for each in harness.ends[-1].written] == [100]
    assert harness.waiting() == {101}
    assert {each.job.scene_id for each in harness.queue.held()} == set(TOO_MANY)


def test_what_fails_of_scenes_that_are_held_is_told_and_what_is_held_stays(
    harness: RunHarness,
) -> None:
    held_before(harness)
    source = Source([Batch(both(harness, 100))])

    figures = harness.run(source, guard=ClearGuard(20), refuses=frozenset({100})).figures

    assert (figures.processed, figures.failed, figures.held) == (1, 1, 0)
    assert [job.scene_id for job in harness.queue.dead_letters()] == [100]
    assert {each.job.scene_id for each in harness.queue.held()} == set(TOO_MANY)


def test_of_more_that_is_held_only_what_is_new_is_told(harness: RunHarness) -> None:
    held_before(harness)
    more = range(200, 200 + len(TOO_MANY))
    plans = [*both(harness, 100), *harness.plans(*more, what=LOSS)]

    with pytest.raises(GuardStopped, match=f"^{len(more)} scenes are held back"):
        harness.run(Source([Batch(plans)]), guard=ClearGuard(20))

    assert (harness.made.figures.held, harness.made.figures.succeeded) == (len(more), 1)
