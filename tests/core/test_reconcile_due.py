"""When an automatic reconcile is due: tables for the rules, and laws over weeks of activity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import reconcile_due
from core.reconcile_due import HOUR, INTERVALS, WEEK, History, WantedSchedule, due_at, seen
from core.timestamps import DAY

NOW = 1_900_000_000.0
SCOPES = ("recent", "recent_7days", "all")  # each sees what those before it see
DAILY = WantedSchedule(DAY, "all")
intervals = st.sampled_from([*INTERVALS.values(), None])
sync_policy = st.builds(WantedSchedule, intervals, st.sampled_from(SCOPES))
moments = st.floats(NOW - 60 * DAY, NOW + 60 * DAY)
histories = st.builds(
    History,
    since=st.none() | moments,
    ended=st.dictionaries(st.sampled_from(SCOPES), moments),
    tries=st.integers(0, 40),
    tried_at=st.none() | moments,
    is_stopped=st.booleans(),
    gave_way_at=st.none() | moments,
)


def started(is_new: bool = True) -> History:
    return reconcile_due.begun(History(), NOW, is_new=is_new)


# The first run ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "after"), [(HOUR, HOUR), (DAY, DAY), (WEEK, DAY), (None, None)]
)
def test_a_new_plugin_leaves_time_to_look_around(
    interval: float | None, after: float | None
) -> None:
    due = due_at(started(), WantedSchedule(interval, "all"))

    assert due == (None if after is None else NOW + after)


@given(sync_policy)
def test_one_that_has_synced_before_is_due_at_once(want: WantedSchedule) -> None:
    due = due_at(started(is_new=False), want)

    assert due is None if want.interval is None else due is not None and due <= NOW


def test_nothing_is_due_before_the_plugin_has_begun() -> None:
    assert due_at(History(), DAILY) is None


def test_it_begins_once() -> None:
    assert reconcile_due.begun(started(), NOW + DAY, is_new=True) == started()


# What counts as a run -----------------------------------------------------------------------


@pytest.mark.parametrize("ran", SCOPES)
@pytest.mark.parametrize("want", SCOPES)
def test_a_run_counts_for_all_that_it_has_seen(ran: str, want: str) -> None:
    wanted = WantedSchedule(WEEK, want)
    before = started()

    after = reconcile_due.succeeded(before, wanted, ran, NOW + HOUR)

    covers = SCOPES.index(ran) >= SCOPES.index(want)
    assert due_at(after, wanted) == (NOW + HOUR + WEEK if covers else due_at(before, wanted))


def test_a_smaller_run_clears_no_trouble_of_a_larger_one() -> None:
    tried = reconcile_due.claimed(started(is_new=False), DAILY, NOW)
    assert tried is not None

    assert reconcile_due.succeeded(tried, DAILY, "recent", NOW).tries == 1
    assert reconcile_due.succeeded(tried, DAILY, "all", NOW).tries == 0


def test_another_interval_counts_from_the_same_run() -> None:
    history = reconcile_due.succeeded(started(), DAILY, "all", NOW)

    assert due_at(history, WantedSchedule(HOUR, "all")) == NOW + HOUR
    assert due_at(history, WantedSchedule(WEEK, "recent")) == NOW + WEEK
    assert due_at(history, WantedSchedule(None, "all")) is None


def test_a_wider_scope_is_due_as_if_it_never_ran() -> None:
    history = reconcile_due.succeeded(
        started(), WantedSchedule(DAY, "recent"), "recent", NOW + 20 * DAY
    )

    assert due_at(history, DAILY) == NOW + DAY


# Runs that do not get through ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "pauses"),
    [
        (HOUR, [0.25, 0.5, 1, 1, 1]),
        (DAY, [1, 2, 4, 8, 16, 24, 24]),
        (WEEK, [1, 2, 4, 8, 16, 24, 24]),
    ],
)
def test_it_is_tried_again_later_and_later(interval: float, pauses: list[float]) -> None:
    want, history, now = WantedSchedule(interval, "all"), started(is_new=False), NOW
    for hours in pauses:
        tried = reconcile_due.claimed(history, want, now)
        assert tried is not None
        assert due_at(tried, want) == now + hours * HOUR  # also if it is killed now
        history = reconcile_due.failed(tried, now + 60, is_stopped=False)
        due = due_at(history, want)
        assert due == now + 60 + hours * HOUR
        now = due


@pytest.mark.parametrize(("interval", "pause"), [(HOUR, HOUR), (DAY, DAY), (WEEK, DAY)])
def test_a_stopped_run_waits_for_the_user_but_not_for_ever(interval: float, pause: float) -> None:
    want = WantedSchedule(interval, "all")
    tried = reconcile_due.claimed(started(is_new=False), want, NOW)
    assert tried is not None

    stopped = reconcile_due.failed(tried, NOW, is_stopped=True)

    assert due_at(stopped, want) == NOW + pause
    due = due_at(reconcile_due.confirmed(stopped), want)
    assert due is not None
    assert due <= NOW


@given(histories, sync_policy)
def test_trouble_only_puts_off(history: History, want: WantedSchedule) -> None:
    due, calm = due_at(history, want), due_at(reconcile_due.confirmed(history), want)

    assert (due is None) == (calm is None)
    assert due is None or calm is None or due >= calm


# A clock that was put right -----------------------------------------------------------------


@given(histories, sync_policy, moments)
def test_nothing_blocks_for_longer_than_an_interval(
    history: History, want: WantedSchedule, now: float
) -> None:
    due = due_at(seen(history, now), want)

    if due is not None and want.interval is not None:
        assert due <= now + want.interval


@given(histories, moments)
def test_what_has_been_is_left_alone(history: History, now: float) -> None:
    known = seen(history, now)

    assert seen(known, now) == seen(known, now + DAY) == known


def test_a_run_in_the_future_is_not_made_up_for_at_once() -> None:
    ran = reconcile_due.succeeded(started(), DAILY, "all", NOW)

    assert due_at(seen(ran, NOW - 30 * DAY), DAILY) == NOW - 29 * DAY


# Giving way ---------------------------------------------------------------------------------


def test_it_lets_others_go_before_it_for_a_while() -> None:
    gave = reconcile_due.given_way(started(is_new=False), NOW)

    assert reconcile_due.given_way(gave, NOW + HOUR) == gave
    assert reconcile_due.may_give_way(gave, DAILY, NOW + DAY - 1)
    assert not reconcile_due.may_give_way(gave, DAILY, NOW + DAY)
    tried = reconcile_due.claimed(gave, DAILY, NOW + DAY)
    assert tried is not None
    assert not reconcile_due.may_give_way(tried, DAILY, NOW + 9 * DAY)
    ended = reconcile_due.failed(tried, NOW + DAY, is_stopped=False)
    assert reconcile_due.may_give_way(ended, DAILY, NOW + 9 * DAY)


# Weeks of it --------------------------------------------------------------------------------

occasions = st.lists(
    st.tuples(
        st.floats(0, 2 * DAY),  # seconds since the one before
        st.sampled_from(["done", "done", "done", "partial", "stopped", "killed"]),
        st.floats(0, 3 * HOUR),  # seconds that a run takes
    ),
    max_size=60,
)


@given(occasions, sync_policy)
def test_each_run_is_at_the_first_occasion_from_its_due_time_on(
    life: list[tuple[float, str, float]], want: WantedSchedule
) -> None:
    """Told from the occasions and runs alone, without asking when the next one is due."""
    now, history, last, trouble = NOW, started(), NOW, False
    grace = want.longest_pause
    for gap, outcome, took in life:
        now += gap
        tried = reconcile_due.claimed(seen(history, now), want, now)
        if want.interval is None:
            assert tried is None
        elif not trouble:
            assert (tried is not None) == (now >= last + grace)
        if tried is None:
            continue
        assert reconcile_due.claimed(tried, want, now) is None  # nobody else's
        now += took
        history, trouble = tried, outcome != "done"
        if outcome == "done":
            history = reconcile_due.succeeded(history, want, want.scope, now)
            last, grace = now, want.interval or 0.0
        elif outcome != "killed":
            history = reconcile_due.failed(history, now, is_stopped=outcome == "stopped")


@given(histories)
def test_a_confirmation_leaves_no_try(history: History) -> None:
    assert reconcile_due.confirmed(history) == History(history.since, history.ended)
