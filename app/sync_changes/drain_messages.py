"""What the tasks that drain tell people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.change_words import changes_wait, closed, counted, listed

if TYPE_CHECKING:
    from worker.executor.figures import Figures

BUSY = "another run works through the queue and takes these changes with it"
SWITCHED_OFF = "all fields are switched off in the settings; the queue is left as it is"
NEW_SETTINGS = "the settings have changed, so the rest is done by a new task"
CARRIED_ON = "other tasks of Stash wait, so the rest is done behind them"
NOTHING_WAITS = "No change waits to be sent."
NO_PICTURES_IN_PLEX = "Plex took no pictures when it was given some last"
PLEX_IS_AWAY = "Plex did not answer when it was asked last"


def left_waiting(error: str, waiting: int, *, is_asked: bool = False) -> str:
    """What ends a task while Plex is away, and what brings the rest.

    Args:
        error: what Plex failed with.
        is_asked: Sync Changes goes on by itself.
    """
    by = "Sync Changes" if is_asked else "the next change in Stash, or the task 'Sync Changes',"
    if not waiting:
        return f"{closed(error)} {NOTHING_WAITS}"
    what = f"{changes_wait(waiting)} for Plex"
    return f"{closed(error)} {what}; {by} sends what waits once it is back."


def once_mended(waiting: int) -> str:
    """What ends a task that fails for another reason."""
    if not waiting:
        return NOTHING_WAITS
    what = changes_wait(waiting)
    return f"{what}; the task 'Process Queue' sends what waits once this is mended."


def summary_of(done: Figures) -> str:
    """What drains did, in one line for people; the numbers of scenes add up."""
    changed = done.succeeded - done.unchanged - done.skipped
    counts = (
        (changed, f"changed ({counted(done.items_edited, 'item')} in Plex)"),
        (done.unchanged, "already right"),
        (done.skipped, "skipped"),
        (done.retried, "to be tried again"),
        (done.held, "held back"),
        (done.failed, "given up on"),
    )
    told = listed(counts)
    what = f"{counted(done.processed, 'scene')}: {told}" if told else "no scene was due"
    left = f"{counted(done.remaining, 'scene')} left in the queue" if done.remaining else ""
    return f"{what}; {left or 'the queue is empty'}"
