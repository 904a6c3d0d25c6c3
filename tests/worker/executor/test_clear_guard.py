"""What takes too much away is held back, whole scenes at a time, and confirmed value by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clear_limit import FREE_CLEARS, Tally, clears_too_much, tally
from core.models import Change
from sync_queue.jobs import EDIT
from tests.worker.builders import change, edit, plan
from worker.executor.clear_guard import (
    LISTED,
    MOST_WAITING,
    ClearGuard,
    Loss,
    is_covered,
    losses_of,
)
from worker.plan import ScenePlan
from worker.preview.plan_source import job_for

CLEARED = change("summary", "Text.", None)
SET = change("title", "Old", "New")

changes_of_tags = st.tuples(
    st.lists(st.sampled_from("abcd"), unique=True), st.lists(st.sampled_from("abcd"), unique=True)
).map(lambda sides: change("tags", tuple(sides[0]), tuple(sides[1])))
some_changes = st.lists(
    st.one_of(st.just(CLEARED), st.just(SET), changes_of_tags),
    max_size=3,
    unique_by=lambda each: each.field,
)
some_plans = st.lists(st.lists(some_changes, max_size=3), max_size=20).map(
    lambda scenes: [
        plan(*(edit(*of, key=f"{n}-{k}") for k, of in enumerate(items)), scene_id=n)
        for n, items in enumerate(scenes)
    ]
)


def losing(count: int, start: int = 0) -> list[ScenePlan]:
    """So many scenes that lose one value each."""
    return [plan(edit(CLEARED), scene_id=start + n) for n in range(count)]


def harmless(count: int) -> list[ScenePlan]:
    """So many scenes that one value each is changed of."""
    return [plan(edit(SET), scene_id=10_000 + n) for n in range(count)]


@given(some_plans, st.sampled_from([0, 20, 99, 100]))
def test_what_takes_nothing_away_goes_on_and_the_rest_goes_or_stays_together(
    plans: list[ScenePlan], percent: int
) -> None:
    guard = ClearGuard(percent)

    free = guard.let_through(plans)
    waiting, loss = guard.verdict()

    takes_away = [each for each in plans if tally(each.changes).cleared]
    assert waiting == ([] if percent == 100 else takes_away)
    assert [each for each in plans if each in free or each in waiting] == plans
    total = sum((tally(each.changes) for each in plans), Tally())
    if waiting:
        assert (loss is not None) == clears_too_much(total, percent)
    else:
        assert loss is None
    assert guard.verdict() == ([], None)


@pytest.mark.parametrize(
    ("lost", "others", "held"),
    [
        (FREE_CLEARS, 0, False),  # so many may always go
        (FREE_CLEARS + 1, 0, True),
        (FREE_CLEARS + 1, 4 * (FREE_CLEARS + 1), False),  # 20 % of all
        (FREE_CLEARS + 1, 4 * FREE_CLEARS, True),
    ],
)
def test_few_values_or_few_of_all_may_go(lost: int, others: int, held: bool) -> None:
    guard = ClearGuard(20)

    assert len(guard.let_through([*losing(lost), *harmless(others)])) == others
    plans, loss = guard.verdict()

    assert (len(plans), loss is not None) == (lost, held)
    if loss is not None:
        assert (loss.total.cleared, loss.in_words()) == (lost, f"{lost} summary")
        assert len(loss.lines) == LISTED


def test_nearly_all_is_still_too_much_to_lose() -> None:
    guard = ClearGuard(99)
    assert guard.let_through(losing(FREE_CLEARS + 1)) == []
    assert guard.verdict()[1] is not None


@pytest.mark.parametrize("before", [0, 20])
@pytest.mark.parametrize("more", [0, 1])
def test_users_edits_pass_at_once_while_a_run_has_taken_few_values_away(
    before: int, more: int
) -> None:
    def edits(count: int, start: int) -> list[ScenePlan]:
        made = losing(count, start=start)
        return [replace(p, job=replace(job_for(p.scene_id), priority=EDIT)) for p in made]

    guard = ClearGuard(20)
    assert len(guard.let_through(edits(before, 100))) == before
    bulk, last = losing(1, start=200), edits(FREE_CLEARS - before + more, 300)

    passed = guard.let_through([*bulk, *last])

    assert passed == ([] if more else last)
    assert guard.give_back() == ([*bulk, *last] if more else bulk)


def test_verdicts_on_the_way_count_together() -> None:
    """A run is one: many small verdicts let no more through than a single one would."""
    guard = ClearGuard(20)
    guard.let_through(losing(30))
    assert guard.verdict()[1] is None
    guard.let_through(losing(30, start=100))

    plans, loss = guard.verdict()

    assert loss is not None
    assert [each.scene_id for each in plans] == list(range(100, 130))
    # What was held back has taken nothing away.
    guard.let_through(losing(FREE_CLEARS - 30, start=200))
    assert guard.verdict()[1] is None


def test_what_waits_is_bounded_and_can_be_given_back() -> None:
    guard = ClearGuard(20)
    full = []
    for each in losing(MOST_WAITING):
        full.append(guard.is_full)
        guard.let_through([each])
    full.append(guard.is_full)
    assert full == [False] * MOST_WAITING + [True]

    assert len(guard.give_back()) == MOST_WAITING
    assert guard.verdict() == ([], None)


def test_what_is_lost_is_counted_by_field_and_told_in_words() -> None:
    loss = Loss()
    tags = change("tags", ("Sea", "Jazz"), ("Bread",))
    loss.add(plan(edit(CLEARED, tags, SET), scene_id=4))

    assert loss.total == Tally(touched=5, cleared=3)
    assert loss.in_words() == "2 tags, 1 summary"
    (line,) = loss.lines
    assert line.startswith("scene 4 “Night”: summary cleared")
    assert "; tags + “Bread” − “Sea”, “Jazz”" in line


def test_a_renamed_entry_is_no_loss() -> None:
    renamed = Change("tags", ("Old",), ("New",), ("New",), ("Old",), renamed=1)
    guard = ClearGuard(0)

    assert len(guard.let_through([plan(edit(renamed), scene_id=n) for n in range(100)])) == 100
    assert losses_of(plan(edit(renamed))) == ()


# What was confirmed ----------------------------------------------------------------------------


@given(some_plans)
def test_a_plan_is_covered_by_what_was_shown_of_it_and_by_more(plans: Sequence[ScenePlan]) -> None:
    everything = [loss for each in plans for loss in losses_of(each)]
    for each in plans:
        assert is_covered(each, losses_of(each))
        assert is_covered(each, everything)
        assert (tally(each.changes).cleared == 0) == (losses_of(each) == ())
        assert is_covered(each, ()) == (tally(each.changes).cleared == 0)


@pytest.mark.parametrize(
    "other",
    [
        edit(change("tags", ("Sea", "Jazz"), ())),  # one more entry
        edit(change("tags", ("Jazz",), ())),  # another one
        edit(change("tags", ("Sea",), ()), key="8"),  # of another item
        edit(change("performers", ("Sea",), ())),
        edit(change("tags", ("Sea",), ()), CLEARED),
    ],
)
def test_anything_else_that_would_go_is_not_covered(other: object) -> None:
    shown = plan(edit(change("tags", ("Sea",), ())))
    assert not is_covered(plan(other), losses_of(shown))  # type: ignore[arg-type]


def test_what_comes_besides_does_not_matter() -> None:
    shown = plan(edit(change("tags", ("Sea", "Jazz"), ())))
    now = plan(edit(change("tags", ("Sea", "Old"), ("Old", "New")), SET))
    assert is_covered(now, losses_of(shown))
    assert len(losses_of(shown)) == len(losses_of(now)) == 1
