"""What is remembered of a scene's pictures: its cover, and each picture of each item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # `core.models` has records, and these are a part of them
    from core.models import ItemRef

PictureKey = tuple[str, "ItemRef"]  # the field, "poster" or "background", and the item


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
