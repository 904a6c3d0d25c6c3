"""The task that hooks ask for: from the inbox to the queue, and from there to Plex.

Whatever happens, a change that was noted is either seen by a task that runs, or by the next one,
and somebody is asked for that: by the next event, or at the end of any other task.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from app.schedule.automatic import AutoReconcile
from app.sync_changes.drain_messages import (
    BUSY,
    CARRIED_ON,
    NEW_SETTINGS,
    NO_PICTURES_IN_PLEX,
    PLEX_IS_AWAY,
    SWITCHED_OFF,
    left_waiting,
    summary_of,
)
from app.sync_changes.drains import Drains
from app.sync_changes.edits_during_drain import Edits
from app.sync_changes.handover import giving_way, hand_over, note_given_way, others_wait
from app.sync_changes.intake import Intake
from app.sync_changes.outage_wait import EndedByOutage, OutageWait, Service, WaitEnd, count_waiting
from app.sync_changes.probes import (
    count_without_pictures,
    look_for_pictures,
    make_sure_of_plex,
    pictures_come,
    plex_failure,
    wake_for_pictures,
)
from app.sync_changes.quick_hooks import QuickHooks
from app.sync_changes.scans import ScanWait
from app.sync_changes.slice import Slice
from app.sync_changes.unannounced import Unannounced
from app.wiring import Context
from core.change_words import counted, listed
from core.errors import GaveWay
from plex.exceptions import PlexServerDown
from shell.logs import headline
from storage.state_tables.outages import PICTURES, PLEX, PLEX_PICTURES
from sync_queue.inbox_reader import Inbox
from worker.executor.figures import DRAIN
from worker.pictures.supply import NO_PICTURES_NOW

log = logging.getLogger(__name__)

QUIET_SECONDS = 2.0  # without an event, and a burst is over
BURST_SECONDS = 20.0  # the longest that a burst is waited for

Sleep = Callable[[float], None]


def sync_changes(context: Context, sleep: Sleep = time.sleep) -> dict[str, Any]:
    """Bring to Plex what hooks have noted, and what else is due.

    Raises:
        GuardStopped: scenes are held back; everything else is done.
        what a drain raises; the next event or task then carries on.
    """
    with context.open_inbox() as inbox:
        inbox.begin()
        run = _Run(giving_way(context), inbox, sleep)
        try:
            run.work()
        except BaseException:
            inbox.give_up()
            raise
        finally:
            headline(log, run.summary(), run.level)
    return run.figures()


class _Run:
    """One run of the task."""

    def __init__(self, context: Context, inbox: Inbox, sleep: Sleep) -> None:
        self._context = context
        self._inbox = inbox
        self._sleep = partial(_sleep_on, context, sleep)
        self._others_wait = partial(others_wait, context)
        self._slice = Slice(context.clock, self._others_wait)
        self._intake = Intake(context, inbox, self._slice.over)
        self._quick_hooks = QuickHooks(context, inbox)
        self._unannounced = Unannounced(context, self._intake, self._quick_hooks)
        edits = Edits(inbox, self._intake, context.clock, self._unannounced)
        self._drains = Drains(context, self._slice.over, edits, sleep)
        self._outage = OutageWait(context, self._sleep)
        self._is_trial = False
        self._has_looked = False
        self._auto = AutoReconcile(context, self._others_wait)
        self._scans = ScanWait(context, self._sleep, self._others_wait)
        self._successor = ""
        self._notes: list[str] = []

    def work(self) -> None:
        """Until nothing is left, or it is somebody else's turn.

        Raises:
            PlexServerDown: Plex is away, and not waited for any longer.
            what a drain raises.
        """
        try:
            self._work()
        except GaveWay as why:
            log.debug("%s", why)
            self._outage.break_off(PLEX)
            in_vain = not self._drains.result.processed
            note_given_way(self._context, why.lacking, in_vain=in_vain)
            self._hand_over(0, anyway=True)

    def _work(self) -> None:
        self._auto.look()
        look_for_pictures(self._context)
        while True:
            self._wait_for_quiet()
            # In this order: what comes in between is taken, and seen once more.
            seen, _ = self._inbox.newest()
            self._take()
            down = self._drain_unless_down()
            self._context.go_on()
            if down is not None:
                over = self._wait_for_plex(down)
                if over is WaitEnd.BACK:
                    continue
                self._hand_over(seen, anyway=True, why=_why(over))
                return
            if self._slice.over() and self._hand_over(seen, anyway=self._intake.is_early):
                return
            if self._has_unannounced():
                continue
            if self._auto.is_due():
                if self._auto.gives_way():
                    self._hand_over(seen, anyway=True)
                    return
                if self._auto.run():
                    continue
            ended = self._wait_for_scans(seen)
            if ended is WaitEnd.NEWS:
                continue
            if ended is WaitEnd.OTHERS and self._hand_over(seen):
                return
            over = self._wait_for_pictures(seen)
            if over in (WaitEnd.BACK, WaitEnd.NEWS):
                continue
            if over in (WaitEnd.OTHERS, WaitEnd.SETTINGS):
                self._hand_over(seen, anyway=True, why=_why(over))
                return
            if self._inbox.leave(seen):
                return

    def _take(self) -> None:
        """From what Stash has changed, and what hooks have noted, to the queue."""
        if self._quick_hooks.may_hide_edits():
            self._has_looked = True
            self._unannounced.queue_edits()
            self._quick_hooks.switch_others()
            if self._intake.is_early:
                return
        self._intake.take()

    def _has_unannounced(self) -> bool:
        """Once in a task, after what is known was brought to Plex."""
        if self._has_looked or not self._can_drain():
            return False
        self._has_looked = True
        return self._unannounced.queue()

    def _drain_unless_down(self) -> PlexServerDown | None:
        """Drain; what Plex fails with, if it is away."""
        is_trial, self._is_trial = self._is_trial, False
        is_asked_first = not is_trial and self._context.settings.outage_wait > 0
        try:
            if is_asked_first and self._can_drain() and self._drains.has_work():
                if self._outage.has_failed(PLEX):
                    return PlexServerDown(PLEX_IS_AWAY)  # the wait asks it
                make_sure_of_plex(self._context)
            self._drain(is_trial=is_trial)
        except PlexServerDown as error:
            return error
        return None

    def _wait_for_plex(self, error: PlexServerDown) -> WaitEnd:
        plex = Service(PLEX, self._plex_answers, self._count_waiting)
        over = self._outage.wait(plex, str(error))
        if over is WaitEnd.TOO_LONG:
            raise EndedByOutage(left_waiting(str(error), self._count_waiting())) from error
        # Whether it is back is seen by a drain.
        self._is_trial = over is WaitEnd.BACK
        return over

    def _plex_answers(self) -> bool:
        return plex_failure(self._context, self._outage.breaker(PLEX).failures) is None

    def _wait_for_pictures(self, seen: int) -> WaitEnd:
        context = self._context
        if not self._can_drain() or not count_without_pictures(context):
            return WaitEnd.TOO_LONG
        name, why, is_back = PICTURES, NO_PICTURES_NOW, lambda: pictures_come(context)
        if self._outage.has_failed(PLEX_PICTURES):
            # Only a scene that is tried shows whether that is over.
            name, why, is_back = PLEX_PICTURES, NO_PICTURES_IN_PLEX, lambda: True
        pictures = Service(name, is_back, lambda: count_without_pictures(context))
        over = self._outage.wait(pictures, why, lambda: self._has_changes(seen))
        if over is WaitEnd.BACK:
            wake_for_pictures(context)
        elif over is WaitEnd.TOO_LONG:
            waiting = count_without_pictures(context)
            self._note(f"{why}; {waiting} scenes are tried again by a later task")
        return over

    def _count_waiting(self) -> int:
        return count_waiting(self._context, self._inbox)

    def _wait_for_scans(self, seen: int) -> WaitEnd:
        if not self._can_drain():
            return WaitEnd.TOO_LONG
        return self._scans.wait(lambda: self._has_changes(seen))

    def _has_changes(self, seen: int) -> bool:
        return self._inbox.newest()[0] > seen or self._unannounced.are_there()

    def _wait_for_quiet(self) -> None:
        """Until no event came for a while: an edit is often followed by the next."""
        clock = self._context.clock
        deadline = clock() + BURST_SECONDS
        while True:
            _, newest = self._inbox.newest()
            if self._quick_hooks.may_hide_edits():
                newest = max(newest, self._unannounced.newest_edit())
            now = clock()
            wait = min(newest + QUIET_SECONDS, deadline) - now
            # One from the future happened before somebody put the clock right.
            if wait <= 0 or newest > now + QUIET_SECONDS:
                return
            self._sleep(wait)

    def _can_drain(self) -> bool:
        return bool(self._context.settings.synced_fields()) and not self._drains.busy

    def _drain(self, *, is_trial: bool) -> None:
        if not self._context.settings.synced_fields():
            self._note(SWITCHED_OFF)
            return
        self._drains.run(is_first=is_trial)
        if self._drains.busy:
            # Whoever has the lock looks for this when it has let go of it; if it did so between
            # our two steps, it is our turn.
            self._inbox.request_follow_up()
            self._drains.run()
        if self._drains.busy:
            self._note(BUSY)

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)
            log.info("%s", text)

    def _hand_over(self, seen: int, *, anyway: bool = False, why: str = CARRIED_ON) -> bool:
        """Let others work and carry on behind them; False if nothing is left to carry on with."""
        is_left = anyway or self._drains.has_work() or self._scans.has_jobs()
        if not is_left and self._inbox.newest()[0] <= seen:
            return False
        self._successor = hand_over(self._context, self._inbox)
        if self._successor:
            self._note(why)
        return True

    def figures(self) -> dict[str, Any]:
        """What a task replies with. Raises GuardStopped: scenes are held back."""
        self._drains.complain()
        figures = {**asdict(self._intake.result), **self._drains.result.reply(DRAIN)}
        if self._auto.figures:
            figures["reconcile"] = self._auto.figures
        if self._successor:
            figures["carried_on_by_job"] = self._successor
        return {**figures, "note": "; ".join(self._notes)} if self._notes else figures

    @property
    def level(self) -> int:
        """How much the summary is worth: a task that only waited says so elsewhere."""
        taken, done = self._intake.result, self._drains.result
        did_something = taken.events or taken.unannounced or done.processed
        return logging.INFO if did_something or not self._successor else logging.DEBUG

    def summary(self) -> str:
        """The run in one line for people."""
        taken, done = self._intake.result, self._drains.result
        counts = (
            (taken.enqueued_count, "queued"),
            (taken.nothing_new, "with nothing new"),
            (taken.skipped_no_metadata, "without metadata"),
            (taken.skipped_unorganized, "not organized"),
            (taken.gone, "gone"),
        )
        silent = counted(taken.unannounced, "scene") + " found by Stash's times"
        found = f"{counted(taken.events, 'change')} noted" + (
            f", {silent}" if taken.unannounced else ""
        )
        scenes = f" (scenes: {told})" if (told := listed(counts)) else ""
        return f"{found}{scenes}; {summary_of(done)}."


def _sleep_on(context: Context, sleep: Sleep, seconds: float) -> None:
    """Wait, unless the user wants the task to end."""
    context.go_on()
    sleep(seconds)
    context.go_on()


def _why(over: WaitEnd) -> str:
    return NEW_SETTINGS if over is WaitEnd.SETTINGS else CARRIED_ON
