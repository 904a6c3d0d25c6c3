"""When a breaker opens, is tried again and closes, and how a service is spared after that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.circuit_breaker import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    LONGEST_REST,
    LONGEST_STALL,
    OPENS_AFTER,
    RAMP_SECONDS,
    TRIAL_SECONDS,
    Breaker,
    BreakerState,
    pause,
)

NOW = 1_000.0
JITTERS = st.floats(0, 1, exclude_max=True)


def broken(failures: int, now: float = NOW) -> Breaker:
    breaker = Breaker()
    for _ in range(failures):
        breaker = breaker.failed(now, 0.0)
    return breaker


def test_it_opens_after_five_failures_in_a_row_and_closes_on_success() -> None:
    assert broken(OPENS_AFTER - 1).state(NOW) is BreakerState.CLOSED
    opened = broken(OPENS_AFTER)
    assert opened.state(NOW) is BreakerState.OPEN
    assert opened.state(opened.retry_at) is BreakerState.HALF_OPEN
    closed = opened.succeeded(NOW + 60)
    assert closed == Breaker(recovered_at=NOW + 60)
    assert closed.failed(NOW + 70, 0.0).since == NOW + 70


def test_half_open_lets_one_try_at_a_time() -> None:
    few = broken(OPENS_AFTER - 1)
    assert few.tried(NOW) == few  # closed: anybody may
    opened = broken(OPENS_AFTER)
    assert opened.tried(NOW) is None
    at = opened.retry_at
    assert opened.tried(at + 1) is not None
    trial = opened.tried(at)
    assert trial is not None
    assert trial.tried(at + TRIAL_SECONDS - 1) is None
    assert trial.tried(at + TRIAL_SECONDS) is not None  # who tried was killed


def test_a_failed_trial_opens_it_for_longer() -> None:
    opened = broken(OPENS_AFTER)
    again = opened.failed(opened.retry_at, 0.0)
    assert again.state(opened.retry_at) is BreakerState.OPEN
    assert again.retry_at - opened.retry_at > opened.retry_at - NOW
    assert again.since == opened.since
    late = again.retry_at + 1
    assert again.state(late) is BreakerState.HALF_OPEN
    assert again.succeeded(late).recovered_at == late
    assert again.rest(late, 0.4) == 0.4


def test_few_failures_are_no_recovery() -> None:
    assert broken(OPENS_AFTER - 1).succeeded(NOW).recovered_at is None


@given(st.integers(1, 10_000), JITTERS)
def test_pauses_grow_and_stay_below_half_a_minute(failures: int, jitter: float) -> None:
    here = pause(failures, jitter)
    assert FIRST_PAUSE / 2 <= here <= LONGEST_PAUSE
    assert pause(failures + 1, jitter) >= here


@given(st.floats(-100, 100), st.floats(0, 60))
def test_after_a_recovery_it_rests_less_and_less(passed: float, latency: float) -> None:
    recovered = broken(OPENS_AFTER).succeeded(NOW)
    rest = recovered.rest(NOW + passed, latency)
    assert 0 <= rest <= min(latency, LONGEST_REST)
    assert recovered.rest(NOW + passed + 1, latency) <= rest
    if passed >= RAMP_SECONDS:
        assert rest == 0


@pytest.mark.parametrize(("passed", "rest"), [(0, 0.4), (15, 0.2), (27, 0.04), (30, 0)])
def test_the_rest_follows_the_latency(passed: float, rest: float) -> None:
    recovered = Breaker(recovered_at=NOW)
    assert recovered.rest(NOW + passed, 0.4) == pytest.approx(rest)


def test_on_trial_it_rests_as_long_as_things_take() -> None:
    assert broken(OPENS_AFTER).rest(NOW, 0.4) == 0.4


def test_work_that_fails_while_questions_are_answered_is_tried_less_often() -> None:
    stalled = broken(30).failed(NOW, 0.9, LONGEST_STALL)
    assert LONGEST_PAUSE < stalled.retry_at - NOW <= LONGEST_STALL
    assert stalled.seen(NOW) == stalled


def test_without_an_outage_there_is_no_rest() -> None:
    assert Breaker().rest(NOW, 5) == 0


def test_a_clock_that_was_ahead_holds_nothing_up() -> None:
    ahead = broken(OPENS_AFTER, NOW + 86_400)
    assert ahead.seen(NOW) == Breaker(OPENS_AFTER, NOW, NOW)
    assert Breaker(recovered_at=NOW + 86_400).seen(NOW).recovered_at == NOW
