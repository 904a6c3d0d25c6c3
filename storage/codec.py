"""How records and values become JSON and come back.

Arrays instead of objects where a record has thousands of siblings: 500 of them are decoded for
every batch of a run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.models import FieldRecord, ItemRecord, ItemRef, MediaFile, Record, Value


def dumps(value: object) -> str:
    """Compact JSON; NaN is refused with ValueError, because SQLite and browsers cannot read it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def value_from_json(value: Any) -> Value:
    """A `Value` from decoded JSON: lists are tuples with us."""
    return tuple(value) if isinstance(value, list) else value


def body_of(record: Record) -> str:
    """The part of a record that is only ever read whole.

    Shape: `[[[path, size, duration], ...], [item, ...], {image: digest}]` with
    item = `[section, key, [path, ...], {field: [sent, read_back, [kept, ...]]}]`.
    """
    return dumps(
        [
            [[file.path, file.size, file.duration] for file in record.files],
            [_item_body(item) for item in record.items],
            dict(record.images),
        ]
    )


def record_from(row: Sequence[Any], owned: Mapping[tuple[int, str, str], int | None]) -> Record:
    """A record from its row and what its items' rows say.

    Args:
        row: scene_id, scene_updated_at, fingerprint, studio_id, performer_ids, tag_ids, body.
        owned: the item's `updated_at` by (scene id, section, key); items that are not in it went
            to another scene and are left out.
    """
    scene_id = row[0]
    files, items, images = json.loads(row[6])
    return Record(
        scene_id,
        row[1],
        row[2],
        tuple([MediaFile(*file) for file in files]),
        row[3],
        tuple(json.loads(row[4])),
        tuple(json.loads(row[5])),
        tuple(
            [
                _item_from(item, owned[scene_id, item[0], item[1]])
                for item in items
                if (scene_id, item[0], item[1]) in owned
            ]
        ),
        images,
    )


def _item_body(item: ItemRecord) -> list[object]:
    fields = {
        name: [field.sent, field.read_back, field.kept] if field.kept else _pair(field)
        for name, field in item.fields.items()
    }
    return [item.ref.section, item.ref.key, item.files, fields]


def _pair(field: FieldRecord) -> list[object]:
    # Most values are read back as they were sent: one entry then stands for both.
    same = field.sent == field.read_back and type(field.sent) is type(field.read_back)
    return [field.sent] if same else [field.sent, field.read_back]


def _item_from(body: Sequence[Any], updated_at: int | None) -> ItemRecord:
    section, key, files, fields = body
    return ItemRecord(
        ItemRef(section, key),
        tuple(files),
        updated_at,
        {name: _field_from(field) for name, field in fields.items()},
    )


def _field_from(field: list[Any]) -> FieldRecord:
    sent = field[0]
    if type(sent) is list:
        sent = tuple(sent)
    if len(field) == 1:
        return FieldRecord(sent, sent)
    read_back = field[1]
    if type(read_back) is list:
        read_back = tuple(read_back)
    return FieldRecord(sent, read_back, tuple(field[2]) if len(field) > 2 else ())
