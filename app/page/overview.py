"""The overview: how things stand, in one headline and in figures."""

from __future__ import annotations

from typing import Any

from app.directories import version_of
from app.page.context import PageContext
from app.page.headline import advice, headline
from app.page.public_figures import figures_of
from app.page.runs import page_row
from app.page.snapshot import PageSnapshot, snapshot
from app.page.task_titles import title_of_mode
from core.finding_types import IGNORED, TITLES
from core.timestamps import in_words
from storage.state_tables.outages import NAMES


def page_overview(context: PageContext) -> dict[str, Any]:
    """All that the first view shows."""
    known = snapshot(context)
    text, tone = headline(known)
    return {
        "version": version_of(context.plugin_dir),
        "headline": text,
        "tone": tone,
        "needs_setup": not known.settings or known.is_new,
        "advice": advice(known),
        "tiles": _tiles(known),
        "type_titles": dict(TITLES),
        "last_reconcile": _last_reconcile(known),
        "next_reconcile_at": known.next_reconcile_at,
        "is_automatic": known.is_automatic,
        "running": _running(known),
        "failure": _failure(known),
        "services": [_service(known, service) for service in NAMES],
        "points": _points(known),
        "state": figures_of(known),
    }


def _points(known: PageSnapshot) -> list[dict[str, Any]]:
    """The points of the chart; the last is now, as the tiles have it."""
    now = {"at": known.now, "gaps": known.gaps, "synced": 0}
    return [*known.points, now] if known.points else []


def _tiles(known: PageSnapshot) -> dict[str, Any]:
    compared = known.in_step + known.gaps + known.unfinished
    return {
        "scenes": known.scenes,
        "left_alone": known.left_alone,
        "in_step": known.in_step,
        # Rounded down: 100 is for those that have no gap.
        "in_step_percent": 1000 * known.in_step // compared / 10 if compared else None,
        "gaps": known.gaps,
        "gaps_by_type": known.gaps_by_type,
        "waiting": known.waiting,
        "dead_letters": known.dead_letters,
        "held": known.held,
        "edits_waiting": known.edits_waiting,
        "ignored": known.by_type.get(IGNORED, 0),
    }


def _last_reconcile(known: PageSnapshot) -> dict[str, Any] | None:
    run = known.latest_reconcile
    if run is None:
        return None
    row = page_row(run, is_busy=known.running is not None)
    return {"at": run.finished_at or run.started_at, "status": row["status"], "text": row["text"]}


def _running(known: PageSnapshot) -> dict[str, Any] | None:
    running = known.running
    if running is None:
        return None
    done = f", {100 * running.share:.0f} % done" if running.share else ""
    since = in_words(known.now - running.since_at)
    title = title_of_mode(running.mode)
    return {
        "task": title,
        "mode": running.mode,
        "since_at": running.since_at,
        "progress": running.share,
        "text": f"{title} has been at work for {since}{done}.",
    }


def _failure(known: PageSnapshot) -> dict[str, Any] | None:
    error = known.failure
    return None if error is None else {"mode": error.task, "at": error.at, "text": error.text}


def _service(known: PageSnapshot, service: str) -> dict[str, Any]:
    since, name = known.away_since(service), NAMES[service]
    if since is None:
        return {"name": name, "ok": True, "since_at": None, "text": "No outage is known."}
    error = known.errors.get(service, "")
    span = in_words(known.now - since)
    text = f"Paused for {span}: {error}" if error else f"No answer for {span}."
    return {"name": name, "ok": False, "since_at": since, "text": text}
