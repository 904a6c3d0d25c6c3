"""What has happened since people were told last, by what the state and the queue say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from core import notification_texts
from core.notification_texts import Notice
from core.run_kinds import RECONCILE
from storage.key_value import key_of_fields
from storage.state import State
from storage.state_tables.outages import NAMES
from sync_queue.jobs import QueueStats

LASTING = 120.0  # seconds after which an outage is one to tell of: a restart is none


@dataclass(frozen=True, slots=True)
class Notified:
    """What people know.

    Attributes:
        reconcile, stopped: the numbers of the runs that were told of last.
        dead, held: how many dead letters and held scenes there were.
        outages: by service, when the outage began (epoch seconds).
        failed: how often in a row nothing could be sent.
    """

    reconcile: int = 0
    stopped: int = 0
    dead: int = 0
    held: int = 0
    outages: Mapping[str, float] = field(default_factory=dict)
    failed: int = 0


NOTIFIED = key_of_fields(
    "notified",
    Notified(),
    {
        **dict.fromkeys(("reconcile", "stopped", "dead", "held", "failed"), int),
        "outages": {str: float},
    },
)


def due_notices(
    state: State, stats: QueueStats, told: Notified, now: float
) -> tuple[Sequence[Notice], Notified]:
    """What is to be told, and what people know once it was."""
    found: list[Notice] = []
    run = state.runs.newest(RECONCILE)
    if run is not None and run.has_ended and run.id > told.reconcile:
        if run.figures.get("scenes_with_gaps"):
            found.append(notification_texts.gaps_found(run.figures))
        told = replace(told, reconcile=run.id)
    dead = sum(stats.dead.values())
    if dead > told.dead:
        found.append(notification_texts.given_up(dead - told.dead, dead))
    if stats.held > told.held:
        found.append(notification_texts.held_back(stats.held))
    stopped = state.runs.stopped_latest()
    if stopped is not None and stopped.id > told.stopped:
        found.append(notification_texts.stopped(str(stopped.figures.get("why", stopped.guard))))
        told = replace(told, stopped=stopped.id)
    away, outages = _outages(state, stats, told, now)
    return [*found, *away], replace(told, dead=dead, held=stats.held, outages=outages)


def _outages(
    state: State, stats: QueueStats, told: Notified, now: float
) -> tuple[list[Notice], dict[str, float]]:
    errors = {each.service: each.error for each in state.outages.outages(now)}
    found, known = list[Notice](), dict[str, float]()
    for service, name in NAMES.items():
        since = state.outages.breaker(service, now).since
        if since is None or now - since < LASTING:
            continue
        known[service] = since
        if told.outages.get(service) != since:
            error = errors.get(service, "")
            found.append(notification_texts.away(name, now - since, stats.waiting, error))
    return found, known
