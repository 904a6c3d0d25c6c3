"""Tasks that work through the queue, look at it, or clear parts of it."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from app import arguments
from app.schedule import automatic
from app.sync_changes.drain_messages import summary_of
from app.wiring import Context
from app.write_session import lock_for, open_scene_writer
from core.change_words import counted
from core.run_kinds import CONFIRM, RECONCILE
from plex.cache import MatchCache, PlexCache
from shell.logs import examples, headline
from worker.executor.figures import DRAIN, Figures
from worker.executor.run import RunKind
from worker.scene_sync.plan_source import ConfirmedJobs

log = logging.getLogger(__name__)


def clear_queue(context: Context) -> dict[str, Any]:
    """Drop every job that waits or is held; what is worked on and the dead letters stay."""
    arguments.allow_only(context.args)
    with context.open_queue() as queue:
        cleared = queue.clear_waiting()
    headline(
        log, f"{counted(cleared, 'scene')} taken out of the queue; a reconcile finds them again."
    )
    return {"cleared": cleared}


def clear_match_cache(context: Context) -> dict[str, Any]:
    """Forget the saved index and the remembered matches; both are made anew when needed."""
    with PlexCache(context.data_dir) as index, MatchCache(context.data_dir) as matches:
        index.clear()
        matches.clear()
    headline(log, "The saved listing of Plex and the remembered matches are forgotten.")
    return {"cleared": True}


def confirm_stopped_run(context: Context) -> dict[str, Any]:
    """Write what the clear guard holds back, and let the run that another guard stopped last go
    through, once; with the argument `scene_ids`, write what is held back of those scenes alone."""
    arguments.allow_only(context.args, ("scene_ids",))
    chosen = arguments.numbers(context.args, "scene_ids")
    if chosen is not None:
        return {"confirmed": True, **_write_held(context, chosen)}
    with context.open_state() as state:
        run = state.runs.confirm_latest()
        if run is not None and run.kind == RECONCILE:
            automatic.confirmed(context, state)
    if run is not None:
        why = run.figures.get("why", f"stopped by {run.guard}")
        headline(log, f"Confirmed: {why}. The next run goes on.")
    with context.open_queue() as queue:
        held = queue.stats(context.clock()).held
    if held:
        return {"confirmed": True, **_write_held(context)}
    if run is not None:
        return {"confirmed": True, "guard": run.guard, "figures": dict(run.figures)}
    headline(log, "Nothing waits for a confirmation.")
    return {"confirmed": False, "note": "nothing waits for a confirmation"}


def _write_held(context: Context, chosen: Collection[int] | None = None) -> dict[str, Any]:
    """Write the held scenes, or those of some: exactly what was shown of them."""
    figures = Figures()
    with lock_for(context, "Confirm Stopped Run"), open_scene_writer(context) as writer:
        writer.queue.recover()
        kind = RunKind(CONFIRM, DRAIN, counts_on=True)
        run = writer.run(kind, figures, resolve_absent=writer.resolve_absent)
        run.run(ConfirmedJobs(writer.queue, writer.preparer, figures, chosen))
    examples(log, "changed meanwhile, left alone: %s", figures.changed)
    headline(log, f"{summary_of(figures)}.")
    return figures.reply(DRAIN)
