"""Who may write to Plex next."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import pytest

import plex.turns
from plex.turns import Turns


class Queue(deque[threading.Lock]):
    """Those that wait; says when there is one more."""

    def __init__(self, on_one_more: Callable[[], None]) -> None:
        super().__init__()
        self._on_one_more = on_one_more

    def append(self, turn: threading.Lock, /) -> None:
        """One more waits."""
        super().append(turn)
        self._on_one_more()


def turns_of(most: int, on_one_more: Callable[[], None], patch: pytest.MonkeyPatch) -> Turns:
    """Turns that tell when somebody begins to wait."""
    patch.setattr(plex.turns, "deque", lambda: Queue(on_one_more))
    return Turns(most)


def test_whoever_comes_first_has_the_first_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    came = threading.Semaphore(0)
    turns, order = turns_of(1, lambda: came.release(), monkeypatch), list[str]()

    def take(name: str) -> None:
        with turns:
            order.append(name)

    threads = [threading.Thread(target=take, args=(name,)) for name in "abc"]
    with turns:
        for thread in threads:
            thread.start()
            assert came.acquire(timeout=10)
    take("again")
    for thread in threads:
        thread.join(10)

    assert order == ["a", "b", "c", "again"]
    with turns:
        pass


class Stopped(BaseException):
    """As a signal raises it."""


def test_whoever_is_interrupted_while_waiting_keeps_no_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt() -> None:
        raise Stopped

    turns = turns_of(2, interrupt, monkeypatch)
    with turns, turns:
        for _ in range(3):
            with pytest.raises(Stopped), turns:
                pass
    with turns, turns:
        pass
