"""Which failures are tried again, how often and after how long."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.retrying import LONGEST, Retrying, Transient


class Clock:
    """A clock that only sleeping and working move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


class Attempt:
    """Fails in the given ways, then succeeds; each takes its time."""

    def __init__(self, clock: Clock, failures: list[Transient], takes: float = 0) -> None:
        self.clock, self.failures, self.takes, self.times = clock, failures, takes, 0

    def __call__(self) -> str:
        self.times += 1
        self.clock.now += self.takes
        if self.failures:
            raise self.failures.pop(0)
        return "done"


def failed(number: int = 0, **how: bool | str) -> Transient:
    return Transient(LookupError(number), **how)  # type: ignore[arg-type]


def made(jitter: Callable[[], float] = lambda: 1.0) -> tuple[Retrying, Clock]:
    clock = Clock()
    return Retrying(clock.sleep, lambda: clock.now, jitter), clock


def test_pauses_grow_and_the_fifth_is_the_last() -> None:
    retrying, clock = made()
    attempt = Attempt(clock, [failed(number) for number in range(6)])
    with pytest.raises(LookupError, match="5"):
        retrying.call(attempt, repeatable=True)
    assert attempt.times == 6
    assert clock.naps == [0, 0.5, 1, 2, 4]
    attempt = Attempt(clock, [failed() for _ in range(5)])
    assert retrying.call(attempt, repeatable=True) == "done"


def test_nobody_there_is_soon_given_up() -> None:
    retrying, clock = made()
    attempt = Attempt(clock, [failed(connected=False, done=False) for _ in range(9)])
    with pytest.raises(LookupError):
        retrying.call(attempt, repeatable=True)
    assert (attempt.times, sum(clock.naps)) == (3, 0.5)


@pytest.mark.parametrize(
    ("how", "times"),
    [({}, 2), ({"costly": True}, 1), ({"retry_after": "2"}, 2), ({"retry_after": "9"}, 1)],
    ids=str,
)
def test_who_cannot_wait_long_tries_again_at_most_once(
    how: dict[str, bool | str], times: int
) -> None:
    retrying, clock = made()
    attempt = Attempt(clock, [failed(number, **how) for number in range(9)])
    with pytest.raises(LookupError):
        retrying.briefly(5.0).call(attempt, repeatable=True)
    assert attempt.times == times
    assert clock.now < 5


def test_what_may_have_been_done_is_not_done_twice() -> None:
    retrying, clock = made()
    attempt = Attempt(clock, [failed(done=False), failed()])
    with pytest.raises(LookupError):
        retrying.call(attempt, repeatable=False)
    assert attempt.times == 2


def test_other_errors_pass_at_once() -> None:
    retrying, clock = made()

    def attempt() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        retrying.call(attempt, repeatable=True)
    assert clock.naps == []


@pytest.mark.parametrize(
    ("told", "naps"), [("7", [7]), ("0", [0]), ("soon", [0]), ("-5", [0]), ("", [0])]
)
def test_the_server_may_say_how_long(told: str, naps: list[float]) -> None:
    retrying, clock = made()
    assert retrying.call(Attempt(clock, [failed(retry_after=told)]), repeatable=True) == "done"
    assert clock.naps == naps


@pytest.mark.parametrize("told", ["3600", "9" * 30, "Fri, 31 Dec 2999 23:59:59 GMT"])
def test_but_not_for_how_long_we_wait(told: str) -> None:
    retrying, clock = made()
    with pytest.raises(LookupError):
        retrying.call(Attempt(clock, [failed(retry_after=told)]), repeatable=True)
    assert clock.naps == []


@given(
    takes=st.floats(0, 100),
    jitter=st.floats(0, 1),
    told=st.lists(st.sampled_from(["", "1", "15", "59"]), min_size=8, max_size=8),
)
def test_no_pause_ends_later_than_a_minute_after_the_first_try(
    takes: float, jitter: float, told: list[str]
) -> None:
    retrying, clock = made(lambda: jitter)
    attempt = Attempt(clock, [failed(retry_after=each) for each in told], takes)
    with pytest.raises(LookupError):
        retrying.call(attempt, repeatable=True)
    assert attempt.times <= 6
    assert clock.now <= LONGEST + takes
