"""What is remembered of pictures: each on its own, and nothing where nothing is known."""

from __future__ import annotations

from core.models import ItemRef
from core.records import NO_PICTURE, NO_PICTURES, PictureRecord

ITEM = ItemRef("1", "5")
POSTER, BACKGROUND = ("poster", ITEM), ("background", ITEM)
OURS = PictureRecord("ab12", 7)


def test_a_picture_of_which_nothing_is_known_any_more_is_dropped_and_the_others_stay() -> None:
    known = NO_PICTURES.having({POSTER: OURS, BACKGROUND: OURS})

    fewer = known.having({BACKGROUND: NO_PICTURE})

    assert fewer.pictures == {POSTER: OURS}
    assert fewer.of("background", ITEM) == NO_PICTURE
    assert fewer.having({POSTER: NO_PICTURE}) == NO_PICTURES
