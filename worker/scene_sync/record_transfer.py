"""An item that passes from one scene to another, or comes back, keeps what is known of it.

A scene that is destroyed and scanned again comes back under a new id, a merged scene hands its
files to another, a pin moves an item. The item in Plex stays the same, and so does what we wrote
there: without the record of the scene before, our own list entries would look like hand work and
stay for ever, and hand work that was kept would be taken for ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.fields import BY_NAME, TITLE
from core.matching.same_recording import same_recording
from core.models import FullItem, ItemRef, Scene
from core.planning.drift import altered_fields
from core.records import ItemRecord, PictureKey, PictureRecord, Record, item_of, unwritten
from storage.state_tables.records import RecordStore


def with_transferred_items(
    store: RecordStore,
    bare: Record,
    record: Record | None,
    items: Mapping[ItemRef, FullItem],
    recorded: Mapping[ItemRef, int],
) -> Record | None:
    """A scene's record with what the records of other scenes, and its own of items that it did not
    have when it was written last, say of items that are its own now.

    The fingerprint stays the scene's own, so nothing passes for synced; what the other scene wants
    or once had does not matter, only what the item was left at. An item that is not
    what the record knows, by its files or by what it shows, is another film with an old key.

    Args:
        bare: the record that a scene without one gets.
        items: those that the scene owns.
        recorded: the scene that each item is recorded for.
    """
    before: dict[int, Record] = {}
    passed = {ref: o for ref in items if (o := recorded.get(ref, bare.scene_id)) != bare.scene_id}
    if record is not None and record.former:
        before[bare.scene_id] = record
        passed |= {item.ref: bare.scene_id for item in record.former if item.ref in items}
        former = tuple(item for item in record.former if item.ref not in items)
        record = replace(record, former=former)
    if not passed:
        return record
    before |= store.get_many(set(passed.values()) - {bare.scene_id})
    known, pictures = _still_known(passed, before, items)
    if not known:
        return record
    own = record if record is not None else bare
    return replace(own, items=(*own.items, *known), pictures=own.pictures.having(pictures))


def _still_known(
    passed: Mapping[ItemRef, int], before: Mapping[int, Record], items: Mapping[ItemRef, FullItem]
) -> tuple[list[ItemRecord], dict[PictureKey, PictureRecord]]:
    """What the records of their scenes before know of items that still are what these know."""
    known: list[ItemRecord] = []
    pictures: dict[PictureKey, PictureRecord] = {}
    for ref, owner in passed.items():
        old = before.get(owner)
        item = item_of(old, ref)
        if old is None or item is None:
            continue
        # Of one that the scene had lost before, the size of its file is not known any more.
        if still_is(item, old, items[ref]) or _shows_it_all(item, items[ref]):
            known.append(item)
            pictures |= old.pictures.of_item(ref)
    return known, pictures


def still_is(known: ItemRecord, record: Record, item: FullItem) -> bool:
    """Whether an item still has a file that it had, under that name or by size and length."""
    paths = set(known.files)
    return any(
        file.path in paths or any(same_recording(old, file) for old in record.files)
        for file in item.files
    )


def _shows_it_all(known: ItemRecord, item: FullItem) -> bool:
    """Whether an item shows all that was left there, its title among it, as no other film does."""
    title = known.fields.get(TITLE)
    return title is not None and bool(title.sent) and not altered_fields(known, item, BY_NAME)


def bare_record(scene: Scene) -> Record:
    """The record of a scene of which nothing was ever written."""
    return unwritten(scene.id, scene.files)
