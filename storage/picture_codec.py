"""How what is remembered of pictures becomes JSON: texts by key, as the first version had them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.models import ItemRef
from core.records import CoverRecord, PictureKey, PictureRecord, PictureRecords

_FAILED = "failed"
_COVER = CoverRecord._fields
# What follows the name of a picture in a key, by the attribute that it holds.
_ENDS = {"sha1": "", "seen_at": "_at", "told": "_told", "locked": "_locked"}
_ATTRIBUTES = {end.removeprefix("_"): name for name, end in _ENDS.items()}


def pictures_body(known: PictureRecords) -> dict[str, str]:
    """JSON-able: the cover's attributes by name, and `poster:1:55`, `poster_at:1:55`, …"""
    body = {name: text for name, text in zip(_COVER, known.cover, strict=True) if text}
    if known.failed:
        body[_FAILED] = "1"
    for (name, ref), picture in known.pictures.items():
        values = {
            "sha1": picture.sha1,
            "seen_at": "" if picture.seen_at is None else str(picture.seen_at),
            "told": picture.told,
            "locked": "1" if picture.locked else "",
        }
        body |= {f"{name}{_ENDS[what]}:{ref}": text for what, text in values.items() if text}
    return body


def pictures_from(body: Mapping[str, Any]) -> PictureRecords:
    """What `pictures_body` made JSON of; keys without a meaning are left out.

    Raises:
        ValueError, TypeError, AttributeError: it is none.
    """
    if not body:
        return PictureRecords()
    found: dict[PictureKey, dict[str, Any]] = {}
    for key, text in body.items():
        left, _, ref = key.partition(":")
        name, _, end = left.partition("_")
        if ref and end in _ATTRIBUTES:
            section, _, item = ref.partition(":")
            attribute = _ATTRIBUTES[end]
            value = {"seen_at": int, "locked": bool}.get(attribute, str)(text)
            found.setdefault((name, ItemRef(section, item)), {})[attribute] = value
    return PictureRecords(
        CoverRecord(*(str(body.get(name, "")) for name in _COVER)),
        {key: PictureRecord(**values) for key, values in found.items()},
        bool(body.get(_FAILED)),
    )
