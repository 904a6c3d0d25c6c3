"""The figures that Stash serves to every open tab: counts and times alone."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from app.directories import version_of
from app.page.context import PageContext
from app.page.snapshot import PageSnapshot, snapshot
from storage.files.whole_file import write_whole
from storage.state_tables.outages import PLEX

FOLDER, FILE = "public", "state.json"


def publish(context: PageContext) -> None:
    """Write them into the plugin's folder, if that can be written.

    Raises:
        StateError: a file of ours cannot be read.
    """
    known = snapshot(context, with_points=False)
    told = {"version": version_of(context.plugin_dir), **figures_of(known)}
    folder = context.plugin_dir / FOLDER
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        write_whole(folder / FILE, [json.dumps(told)], 0o644)


def figures_of(known: PageSnapshot) -> dict[str, Any]:
    """Counts and times, and nothing else."""
    return {
        "at": known.now,
        "waiting": known.waiting,
        "edits_waiting": known.edits_waiting,
        "dead_letters": known.dead_letters,
        "held": known.held,
        "gaps": known.gaps,
        "paused_since_at": known.away_since(PLEX),
        "token_refused": bool(known.refused_at),
        "next_due_at": _next_due(known),
        "seen_at": known.seen_at if _is_on(known) and not known.away_since(PLEX) else None,
        "tick": bool(known.settings.get("page_tick", True)),
    }


def _next_due(known: PageSnapshot) -> float | None:
    """When there is something to do for Sync Changes; None: never, as things stand."""
    noted = known.now if known.edits_waiting else None
    due = [each for each in (known.next_due, known.next_reconcile_at, noted) if each is not None]
    if not due or not _is_on(known):
        return None
    breaker = known.breakers[PLEX]
    return max(min(due), breaker.retry_at if breaker.failures else 0.0)


def _is_on(known: PageSnapshot) -> bool:
    """Whether anything may go by itself; before the first sync the user decides when."""
    return not known.is_new and bool(
        known.settings.get("enabled", True) and known.settings.get("syncs", True)
    )
