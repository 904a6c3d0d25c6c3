"""Progress beats by itself, never goes back, and stops with its block."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from app.progress import Heartbeat


class Listener:
    """Collects shares and lets a test wait for the next one."""

    def __init__(self) -> None:
        self.shares: list[float] = []
        self._news = threading.Condition()

    def __call__(self, share: float) -> None:
        with self._news:
            self.shares.append(share)
            self._news.notify_all()

    def wait_for(self, fits: Callable[[list[float]], bool]) -> None:
        with self._news:
            assert self._news.wait_for(lambda: fits(self.shares), timeout=10)


def test_it_tells_the_latest_share_at_once_again_and_at_the_end() -> None:
    told = Listener()
    with Heartbeat(told, interval=0.001) as beat:
        told.wait_for(lambda shares: len(shares) >= 3)
        beat.report(0.25)
        told.wait_for(lambda shares: shares[-1] == 0.25)
        beat.report(0.75)
    assert told.shares[0] == 0.0
    assert told.shares[-1] == 0.75


def test_a_share_never_goes_back() -> None:
    told = Listener()
    with Heartbeat(told, interval=0.001) as beat:
        beat.report(0.5)
        beat.report(0.1)
        told.wait_for(lambda shares: len(shares) >= 3)
    assert told.shares == sorted(told.shares)
    assert told.shares[-1] == 0.5


def test_it_ends_with_its_block_whatever_ends_that() -> None:
    told = Listener()

    def broken() -> None:
        with Heartbeat(told, interval=0.001) as beat:
            beat.report(0.5)
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    count = len(told.shares)
    assert told.shares[-1] == 0.5
    assert not [thread for thread in threading.enumerate() if thread.name == "progress"]
    assert len(told.shares) == count


def test_it_beats_more_often_than_once_a_second() -> None:
    told = Listener()
    with Heartbeat(told):
        told.wait_for(lambda shares: len(shares) >= 2)
