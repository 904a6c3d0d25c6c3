"""What is remembered of items and pictures: each on its own, and nothing where nothing is known."""

from __future__ import annotations

from dataclasses import replace

from core.models import ItemRef
from core.records import NO_PICTURE, NO_PICTURES, PictureRecord, item_of
from tests.core.builders import item_record, record

ITEM = ItemRef("1", "5")
POSTER, BACKGROUND = ("poster", ITEM), ("background", ITEM)
OURS = PictureRecord("ab12", 7)


def test_a_picture_of_which_nothing_is_known_any_more_is_dropped_and_the_others_stay() -> None:
    known = NO_PICTURES.having({POSTER: OURS, BACKGROUND: OURS})

    fewer = known.having({BACKGROUND: NO_PICTURE})

    assert fewer.pictures == {POSTER: OURS}
    assert fewer.of("background", ITEM) == NO_PICTURE
    assert fewer.having({POSTER: NO_PICTURE}) == NO_PICTURES


def test_of_the_items_of_a_record_the_one_asked_for_is_told() -> None:
    items = [item_record("/m/a.mp4", key=key) for key in ("4", "5", "6")]
    known = replace(record(items[0]), former=(items[1],))

    assert [item_of(known, each.ref) for each in items] == [*items[:2], None]
    assert item_of(None, ITEM) is None
