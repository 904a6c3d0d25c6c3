"""Tasks that take back what was written, and the locks that came with it."""

from __future__ import annotations

import logging
from typing import Any

from app.arguments import run_id
from app.tasks.preview import busy
from app.wiring import Context
from core.errors import DrainBusy
from sync_queue.lock import DrainLock
from worker.executor.list_edit_probe import finish_probe
from worker.release.release import Release, ReleaseResult
from worker.undo.run_choice import UndoResult, chosen_run
from worker.undo.undo import Undo

log = logging.getLogger(__name__)


def undo_last_run(context: Context) -> dict[str, Any]:
    """Take a run back: the last that changed anything, unless `run_id` names another."""
    try:
        with DrainLock(context.data_dir), context.open_state() as state:
            run = chosen_run(state, run_id(context.args))
            with context.open_plex() as plex:
                finish_probe(plex, state)
                undo = Undo(plex, state, context.clock, context.on_progress)
                result = undo.run(run)
    except DrainBusy:
        raise busy("Undo Last Run") from None
    _tell_undone(result, "taken back")
    return result.as_dict()


def look_at_undo(context: Context) -> dict[str, Any]:
    """What `undo_last_run` would do now."""
    with context.open_state() as state, context.open_plex() as plex:
        run = chosen_run(state, run_id(context.args))
        result = Undo(plex, state, context.clock, context.on_progress).look(run)
    for line in result.lines:
        log.info("%s", line)
    _tell_undone(result, "would be taken back")
    return result.as_dict()


def _tell_undone(result: UndoResult, what: str) -> None:
    for line in result.changed:
        log.info("changed since: %s", line)
    log.info(
        "run %d %s: %d values of %d items (%d scenes); %d were back already, %d changed since and "
        "stay, %d failed, %d items are gone from Plex",
        result.undone_run,
        what,
        result.restored,
        result.items_edited,
        result.scenes,
        result.already,
        result.changed_since,
        result.failed,
        result.gone,
    )


def release(context: Context) -> dict[str, Any]:
    """Unlock what we locked."""
    try:
        with (
            DrainLock(context.data_dir),
            context.open_state() as state,
            context.open_plex() as plex,
        ):
            result = Release(plex, state, context.clock, context.on_progress).run()
    except DrainBusy:
        raise busy("Release Locks") from None
    _tell_released(result, "taken off")
    return result.as_dict()


def look_at_release(context: Context) -> dict[str, Any]:
    """What `release` would do now."""
    with context.open_state() as state, context.open_plex() as plex:
        result = Release(plex, state, context.clock, context.on_progress).look()
    _tell_released(result, "would be taken off")
    return result.as_dict()


def _tell_released(result: ReleaseResult, what: str) -> None:
    log.info(
        "%d locks of %d items %s; %d are the user's by now and stay, %d failed, %d items are gone "
        "from Plex",
        result.unlocked,
        result.items,
        what,
        result.kept,
        result.failed,
        result.gone,
    )
