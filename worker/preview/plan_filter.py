"""Cuts the plan of a scene, made afresh, down to what a preview has shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.fields import BY_NAME, PICTURES
from core.guards import Tally, tally
from core.models import Change, ItemRef
from core.planning.item_plan import only
from storage.plans import PlannedChange
from worker.preview.planner import field_changes
from worker.scene_sync.preparer import Prepared


@dataclass(frozen=True, slots=True)
class Cut:
    """A scene with that part of its plan which a preview has shown.

    Attributes:
        agreed: the changes to write.
        missed: planned ones that are not to be written.
        already: how many of the planned ones Plex shows.
    """

    prepared: Prepared
    agreed: tuple[PlannedChange, ...]
    missed: tuple[PlannedChange, ...]
    already: int

    @property
    def is_worth_a_record(self) -> bool:
        """Something is written, or nothing was left to write."""
        return bool(self.agreed) or not self.prepared.is_part


def same_change(one: Change, other: Change) -> bool:
    """Whether two changes of one field of one item lead from the same to the same."""
    if one.field in PICTURES:
        return one == other
    known = BY_NAME.get(one.field)
    if known is None or one.field != other.field:
        return False
    return known.equal(one.before, other.before) and known.equal(one.after, other.after)


def cut(
    prepared: Prepared,
    planned: Sequence[PlannedChange],
    pictures: Sequence[PlannedChange],
    pictures_known: bool,
) -> Cut:
    """Cut a scene's plan down to what a preview has shown.

    Args:
        planned: what the preview has shown of this scene.
        pictures: which pictures would change now.
        pictures_known: False if some of them could not be looked at.
    """
    shown = {(each.ref, each.change.field): each.change for each in planned}
    fresh = [*field_changes(prepared), *pictures]
    agreed = [each for each in fresh if _is_in(each, shown)]
    kinds = _agreed_kinds(prepared, pictures, shown, pictures_known)
    agreed = [
        each for each in agreed if each.change.field not in PICTURES or each.change.field in kinds
    ]
    written = {(each.ref, each.change.field) for each in agreed}
    left = [each for each in fresh if (each.ref, each.change.field) not in written]
    missed = [each for each in planned if (each.ref, each.change.field) not in written]
    already = [each for each in missed if _is_shown(each, prepared)]
    part = replace(
        prepared,
        plans=tuple(
            only(plan, {name for name in plan.outcomes if not _in_any(plan.ref, name, left)})
            for plan in prepared.plans
        ),
        wanted=replace(
            prepared.wanted,
            images=tuple(i for i in prepared.wanted.images if i.partition(":")[0] in kinds),
        ),
        is_part=True,
    )
    whole = not left and pictures_known
    still = tuple(each for each in missed if each not in already)
    return Cut(prepared if whole else part, tuple(agreed), still, len(already))


def _is_in(each: PlannedChange, shown: Mapping[tuple[ItemRef, str], Change]) -> bool:
    known = shown.get((each.ref, each.change.field))
    return known is not None and same_change(known, each.change)


def _in_any(ref: ItemRef, name: str, changes: Iterable[PlannedChange]) -> bool:
    return any(each.ref == ref and each.change.field == name for each in changes)


def _agreed_kinds(
    prepared: Prepared,
    pictures: Iterable[PlannedChange],
    shown: Mapping[tuple[ItemRef, str], Change],
    pictures_known: bool,
) -> frozenset[str]:
    """The kinds of pictures that may be synced: a scene's items get them all or none."""
    if not pictures_known:
        return frozenset()
    surprises = {each.change.field for each in pictures if not _is_in(each, shown)}
    return prepared.pictures_wanted - surprises


def _is_shown(planned: PlannedChange, prepared: Prepared) -> bool:
    change = planned.change
    item, known = prepared.items.get(planned.ref), BY_NAME.get(change.field)
    if item is None or known is None:
        return False
    return known.equal(change.after, item.values.get(change.field))


def tally_of(cuts: Iterable[Cut]) -> Tally:
    """What the clear guard counts of the changes to write."""
    return tally(
        each.change for one in cuts for each in one.agreed if each.change.field not in PICTURES
    )
