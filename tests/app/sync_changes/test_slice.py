"""When a task lets other jobs of Stash work."""

from __future__ import annotations

from app.sync_changes.slice import LOOK_SECONDS, SLICE_SECONDS, Slice


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_it_looks_for_others_after_its_time_and_then_every_few_seconds() -> None:
    clock, asked = Clock(), 0

    def others_wait() -> bool:
        nonlocal asked
        asked += 1
        return asked == 2

    own = Slice(clock, others_wait)
    assert (own.over(), asked) == (False, 0)
    clock.now += SLICE_SECONDS
    assert (own.over(), own.over(), asked) == (False, False, 1)
    clock.now += LOOK_SECONDS
    assert (own.over(), own.over(), asked) == (True, True, 2)


def test_a_clock_that_is_set_back_keeps_nobody_waiting() -> None:
    clock = Clock()
    own = Slice(clock, lambda: True)
    clock.now -= 1000
    assert own.over()
