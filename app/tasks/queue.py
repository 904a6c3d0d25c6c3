"""Tasks that work through the queue, look at it, or clear parts of it."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from app import arguments
from app.schedule import automatic
from app.sync_changes.drain_messages import summary_of
from app.tasks.dead_letters import FILTERS, dead_like
from app.wiring import Context
from app.write_session import lock_for, open_scene_writer
from core.change_words import counted
from core.errors import ConfigError
from core.models import Failure
from core.run_kinds import CONFIRM, RECONCILE
from core.timestamps import DAY
from plex.cache import MatchCache, PlexCache
from shell.logs import examples, headline
from worker.executor.figures import DRAIN, Figures
from worker.executor.run import RunKind
from worker.scene_sync.plan_source import ConfirmedJobs

log = logging.getLogger(__name__)
PURGE_DAYS = 30.0
# The arguments that choose dead letters.
CONDITIONS = ("failure", "error", "ids", "scene_ids", "since", "until", "filter")


def clear_queue(context: Context) -> dict[str, Any]:
    """Drop every job that waits or is held; what is worked on and the dead letters stay."""
    arguments.allow_only(context.args)
    with context.open_queue() as queue:
        cleared = queue.clear_waiting()
    headline(
        log, f"{counted(cleared, 'scene')} taken out of the queue; a reconcile finds them again."
    )
    return {"cleared": cleared}


def clear_dead_letters(context: Context) -> dict[str, Any]:
    """Drop every dead letter."""
    arguments.allow_only(context.args)
    with context.open_queue() as queue:
        cleared = queue.clear_dead()
    headline(log, f"{counted(cleared, 'dead letter')} cleared.")
    return {"cleared": cleared}


def purge_dead_letters(context: Context) -> dict[str, Any]:
    """Drop dead letters older than the argument `days`."""
    arguments.allow_only(context.args, ("days",))
    days = _days(context.args.get("days"))
    with context.open_queue() as queue:
        purged = queue.purge_dead(context.clock() - days * DAY)
    headline(log, f"{counted(purged, 'dead letter')} older than {days:g} days purged.")
    return {"purged": purged, "days": days}


def _days(raw: object) -> float:
    if raw is None or raw == "":
        return PURGE_DAYS
    try:
        days = float(str(raw))
    except ValueError:
        days = -1.0
    if not 0 <= days <= 36_500:
        raise ConfigError(f"The argument 'days' is {raw!r}; a number from 0 to 36500 is allowed.")
    return days


def retry_dead_letters(context: Context) -> dict[str, Any]:
    """Put dead letters back in line: all, or those that meet every condition that is given.

    The arguments are `failure` (as the status names it), `error` (a part of that or of the text),
    `ids` or `scene_ids`, `since` and `until` (when they were given up on); or `filter`, which means
    all that `page_dead_letters` lists with these arguments.

    Raises:
        ConfigError: an argument makes no sense; one that is not known would have chosen all.
    """
    args = context.args
    arguments.allow_only(args, CONDITIONS)
    told = arguments.filters(args, FILTERS)
    failure, error = _failure(arguments.text(args, "failure")), arguments.text(args, "error")
    ids = arguments.numbers(args, "ids")
    ids = arguments.numbers(args, "scene_ids") if ids is None else ids
    with context.open_queue() as queue:
        chosen = [
            job.job_id
            for job in (queue.dead_letters() if told is None else dead_like(queue, told))
            if (ids is None or job.scene_id in ids) and error.casefold() in job.error.casefold()
        ]
        retried = queue.retry_dead(
            chosen, failure, arguments.moment(args, "since"), arguments.moment(args, "until")
        )
    if retried:
        context.request_follow_up()
    none = "Nothing was put back into the queue: there is no such dead letter (any more)."
    text = f"{counted(retried, 'dead letter')} put back into the queue." if retried else none
    headline(log, text)
    return {"retried": retried, "changed": retried, "text": text}


def _failure(told: str) -> Failure | None:
    known = {failure.value.casefold(): failure for failure in Failure if failure.value}
    if told and told.casefold() not in known:
        names = ", ".join(failure.value for failure in known.values())
        raise ConfigError(f"The argument 'failure' is {told!r}; one of these is allowed: {names}.")
    return known.get(told.casefold())


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
