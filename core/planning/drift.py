"""Whether an item still shows what it was left at, and why not: the drift test of a reconcile."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from core.desired import SyncPolicy, fingerprint
from core.fields import (
    BY_NAME,
    PERFORMERS,
    PICTURES,
    SCALARS,
    TAGS,
    Clear,
    Field,
    listed_value,
    name_keys,
)
from core.models import FullItem, ItemRef, ListedItem, Scene, Value
from core.overlays import has_overlay
from core.records import FieldRecord, ItemRecord, Record

Shown = ListedItem | FullItem

NEVER_SYNCED = "it was never synced so far"


@dataclass(frozen=True, slots=True)
class Drift:
    """Why a scene whose items exist is a gap.

    Attributes:
        reason: for people.
        fields: those of an item that no longer show what was written, if that is why.
    """

    reason: str
    fields: tuple[str, ...] = ()


def needs_full_read(record: ItemRecord, listed: ListedItem) -> bool:
    """A listing cuts lists, so an item that moved since our read-back has to be read whole.

    An item without `updatedAt` (some have none) can never prove that it did not move.
    """
    return listed.updated_at is None or listed.updated_at != record.updated_at


def is_in_doubt(record: ItemRecord, listed: ListedItem, enabled: Container[str]) -> bool:
    """Whether what was read back of lists may have been told wrong, by a proxy in between, say: the
    item did not show what was sent, or the listing shows entries where it showed none at all.

    Args:
        enabled: the synced fields; nobody reads back the others.
    """
    has_some = {TAGS: listed.has_tags, PERFORMERS: listed.has_performers}
    return any(
        known.refused or (has_some.get(name, False) and not known.read_back)
        for name, known in record.fields.items()
        if BY_NAME[name].is_list and name in enabled
    )


def is_left_undone(record: Record | None, scene: Scene, sync_policy: SyncPolicy) -> bool:
    """Whether what was written for a scene was undone, and the scene wants nothing else since."""
    if record is None or not record.undone:
        return False
    return record.fingerprint == fingerprint(sync_policy.of(scene))


def drift_of(
    applied: Record | None,
    wanted: str,
    shown: Mapping[ItemRef, Shown],
    enabled: frozenset[str],
    *,
    respect_overlays: bool = False,
) -> Drift | None:
    """Why a scene whose items exist is a gap; None when it is none.

    Args:
        applied: the scene's record.
        wanted: the fingerprint of what is desired now.
        shown: the items that the scene owns, as Plex shows them.
        enabled: the synced fields.
        respect_overlays: see `picture_moved`.
    """
    if applied is None:
        return Drift(NEVER_SYNCED)
    if applied.fingerprint != wanted:
        return Drift("Stash now says something else than what was last written")
    if applied.pictures.failed and not PICTURES.isdisjoint(enabled):
        return Drift("a picture of it could not be synced")
    known = {item.ref: item for item in applied.items}
    which = "its item in Plex" if len(shown) == 1 else "one of its items in Plex"
    for ref, item in shown.items():
        if ref not in known:
            return Drift(f"{which} was never written for this scene")
        altered = altered_fields(known[ref], item, enabled)
        if altered:
            names = ", ".join(altered).replace("_", " ")
            return Drift(f"{which} no longer shows what was written: {names}", tuple(altered))
        if picture_moved(applied, item, respect_overlays=respect_overlays):
            return Drift(f"{which} was changed in Plex since, its picture perhaps")
    return None


def picture_moved(applied: Record, item: Shown, *, respect_overlays: bool = False) -> bool:
    """Whether an item moved since its picture was last looked at; a listing does not tell why.

    Args:
        respect_overlays: a program that has drawn on its poster is reason enough.
    """
    if not isinstance(item, FullItem) or item.updated_at is None:
        return False
    if respect_overlays and has_overlay(item):
        return False
    seen = [applied.pictures.of(name, item.ref).seen_at for name in PICTURES]
    return any(at is not None and at != item.updated_at for at in seen)


def refused_fields(applied: Record, enabled: frozenset[str]) -> list[str]:
    """The synced fields that Plex did not take when they were last written, of any item."""
    return sorted(
        {
            name
            for item in applied.items
            for name, known in item.fields.items()
            if known.refused and name in enabled
        }
    )


def altered_fields(record: ItemRecord, item: Shown, enabled: Iterable[str]) -> list[str]:
    """The synced fields in which an item differs from our read-back of it."""
    full = isinstance(item, FullItem)
    fields = list(BY_NAME.values()) if full else list(SCALARS)
    switched_on = set(enabled)
    return [
        field.name
        for field in fields
        if field.name in switched_on
        and field.name in record.fields
        and _is_altered(field, record.fields[field.name], _value(item, field.name))
    ]


def _is_altered(field: Field, known: FieldRecord, shown: Value) -> bool:
    """Whether a field is not as it was left. In lists that others use as well, only what is ours
    counts: labels come and go there, and it is none of our business."""
    if field.is_list and field.clear is Clear.OWN:
        ours = name_keys(known.sent) & name_keys(known.read_back) - name_keys(known.suppressed)
        return not ours <= name_keys(field.normal(shown))
    return not field.equal(known.read_back, shown)


def _value(item: Shown, name: str) -> Value:
    return item.values.get(name) if isinstance(item, FullItem) else listed_value(item, name)
