"""What a run has written without a record of it, taken into what is known of a scene. Pure.

A run that is cut off between its edit and the record of it leaves values in Plex which nothing but
the journal knows to be ours. Without it they would be taken for the user's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.fields import BY_NAME, PICTURES, name_keys
from core.images import identity
from core.models import Change, FullItem, ItemRef, Value
from core.planning.item_plan import is_untouched
from core.records import (
    NO_PICTURES,
    FieldRecord,
    ItemRecord,
    PictureKey,
    PictureRecord,
    Record,
    item_of,
)
from core.text import name_key
from storage.state_tables.journal import JournalEntry
from worker.executor.before_image import next_in, says_next


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is known of a scene, unproven writes included.

    Attributes:
        carried_out: the items that show something which was written without a record.
    """

    record: Record | None
    carried_out: frozenset[ItemRef] = frozenset()


def recall(
    record: Record | None,
    bare: Record,
    items: Mapping[ItemRef, FullItem],
    entries: Iterable[JournalEntry],
) -> Recalled:
    """A scene's record with what the journal says of its items.

    What an item shows decides: where it has what it had before the write, the write never arrived
    and the record stands; anything else began with what we sent.

    Args:
        bare: the record that a scene without one gets.
        items: as Plex shows them now.
        entries: the unrecorded ones of the scene, oldest first.
    """
    by_field: dict[tuple[ItemRef, str], list[JournalEntry]] = {}
    for entry in entries:
        if entry.ref in items:
            by_field.setdefault((entry.ref, entry.field), []).append(entry)
    fields: dict[ItemRef, dict[str, FieldRecord | None]] = {}
    pictures: dict[PictureKey, PictureRecord] = {}
    had = record.pictures if record is not None else NO_PICTURES
    for (ref, name), known in by_field.items():
        if name in PICTURES:
            pictures[name, ref] = _picture(had.of(name, ref), known, name in items[ref].locked)
        elif name in BY_NAME and (arrived := _carried_out(known, items[ref].values.get(name))):
            fields.setdefault(ref, {})[name] = _left_by(arrived)
    if not fields and not pictures:
        return Recalled(record)
    own = record if record is not None else bare
    changed = {ref: _item(item_of(own, ref), items[ref], fields[ref]) for ref in fields}
    kept = tuple(changed.pop(item.ref, item) for item in own.items)
    return Recalled(
        replace(own, items=(*kept, *changed.values()), pictures=had.having(pictures)),
        frozenset(fields),
    )


def _picture(
    known: PictureRecord, entries: Sequence[JournalEntry], is_locked: bool
) -> PictureRecord:
    """A picture with what may have been selected; which of it is shown only Plex can say.

    What an undo had put back is among it: it is no choice of the user's either.
    """
    sent = frozenset(
        identity(entry.after if isinstance(entry.after, str) else None) for entry in entries
    )
    is_ours = is_locked and any(entry.locked_before is False for entry in entries)
    # Two changes within a second leave the item with one and the same time.
    unproven = known.unproven | sent  # with what a restored backup shows again
    return known._replace(unproven=unproven, seen_at=None, locked=known.locked or is_ours)


def _carried_out(entries: Sequence[JournalEntry], shown: Value) -> list[JournalEntry]:
    """The writes of a field that arrived, if they left anything of ours."""
    followed_by = [*(later.before for later in entries[1:]), shown]
    arrived = [
        entry for entry, now in zip(entries, followed_by, strict=True) if _has_arrived(entry, now)
    ]
    if not arrived or says_next(arrived[-1]):
        return arrived
    # What an undo of an earlier version has put back is not ours.
    last, first = arrived[-1], entries[0].before
    return [] if BY_NAME[last.field].equal(last.after, first) else arrived


def _left_by(arrived: Sequence[JournalEntry]) -> FieldRecord | None:
    """What the record says of a field after these writes."""
    last = arrived[-1]
    if says_next(last):
        return next_in(last)
    # Earlier versions did not note it.
    after, is_locked = last.after, last.locked_before is False
    if not isinstance(after, tuple):
        return FieldRecord(after, after, locked=is_locked)
    # What none of the writes added may be the user's.
    ours = set[str]().union(*(name_keys(e.after) - name_keys(e.before) for e in arrived))
    sent = tuple(name for name in after if name_key(name) in ours)
    kept = tuple(name for name in after if name_key(name) not in ours)
    return FieldRecord(sent, after, kept, locked=is_locked)


def _has_arrived(entry: JournalEntry, now: Value) -> bool:
    """Whether anything shows of a write, by what the field showed next. What the server was seen
    to refuse has not arrived, whatever somebody else has written since."""
    is_refused = BY_NAME[entry.field].equal(entry.before, entry.after)
    change = Change(entry.field, entry.before, entry.after)
    return not is_refused and not is_untouched(change, now)


def _item(
    known: ItemRecord | None, shown: FullItem, fields: Mapping[str, FieldRecord | None]
) -> ItemRecord:
    """The item's record with what was sent; to be read whole, since it was not read back."""
    merged = dict(known.fields) if known is not None else {}
    for name, field in fields.items():
        if field is None:
            merged.pop(name, None)
        else:
            merged[name] = field
    return ItemRecord(shown.ref, tuple(file.path for file in shown.files), None, merged)
