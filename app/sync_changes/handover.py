"""Sync Changes and Stash's job queue: who asks for the task, gives way, and carries on behind."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from app.patience import BY_BUTTON, TaskPatience
from app.wiring import Context
from core.errors import RunStopped, StashError, StateError, SyncError
from stash.job_queue import is_pending, queue_sync_changes, waiting_jobs
from storage.key_value import Key
from sync_queue.inbox import INBOX_FILE
from sync_queue.inbox_reader import Inbox

log = logging.getLogger(__name__)

MODE = "sync_changes"
# Tasks that gave way before they brought anything to Plex; after so many one sees its requests
# through: where others always wait, and answers always take long, nothing would ever be brought.
IN_VAIN = Key("gave_way_in_vain", 0, int)
MOST_IN_VAIN = 3
SILENCE = 2.0  # seconds that a look at Stash's jobs may take, which comes every few seconds


def others_wait(context: Context) -> bool:
    """Whether another job of Stash waits for ours to end; False where Stash does not say."""
    try:
        return any(not job.is_ours for job in waiting_jobs(context.stash.with_timeout(SILENCE)))
    except StashError as error:
        log.debug("Stash could not be asked for its jobs: %s", error)
        return False


class _Others:
    """Whether those that wait go before an answer that takes long."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._is_our_turn = False

    def __call__(self) -> bool:
        if self._is_our_turn or not others_wait(self._context):
            return False
        with self._context.open_state() as state:
            self._is_our_turn = state.get_value(IN_VAIN) >= MOST_IN_VAIN
            if self._is_our_turn:
                state.set_value(IN_VAIN, 0)
        return not self._is_our_turn


def note_given_way(context: Context, lacking: float, *, in_vain: bool) -> None:
    """The task has given way while an answer was waited for.

    Args:
        lacking: for how many seconds; after many it is Plex that keeps it back, and not others.
        in_vain: before it did anything.
    """
    if in_vain and lacking > BY_BUTTON:
        return
    with context.open_state() as state:
        state.change_value(IN_VAIN, lambda before: before + 1 if in_vain else 0)


def giving_way(context: Context, most: float = math.inf) -> Context:
    """The context for who gives way also while an answer of Plex is waited for.

    Args:
        most: seconds that answers may be lacking for, after which Plex counts as down.
    """
    patience = TaskPatience(context.is_stopped, _Others(context), lambda seconds: seconds > most)
    return replace(context, patience=patience)


def hand_over(context: Context, inbox: Inbox) -> str:
    """Have Sync Changes carry on behind all jobs of Stash that wait; the number of its job.

    "": Stash could not be asked. Then the next event, or the end of the next task, asks.
    """
    stash = context.stash
    try:
        ours = [job.id for job in waiting_jobs(stash) if job.is_ours]
        successor = ours[-1] if ours else queue_sync_changes(stash)
    except StashError as error:
        log.warning("Stash could not be asked to carry on later: %s", error)
        inbox.give_up()
        inbox.request_follow_up()
        return ""
    inbox.hand_over(successor)
    return successor


def catch_up(context: Context) -> None:
    """At the end of another task: ask for Sync Changes if work is left and nobody was asked."""
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
def caught_up(context: Context) -> Iterator[None]:
    """Around another task: `catch_up` at its end, also where it fails, since others may have left
    it their jobs; but not where the user has stopped it."""
    try:
        yield
    except RunStopped:
        raise
    except SyncError:
        catch_up(context)
        raise
    catch_up(context)


@contextmanager
def attended(mode: str, data_dir: Path) -> Iterator[None]:
    """Around a task: if Sync Changes cannot even begin, a later event shall ask for it again."""
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
