"""How things stand in one sentence, and what there is to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.page.snapshot import PageSnapshot
from core.change_words import changes_wait, closed, counted
from core.finding_types import AMBIGUOUS
from core.timestamps import in_words
from storage.state_tables.outages import NAMES, PICTURES, PLEX, PLEX_PICTURES

GOOD, WORK, ATTENTION, PROBLEM = "good", "work", "attention", "problem"


def headline(known: PageSnapshot) -> tuple[str, str]:
    """The sentence, and its tone: good, work, attention or problem."""
    waits = _waits(known)
    away = known.away_since(PLEX)
    if known.refused_at:
        return f"Plex refuses the token. {waits}".strip(), PROBLEM
    if away is not None:
        why = closed(known.errors.get(PLEX) or "Plex does not answer")
        return f"Paused for {in_words(known.now - away)}: {why} {waits}".strip(), PROBLEM
    if known.settings and not known.settings.get("enabled"):
        return f"Stash2Plex is switched off in its settings. {waits}".strip(), ATTENTION
    if not known.last:
        if known.latest_reconcile is None:
            return "Nothing has been compared yet: the first reconcile is still to come.", ATTENTION
        return "The library has not been compared as a whole yet.", ATTENTION
    if known.gaps:
        apart = known.gaps + known.unfinished
        gaps = counted(apart, "scene is", "scenes are")
        is_at_work = known.waiting or known.running is not None
        tone = WORK if is_at_work and not known.held else ATTENTION
        return f"{gaps} not in step with Plex. {waits}".strip(), tone
    if known.held or known.dead_letters:
        return f"{_given_up(known)} {waits}".strip(), ATTENTION
    if known.waiting or known.edits_waiting:
        return f"All is in step but for what was just changed. {waits}".strip(), WORK
    if not known.scenes:
        return "Stash has no scenes yet. Once it has some, they are compared with Plex.", GOOD
    if not known.in_step:
        return "No scene in Stash is to be synced: see the last reconcile for why.", ATTENTION
    return f"All {known.in_step:,} scenes are in step with Plex.", GOOD


def _waits(known: PageSnapshot) -> str:
    waiting = known.waiting + known.edits_waiting
    if not waiting:
        return ""
    return f"{changes_wait(waiting)}. "


def _given_up(known: PageSnapshot) -> str:
    """What is not in step though no reconcile has found it: a change in Stash that got stuck."""
    held = f"{known.held:,} held back until you confirm" if known.held else ""
    dead = f"{known.dead_letters:,} given up on" if known.dead_letters else ""
    stuck = " and ".join(filter(None, (held, dead)))
    return f"All is in step but for what was changed since: {stuck}."


def advice(known: PageSnapshot) -> list[dict[str, Any]]:
    """What there is to do, the most urgent first, each with the action or view that does it."""
    return [{"text": text, "action": action} for text, action in _advice(known)]


def _advice(known: PageSnapshot) -> Iterator[tuple[str, str | None]]:
    if not known.settings:
        yield "Connect Stash to Plex: the assistant takes you through it.", "start"
        return
    if known.refused_at:
        yield "Plex refuses the token: sign in again, or enter a new token.", "settings"
    if known.held:
        what = counted(known.held, "scene waits", "scenes wait")
        yield f"{what} for your word, since they would lose values in Plex.", "held"
    elif known.stopped is not None:
        why = str(known.stopped.figures.get("why") or f"the guard {known.stopped.guard} stopped it")
        yield f"A run was stopped: {why}. If that is right, confirm it.", "confirm_stopped_run"
    if known.dead_letters:
        what = counted(known.dead_letters, "scene was", "scenes were")
        yield f"{what} given up on: see why, and try them again.", "dead_letters"
    for service, what in ((PICTURES, "do not come"), (PLEX_PICTURES, "cannot be set")):
        if known.away_since(service) is not None:
            yield f"{NAMES[service]} {what}; what lacks them is brought later.", None
    if not known.last:
        yield "Compare the library with Plex, to see what is not in step.", "reconcile_all"
    elif ambiguous := known.gaps_by_type[AMBIGUOUS]:
        what = counted(ambiguous, "scene fits", "scenes fit")
        yield f"{what} several items of Plex: choose the right ones.", AMBIGUOUS
    is_due = known.next_due is not None and known.next_due <= known.now
    if is_due and known.running is None and known.away_since(PLEX) is None:
        yield "Bring what waits to Plex now.", "process_queue"
