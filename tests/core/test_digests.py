"""A digest tells every change of what it is made from, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from core.digests import item_digest, scene_digest
from core.models import Entity, ItemRef, ListedItem, MediaFile, Scene

FILE = MediaFile("/a/b.mp4", 10, 60.0)
SCENE = Scene(
    1, "Title", "Text", "2020-01-02", 80, "Director", True, Entity(1, "Studio"),
    (Entity(2, "Ann"),), (Entity(3, "Tag"),), (FILE,), 5.0, 6.0,
)  # fmt: skip
ITEM = ListedItem(
    ItemRef("1", "7"), (FILE,), "Title", "Text", "Studio", "2020-01-02", 8.0, True, True, 5, 6
)
OTHER: dict[str, Any] = {
    "date": None,
    "rating100": 0,
    "rating": None,
    "studio": None,
    "performers": (Entity(2, "Bea"),),
    "tags": (Entity(4, "Tag"),),
    "files": (FILE, MediaFile("/a/b.mp4", 10, None)),
    "ref": ItemRef("2", "7"),
    "updated_at": 7.0,
}


def _other(name: str, value: object) -> Any:
    if name in OTHER:
        return OTHER[name]
    if isinstance(value, bool):
        return not value
    return f"{value}!" if isinstance(value, str) else 99


@pytest.mark.parametrize("name", Scene._fields)
def test_every_field_of_a_scene_counts(name: str) -> None:
    changed = SCENE._replace(**{name: _other(name, getattr(SCENE, name))})

    assert scene_digest(changed) != scene_digest(SCENE)


@pytest.mark.parametrize("name", ListedItem._fields)
def test_every_field_of_an_item_counts(name: str) -> None:
    changed = ITEM._replace(**{name: _other(name, getattr(ITEM, name))})

    assert item_digest(changed) != item_digest(ITEM)


def test_equal_things_have_equal_digests() -> None:
    again = SCENE._replace(performers=(Entity(2, "Ann"),), title="".join(["Ti", "tle"]))

    assert scene_digest(again) == scene_digest(SCENE)
    assert item_digest(ITEM._replace()) == item_digest(ITEM)


def test_any_text_has_a_digest() -> None:
    assert scene_digest(SCENE._replace(title="\ud800")) != scene_digest(SCENE._replace(title="?"))
