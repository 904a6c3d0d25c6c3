"""One scene as both servers have it now: what its sync would do, field by field, without doing it.

Unlike all else that the page reads this asks both servers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app.arguments import number
from app.page.labels import label_of, plain
from app.page.plex_links import links
from app.wiring import Context
from app.write_session import SceneWriter, open_scene_writer
from core.change_words import closed
from core.errors import ConfigError
from core.fields import BY_NAME, PICTURES, TITLE
from core.finding_types import OUTSIDE
from core.matching.reasons import doubt
from core.models import Failure, FullItem, Scene
from core.quality_gate import NOT_YET
from stash.scenes import fetch_scenes
from storage.page.page_facts import MACHINE
from worker.plan import Batch, ItemEdit, ScenePlan
from worker.preview.plan_source import job_for
from worker.scene_sync.preparer import IGNORED, NO_METADATA

IN_STEP, DIFFERS, MISSING, AMBIGUOUS = "in_step", "differs", "missing", "ambiguous"
UNKNOWN = "unknown"
_HEADLINES = {
    MISSING: "Plex does not have this scene.",
    AMBIGUOUS: "Several items of Plex could be this scene.",
    "ignored": "You ignore this scene, so it is left alone.",
    "outside": "This scene is in no library of Plex.",
    "no_metadata": "There is nothing to bring to Plex.",
    UNKNOWN: "This scene is not synced.",
}
_ACTIONS = {
    IN_STEP: ("sync", "ignore"),
    DIFFERS: ("sync", "ignore"),
    MISSING: ("sync", "ignore", "pin"),
    AMBIGUOUS: ("pin", "ignore"),
    "ignored": ("unignore",),
    "outside": ("ignore", "pin"),
    "no_metadata": ("ignore",),
    UNKNOWN: ("sync", "ignore"),
}


def page_scene(context: Context) -> dict[str, Any]:
    """The scene `scene_id`.

    Raises:
        ConfigError: there is none such.
        StashError, PlexError: a server does not answer.
    """
    scene_id = number(context.args, "scene_id")
    scene = fetch_scenes(context.stash, [scene_id]).get(scene_id) if scene_id else None
    if scene is None:
        raise ConfigError(f"Stash has no scene {scene_id or ''}".rstrip() + ".")
    with open_scene_writer(context) as writer:
        batch = writer.preparer.prepare([job_for(scene.id)])
        told = _told(writer, scene, batch)
        writer.page.set_value(MACHINE, writer.plex.identity().machine_id)
        is_queued = bool(writer.queue.queued_among([scene.id]))
        is_held = bool(writer.queue.held_among([scene.id]))
        is_dead = any(job.scene_id == scene.id for job in writer.queue.dead_letters())
        pins = writer.state.pins.of_scenes([scene.id]).get(scene.id, [])
        plex = links(writer.page)
    is_pinned = any(not pin.released for pin in pins)
    retry, unpin = ["retry"] * is_dead, ["unpin"] * is_pinned
    return {
        "scene_id": str(scene.id),
        "title": scene.title,
        "fields": [],
        "items": [],
        "candidates": [],
        **told,
        "queued": is_queued,
        "held": is_held,
        "pinned": is_pinned,
        "actions": [*_ACTIONS[told["state"]], *retry, *unpin],
        "plex": plex,
    }


def _told(writer: SceneWriter, scene: Scene, batch: Batch) -> dict[str, Any]:
    """The state of the scene, why, and what belongs to that."""
    for plan in batch.ready:
        return _planned(writer, scene, plan)
    known = writer.page.findings.of_scenes([scene.id]).get(scene.id)
    for _, why in batch.done:
        if why == NO_METADATA and known is not None and known.type == AMBIGUOUS:
            return _undecided(writer, scene, known.reason)
        if why == NO_METADATA:
            return _without_items("no_metadata", NOT_YET)
        state = {IGNORED: "ignored"}.get(why, UNKNOWN)
        return _without_items(state, why)
    for _, failure, why in batch.given_up:
        if failure is Failure.AMBIGUOUS:
            return _undecided(writer, scene, why)
        return _without_items(UNKNOWN, why)
    for absent in batch.not_found:
        if known is not None and known.type == OUTSIDE:
            return _without_items("outside", known.reason)
        return _without_items(MISSING, f"No item in Plex has its file '{absent.path}'")
    return _without_items(UNKNOWN, *(why for _, _, why in batch.failed[:1]))


def _without_items(state: str, why: str = "") -> dict[str, Any]:
    reason = closed(why[:1].upper() + why[1:]) if why else ""
    return {"state": state, "headline": _HEADLINES[state], "reason": reason}


def _undecided(writer: SceneWriter, scene: Scene, why: str) -> dict[str, Any]:
    """An ambiguous scene, with the items that it might be."""
    locator = writer.preparer.locator
    records = writer.state.records.get_many([scene.id])
    found = locator.locate([scene], records)[scene.id]
    if not found.undecided:
        return {**_without_items(AMBIGUOUS, why), "candidates": []}
    known = doubt(scene.id, found.undecided[0], locator.titles)
    items = writer.plex.full_items([each.rating_key for each in known.candidates])
    candidates = [
        {**asdict(each), "title": title_of(items.get(each.rating_key)), "why": known.why}
        for each in known.candidates
    ]
    reason = f"{known.why}. What you can do: {known.remedy}"
    return {**_without_items(AMBIGUOUS, reason), "candidates": candidates}


def title_of(item: FullItem | None) -> str:
    """What an item is called; "" where Plex does not say."""
    return str(item.values.get(TITLE) or "") if item is not None else ""


def _planned(writer: SceneWriter, scene: Scene, plan: ScenePlan) -> dict[str, Any]:
    pictures, failures = writer.dry_pictures().changes(plan)
    changed = {(each.ref, each.change.field) for each in pictures}
    # Of several items the one that shows the most differences.
    edit = max(
        plan.edits,
        key=lambda each: len(each.changes) + sum(ref == each.ref for ref, _ in changed),
    )
    wanted = writer.preparer.sync_policy.of(scene)
    fields = [_field(name, edit, wanted.values[name]) for name in edit.plan.outcomes]
    for name in sorted(plan.cover):
        fields.append(_picture(name, differs=(edit.ref, name) in changed))
    differing = [each["label"] for each in fields if each["differs"]]
    state = DIFFERS if differing or any(each.changes for each in plan.edits) else IN_STEP
    headline = "In step with Plex."
    if state is DIFFERS:
        what = "1 field differs" if len(differing) == 1 else f"{len(differing)} fields differ"
        headline = f"{what}: {', '.join(differing)}."
    return {
        "state": state,
        "headline": headline,
        "reason": " ".join(map(closed, (*plan.notes, *failures))),
        "fields": fields,
        "items": _items(writer, plan.edits),
    }


def _field(name: str, edit: ItemEdit, wanted: Any) -> dict[str, Any]:
    field, outcome, shown = BY_NAME[name], edit.plan.outcomes[name], edit.item.values.get(name)
    if wanted is None and outcome.sent is not None:
        wanted = outcome.sent  # an untitled scene is called by its file
    differs = outcome.change is not None
    return {
        "name": name,
        "label": label_of(name),
        "stash": plain(name, wanted),
        "plex": plain(name, shown),
        "differs": differs,
        "kept": not differs and not field.same(wanted, shown),
        "kind": field.kind.value,
    }


def _picture(name: str, *, differs: bool) -> dict[str, Any]:
    assert name in PICTURES
    return {
        "name": name,
        "label": label_of(name),
        "stash": "the cover",
        "plex": "another picture" if differs else "the cover",
        "differs": differs,
        "kept": False,
        "kind": "image",
    }


def _items(writer: SceneWriter, edits: Sequence[ItemEdit]) -> list[dict[str, Any]]:
    titles = writer.preparer.locator.titles
    return [
        {
            "section": edit.ref.section,
            "library": titles.get(edit.ref.section, ""),
            "rating_key": edit.ref.key,
            "title": title_of(edit.item),
            "path": edit.item.files[0].path if edit.item.files else "",
        }
        for edit in edits
    ]
