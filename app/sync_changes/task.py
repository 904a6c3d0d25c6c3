"""The task that hooks ask for: from the inbox to the queue, and from there to Plex.

Whatever happens, a change that was noted is either seen by a task that runs, or by the next one,
and somebody is asked for that: by the next event, or at the end of any other task.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.schedule.reconcile import AutoReconcile
from app.sync_changes.drains import Drains, Slice
from app.sync_changes.intake import Intake, IntakeResult
from app.sync_changes.scans import Ended, ScanWait, before_drain, leave_waiting
from app.wiring import Context
from core.errors import StashError, StateError
from stash.job_queue import is_pending, queue_sync_changes, waiting_jobs
from sync_queue.inbox import INBOX_FILE
from sync_queue.inbox_reader import Inbox
from worker.executor.figures import DRAIN, Figures

log = logging.getLogger(__name__)

MODE = "sync_changes"
QUIET_SECONDS = 2.0  # without an event, and a burst is over
BURST_SECONDS = 20.0  # the longest that a burst is waited for
BUSY = "another run works through the queue and takes these changes with it"
SWITCHED_OFF = "every sync_… setting is off; the queue is left as it is"

Sleep = Callable[[float], None]


def sync_changes(context: Context, sleep: Sleep = time.sleep) -> dict[str, Any]:
    """Bring to Plex what hooks have noted, and what else is due.

    Raises:
        what a drain raises; the next event or task then carries on.
    """
    with context.open_inbox() as inbox:
        inbox.begin()
        run = _Run(context, inbox, sleep)
        try:
            run.work()
        except BaseException:
            inbox.give_up()
            raise
        finally:
            log.info("%s", run.summary())
    return run.figures()


def process_queue(context: Context) -> dict[str, Any]:
    """Drain the queue until nothing is due, with what hooks have noted."""
    if not context.settings.synced_fields():
        log.warning("%s", SWITCHED_OFF)
        return {"processed": 0, "note": SWITCHED_OFF}
    with context.open_inbox() as inbox:
        Intake(context, inbox, IntakeResult()).take()
    before_drain(context)
    drains = Drains(context, lambda: False)
    try:
        drains.run(is_first=True)
        if drains.busy and not drains.result.processed:
            with context.open_inbox() as inbox:
                # Whoever is at work may be no drain, and leave the queue as it is.
                inbox.request_follow_up()
            log.info("%s", drains.busy)
            return {"processed": 0, "note": drains.busy}
    finally:
        log.info("%s", summary_of(drains.result))
    leave_waiting(context)
    return drains.result.reply(DRAIN)


def summary_of(done: Figures) -> str:
    """What drains did, in one line for people."""
    return (
        f"{done.processed} scenes processed: {done.items_edited} items changed, "
        f"{done.unchanged} already right, {done.skipped} skipped, {done.retried} to be tried "
        f"again, {done.held} held back, {done.failed} given up on; {done.remaining} jobs remain"
    )


class _Run:
    """One run of the task."""

    def __init__(self, context: Context, inbox: Inbox, sleep: Sleep) -> None:
        self._context = context
        self._inbox = inbox
        self._sleep = sleep
        self._slice = Slice(context.clock, self._others_wait)
        self._intake = Intake(context, inbox, IntakeResult(), self._slice.over)
        self._drains = Drains(context, self._slice.over)
        self._auto = AutoReconcile(context)
        self._scans = ScanWait(context, sleep, self._others_wait)
        self._successor = ""
        self._notes: list[str] = []

    def work(self) -> None:
        """Until nothing is left, or it is somebody else's turn."""
        self._auto.look()
        while True:
            self._wait_for_quiet()
            # In this order: what comes in between is taken, and seen once more.
            seen, _ = self._inbox.newest()
            self._intake.take()
            self._drain()
            if self._slice.over() and self._hand_over(seen, anyway=self._intake.is_early):
                return
            if self._auto.is_due():
                if self._others_wait() and self._auto.gives_way():
                    self._hand_over(seen, anyway=True)
                    return
                if self._auto.run():
                    continue
            ended = self._wait_for_scans(seen)
            if ended is Ended.CHANGES:
                continue
            if ended is Ended.OTHERS and self._hand_over(seen):
                return
            if self._inbox.leave(seen):
                return

    def _wait_for_scans(self, seen: int) -> Ended:
        if not self._can_drain():
            return Ended.NOTHING
        return self._scans.wait(lambda: self._inbox.newest()[0] > seen)

    def _wait_for_quiet(self) -> None:
        """Until no event came for a while: an edit is often followed by the next."""
        clock = self._context.clock
        deadline = clock() + BURST_SECONDS
        while True:
            _, newest = self._inbox.newest()
            now = clock()
            wait = min(newest + QUIET_SECONDS, deadline) - now
            # One from the future happened before somebody put the clock right.
            if wait <= 0 or newest > now + QUIET_SECONDS:
                return
            self._sleep(wait)

    def _can_drain(self) -> bool:
        return bool(self._context.settings.synced_fields()) and not self._drains.busy

    def _drain(self) -> None:
        if not self._context.settings.synced_fields():
            self._note(SWITCHED_OFF)
            return
        self._drains.run()
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

    def _others_wait(self) -> bool:
        try:
            return any(not job.is_ours for job in waiting_jobs(self._context.stash))
        except StashError as error:
            log.debug("Stash could not be asked for its jobs: %s", error)
            return False

    def _hand_over(self, seen: int, *, anyway: bool = False) -> bool:
        """Let others work and carry on behind them; False if nothing is left to carry on with."""
        is_left = anyway or self._drains.has_work() or self._scans.has_jobs()
        if not is_left and self._inbox.newest()[0] <= seen:
            return False
        stash = self._context.stash
        try:
            ours = [job.id for job in waiting_jobs(stash) if job.is_ours]
            self._successor = ours[-1] if ours else queue_sync_changes(stash)
        except StashError as error:
            log.warning("Stash could not be asked to carry on later: %s", error)
            self._inbox.give_up()
            self._inbox.request_follow_up()
            return True
        self._inbox.hand_over(self._successor)
        self._note("other tasks of Stash wait, so the rest is done behind them")
        return True

    def figures(self) -> dict[str, Any]:
        """What a task replies with."""
        figures = {**self._intake.result.as_dict(), **self._drains.result.reply(DRAIN)}
        if self._auto.figures:
            figures["reconcile"] = self._auto.figures
        if self._successor:
            figures["carried_on_by_job"] = self._successor
        return {**figures, "note": "; ".join(self._notes)} if self._notes else figures

    def summary(self) -> str:
        """The run in one line for people."""
        taken, done = self._intake.result, self._drains.result
        return (
            f"{taken.events} changes noted: {taken.enqueued_count} scenes queued, "
            f"{taken.nothing_new} with nothing new, {taken.skipped_no_metadata} without metadata, "
            f"{taken.skipped_unorganized} not organized, {taken.gone} gone; {summary_of(done)}"
        )


def catch_up(context: Context) -> None:
    """At the end of another task: ask for this one if something is left and nobody was asked."""
    if not (context.data_dir / INBOX_FILE).exists():
        return
    try:
        with context.open_inbox() as inbox:
            ask = inbox.claim()
            if ask is None:
                return
            try:
                stash = context.stash
                pending = ask.job_id is not None and is_pending(stash, ask.job_id)
                job = ask.job_id if pending else None
                inbox.asked(ask.token, job or queue_sync_changes(stash))
            except StashError as error:
                inbox.not_asked(ask.token)
                log.debug("Stash could not be asked for what hooks have noted: %s", error)
    except StateError as error:
        log.warning("%s", error)


@contextmanager
def attended(mode: str, data_dir: Path) -> Iterator[None]:
    """Around a task: if this one cannot even begin, a later event shall ask for it again."""
    try:
        yield
    except BaseException:
        decline(mode, data_dir)
        raise


def decline(mode: str, data_dir: Path) -> None:
    """Nobody reads the inbox now: what it holds waits for a later event or task."""
    if mode != MODE:
        return
    try:
        with Inbox(data_dir) as inbox:
            inbox.decline()
    except StateError as error:
        log.warning("%s", error)
