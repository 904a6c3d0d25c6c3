"""Where the schedule of reconciles is kept, and the sign that one runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.schedule.history import HISTORY
from app.wiring import Context
from core import reconcile_due
from core.reconcile_due import INTERVALS, History, WantedSchedule
from core.scopes import BY_SETTING
from core.settings import Settings
from storage.state import State

LOCK_FILE = "reconcile.lock"


def wanted(settings: Settings) -> WantedSchedule:
    """What the settings say; where nothing is to be synced, nothing is to be looked for."""
    works = settings.enabled and settings.synced_fields()
    interval = INTERVALS.get(settings.reconcile_interval) if works else None
    return WantedSchedule(interval, BY_SETTING[settings.reconcile_scope].name)


def known(state: State, now: float) -> History:
    """The history as it counts now; changes nothing."""
    return reconcile_due.seen(state.get_value(HISTORY), now)


def change(state: State, now: float, step: Callable[[History], History]) -> History:
    """Take a step of `core.reconcile_due` from the history as it counts now, in a transaction."""
    return state.change_value(HISTORY, lambda told: step(reconcile_due.seen(told, now)))


def claim(state: State, want: WantedSchedule, now: float) -> bool:
    """Begin a run if one is due; of several processes that try, one gets True."""
    is_ours = False

    def step(history: History) -> History:
        nonlocal is_ours
        begun = reconcile_due.claimed(history, want, now)
        is_ours = begun is not None
        return begun or history

    change(state, now, step)
    return is_ours


def succeeded(context: Context, state: State, scope: str) -> None:
    """A run over `scope` (of the engine) has ended and seen all of it."""
    now, want = context.clock(), wanted(context.settings)
    change(state, now, lambda history: reconcile_due.succeeded(history, want, scope, now))


@contextmanager
def reconciling(data_dir: str | os.PathLike[str]) -> Iterator[bool]:
    """Around a reconcile: holds what a kill sets free. False if another one holds it.

    Raises:
        StateError: the lock's file cannot be made.
    """
    from storage.files import file_locks  # whoever only looks at the schedule does without

    lock = file_locks.take(Path(data_dir) / LOCK_FILE)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            lock.release()
