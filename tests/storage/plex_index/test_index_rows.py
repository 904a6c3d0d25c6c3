"""An item as a row of the index: its digest tells every change, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from core.models import ItemRef, ListedItem, MediaFile
from storage.plex_index.index_rows import item_values

FILE = MediaFile("/a/b.mp4", 10, 60.0)
ITEM = ListedItem(
    ItemRef("1", "7"), (FILE,), ("Title", "Text", "Studio", "2020-01-02", 8.0), True, True, 5, 6
)
OTHER: dict[str, Any] = {
    "scalars": ("Title", "Text", "Studio", None, 8.0),
    "files": (FILE, MediaFile("/a/b.mp4", 10, None)),
    "ref": ItemRef("2", "7"),
    "updated_at": 7.0,
    "added_at": None,
}


def _other(name: str, value: object) -> Any:
    if name in OTHER:
        return OTHER[name]
    if isinstance(value, bool):
        return not value
    return f"{value}!" if isinstance(value, str) else 99


def _digest(item: ListedItem) -> bytes:
    return item_values(item)[2]


def _called(title: str) -> ListedItem:
    return ITEM._replace(scalars=(title, *ITEM.scalars[1:]))


@pytest.mark.parametrize("name", ListedItem._fields[:-1])  # all but the digest
def test_every_field_of_an_item_counts(name: str) -> None:
    changed = ITEM._replace(**{name: _other(name, getattr(ITEM, name))})

    assert _digest(changed) != _digest(ITEM)


def test_equal_things_have_equal_digests() -> None:
    assert _digest(_called("".join(["Ti", "tle"]))) == _digest(ITEM)


def test_any_text_has_a_digest() -> None:
    assert _digest(_called("\ud800")) != _digest(_called("?"))
