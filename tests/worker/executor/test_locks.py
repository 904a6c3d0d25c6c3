"""Locks that are sent with values: what is recorded of them is what Plex shows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.records import FieldRecord
from simulators.launch import PlexHandle
from tests.worker.executor.altered_edits import AlteringPlex, Params
from tests.worker.executor.test_executor import Bench, bench
from worker.executor.conflict_messages import refusals_of
from worker.executor.outcome import Status

__all__ = ["bench"]


class Unlocking(AlteringPlex):
    """A Plex that forgets the lock of the title, `times` times."""

    times = 1000
    sent = 0

    def altered(self, key: str, params: Params) -> Params:
        lock = ("title.locked", "1")
        if lock in params:
            self.sent += 1
            if self.sent <= self.times:
                return [each for each in params if each != lock] or [("summary.locked", "1")]
        return params


@pytest.fixture
def forgetful(process: PlexHandle, bench: Bench) -> Iterator[tuple[Bench, Unlocking]]:
    with contextlib.closing(Unlocking(process)) as plex:
        yield replace(bench, plex=plex), plex


def title_record(bench: Bench, number: int) -> FieldRecord:
    known = bench.record(number)
    assert known is not None
    return known.items[0].fields["title"]


def test_a_lock_that_shows_is_recorded(bench: Bench) -> None:
    bench.run(bench.plan(bench.wanted(1)))

    assert title_record(bench, 1).locked
    assert bench.outcomes[0].unlocked == {}


@pytest.mark.parametrize("times", [1, 3])
def test_a_lock_that_does_not_show_is_sent_again(
    forgetful: tuple[Bench, Unlocking], times: int
) -> None:
    bench, plex = forgetful
    plex.times = times

    bench.run(bench.plan(bench.wanted(1)))

    assert (bench.told(), title_record(bench, 1).locked) == ({1: Status.PROVEN}, True)
    assert list(refusals_of(bench.outcomes[0])) == []


def test_one_that_never_does_is_told_and_not_recorded(forgetful: tuple[Bench, Unlocking]) -> None:
    bench, plex = forgetful

    bench.run(*(bench.plan(bench.wanted(n, title=f"Own {n}")) for n in (1, 2, 3)))

    assert bench.told() == dict.fromkeys((1, 2, 3), Status.PROVEN)
    assert not any(title_record(bench, n).locked for n in (1, 2, 3))
    summaries = [bench.record(n).items[0].fields["summary"].locked for n in (1, 2, 3)]  # type: ignore[union-attr]
    assert all(summaries)
    (line,) = refusals_of(bench.outcomes[0])
    assert "shows title as sent and does not lock it" in line
    # A second run has nothing to write, and claims no lock either.
    plex.sent = 0
    bench.run(bench.plan(bench.wanted(1, title="Own 1")))
    assert (plex.sent, title_record(bench, 1).locked) == (0, False)
