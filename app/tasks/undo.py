"""Tasks that take back what was written, and the locks that came with it."""

from __future__ import annotations

import logging
from typing import Any

from app.arguments import allow_only, number
from app.wiring import Context
from app.write_session import lock_for, open_writer
from core import run_kinds
from core.change_words import counted, listed
from shell.logs import examples, headline
from storage.state_tables.runs import Run
from worker.executor.dry_run import ShownPlans, dry_run
from worker.executor.figures import RELEASE, UNDO, Figures
from worker.executor.run import RunKind
from worker.lock_release.plan_source import ReleaseSource, released_locks
from worker.undo.plan_source import UndoSource, phrases_of
from worker.undo.run_choice import chosen_run

FAILED = (
    " What failed still waits to be put back: press Undo Last Run again, or undo run {run} on the"
    " plugin's page if another run has written since."
)

Counts = tuple[tuple[int, str], ...]

log = logging.getLogger(__name__)


def undo_last_run(context: Context) -> dict[str, Any]:
    """Take a run back: the last that changed anything, unless `run_id` names another."""
    allow_only(context.args, ("run_id",))
    figures = Figures()
    with lock_for(context, "Undo Last Run"), open_writer(context) as writer:
        chosen = chosen_run(writer.state, number(context.args, "run_id"))
        facts = {"undone_run": chosen.id}
        run = writer.run(RunKind(run_kinds.UNDO, UNDO, facts, keeps_failed=True), figures)
        report = context.report_scenes
        run.run(UndoSource(writer.plex, writer.state, chosen, figures, report))
    after = FAILED.format(run=chosen.id) if figures.failures.count else ""
    _tell_undone(chosen, figures, "taken back", after)
    return {"run_id": run.run_id, "undone_run": chosen.id, **figures.reply(UNDO)}


def look_at_undo(context: Context) -> dict[str, Any]:
    """What `undo_last_run` would do now."""
    allow_only(context.args, ("run_id",))
    figures = Figures()
    with open_writer(context) as writer:
        chosen = chosen_run(writer.state, number(context.args, "run_id"))
        source = UndoSource(writer.plex, writer.state, chosen, figures, context.report_scenes)
        dry_run(source, ShownPlans(figures, phrases_of))
    examples(log, "would be put back: %s", figures.plans)
    _tell_undone(chosen, figures, "would be taken back")
    return {"run_id": None, "undone_run": chosen.id, **figures.reply(UNDO)}


def _tell_undone(run: Run, figures: Figures, what: str, after: str = "") -> None:
    examples(log, "changed since: %s", figures.changed)
    items, scenes = counted(figures.items_edited, "item"), counted(figures.scenes, "scene")
    rest = (
        (figures.already, "back already"),
        (figures.changed.count, "changed since and left as they are"),
        *_trouble(figures),
    )
    told = counted(figures.restored, "value")
    headline(log, f"Run {run.id}: {told} of {items} ({scenes}) {what}{_tail(rest)}.{after}")


def _trouble(figures: Figures) -> Counts:
    return (figures.failures.count, "failed"), (figures.gone, "of items that are gone from Plex")


def _tail(counts: Counts) -> str:
    told = listed(counts)
    return f"; {told}" if told else ""


def release(context: Context) -> dict[str, Any]:
    """Unlock what we locked."""
    allow_only(context.args)
    figures = Figures()
    with lock_for(context, "Release Locks"), open_writer(context) as writer:
        run = writer.run(RunKind(run_kinds.RELEASE, RELEASE), figures)
        run.run(ReleaseSource(writer.plex, writer.state, figures, context.report_scenes))
    _tell_released(figures, "taken off")
    return {"run_id": run.run_id, **figures.reply(RELEASE)}


def look_at_release(context: Context) -> dict[str, Any]:
    """What `release` would do now."""
    allow_only(context.args)
    figures = Figures()
    with open_writer(context) as writer:
        source = ReleaseSource(writer.plex, writer.state, figures, context.report_scenes)
        dry_run(source, ShownPlans(figures, released_locks))
    examples(log, "would be unlocked: %s", figures.plans)
    _tell_released(figures, "would be taken off")
    return {"run_id": None, **figures.reply(RELEASE)}


def _tell_released(figures: Figures, what: str) -> None:
    locks, items = counted(figures.restored, "lock"), counted(figures.items_edited, "item")
    rest = _tail(((figures.kept, "are yours by now and stay"), *_trouble(figures)))
    headline(log, f"{locks} of {items} {what}{rest}.")
