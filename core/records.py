"""What is remembered of a scene after a sync: of its items, field by field, and of its pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from core.models import ItemRef, MediaFile, Value
from core.paths import base_key

PictureKey = tuple[str, ItemRef]  # the field, "poster" or "background", and the item


class CoverRecord(NamedTuple):
    """The cover of a scene as Stash had it.

    Attributes:
        etag: Stash's.
        sha1: the digest of its bytes; "" where the scene has no cover.
        fit: how it was fitted as a poster; fitted: the digest of that poster.
    """

    etag: str = ""
    sha1: str = ""
    fit: str = ""
    fitted: str = ""

    @property
    def condition(self) -> str:
        """The ETag to ask Stash with. Not that of the stand-in, which it also has for a cover that
        it cannot read: such a one would pass for no cover still."""
        return self.etag if self.sha1 else ""


NO_COVER = CoverRecord()


class PictureRecord(NamedTuple):
    """One picture of one item.

    Attributes:
        sha1: the digest that we last left selected; "" where we left none.
        seen_at: the item's `updatedAt` when its picture was last known to be that one.
        told: the digest that the user was told did not come, since Plex's picture stays.
        locked: it was we who locked the field.
        unproven: the digests that runs which were cut off were about to select. Not stored.
    """

    sha1: str = ""
    seen_at: int | None = None
    told: str = ""
    locked: bool = False
    unproven: frozenset[str] = frozenset()


NO_PICTURE = PictureRecord()


@dataclass(frozen=True, slots=True)
class PictureRecords:
    """All that is remembered of a scene's pictures.

    Attributes:
        failed: a picture could not be synced; it is to be tried again.
    """

    cover: CoverRecord = NO_COVER
    pictures: Mapping[PictureKey, PictureRecord] = field(default_factory=dict)
    failed: bool = False

    def of(self, name: str, ref: ItemRef) -> PictureRecord:
        """What is known of one picture of one item."""
        return self.pictures.get((name, ref), NO_PICTURE)

    def of_item(self, ref: ItemRef) -> dict[PictureKey, PictureRecord]:
        """What is known of the pictures of one item."""
        return {key: known for key, known in self.pictures.items() if key[1] == ref}

    def having(self, changed: Mapping[PictureKey, PictureRecord]) -> PictureRecords:
        """With other records of some pictures; those of which nothing is known are dropped."""
        merged = {**self.pictures, **changed}
        return replace(self, pictures={k: v for k, v in merged.items() if v != NO_PICTURE})

    def moved(self, ref: ItemRef, names: Iterable[str], at: int | None) -> PictureRecords:
        """With the pictures of an item, where they were looked at, known to be the same at `at`."""
        known = {(name, ref): self.of(name, ref) for name in names}
        seen = {key: each for key, each in known.items() if each.seen_at is not None}
        return self.having({key: each._replace(seen_at=at) for key, each in seen.items()})


NO_PICTURES = PictureRecords()


@dataclass(frozen=True, slots=True)
class FieldRecord:
    """What one field of one item was left at.

    Attributes:
        sent: the value that we asked Plex to show (None: we left the field empty or alone).
        read_back: the value that Plex showed afterwards.
        kept: what is in Plex and not ours to remove: found there at a first sync with
            `first_sync=merge`, or added by the user while `preserve_plex_edits` is on. List
            entries, or for a scalar the one value that Stash has nothing for.
        suppressed: entries that the user took out of Plex.
        user_owned: the value in Plex is the user's own.
        rewrites: how often somebody else rewrote what we wrote since Stash last changed it.
        locked: we locked the field; it was not locked before.
        refused: the server did not take our last change; it still shows what was there before.
        lock_ignored: a lock in Plex is no reason to leave the field alone: it came with an edit,
            we wrote in spite of it, or both sides agreed when it came.
    """

    sent: Value
    read_back: Value
    kept: tuple[str, ...] = ()
    suppressed: tuple[str, ...] = ()
    user_owned: bool = False
    rewrites: int = 0
    locked: bool = False
    lock_ignored: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What we know of one item that a scene owns, as of our last read-back of it."""

    ref: ItemRef
    files: tuple[str, ...]  # the item's paths, as Plex sees them
    updated_at: int | None  # the item's, read after our own edit
    fields: Mapping[str, FieldRecord]


@dataclass(frozen=True, slots=True)
class Record:
    """What we know of one scene; see `docs/storage.md`.

    Attributes:
        items: those that it had when it was written last.
        former: those that it had before, and that no other scene was written to since. What is
            known of them counts once they come back, or pass to another scene.
    """

    scene_id: int
    scene_updated_at: float  # of the scene data that was sent, never 'now'
    fingerprint: str
    files: tuple[MediaFile, ...]  # the scene's, as Stash sees them
    studio_id: int | None
    performer_ids: tuple[int, ...]
    tag_ids: tuple[int, ...]
    items: tuple[ItemRecord, ...]
    pictures: PictureRecords = NO_PICTURES
    undone: bool = False  # what was last written was undone: left alone until the fingerprint moves
    former: tuple[ItemRecord, ...] = ()

    @property
    def known_items(self) -> tuple[ItemRecord, ...]:
        return (*self.items, *self.former)

    def with_items(self, change: Callable[[ItemRecord], ItemRecord]) -> Record:
        items, former = (tuple(map(change, each)) for each in (self.items, self.former))
        return replace(self, items=items, former=former)


def unwritten(scene_id: int, files: tuple[MediaFile, ...] = ()) -> Record:
    """The record of a scene of which nothing was ever written."""
    return Record(scene_id, 0.0, "", files, None, (), (), ())


def is_still(known: ItemRecord | None, files: Iterable[MediaFile]) -> bool:
    """Whether an item may be the one that a record knows: a key can be given to another item, and a
    file can be moved, but an item of which no file has a known name is another one.

    Args:
        files: the item's, now; of one that tells none nothing speaks against it.
    """
    there = {base_key(file.path) for file in files}
    if known is None or not known.files or not there:
        return True
    return any(base_key(path) in there for path in known.files)


def item_of(record: Record | None, ref: ItemRef) -> ItemRecord | None:
    """What a record, if there is one, says of one item."""
    items = record.known_items if record is not None else ()
    return next((item for item in items if item.ref == ref), None)
