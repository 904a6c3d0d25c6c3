"""The history of runs, and what each has changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.arguments import number
from app.page.context import PageContext
from app.page.item_titles import item_titles
from app.page.labels import kind_of, label_of, plain
from app.page.paging import Paging
from app.page.plex_links import libraries, links
from app.page.running_task import running_now
from app.tasks.status_messages import ENDED, NOTHING, figures_line
from core.errors import ConfigError
from core.models import ItemRef
from core.run_kinds import UNDOABLE, title_of
from storage.state import State
from storage.state_tables.journal import JournalEntry
from storage.state_tables.runs import Run

KILLED = "killed"  # the status of a run that has not ended, and of which nothing runs


def page_runs(context: PageContext) -> dict[str, Any]:
    """All runs, newest first."""
    paging = Paging.of(context.args)
    with context.open_state() as state:
        total, runs = state.runs.page(paging.offset, paging.per_page)
        rows = _rows(context, state, runs)
    return paging.reply(total, rows)


def _rows(context: PageContext, state: State, runs: Sequence[Run]) -> list[dict[str, Any]]:
    changing = state.journal.among(run.id for run in runs if run.kind in UNDOABLE)
    back = state.runs.taken_back() if changing else set()
    is_busy = running_now(context.data_dir, context.clock()) is not None
    return [
        page_row(run, is_busy=is_busy, has_changes=run.id in changing, is_taken_back=run.id in back)
        for run in runs
    ]


def page_row(
    run: Run, *, is_busy: bool, has_changes: bool = False, is_taken_back: bool = False
) -> dict[str, Any]:
    """A run for people.

    Args:
        is_busy: a task is at work.
        is_taken_back: an undo has taken all of it back.
    """
    status = KILLED if run.status == "running" and not is_busy else run.status
    return {
        "run_id": str(run.id),
        "kind": run.kind,
        "title": title_of(run.kind, run.figures),
        "status": status,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "text": _text(run, status),
        "items_changed": run.figures.get("items_edited") or run.figures.get("items") or 0,
        "can_undo": has_changes and status != "running" and not is_taken_back,
        "undone": is_taken_back,
    }


def _text(run: Run, status: str) -> str:
    # Of one that failed it is not known how far it came.
    told = figures_line(run.kind, run.figures, none="" if status == "failed" else NOTHING)
    if status in ("running", KILLED):
        begun = "It is at work" if status == "running" else "It was ended before it was done"
        return f"{begun}: {told} so far." if told else f"{begun}."
    _, how = ENDED.get(status, ("", ""))
    parts = [part[0].upper() + part[1:] for part in (told, how) if part]
    return ". ".join([*parts, ""]).strip() or "Nothing was to be done."


def page_run(context: PageContext) -> dict[str, Any]:
    """What the run `run_id` has changed, in the order in which it did."""
    paging, wanted = Paging.of(context.args), number(context.args, "run_id")
    with context.open_state() as state:
        run = state.runs.get(wanted) if wanted is not None else None
        if run is None:
            raise ConfigError("There is no such run (any more). Runs are kept for 30 days.")
        total = state.journal.count(run.id)
        entries = state.journal.page(run.id, paging.offset, paging.per_page)
        undone = _undone(state, run.id, entries)
        row = _rows(context, state, [run])[0]
        items = item_titles(state, (entry.scene_id for entry in entries))
    with context.open_page() as page:
        titles = page.findings.titles(entry.scene_id for entry in entries)
        told, plex = libraries(page), links(page)
    rows = [
        {
            "scene_id": str(entry.scene_id),
            "title": titles.get(entry.scene_id, ""),
            "library": told.get(entry.ref.section, ""),
            "rating_key": entry.ref.key,
            "item_title": items.get(entry.ref, ""),
            "field": entry.field,
            "label": label_of(entry.field),
            "before": plain(entry.field, entry.before),
            "after": plain(entry.field, entry.after),
            "kind": kind_of(entry.field, entry.before, entry.after),
            "why": "",
            "undone": (entry.ref, entry.field) in undone,
        }
        for entry in entries
    ]
    return {**paging.reply(total, rows), "run": row, "plex": plex}


def _undone(state: State, run_id: int, entries: Iterable[JournalEntry]) -> set[tuple[ItemRef, str]]:
    """What of these entries was taken back, by item and field."""
    refs = {entry.ref for entry in entries}
    found: set[tuple[ItemRef, str]] = set()
    for undo in state.runs.undone_by(run_id):
        for ref, later in state.journal.of_items(undo, refs).items():
            found |= {(ref, entry.field) for entry in later}
    return found
