"""How records and values become JSON and come back.

Arrays instead of objects where a record has thousands of siblings: 500 of them are decoded for
every batch of a run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.models import ItemRef, MediaFile, Value
from core.records import (
    NO_PICTURE,
    NO_PICTURES,
    CoverRecord,
    FieldRecord,
    ItemRecord,
    PictureRecord,
    PictureRecords,
    Record,
)

# Made once: json.dumps with other than its defaults makes an encoder at each call.
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)
_loads = json.JSONDecoder().decode
_PARTS = 6  # of an item's body


def dumps(value: object) -> str:
    """Compact JSON; NaN is refused with ValueError, because SQLite and browsers cannot read it."""
    return _ENCODER.encode(value)


def value_from_json(value: Any) -> Value:
    """A `Value` from decoded JSON: lists are tuples with us."""
    return tuple(value) if isinstance(value, list) else value


def body_of(record: Record) -> str:
    """The part of a record that is only ever read whole.

    Shape: `[[[path, size, duration], ...], [item, ...], pictures, undone]` with
    item = `[section, key, [path, ...], {field: value}, {field: [sent, read_back, [kept, ...]]},
    {field: [[suppressed, ...], user_owned, rewrites, locked, lock_ignored, refused]}]`; the first
    of the three has the fields that were read back as they were sent, which is most, and the last
    those with something to say there. Former items have a 1 behind.
    Records of the first version lack it, and those that were not undone lack `undone`. For
    `pictures` see `pictures_body`.
    """
    body: list[object] = [
        [[file.path, file.size, file.duration] for file in record.files],
        [*map(_item_body, record.items), *([*_item_body(item), 1] for item in record.former)],
        pictures_body(record.pictures),
    ]
    return dumps([*body, 1] if record.undone else body)


def pictures_body(known: PictureRecords) -> list[object]:
    """Pictures as JSON: `[[etag, sha1, fit, fitted], [picture, ...], failed]`, or [] for nothing,
    with picture = `[name, section, key, sha1, seen_at, told, locked]`."""
    pictures = [
        [name, *ref, *each[:4]]
        for (name, ref), each in known.pictures.items()
        if each[:4] != NO_PICTURE[:4]
    ]
    says = any(known.cover) or pictures or known.failed
    return [known.cover, pictures, int(known.failed)] if says else []


def pictures_from(body: Sequence[Any]) -> PictureRecords:
    """What `pictures_body` made JSON of."""
    if not body:
        return NO_PICTURES
    cover, pictures, failed = body
    found = {
        (name, ItemRef(section, key)): PictureRecord(
            str(sha1), None if at is None else int(at), str(told), bool(locked)
        )
        for name, section, key, sha1, at, told, locked in pictures
    }
    return PictureRecords(CoverRecord(*map(str, cover)), found, bool(failed))


def typed_pictures(told: str) -> str:
    """For migrations: SQL that makes a `pictures_body` of what earlier versions stored, an object
    of texts like `{"etag": …, "poster:1:55": …, "poster_at:1:55": …}`, which `told` gives."""
    cover = (f"coalesce(json_extract({told}, '$.{name}'), '')" for name in CoverRecord._fields)
    at, word = "instr(key, ':')", "instr(word || '_', '_')"
    text = "coalesce(max(CASE what WHEN '{}' THEN value END), '')".format
    return f"""json_array(json_array({", ".join(cover)}), json((SELECT json_group_array(json_array(
        name, section, item, sha1, seen_at, told, locked)) FROM (SELECT name, section, item,
            {text("")} AS sha1, {text("told")} AS told, max(what = 'locked') AS locked,
            CAST(max(CASE what WHEN 'at' THEN value END) AS INTEGER) AS seen_at FROM (
        SELECT value, substr(word, 1, {word} - 1) AS name, substr(word, {word} + 1) AS what,
            substr(ref, 1, instr(ref, ':') - 1) AS section, substr(ref, instr(ref, ':') + 1) AS item
        FROM (SELECT value, substr(key, 1, {at} - 1) AS word, substr(key, {at} + 1) AS ref
            FROM json_each({told}) WHERE {at} > 0)) GROUP BY name, section, item))),
        json_extract({told}, '$.failed') IS NOT NULL)"""


def field_body(field: FieldRecord | None) -> list[object] | None:
    """One field of a record on its own, as JSON; None stays None."""
    if field is None:
        return None
    return [field.sent, field.read_back, field.kept, *_marks_of(field)]


def field_from(body: Sequence[Any] | None) -> FieldRecord | None:
    """What `field_body` made JSON of."""
    if body is None:
        return None
    sent, read_back, kept, *marks = body
    return FieldRecord(
        value_from_json(sent), value_from_json(read_back), tuple(kept), *_marks(marks)
    )


def entities_of(record: Record) -> str:
    """A record's studio, performers and tags, as `[id, [id, ...], [id, ...]]`."""
    return dumps([record.studio_id, record.performer_ids, record.tag_ids])


