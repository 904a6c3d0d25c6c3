"""What is remembered of items and pictures: each on its own, and nothing where nothing is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.models import ItemRef
from core.records import (
    NO_PICTURE,
    NO_PICTURES,
    CoverRecord,
    PictureRecord,
    is_still,
    item_of,
    unwritten,
)
from tests.core.builders import file, item_record, record

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


def test_of_the_pictures_of_an_item_those_that_were_looked_at_move_with_it() -> None:
    other = ("poster", ItemRef("1", "6"))
    known = NO_PICTURES.having({POSTER: OURS, BACKGROUND: PictureRecord("cd34"), other: OURS})

    assert set(known.of_item(ITEM)) == {POSTER, BACKGROUND}
    moved = known.moved(ITEM, ["poster", "background"], 9)
    assert {key: each.seen_at for key, each in moved.pictures.items()} == {
        POSTER: 9,
        BACKGROUND: None,
        other: 7,
    }


def test_a_stand_in_is_no_reason_not_to_ask_for_the_cover_again() -> None:
    assert CoverRecord('"a"', "ab12").condition == '"a"'
    assert CoverRecord('"a"').condition == ""


@pytest.mark.parametrize(
    ("known", "there", "still"),
    [
        (None, ["/m/a.mp4"], True),
        ([], ["/m/a.mp4"], True),
        (["/m/a.mp4"], [], True),
        (["/m/a.mp4", "/m/b.mp4"], ["/n/b.mp4", "/n/c.mp4"], True),
        (["/m/a.mp4"], ["/m/b.mp4"], False),
    ],
)
def test_an_item_of_which_no_file_has_a_known_name_is_another_one(
    known: list[str] | None, there: list[str], still: bool
) -> None:
    had = None if known is None else item_record(*known)
    assert is_still(had, map(file, there)) is still


def test_of_a_scene_that_was_never_written_nothing_is_known() -> None:
    assert unwritten(1) == record()
