"""How long a task waits for answers, by a clock of the test's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from app.patience import BY_BUTTON, GRACE, SLOW, Growing, TaskPatience
from core.errors import RunStopped
from core.reconcile_due import HOUR
from plex.exceptions import PlexServerDown
from transport.patience import STEP


class Waiting:
    """Answers that are waited for, one after the other."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.patience = TaskPatience()

    def have(
        self, is_stopped: Callable[[], bool] = bool, is_too_long: Callable[[float], bool] = bool
    ) -> None:
        self.patience = TaskPatience(is_stopped, bool, is_too_long, lambda: self.now)

    def for_one(self, seconds: float) -> None:
        waited = 0.0
        while waited < seconds:
            self.now += STEP
            waited += STEP
            self.patience.wait(waited)
        self.patience.answered(waited)

    def for_many(self, count: int, seconds: float) -> None:
        for _ in range(count):
            self.for_one(seconds)


def test_a_stop_is_heeded_though_each_answer_comes_in_time() -> None:
    waiting = Waiting()
    began = waiting.now
    waiting.have(is_stopped=lambda: waiting.now >= began + 1)

    with pytest.raises(RunStopped):
        waiting.for_many(20, SLOW - STEP)

    assert waiting.now <= began + 1 + GRACE + STEP


def test_who_has_waited_in_vain_waits_longer_the_next_time(tmp_path: Path) -> None:
    waiting = Waiting()

    def limit() -> float:
        waiting.have(is_too_long=Growing(tmp_path, 4 * BY_BUTTON, lambda: waiting.now))
        began = waiting.now
        with pytest.raises(PlexServerDown, match="did not answer"):
            waiting.for_one(1000)
        most = waiting.now - began - SLOW
        with pytest.raises(PlexServerDown):  # from then on each answer has a few seconds
            waiting.for_one(SLOW + 2 * STEP)
        return most

    limits = [limit() for _ in range(4)]
    waiting.now += HOUR

    assert [*limits, limit()] == pytest.approx(
        [BY_BUTTON * n for n in (1, 2, 4, 4, 1)], abs=2 * STEP
    )


def test_a_server_that_takes_long_is_reached_in_the_end(tmp_path: Path) -> None:
    waiting = Waiting()
    growing = partial(Growing, tmp_path, 60, lambda: waiting.now)
    slow = SLOW + 1.5 * BY_BUTTON
    waiting.have(is_too_long=growing())
    with pytest.raises(PlexServerDown):
        waiting.for_one(slow)

    waiting.have(is_too_long=growing())

    waiting.for_many(5, slow)
