"""Plans that are made ahead: which of them are still right when it is their turn."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import wait

import pytest

from core.models import Job
from tests.worker.builders import change, edit, plan
from worker.executor.run import STALE
from worker.plan import Batch, ScenePlan
from worker.preview.plan_source import job_for
from worker.scene_sync.plan_source import MORE, SOME_MORE, growth
from worker.scene_sync.plans_ahead import PlansAhead

SET = change("title", "Old", "New")


class Bench:
    """Plans whose scenes and items have the same numbers."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.planned: list[list[int]] = []
        self.ahead = PlansAhead(self._prepare, lambda: self.now)

    def _prepare(self, jobs: Sequence[Job]) -> Batch:
        self.planned.append([job.scene_id for job in jobs])
        return Batch(self.plans(*self.planned[-1]))

    def plans(self, *numbers: int) -> list[ScenePlan]:
        return [plan(edit(SET, key=str(n)), scene_id=n) for n in numbers]

    def begin(self, *numbers: int) -> None:
        """Plan some scenes, to the end."""
        self.ahead.begin([job_for(n) for n in numbers])
        assert self.ahead._begun is not None
        wait([self.ahead._begun])


def test_plans_for_other_items_are_right_while_some_are_written() -> None:
    bench = Bench()
    bench.ahead.hand_out(bench.plans(1, 2), is_alone=True)
    bench.begin(3)

    made = bench.ahead.take_if_right()
    assert made is not None
    assert [each.scene_id for each in made.ready] == [3]
    assert bench.planned == [[3]]


def test_a_plan_for_an_item_that_is_in_hand_is_made_again_once_that_is_written() -> None:
    """Also where what is in hand was handed out before the last plans were."""
    bench = Bench()
    bench.ahead.hand_out(bench.plans(1, 2), is_alone=True)
    bench.begin(3)
    bench.ahead.hand_out(bench.ahead.take().ready, is_alone=False)
    bench.begin(2, 4)

    assert not bench.ahead.are_right
    assert len(bench.ahead.take().ready) == 2
    assert bench.planned == [[3], [2, 4], [2, 4]]


def test_what_was_handed_out_and_is_written_by_now_hinders_nobody() -> None:
    bench = Bench()
    bench.ahead.hand_out(bench.plans(1), is_alone=True)
    bench.begin(2)
    bench.ahead.hand_out(bench.ahead.take().ready, is_alone=True)
    bench.begin(1)

    assert bench.ahead.are_right


def test_old_plans_and_none_are_not_right() -> None:
    bench = Bench()
    assert not bench.ahead.are_right
    bench.begin(1)
    bench.now += STALE + 1

    assert bench.ahead.take_if_right() is None  # nor made again, while others are written
    assert bench.planned == [[1]]
    assert len(bench.ahead.take().ready) == 1
    assert bench.planned == [[1], [1]]


@pytest.mark.parametrize(
    ("write", "plan", "more"),
    [(4.0, 1.0, MORE), (1.5, 1.0, 1.5), (1.1, 1.0, SOME_MORE), (1.0, 3.0, MORE), (0.0, 0.0, MORE)],
)
def test_no_more_are_planned_than_are_ready_in_time(write: float, plan: float, more: float) -> None:
    assert growth(write, plan) == more
