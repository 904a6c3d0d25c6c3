"""Tasks about outages of Plex and of Stash's pictures: what they amount to, and what they left."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from app.schedule import store
from app.wiring import Context
from core.change_words import counted
from core.models import Failure
from core.outages import Outage, OutageFigures, as_of, figures
from core.timestamps import DAY, in_words, rfc3339
from shell.logs import headline
from storage.state import KEPT_DAYS
from storage.state_tables.outages import NAMES

log = logging.getLogger(__name__)

LISTED = 20  # outages of a service, the latest
AROUND = 60.0  # seconds before and after an outage that it may have begun and ended in
# What an outage can look like where only a part of the server failed.
FAILURES = (Failure.NO_PICTURES, Failure.PICTURE, Failure.ITEM_FAILED, Failure.NOT_TAKEN)


def outage_summary(context: Context) -> dict[str, Any]:
    """How often and how long Plex and the pictures of Stash were away in the last 30 days."""
    now = context.clock()
    with context.open_state() as state:
        known = as_of(state.outages.outages(now - KEPT_DAYS * DAY), now)
        # No longer ago than the plugin began to work.
        first = [each.began_at for each in known]
        began = store.known(state, now).since
        since = max(now - KEPT_DAYS * DAY, min([*first, now if began is None else began]))
    services: dict[str, Any] = {}
    for service, name in NAMES.items():
        outages = [each for each in known if each.service == service]
        found = figures(outages, since, now)
        latest = outages[: -LISTED - 1 : -1]
        for each in reversed(latest):
            log.info("outage of %s: %s", name, _outage_line(each, now))
        headline(log, f"{name}, in the last {in_words(now - since)}: {_line(found)}.")
        services[service] = {
            **asdict(found),
            "is_away": any(each.ended_at is None for each in outages),
            "outages": [_outage(each, now) for each in latest],
        }
    return {"since": rfc3339(since), "since_epoch": since, "services": services}


def _line(found: OutageFigures) -> str:
    if not found.count:
        return "no outage"
    parts = [f"{counted(found.count, 'outage')}, {in_words(found.downtime)} in all"]
    if found.mttr is not None:
        parts.append(f"{in_words(found.mttr)} until it was back on average (MTTR)")
    if found.mtbf is not None:
        parts.append(f"{in_words(found.mtbf)} from one to the next (MTBF)")
    return "; ".join([*parts, f"available for {100 * found.availability:.2f} % of the time"])


def _outage_line(outage: Outage, now: float) -> str:
    since = "away since " if outage.ended_at is None else ""
    length = in_words(outage.end(now) - outage.began_at)
    return f"{since}{rfc3339(outage.began_at)}, {length}: {outage.error}"


def _outage(outage: Outage, now: float) -> dict[str, Any]:
    return {
        "began_at": rfc3339(outage.began_at),
        "ended_at": None if outage.ended_at is None else rfc3339(outage.ended_at),
        "seconds": round(outage.end(now) - outage.began_at, 1),
        "error": outage.error,
    }


def recover_outage_jobs(context: Context) -> dict[str, Any]:
    """Make due what waits because of an outage, and put back what was given up on during one."""
    now = context.clock()
    with context.open_state() as state:
        outages = as_of(state.outages.outages(now - KEPT_DAYS * DAY), now)
    with context.open_queue() as queue:
        woken = sum(map(queue.wake, FAILURES))
        retried = sum(
            queue.retry_dead(
                failure=failure,
                since=each.began_at - AROUND,
                until=each.end(now) + AROUND,
            )
            for each in outages
            for failure in FAILURES
        )
    if woken + retried:
        context.request_follow_up()
    headline(
        log,
        f"{counted(woken, 'scene')} that waited because of an outage made due; "
        f"{counted(retried, 'scene')} given up on during one put back into the queue.",
    )
    return {"due": woken, "retried": retried}
