"""The reconcile that nobody has to start: found due by tasks, run by Sync Changes.

Hooks decide nothing: the first one of a burst asks for Sync Changes anyway. Other tasks that find a
run due ask for it too, so that their own work is not held up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.patience import TaskPatience
from app.schedule import store
from app.schedule.reconcile_run import reconcile
from app.wiring import Context
from core import reconcile_due
from core.errors import GaveWay, GuardStopped, RunStopped, StateError, SyncError
from core.reconcile_due import History
from core.run_kinds import RECONCILE
from core.scopes import BY_MODE
from core.timestamps import in_words
from reconciliation.result import brief
from storage.state import State

log = logging.getLogger(__name__)


class AutoReconcile:
    """The automatic reconcile as one run of Sync Changes sees it.

    Args:
        others_wait: whether another job of Stash waits for ours to end.

    Attributes:
        figures: what became of the last run, in brief; empty where there was none.

    Every method may raise StateError.
    """

    def __init__(self, context: Context, others_wait: Callable[[], bool]) -> None:
        self._context = context
        self._others_wait = others_wait
        self._wanted = store.wanted(context.settings)
        self._due_at: float | None = None
        self.figures: dict[str, Any] = {}

    def look(self) -> None:
        """Note that the plugin works, and see when the next run is due."""
        with self._context.open_state() as state:
            self._due_at = look(self._context, state)

    def is_due(self) -> bool:
        """Whether a run is due; as of `look` and the clock, others may have run it since."""
        return self._due_at is not None and self._context.clock() >= self._due_at

    def gives_way(self) -> bool:
        """Whether jobs of Stash wait, and the run, due or under way, lets them go before it."""
        if not self._others_wait():
            return False
        now = self._context.clock()
        with self._context.open_state() as state:
            history = store.change(state, now, lambda known: reconcile_due.given_way(known, now))
        return reconcile_due.may_give_way(history, self._wanted, now)

    def run(self) -> bool:
        """Run it if it is due still and nobody else does; True if it ran, whatever came of it."""
        context, want = self._context, self._wanted
        with store.reconciling(context.data_dir) as is_alone:
            ran = is_alone and self._claim()
            if ran:
                log.info("the automatic reconcile (%s) begins", context.settings.reconcile_scope)
                self.figures = {"scope": want.scope, **self._tried()}
        self.look()
        return ran

    def _claim(self) -> bool:
        now = self._context.clock()
        with self._context.open_state() as state:
            state.runs.close_abandoned(RECONCILE, now)
            return store.claim(state, self._wanted, now)

    def _tried(self) -> dict[str, Any]:
        """The run's figures; where it has not seen everything, it is tried again later."""
        patience = TaskPatience(self._context.is_stopped, self.gives_way)
        context = replace(self._context, patience=patience)
        try:
            figures = reconcile(context, self._wanted.scope, automatic=True)
        except GaveWay as why:
            self._tell(str(why), logging.INFO)
            return {"note": str(why)}
        except RunStopped:
            raise
        except SyncError as error:
            self._failed(str(error), is_stopped=isinstance(error, GuardStopped))
            return {"error": str(error)}
        if figures["partial"]:
            self._failed("it has not seen everything", is_stopped=False)
        return brief(figures)

    def _failed(self, why: str, *, is_stopped: bool) -> None:
        now = self._context.clock()
        with self._context.open_state() as state:
            store.change(
                state, now, lambda known: reconcile_due.failed(known, now, is_stopped=is_stopped)
            )
        self._tell(why, logging.ERROR if is_stopped else logging.WARNING)

    def _tell(self, why: str, level: int) -> None:
        now = self._context.clock()
        with self._context.open_state() as state:
            due = reconcile_due.due_at(store.known(state, now), self._wanted)
        again = f" It is tried again in {in_words((due or now) - now)}."
        log.log(level, "the automatic reconcile did not get through: %s%s", why, again)


def look(context: Context, state: State) -> float | None:
    """Note that the plugin works; when the next run is due, None where there is none."""
    now = context.clock()
    is_new = store.known(state, now).since is None and not state.records.are_there()
    history = store.change(state, now, lambda known: reconcile_due.begun(known, now, is_new=is_new))
    return reconcile_due.due_at(history, store.wanted(context.settings))


def is_one_by_hand(context: Context, mode: str) -> bool:
    """Whether a task does itself what an automatic run would do."""
    scope = BY_MODE.get(mode)
    return scope is not None and reconcile_due.covers(
        scope.name, store.wanted(context.settings).scope
    )


def request_if_due(context: Context) -> bool:
    """In another task: request Sync Changes if a run is due. Returns whether one is."""
    try:
        with context.open_state() as state:
            due = look(context, state)
        if due is None or context.clock() < due:
            return False
        context.request_follow_up()
    except StateError as error:
        log.warning("%s", error)
        return False
    return True


def confirmed(context: Context, state: State) -> None:
    """The user has let a stopped reconcile through: one that is due need not wait any more."""

    def step(history: History) -> History:
        return reconcile_due.confirmed(history) if history.is_stopped else history

    store.change(state, context.clock(), step)
