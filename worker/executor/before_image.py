"""What was known of a value before it was changed: the journal keeps it, undo brings it back.

A value put back into Plex is only half of an undo: the next sync judges by the record, so what the
record said of the field has to come back as well.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from core.fields import TITLE
from core.models import FieldRecord, FullItem, ItemRef, Record, Role
from storage.codec import field_body, field_from
from storage.journal import JournalEntry

_KNOWN, _ROLES, _SORT = "known", "roles", "title_sort"


@dataclass(frozen=True, slots=True)
class Known:
    """What was known when one field or picture of one item was about to change.

    Attributes:
        field: the record of the field; None: it was never synced.
        fingerprint: that of the scene's record; "" without a record.
        applied: the fingerprint that the change was a part of; "" where that is not known.
        undone: whether the scene stood undone.
        images: of a picture, what was remembered of it.
    """

    field: FieldRecord | None = None
    fingerprint: str = ""
    applied: str = ""
    undone: bool = False
    images: Mapping[str, str] = attribute(default_factory=dict)

    def to_extra(self) -> dict[str, object]:
        """This, for `JournalEntry.extra`."""
        body = [field_body(self.field), self.fingerprint, self.applied, int(self.undone)]
        return {_KNOWN: [*body, dict(self.images)]}


def field_extra(
    record: Record | None, item: FullItem, field: str, applied: str
) -> dict[str, object]:
    """`JournalEntry.extra` of a field that is about to change."""
    if record is None:
        extra = Known(applied=applied).to_extra()
    else:
        items = (each for each in record.items if each.ref == item.ref)
        known = next((each.fields.get(field) for each in items), None)
        extra = Known(known, record.fingerprint, applied, record.undone).to_extra()
    if field == "performers":
        extra[_ROLES] = [[role.name, role.text, role.thumb] for role in item.roles]
    if field == TITLE and item.title_sort:
        extra[_SORT] = item.title_sort
    return extra


def picture_extra(
    record: Record | None, ref: ItemRef, field: str, applied: str = ""
) -> dict[str, object]:
    """`JournalEntry.extra` of a picture that is about to change."""
    if record is None:
        return Known(applied=applied).to_extra()
    keys = picture_keys(field, ref)
    images = {key: record.images[key] for key in keys if key in record.images}
    return Known(None, record.fingerprint, applied, record.undone, images).to_extra()


def picture_keys(field: str, ref: ItemRef) -> tuple[str, ...]:
    """The keys of `Record.images` that are about one picture of one item."""
    return (f"{field}:{ref}", seen_key(field, ref), f"{field}_locked:{ref}")


def seen_key(field: str, ref: ItemRef) -> str:
    """The key under which it is remembered where an item stood when its picture was looked at."""
    return f"{field}_at:{ref}"


def moved(images: MutableMapping[str, str], field: str, ref: ItemRef, at: int | None) -> None:
    """Note that an item stands elsewhere now, and that its picture is the one that is known."""
    key = seen_key(field, ref)
    if key not in images:
        return
    if at is None:
        del images[key]
    else:
        images[key] = str(at)


def known_in(entry: JournalEntry) -> Known:
    """What an entry keeps of what was known; nothing where it was written without."""
    stored = entry.extra.get(_KNOWN)
    if not isinstance(stored, list):
        return Known()
    field, fingerprint, applied, undone, images = stored
    return Known(field_from(field), fingerprint, applied, bool(undone), images)


def title_sort_in(entry: JournalEntry) -> str:
    """The sort title that the item had; "" where it had none of its own."""
    return str(entry.extra.get(_SORT, ""))


def roles_in(entry: JournalEntry) -> tuple[Role, ...]:
    """The actors that the item had, with their parts and photos."""
    stored: Any = entry.extra.get(_ROLES, ())
    roles: Sequence[Sequence[str]] = stored
    return tuple(Role(name, text, thumb) for name, text, thumb in roles)
