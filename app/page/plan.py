"""The plan of a preview, scene by scene."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from app.arguments import choice, number, text
from app.page.context import PageContext
from app.page.item_titles import item_titles
from app.page.labels import label_of, plain
from app.page.paging import Paging
from app.page.plex_links import libraries, links
from core.change_words import counted
from core.errors import ConfigError
from core.fields import PICTURES, TITLE
from core.models import Change, ChangeKind, ItemRef
from core.run_kinds import PREVIEW
from storage.state import State
from storage.state_tables.plans import PlannedChange
from storage.state_tables.runs import Run

KINDS: Mapping[str, tuple[ChangeKind, ...]] = {
    "set": (ChangeKind.SET, ChangeKind.CHANGE),
    "clear": (ChangeKind.CLEAR,),
    "add": (ChangeKind.ADD,),
    "remove": (ChangeKind.REMOVE,),
    "picture": (),
}
_WHY: Mapping[ChangeKind, str] = {
    ChangeKind.SET: "Plex shows nothing here.",
    ChangeKind.CHANGE: "Plex shows something else than Stash says.",
    ChangeKind.CLEAR: "Stash has nothing here.",
    ChangeKind.ADD: "Stash has more entries than Plex shows.",
    ChangeKind.REMOVE: "Plex shows entries that Stash does not have.",
}
NOTHING = "Nothing would change."
NONE_YET = "There is no preview yet: start one to see what a sync would change in Plex."


def page_plan(context: PageContext) -> dict[str, Any]:
    """The plan of the preview `run_id`, or of the last one, by `kind` of change and `text`."""
    paging = Paging.of(context.args)
    kind, wanted = choice(context.args, "kind", KINDS), text(context.args, "text")
    with context.open_state() as state, context.open_page() as page:
        told: dict[str, Any] = {"plex": links(page)}
        run = _chosen(state, number(context.args, "run_id"))
        if run is None:
            none = {"run_id": None, "made_at": None, "counts": _counts({}), "can_apply": False}
            return {**paging.reply(0, []), **none, "text": NONE_YET, **told}
        kinds = KINDS[kind] if kind else None
        total, ids = state.plans.page(run.id, kinds, wanted, paging.offset, paging.per_page)
        planned = state.plans.of_scenes(run.id, ids)
        shown = [each for some in planned.values() for each in some]
        items = item_titles(state, ids) | {
            each.ref: str(each.change.before or "") for each in shown if each.change.field == TITLE
        }
        titles = libraries(page)
        told["is_outdated"] = state.journal.has_later(run.id)
        later = state.journal.in_later(run.id, {each.ref for each in shown})
    rows = [_row(scene_id, planned.get(scene_id, []), titles, items, later) for scene_id in ids]
    return {**paging.reply(total, rows), **_head(run, has_plan=total > 0), **told}


def _chosen(state: State, wanted: int | None) -> Run | None:
    """The preview that is asked for, or the last that came to its end."""
    if wanted is None:
        return state.runs.newest_ended(PREVIEW)
    run = state.runs.get(wanted)
    if run is None or run.kind != PREVIEW:
        raise ConfigError(f"Run {wanted} is no preview that is still known.")
    return run


def _head(run: Run, *, has_plan: bool) -> dict[str, Any]:
    counts = _counts(run.figures)
    told = str(run.figures.get("guard") or "")
    guard = f" The clear guard {told}." if told else ""
    scenes = counted(counts["scenes"], "scene")
    items = counted(counts["items"], "item")
    is_kept = has_plan or not counts["scenes"]
    would = f"{scenes} would change, with {items} in Plex." if counts["scenes"] else NOTHING
    gone = "" if is_kept else " Its single changes are not kept any more: start a new preview."
    return {
        "run_id": str(run.id),
        "made_at": run.finished_at or run.started_at,
        "counts": counts,
        "can_apply": run.has_ended and has_plan,
        "text": f"{would}{guard}{gone}",
    }


def _counts(figures: Mapping[str, Any]) -> dict[str, int]:
    """How many values of each kind would be written; entries of lists count."""
    fields = figures.get("changes") or {}
    pictures = sum(sum(kinds.values()) for name, kinds in fields.items() if name in PICTURES)
    texts = [kinds for name, kinds in fields.items() if name not in PICTURES]
    counts = {
        kind: sum(each.get(one.value, 0) for each in texts for one in ones)
        for kind, ones in KINDS.items()
        if ones
    }
    scenes = int(figures.get("scenes_changing") or 0)
    items = int(figures.get("items_changing") or 0)
    return {"scenes": scenes, "items": items, **counts, "pictures": pictures}


def _row(
    scene_id: int,
    planned: list[PlannedChange],
    titles: Mapping[str, str],
    items: Mapping[ItemRef, str],
    later: Set[ItemRef],
) -> dict[str, Any]:
    return {
        "scene_id": str(scene_id),
        "in_later_run": any(each.ref in later for each in planned),
        "title": planned[0].title if planned else "",
        "changes": [change_row(each, titles, items) for each in planned],
    }


def change_row(
    planned: PlannedChange, titles: Mapping[str, str], items: Mapping[ItemRef, str]
) -> dict[str, Any]:
    """One change for people.

    Args:
        titles: of libraries, by the keys of their sections.
        items: what items are called, as far as known.
    """
    change = planned.change
    is_picture = change.field in PICTURES
    after = "the cover in Stash" if is_picture else plain(change.field, change.after)
    return {
        "library": titles.get(planned.ref.section, ""),
        "rating_key": planned.ref.key,
        "item_title": items.get(planned.ref, ""),
        "field": change.field,
        "label": label_of(change.field),
        "before": plain(change.field, change.before),
        "after": after,
        "kind": "picture" if is_picture else _kind(change),
        "why": "Stash has another cover." if is_picture else _WHY[change.kinds[0]],
    }


def _kind(change: Change) -> str:
    """The one kind that says most of a change; a list that loses and gains is set anew."""
    if len(change.kinds) > 1:
        return "set"
    return next(kind for kind, ones in KINDS.items() if change.kinds[0] in ones)
