"""Dead letters: tasks that put them back, clear and purge them; those that filters leave."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from app import arguments
from app.wiring import Context
from core.change_words import counted
from core.errors import ConfigError
from core.models import Failure, Job
from core.timestamps import DAY
from shell.logs import headline
from sync_queue.queue import SyncQueue

log = logging.getLogger(__name__)
PURGE_DAYS = 30.0
MOST = 2**31  # more than there are
# The arguments that choose dead letters.
CONDITIONS = ("failure", "error", "ids", "scene_ids", "since", "until", "filter")
FILTERS = ("error", "text")


def filters_of(told: Mapping[str, object]) -> tuple[str, str]:
    """The kind of failure `error` and the part of a text `text`, "" for all.

    Raises:
        ConfigError: there is no such failure.
    """
    error = arguments.text(told, "error")
    if error not in {failure.value for failure in Failure}:
        raise ConfigError(f"The argument 'error' is {error!r}, which is no kind of failure.")
    return error, arguments.text(told, "text")


def dead_like(queue: SyncQueue, told: Mapping[str, object]) -> list[Job]:
    """All dead letters that the list shows with these filters.

    Raises:
        ConfigError: one makes no sense.
    """
    return [job for job, _ in queue.dead_page(*filters_of(told), 0, MOST)[1]]


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
