"""Breakers and outages are kept over any history of failures, successes and restarts."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.circuit_breaker import Breaker, BreakerState
from core.outages import Outage
from storage.state import State
from storage.state_tables.outages import PICTURES, PLEX
from tests.stored import sql

START = 1_700_000_000.0
SERVICES = st.sampled_from([PLEX, PICTURES])


@dataclass
class Line:
    """One service, as a list of what was seen of it since it last worked."""

    failed_at: list[float] = field(default_factory=list)
    closed_until: float = 0.0  # no trial before that
    outages: list[tuple[float, float | None]] = field(default_factory=list)

    def state(self, now: float) -> BreakerState:
        if len(self.failed_at) < 5:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.closed_until else BreakerState.HALF_OPEN


class Machine(RuleBasedStateMachine):
    """The store against a list of failures."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = START
        self.lines = {PLEX: Line(), PICTURES: Line()}
        self.open()

    def open(self) -> None:
        self.state = State(Path(self.folder.name), pytest.fail, clock=lambda: self.now)

    @rule(service=SERVICES, jitter=st.sampled_from([0.0, 0.5, 0.99]))
    def fail(self, service: str, jitter: float) -> None:
        line = self.lines[service]
        if not line.failed_at:
            line.outages.append((self.now, None))
        line.failed_at.append(self.now)

        breaker = self.state.outages.failed(service, self.now, jitter, "no answer")

        shortest = min(15.0, 1.5 ** (len(line.failed_at) - 1))
        assert shortest <= breaker.retry_at - self.now <= 2 * shortest
        line.closed_until = breaker.retry_at

    @rule(service=SERVICES)
    def succeed(self, service: str) -> None:
        line = self.lines[service]
        if line.failed_at:
            line.outages[-1] = (line.outages[-1][0], self.now)
        line.failed_at.clear()
        assert self.state.outages.succeeded(service, self.now).failures == 0

    @rule(service=SERVICES)
    def try_again(self, service: str) -> None:
        line = self.lines[service]
        expected = line.state(self.now) is not BreakerState.OPEN
        if line.state(self.now) is BreakerState.HALF_OPEN:
            line.closed_until = self.now + 120
        assert self.state.outages.try_again(service, self.now) == expected

    @rule(seconds=st.sampled_from([0.5, 3.0, 10.0, 31.0, 121.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def restart(self) -> None:
        self.state.close()
        self.open()

    @invariant()
    def agrees(self) -> None:
        for service, line in self.lines.items():
            breaker = self.state.outages.breaker(service, self.now)
            assert breaker.state(self.now) is line.state(self.now)
            assert breaker.failures == len(line.failed_at)
            assert breaker.since == (line.failed_at[0] if line.failed_at else None)
            told = [o for o in self.state.outages.outages(0) if o.service == service]
            assert [(o.began_at, o.ended_at) for o in told] == line.outages

    def teardown(self) -> None:
        self.state.close()
        self.folder.cleanup()


TestOutages = Machine.TestCase
TestOutages.settings = settings(max_examples=15, stateful_step_count=25)


def test_an_outage_keeps_what_was_said_first(state: State) -> None:
    state.outages.failed(PLEX, 10.0, 0.0, "refused")
    state.outages.failed(PLEX, 20.0, 0.0, "starting")
    assert state.outages.outages(0) == [Outage(PLEX, 10.0, None, "refused")]


def test_outages_that_ended_long_ago_are_forgotten(state: State) -> None:
    for at in (10.0, 100.0):
        state.outages.failed(PLEX, at, 0.0, "refused")
        state.outages.succeeded(PLEX, at + 5)
    state.outages.failed(PICTURES, 1.0, 0.0, "refused")

    state.outages.prune(50.0)

    assert [o.began_at for o in state.outages.outages(0)] == [1.0, 100.0]
    assert [o.began_at for o in state.outages.outages(106.0)] == [1.0]


@pytest.mark.parametrize(
    "broken", ["failures = -1", "since = NULL", "since = 'long ago'", "retry_at = x'00'"]
)
def test_a_breaker_that_makes_no_sense_is_closed_and_its_outage_ends_with_the_next(
    tmp_path: Path, broken: str
) -> None:
    with State(tmp_path, lambda _: None) as state:
        state.outages.failed(PLEX, 10.0, 0.0, "refused")
    sql(tmp_path / "state.db", f"UPDATE breakers SET {broken}")

    warnings: list[str] = []
    with State(tmp_path, warnings.append) as state:
        assert state.outages.breaker(PLEX, 20.0) == Breaker()
        state.outages.failed(PLEX, 30.0, 0.0, "starting")
        told = state.outages.outages(0)

    assert "breakers" in warnings[0]
    assert told == [Outage(PLEX, 10.0, 30.0, "refused"), Outage(PLEX, 30.0, None, "starting")]
