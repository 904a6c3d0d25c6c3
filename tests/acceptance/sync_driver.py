"""The task Sync Changes in this process, with a clock that goes on when somebody sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from app.schedule.history import HISTORY
from app.sync_changes.handover import catch_up
from app.sync_changes.task import sync_changes
from app.task_runner import MODES, perform
from app.wiring import Context
from core.reconcile_due import WEEK, History
from storage.state_tables.runs import Run
from sync_queue.inbox import HookInbox
from sync_queue.inbox_reader import Inbox, WakeUpLease
from tests.acceptance.site import Site

NOW = 1_900_000_000.0


class SyncDriver:
    """One library, its inbox, and a clock that goes on when somebody sleeps."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.now = NOW
        self.slept: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None
        self.on_scene: Callable[[], None] = lambda: None
        self.has_new_settings: Callable[[], bool] = lambda: False

    def note(
        self, num: int, action: str = "update", *, by_user: bool = True, kind: str = "scene"
    ) -> None:
        hook = HookInbox(str(self.site.data))
        ask = hook.note(kind, num, action, by_user=by_user, now=self.now)
        if ask is not None:
            hook.asked(ask.token, "1")
        hook.close()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.on_sleep()

    @contextmanager
    def context(self) -> Iterator[Context]:
        with self.site.context(lambda: self.now) as context:
            yield replace(
                context,
                on_progress=lambda _share: self.on_scene(),
                has_new_settings=self.has_new_settings,
            )

    def sync(self) -> dict[str, Any]:
        with self.context() as context:
            return sync_changes(context, self.sleep)

    def catch_up(self) -> None:
        with self.context() as context:
            catch_up(context)

    def lease(self) -> WakeUpLease:
        with Inbox(self.site.data) as inbox:
            return inbox.lease()

    def left(self) -> list[int]:
        with Inbox(self.site.data) as inbox:
            return [event.id for event in inbox.take()]

    def do(self, mode: str, **args: object) -> dict[str, Any]:
        """Any task, with what belongs to its start and its end."""
        with self.context() as context:
            return perform(MODES[mode], replace(context, args=args))

    def automatic(self) -> list[Run]:
        """The automatic reconciles until now, the first one first."""
        with self.site.state() as state:
            runs = state.runs.latest("reconcile", limit=10_000)
        return sorted((run for run in runs if run.figures.get("automatic")), key=lambda run: run.id)


def overdue(site: Site) -> None:
    """As if the last reconcile had been long ago, by the clock on the wall."""
    long_ago = time.time() - 2 * WEEK
    with site.state() as state:
        history = History(since=long_ago, ended={"all": long_ago})
        state.set_value(HISTORY, history)
