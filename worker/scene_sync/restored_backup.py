"""What is known of items that went back in time: Plex was restored from a backup of its database.

An edit in Plex gives an item a later time than our read-back of it. An item with an earlier one
shows what it showed then, and that was no edit of the user's since: what counts is what was known
of it then, as the journal has it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from core.fields import BY_NAME, PICTURES
from core.images import identity
from core.models import FullItem, ItemRef
from core.records import FieldRecord, ItemRecord, PictureRecord, Record, item_of
from storage.state_tables.journal import JournalEntry
from worker.executor.before_image import known_in


def went_back(record: Record, items: Mapping[ItemRef, FullItem]) -> list[ItemRef]:
    """Those of some items whose time is earlier than when they were read back."""
    known = (item for item in record.items if item.ref in items)
    times = {item.ref: (item.updated_at, items[item.ref].updated_at) for item in known}
    return [
        ref
        for ref, (before, now) in times.items()
        if before is not None and now is not None and now < before
    ]


def as_known_then(
    record: Record,
    items: Mapping[ItemRef, FullItem],
    journal: Mapping[ItemRef, Sequence[JournalEntry]],
) -> Record:
    """A record with what was known of items when they showed what they show again.

    What the journal does not know to have been there before an edit of ours stays as it is: the
    time of Plex may be wrong.

    Args:
        items: as Plex shows them now.
        journal: of those that went back, all that was written to them, oldest first.
    """
    pictures = {
        (name, ref): _picture(record.pictures.of(name, ref), entries)
        for ref, known in journal.items()
        for name in PICTURES
        if (entries := [entry for entry in known if entry.field == name])
    }
    found = {
        ref: _item(item, items[ref], known)
        for ref, known in journal.items()
        if (item := item_of(record, ref)) is not None
    }
    record = record.with_items(lambda item: found.get(item.ref, item))
    return replace(record, pictures=record.pictures.having(pictures))


def _item(known: ItemRecord, shown: FullItem, entries: Iterable[JournalEntry]) -> ItemRecord:
    fields: dict[str, FieldRecord] = dict(known.fields)
    for entry in entries:
        name = entry.field
        field, now = BY_NAME.get(name), shown.values.get(name)
        had = known.fields.get(name)
        if field is None or had is None or field.equal(had.read_back, now):
            continue
        if field.equal(entry.before, now):
            then = known_in(entry).field
            fields.pop(name, None)
            if then is not None:
                fields[name] = then
    return replace(known, fields=fields)


def _picture(known: PictureRecord, entries: Iterable[JournalEntry]) -> PictureRecord:
    """A picture with those that were shown before; which of it is shown now only Plex can say."""
    had = (identity(e.before if isinstance(e.before, str) else None) for e in entries)
    return known._replace(unproven=known.unproven.union(had), seen_at=None)
