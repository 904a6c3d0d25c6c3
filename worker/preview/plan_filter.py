"""Cuts the plan of a scene, made afresh, down to what a preview has shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.fields import BY_NAME, PICTURES
from core.models import Change, ItemRef
from storage.state_tables.plans import PlannedChange
from worker.plan import ItemEdit, ScenePlan
from worker.preview.pictures import field_changes


@dataclass(frozen=True, slots=True)
class ReducedPlan:
    """A scene with that part of its plan which a preview has shown.

    Attributes:
        agreed: the changes to write.
        missed: planned ones that are not to be written.
        already: how many of the planned ones Plex shows.
    """

    plan: ScenePlan
    agreed: tuple[PlannedChange, ...]
    missed: tuple[PlannedChange, ...]
    already: int


def same_change(one: Change, other: Change) -> bool:
    """Whether two changes of one field of one item lead from the same to the same."""
    if one.field in PICTURES:
        return one == other
    known = BY_NAME.get(one.field)
    if known is None or one.field != other.field:
        return False
    return known.equal(one.before, other.before) and known.equal(one.after, other.after)


def cut(
    plan: ScenePlan,
    planned: Sequence[PlannedChange],
    pictures: Sequence[PlannedChange],
    pictures_known: bool,
) -> ReducedPlan:
    """Cut a scene's plan down to what a preview has shown.

    Args:
        planned: what the preview has shown of this scene.
        pictures: which pictures would change now.
        pictures_known: False if some of them could not be looked at.
    """
    shown = {(each.ref, each.change.field): each.change for each in planned}
    fresh = [*field_changes(plan), *pictures]
    kinds = _agreed_kinds(plan, pictures, shown, pictures_known)
    agreed = [
        each
        for each in fresh
        if _is_in(each, shown) and (each.change.field not in PICTURES or each.change.field in kinds)
    ]
    written = {(each.ref, each.change.field) for each in agreed}
    left = {(e.ref, e.change.field) for e in fresh} - written
    missed = [each for each in planned if (each.ref, each.change.field) not in written]
    already = [each for each in missed if _is_shown(each, plan)]
    still = tuple(each for each in missed if each not in already)
    if left or not pictures_known:
        edits = tuple(_without(edit, left) for edit in plan.edits)
        plan = replace(plan, edits=edits, cover=plan.cover & kinds, is_whole=False)
    return ReducedPlan(plan, tuple(agreed), still, len(already))


def _without(edit: ItemEdit, left: Iterable[tuple[ItemRef, str]]) -> ItemEdit:
    dropped = {name for ref, name in left if ref == edit.ref}
    return edit.only([name for name in edit.plan.outcomes if name not in dropped])


def _is_in(each: PlannedChange, shown: Mapping[tuple[ItemRef, str], Change]) -> bool:
    known = shown.get((each.ref, each.change.field))
    return known is not None and same_change(known, each.change)


def _agreed_kinds(
    plan: ScenePlan,
    pictures: Iterable[PlannedChange],
    shown: Mapping[tuple[ItemRef, str], Change],
    pictures_known: bool,
) -> frozenset[str]:
    """The kinds of pictures that may be synced: a scene's items get them all or none."""
    if not pictures_known:
        return frozenset()
    return plan.cover - {each.change.field for each in pictures if not _is_in(each, shown)}


def _is_shown(planned: PlannedChange, plan: ScenePlan) -> bool:
    change = planned.change
    item, known = plan.items.get(planned.ref), BY_NAME.get(change.field)
    if item is None or known is None:
        return False
    return known.equal(change.after, item.values.get(change.field))
