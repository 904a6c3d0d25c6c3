"""Small makers of the core's values: name what a test is about, the rest is plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.desired import Desired, Picture, SyncPolicy
from core.fields import FIELDS, SCALARS
from core.matching.index import ItemIndex
from core.matching.ownership import Claims
from core.models import Entity, FullItem, ItemRef, ListedItem, MediaFile, Scene, Value
from core.records import FieldRecord, ItemRecord, Record
from core.tag_filter import ALL_TAGS, TagFilter
from tests.examples import examples

SECTION = "1"
# For laws whose examples are big: half as many say as much.
FEWER = examples(50)
# Those that scenes have a say in.
ALL_FIELDS = frozenset(field.name for field in FIELDS if field.has_switch)


def ref(key: str, section: str = SECTION) -> ItemRef:
    return ItemRef(section, key)


def file(path: str, size: int | None = None, duration: float | None = None) -> MediaFile:
    return MediaFile(path, size, duration)


def entities(*names: str) -> tuple[Entity, ...]:
    return tuple(Entity(number, name) for number, name in enumerate(names, start=1))


def scene(
    *files: MediaFile,
    scene_id: int = 1,
    title: str = "",
    details: str = "",
    date: str | None = None,
    rating100: int | None = None,
    director: str = "",
    studio: str | None = None,
    performers: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> Scene:
    return Scene(
        id=scene_id,
        said={
            "title": title,
            "details": details,
            "date": date or "",
            "rating100": rating100,
            "director": director,
        },
        organized=False,
        studio=None if studio is None else Entity(1, studio),
        performers=entities(*performers),
        tags=entities(*tags),
        files=files,
        updated_at=0.0,
    )


def desired(
    of: Scene,
    enabled: frozenset[str] = ALL_FIELDS,
    tags: TagFilter = ALL_TAGS,
    images: tuple[Picture, ...] = (),
) -> Desired:
    """What a scene wants, with all other settings as they are by default."""
    return SyncPolicy(enabled, tags, images).of(of)


def index(items: Mapping[str, Sequence[MediaFile]], section: str = SECTION) -> ItemIndex:
    """An index of one section from files by rating key."""
    made = ItemIndex()
    for key, files in items.items():
        made.add(ItemRef(section, key), files)
    return made


def full(
    *paths: str,
    key: str = "7",
    updated_at: int | None = 100,
    values: Mapping[str, Value] | None = None,
) -> FullItem:
    return FullItem(
        ref=ref(key),
        item_type=1,
        files=tuple(MediaFile(path) for path in paths),
        values=values or {},
        locked=frozenset(),
        updated_at=updated_at,
    )


def listed(
    key: str = "7",
    *,
    title: str = "",
    summary: str = "",
    studio: str = "",
    date: str = "",
    rating: float | None = None,
    updated_at: int | None = 100,
) -> ListedItem:
    shown: dict[str, Value] = {
        "title": title,
        "summary": summary,
        "studio": studio,
        "date": date,
        "rating": rating,
    }
    return ListedItem(
        ref=ref(key),
        files=(),
        scalars=tuple(shown.get(field.name, "") for field in SCALARS),
        has_performers=False,
        has_tags=False,
        added_at=None,
        updated_at=updated_at,
    )


def item_record(
    *paths: str,
    key: str = "7",
    section: str = SECTION,
    updated_at: int | None = 100,
    fields: Mapping[str, FieldRecord] | None = None,
) -> ItemRecord:
    return ItemRecord(ItemRef(section, key), paths, updated_at, fields or {})


def record(
    *items: ItemRecord, files: Sequence[MediaFile] = (), fingerprint: str = "", scene_id: int = 1
) -> Record:
    return Record(
        scene_id=scene_id,
        scene_updated_at=0.0,
        fingerprint=fingerprint,
        files=tuple(files),
        studio_id=None,
        performer_ids=(),
        tag_ids=(),
        items=items,
    )


def losers(claims: Claims) -> dict[int, frozenset[ItemRef]]:
    """For each scene that lost a claim, the items that it does not own."""
    contests = claims.contests().items()
    return {scene_id: frozenset(each.ref for each in lost) for scene_id, lost in contests}
