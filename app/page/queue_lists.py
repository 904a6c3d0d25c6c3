"""The lists of what waits for the user: dead letters, held scenes; and his pins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.page.context import PageContext
from app.page.item_titles import item_titles
from app.page.labels import FAILURE_TITLES
from app.page.paging import Paging
from app.page.plan import change_row
from app.page.plex_links import libraries, links
from app.tasks.dead_letters import filters_of
from core.change_words import counted
from core.models import ItemRef, Job
from core.paths import stem
from storage.state_tables.plans import PlannedChange
from sync_queue.jobs import HeldJob


def page_dead_letters(context: PageContext) -> dict[str, Any]:
    """What was given up on, newest first, by `error` and `text`."""
    args, paging = context.args, Paging.of(context.args)
    with context.open_queue() as queue:
        total, found = queue.dead_page(*filters_of(args), paging.offset, paging.per_page)
        dead = queue.stats(context.clock()).dead
    rows = [_dead_row(job, at) for job, at in found]
    errors = [{"name": failure.value, "count": count} for failure, count in dead.items()]
    told = {"facets": {"errors": errors}, "error_titles": dict(FAILURE_TITLES)}
    return {**paging.reply(total, rows), **told}


def _dead_row(job: Job, at: float) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "scene_id": str(job.scene_id),
        "title": title_of(job),
        "error": job.failure.value,
        "reason": job.why,
        "failed_at": at,
        "attempts": job.attempts,
    }


def title_of(job: Job) -> str:
    """What the scene of a job was called when it was put; "" where nobody knows."""
    return str(job.data.get("title") or "")


def page_held(context: PageContext) -> dict[str, Any]:
    """The scenes that the clear guard holds back, and what each would lose."""
    paging = Paging.of(context.args)
    with context.open_queue() as queue:
        total = queue.stats(context.clock()).held
        shown = queue.held(most=paging.per_page, after=paging.offset)
    with context.open_page() as page:
        titles = page.findings.titles(each.job.scene_id for each in shown)
        sections, plex = libraries(page), links(page)
    with context.open_state() as state:
        items = item_titles(state, (each.job.scene_id for each in shown))
    rows = [
        {
            **_held_row(each, titles.get(each.job.scene_id, "")),
            "changes": [_loss(loss, sections, items) for loss in each.losses],
        }
        for each in shown
    ]
    what = counted(total, "scene is", "scenes are")
    headline = "Nothing is held back."
    if total:
        who = "it" if total == 1 else "together they"
        headline = (
            f"{what} held back: {who} would lose more in Plex than the setting 'Most values to"
            " remove' allows. If that is right, confirm it; if not, correct it in Stash."
        )
    told = {"headline": headline, "can_confirm": total > 0, "plex": plex}
    return {**paging.reply(total, rows), **told}


def _held_row(each: HeldJob, title: str) -> dict[str, Any]:
    losses = sum(len(loss.change.removed) or 1 for loss in each.losses)
    return {
        "scene_id": str(each.job.scene_id),
        "title": title_of(each.job) or title,
        "reason": f"It would lose {counted(losses, 'value')} in Plex.",
        "would_remove": losses,
    }


def _loss(
    loss: PlannedChange, titles: Mapping[str, str], items: Mapping[ItemRef, str]
) -> dict[str, Any]:
    """One change for people; of a list only what it loses and gains."""
    row = change_row(loss, titles, items)
    change = loss.change
    if change.added or change.removed:
        row |= {"before": list(change.removed), "after": list(change.added)}
    return row


def page_pins(context: PageContext) -> dict[str, Any]:
    paging = Paging.of(context.args)
    with context.open_state() as state:
        pins = [
            pin for _, some in sorted(state.pins.all().items()) for pin in some if not pin.released
        ]
        shown = pins[paging.offset : paging.offset + paging.per_page]
        items = item_titles(state, (pin.scene_id for pin in shown))
    with context.open_page() as page:
        titles, plex = page.findings.titles(pin.scene_id for pin in shown), links(page)
        sections = libraries(page)
    rows = [
        {
            "scene_id": str(pin.scene_id),
            "title": titles.get(pin.scene_id, ""),
            "library": sections.get(pin.ref.section, ""),
            "rating_key": pin.ref.key,
            "item_title": items.get(pin.ref) or (stem(pin.files[0].path) if pin.files else ""),
            "path": pin.files[0].path if pin.files else "",
            "since_at": pin.since or None,
        }
        for pin in shown
    ]
    return {**paging.reply(len(pins), rows), "plex": plex}
