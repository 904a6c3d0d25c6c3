"""The state of things: the inbox, the queue, the last runs, the next reconcile.

Reads our own files and nothing else: no request to Plex, none to Stash but for the settings, and
nothing is started. What is shown can be a moment old where a task is at work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from app.schedule import store
from app.tasks.status_messages import (
    dead_letter_line,
    held_line,
    inbox_line,
    queue_line,
    reconcile_line,
    run_line,
    service_line,
)
from app.wiring import Context
from core.reconcile_due import due_at
from core.timestamps import rfc3339
from shell.logs import EXAMPLES, headline
from storage.state import State
from storage.state_tables.outages import NAMES
from storage.state_tables.runs import Run
from storage.synced_libraries import UNLISTED, unlisted_line
from sync_queue.inbox import INBOX_FILE, is_awaited, reader_lives
from sync_queue.queue import SyncQueue

log = logging.getLogger(__name__)

RUNS = 10
SWITCHED_OFF = "Stash2Plex is switched off: changes are noted, nothing is synced"


def queue_status(context: Context) -> dict[str, Any]:
    """The status, as JSON and in the log. Times are RFC 3339 in UTC, their `_epoch` in seconds.

    Raises:
        StateError: a file cannot be read. A damaged one is moved aside, and `problems` says so.
    """
    now = context.clock()
    problems: list[str] = [] if context.settings.enabled else [SWITCHED_OFF]
    status: dict[str, Any] = {
        "now": rfc3339(now),
        "now_epoch": now,
        "enabled": context.settings.enabled,
        "inbox": _inbox(context, problems.append),
    }
    with context.open_queue(problems.append) as queue:
        status |= _queue(queue, now)
        held, dead = queue.held(most=EXAMPLES), queue.dead_letters(most=EXAMPLES)
    with context.open_state(problems.append) as state:
        status["scenes_recorded"] = state.records.count()
        status["last_runs"] = {run.kind: _run(run) for run in state.runs.latest_of_each_kind()}
        status["runs"] = [_run(run) for run in state.runs.latest(limit=RUNS)]
        status["reconcile"] = _reconcile(context, state, now)
        status["services"] = _services(state, now)
        problems += [f"{unlisted_line(*each)}" for each in state.get_value(UNLISTED).items()]
    status["problems"] = problems
    lines = list(map(held_line, held))
    _tell_first(lines, status["held"], "held back")
    given_up = sum(status["dead_letters"].values())
    _tell_first(list(map(dead_letter_line, dead)), given_up, "given up on")
    _tell(status, now)
    return status


def _inbox(context: Context, warn: Callable[[str], None]) -> dict[str, Any]:
    """What hooks have noted, and who is to look at it."""
    if not (context.data_dir / INBOX_FILE).exists():
        return {"changes": 0, "by_kind": {}, "sync_changes": "none", "asked_at": None}
    with context.open_inbox(warn) as inbox:
        counts, lease = dict(inbox.counts()), inbox.lease()
    if lease.asked_at is None:
        state_of_task = "none"
    elif lease.begun_at is None:
        awaited = is_awaited(lease.asked_at, lease.job_id, context.clock())
        state_of_task = "asked for" if lease.job_id is not None or awaited else "none"
    else:
        state_of_task = "running" if reader_lives(str(context.data_dir)) else "killed"
    return {
        "changes": sum(counts.values()),
        "by_kind": counts,
        "sync_changes": state_of_task,
        **_moment("asked_at", lease.asked_at),
    }


def _queue(queue: SyncQueue, now: float) -> dict[str, Any]:
    stats, due = queue.stats(now), queue.next_due(now)
    return {
        "waiting": stats.waiting,
        "due": stats.due,
        "backing_off": stats.backing_off,
        "working": stats.working,
        "completed": stats.completed,
        "next_due_in": None if due is None else round(due - now, 1),
        **_moment("next_due_at", due),
        "held": stats.held,
        "dead_letters": {failure.value: count for failure, count in stats.dead.items()},
    }


def _reconcile(context: Context, state: State, now: float) -> dict[str, Any]:
    settings, want = context.settings, store.wanted(context.settings)
    history = store.known(state, now)
    due = due_at(history, want)
    return {
        "interval": settings.reconcile_interval,
        "scope": settings.reconcile_scope,
        "is_on": want.interval is not None,
        **_moment("last_run_at", history.ended.get(want.scope)),
        **_moment("next_due_at", due),
        "next_due_in": None if due is None else round(max(0.0, due - now), 1),
        "tries": history.tries,
        **_moment("last_try_at", history.tried_at),
        "is_stopped": history.is_stopped,
    }


def _services(state: State, now: float) -> dict[str, Any]:
    """What is known of the servers that we depend on, without asking them."""
    lasting = {each.service: each for each in state.outages.outages(now) if each.ended_at is None}
    told: dict[str, Any] = {}
    for service in NAMES:
        breaker = state.outages.breaker(service, now)
        outage = lasting.get(service) if breaker.failures else None
        told[service] = {
            "breaker": breaker.state(now).value,
            "failures": breaker.failures,
            **_moment("away_since", breaker.since),
            "error": "" if outage is None else outage.error,
            **_moment("next_try_at", breaker.retry_at if breaker.failures else None),
        }
    return told


def _run(run: Run) -> dict[str, Any]:
    ended = run.finished_at
    return {
        "id": run.id,
        "kind": run.kind,
        "status": run.status,
        "partial": run.status == "partial",
        **_moment("started_at", run.started_at),
        **_moment("finished_at", ended),
        "seconds": None if ended is None else round(max(0.0, ended - run.started_at), 1),
        "guard": run.guard,
        "figures": _brief(run.figures),
    }


def _brief(figures: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to tell: neither what is 0, nor the lists, which that run's log has."""
    plain = (bool, int, float, str)
    return {
        name: value
        for name, value in figures.items()
        if isinstance(value, plain) and value and name != "run_id"
    }


def _moment(name: str, at: float | None) -> dict[str, Any]:
    return {name: None if at is None else rfc3339(at), f"{name}_epoch": at}


def _tell_first(lines: list[str], total: int, what: str) -> None:
    for line in lines:
        log.info("%s", line)
    if total > len(lines):
        log.info("and %d more that are %s", total - len(lines), what)


def _tell(status: dict[str, Any], now: float) -> None:
    """What happened first, and how things stand now last."""
    for run in reversed(status["last_runs"].values()):
        log.info("%s", run_line(run, now))
    log.info("%s", reconcile_line(status["reconcile"], now))
    for service, told in status["services"].items():
        log.info("%s", service_line(NAMES[service], told, now))
    for problem in status["problems"]:
        log.warning("%s", problem)
    log.info("%s", inbox_line(status["inbox"], now))
    headline(log, queue_line(status))