def record_from(row: Sequence[Any], items: Mapping[tuple[str, str], int | None]) -> Record:
    """A record from its row and its items' rows.

    Args:
        row: scene_id, scene_updated_at, fingerprint, entities, body.
        items: `updated_at` by (section, key) of the items that the scene owns; those that it lost
            to another scene since are in its body still, and left out.
    """
    scene_id, scene_updated_at, fingerprint, entities, body = row
    studio_id, performer_ids, tag_ids = _loads(entities)
    files, item_bodies, images, *later = _loads(body)
    owned: tuple[list[ItemRecord], list[ItemRecord]] = ([], [])
    for item in item_bodies:
        if (item[0], item[1]) in items:
            owned[len(item) > _PARTS].append(_item_from(item, items[item[0], item[1]]))
    return Record(
        scene_id,
        scene_updated_at,
        fingerprint,
        tuple([MediaFile(*file) for file in files]),
        studio_id,
        tuple(performer_ids),
        tuple(tag_ids),
        tuple(owned[0]),
        pictures_from(images),
        bool(later and later[0]),
        tuple(owned[1]),
    )


def with_files(
    body: str, files: Sequence[MediaFile], items: Mapping[ItemRef, Sequence[str]]
) -> str:
    """The body of a record with other names of the scene's files and of those of some items."""
    _, item_bodies, *rest = _loads(body)
    for item in item_bodies:
        item[2] = items.get(ItemRef(item[0], item[1]), item[2])
    return dumps([[[file.path, file.size, file.duration] for file in files], item_bodies, *rest])


def _item_body(item: ItemRecord) -> list[object]:
    same: dict[str, Value] = {}
    other: dict[str, list[object]] = {}
    marks: dict[str, list[object]] = {}
    for name, field in item.fields.items():
        if _is_marked(field):
            marks[name] = _marks_of(field)
        # 8 and 8.0 are equal, but not what was sent.
        if (
            field.kept
            or field.sent != field.read_back
            or type(field.sent) is not type(field.read_back)
        ):
            other[name] = [field.sent, field.read_back, field.kept]
        else:
            same[name] = field.sent
    return [item.ref.section, item.ref.key, item.files, same, other, marks]


def _item_from(body: Sequence[Any], updated_at: int | None) -> ItemRecord:
    section, key, files, same, other, *later = body
    marks = later[0] if later else {}
    fields = {}
    for name, value in same.items():
        if value.__class__ is list:
            value = tuple(value)
        if name in marks:
            fields[name] = FieldRecord(value, value, (), *_marks(marks[name]))
        else:
            fields[name] = FieldRecord(value, value)
    for name, (sent, read_back, kept) in other.items():
        fields[name] = FieldRecord(
            value_from_json(sent), value_from_json(read_back), tuple(kept), *_marks(marks.get(name))
        )
    return ItemRecord(ItemRef(section, key), tuple(files), updated_at, fields)


def _is_marked(field: FieldRecord) -> bool:
    flags = field.locked or field.lock_ignored or field.refused
    return bool(field.suppressed or field.user_owned or field.rewrites or flags)


def _marks_of(field: FieldRecord) -> list[object]:
    flags = (field.locked, field.lock_ignored, field.refused)
    return [field.suppressed, int(field.user_owned), field.rewrites, *map(int, flags)]


def _marks(
    stored: Sequence[Any] | None,
) -> tuple[tuple[str, ...], bool, int, bool, bool, bool]:
    if stored is None:
        return (), False, 0, False, False, False
    suppressed, user_owned, rewrites, locked, *later = stored
    lock_ignored, refused = [*map(bool, later), False, False][:2]
    return tuple(suppressed), bool(user_owned), rewrites, bool(locked), lock_ignored, refused
