"""The plan of one scene's sync, and what is remembered of the scene afterwards. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from core.desired import Desired, fingerprint
from core.fields import LINE_LIMIT
from core.models import FullItem, ItemRef, Job, Scene
from core.planning.item_plan import field_recorded, plan_item, recorded
from core.planning.three_way_merge import MergeRules
from core.records import ItemRecord, Record, item_of
from core.text import clean_line
from worker.plan import ItemEdit, Proof, ScenePlan
from worker.scene_sync.unproven_writes import Recalled


def scene_plan(
    job: Job,
    scene: Scene,
    wanted: Desired,
    known: Recalled,
    items: Mapping[ItemRef, FullItem],
    rules: MergeRules,
) -> ScenePlan:
    """What is to happen so that a scene's items show what it wants.

    Args:
        items: those that the scene owns.
    """
    record = known.record
    edits = tuple(
        sync_edit(wanted, item, item_of(record, ref), rules) for ref, item in items.items()
    )
    return ScenePlan(
        scene.id,
        clean_line(scene.title, LINE_LIMIT) or wanted.stem,
        edits,
        record,
        partial(remember_synced, scene),
        cover=frozenset(picture.name for picture in wanted.images),
        job=job,
        notes=tuple(notes_of(edits)),
        applied=fingerprint(wanted),
        carried_out=known.carried_out,
    )


def sync_edit(
    wanted: Desired, item: FullItem, base: ItemRecord | None, rules: MergeRules
) -> ItemEdit:
    """What is to happen to one item: its changes, locked, and what will be known of them."""
    plan = plan_item(wanted, item, base, rules.first_sync, preserve=rules.preserve)
    fields = base.fields if base is not None else {}
    return ItemEdit(
        plan,
        locks={change.field: True for change in plan.changes},
        roles=item.roles,
        next={
            change.field: field_recorded(plan, change.field, change.after, fields.get(change.field))
            for change in plan.changes
        },
    )


def notes_of(edits: tuple[ItemEdit, ...]) -> Iterator[str]:
    """The conflicts that planning found, a line each."""
    for edit in edits:
        for name, note in edit.plan.notes:
            yield f"item {edit.ref}: {name} {note}"


def remember_synced(scene: Scene, plan: ScenePlan, proof: Proof) -> Record:
    """The record of a scene that was synced, or a part of it: then the scene counts as it did."""
    record, synced_at, items = plan.record, scene.updated_at, _items(plan, proof)
    if not plan.is_whole:
        synced_at = record.scene_updated_at if record is not None else 0.0
    return Record(
        scene_id=scene.id,
        scene_updated_at=synced_at,
        fingerprint=plan.applied if plan.is_whole else "",
        files=scene.files,
        studio_id=scene.studio.id if scene.studio else None,
        performer_ids=tuple(performer.id for performer in scene.performers),
        tag_ids=tuple(tag.id for tag in scene.tags),
        items=items,
        pictures=proof.pictures,
        former=_former(record, items),
    )


def _items(plan: ScenePlan, proof: Proof) -> tuple[ItemRecord, ...]:
    return tuple(
        recorded(
            edit.plan,
            proof.shown[edit.ref],
            item_of(plan.record, edit.ref),
            tells_locks=proof.tells_locks,
        )
        for edit in plan.edits
        if edit.ref in proof.shown
    )


def _former(record: Record | None, items: tuple[ItemRecord, ...]) -> tuple[ItemRecord, ...]:
    """The items that a scene had and has not now: of a library that is not synced for a while or
    of a disk that is away, say. One whose file is another item's by now is none of them."""
    if record is None:
        return ()
    refs = {item.ref for item in items}
    places = {(item.ref.section, path) for item in items for path in item.files}
    return tuple(
        item
        for item in record.known_items
        if item.ref not in refs
        and places.isdisjoint((item.ref.section, path) for path in item.files)
    )
