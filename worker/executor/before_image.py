"""Before-images: what was known of a value before it was changed, and what will be once it shows.

The journal keeps both. A value put back into Plex is only half of an undo: the next sync judges by
the record, so what the record said of the field has to come back as well. And where a run was cut
off between its edit and the record of it, what was sent is known from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from core.fields import PICTURES, TITLE
from core.models import ItemRef, Role, Value
from core.records import FieldRecord, PictureKey, PictureRecord, PictureRecords, Record, item_of
from storage.record_codec import field_body, field_from, pictures_body, pictures_from
from storage.state_tables.journal import JournalEntry
from worker.plan import ItemEdit, ScenePlan

_KNOWN, _NEXT, _ROLES, _SORT = "known", "next", "roles", "title_sort"


@dataclass(frozen=True, slots=True)
class BeforeImage:
    """What was known when one field or picture of one item was about to change.

    Attributes:
        field: the record of the field; None: it was never synced.
        fingerprint: that of the scene's record; "" without a record.
        applied: the fingerprint that the change was a part of; "" where that is not known.
        undone: whether the scene stood undone.
        pictures: of a picture, what was remembered of it.
    """

    field: FieldRecord | None = None
    fingerprint: str = ""
    applied: str = ""
    undone: bool = False
    pictures: Mapping[PictureKey, PictureRecord] = attribute(default_factory=dict)


def field_entry(plan: ScenePlan, edit: ItemEdit, name: str, at: float) -> JournalEntry:
    """The journal's entry of a field or a lock that an edit is about to change.

    Args:
        at: epoch seconds.
    """
    before = plan.value_before(edit, name)
    after: Any = edit.pictures.get(name, before)
    change = next((each for each in edit.changes if each.field == name), None)
    if change is not None:
        before, after = change.before, change.after
    extra = _extra(plan.record, edit.ref, name, plan.applied)
    if name in edit.next:
        extra[_NEXT] = field_body(edit.next[name])
    if name == "performers":
        extra[_ROLES] = [[role.name, role.text, role.thumb] for role in edit.item.roles]
    if name == TITLE and edit.item.title_sort:
        extra[_SORT] = edit.item.title_sort
    return JournalEntry(
        plan.scene_id, edit.ref, name, before, after, at, name in edit.item.locked, extra
    )


def picture_entry(
    plan: ScenePlan,
    ref: ItemRef,
    name: str,
    shown: Value,
    after: Value,
    locked: bool | None,
    at: float,
) -> JournalEntry:
    """The journal's entry of a picture that is about to change, or of what goes with it.

    Args:
        shown: Plex's name of the picture that the item shows.
        at: epoch seconds.
    """
    extra = _extra(plan.record, ref, name, plan.applied)
    return JournalEntry(plan.scene_id, ref, name, shown, after, at, locked, extra)


def _extra(record: Record | None, ref: ItemRef, name: str, applied: str) -> dict[str, object]:
    if record is None:
        return {_KNOWN: [None, "", applied, 0, {}]}
    field, pictures = None, list[object]()
    if name in PICTURES:
        known = {(name, ref): record.pictures.of(name, ref)}
        pictures = pictures_body(PictureRecords().having(known))
    else:
        item = item_of(record, ref)
        field = item.fields.get(name) if item is not None else None
    body = [field_body(field), record.fingerprint, applied, int(record.undone), pictures]
    return {_KNOWN: body}


def known_in(entry: JournalEntry) -> BeforeImage:
    """What an entry keeps of what was known; nothing where it was written without."""
    stored = entry.extra.get(_KNOWN)
    if not isinstance(stored, list):
        return BeforeImage()
    field, fingerprint, applied, undone, pictures = stored
    known = pictures_from(pictures).pictures
    return BeforeImage(field_from(field), fingerprint, applied, bool(undone), known)


def says_next(entry: JournalEntry) -> bool:
    """Whether an entry knows what the record would say once its value shows."""
    return _NEXT in entry.extra


def next_in(entry: JournalEntry) -> FieldRecord | None:
    """What the record would say of the field once its value shows; None: nothing."""
    stored: Any = entry.extra.get(_NEXT)
    return field_from(stored)


def title_sort_in(entry: JournalEntry) -> str:
    """The sort title that the item had; "" where it had none of its own."""
    return str(entry.extra.get(_SORT, ""))


def roles_in(entry: JournalEntry) -> tuple[Role, ...]:
    """The actors that the item had, with their parts and photos."""
    stored: Any = entry.extra.get(_ROLES, ())
    roles: Sequence[Sequence[str]] = stored
    return tuple(Role(name, text, thumb) for name, text, thumb in roles)
