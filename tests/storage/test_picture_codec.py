"""What is remembered of pictures comes back from the file as it went in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fields import PICTURES
from core.models import ItemRef
from core.records import (
    NO_PICTURE,
    NO_PICTURES,
    CoverRecord,
    PictureRecord,
    PictureRecords,
)
from storage.picture_codec import pictures_body, pictures_from
from storage.record_codec import dumps

DIGESTS = st.just("") | st.integers(0, 2**160 - 1).map(lambda number: f"{number:040x}")
REFS = st.builds(ItemRef, st.sampled_from("12"), st.integers(1, 9).map(str))
COVERS = st.builds(
    CoverRecord, st.text(max_size=9), DIGESTS, st.sampled_from(["", "none", "crop", "pad"]), DIGESTS
)
# As they are stored: with something to say, and without what holds for the run at hand alone.
PICTURE = st.builds(
    PictureRecord,
    DIGESTS,
    st.none() | st.integers(0, 2**40),
    DIGESTS,
    st.booleans(),
    st.just(frozenset()),
).filter(lambda picture: picture != NO_PICTURE)
RECORDS = st.builds(
    PictureRecords,
    COVERS,
    st.dictionaries(st.tuples(st.sampled_from(sorted(PICTURES)), REFS), PICTURE, max_size=4),
    st.booleans(),
)

POSTER = ("poster", ItemRef("1", "55"))


@given(RECORDS)
def test_it_comes_back_as_it_went_in(known: PictureRecords) -> None:
    body = pictures_body(known)

    assert pictures_from(json.loads(dumps(body))) == known
    # Nothing is said of what is not known, so that small records stay small.
    assert all(body.values())


@given(RECORDS, DIGESTS)
def test_what_holds_for_one_run_alone_is_not_stored(known: PictureRecords, sha1: str) -> None:
    unproven = known.having({POSTER: known.of(*POSTER)._replace(unproven=frozenset({sha1}))})

    assert pictures_body(unproven) == pictures_body(known)


def test_it_is_stored_as_the_first_version_stored_it() -> None:
    body = {
        "etag": '"e"',
        "sha1": "ab" * 20,
        "fit": "crop",
        "fitted": "cd" * 20,
        "failed": "1",
        "poster:1:55": "ab" * 20,
        "poster_at:1:55": "1700000000",
        "poster_told:1:55": "ef" * 20,
        "poster_locked:1:55": "1",
        "background_at:2:7": "0",
    }
    known = PictureRecords(
        CoverRecord('"e"', "ab" * 20, "crop", "cd" * 20),
        {
            POSTER: PictureRecord("ab" * 20, 1700000000, "ef" * 20, locked=True),
            ("background", ItemRef("2", "7")): PictureRecord(seen_at=0),
        },
        failed=True,
    )

    assert pictures_from(body) == known
    assert pictures_body(known) == body


def test_keys_that_mean_nothing_are_left_out() -> None:
    body = {"poster_size:1:55": "9", "poster": "ab", "later": "x", "poster:1:55": "ab"}

    assert pictures_from(body) == PictureRecords(pictures={POSTER: PictureRecord("ab")})
    assert pictures_from({}) == NO_PICTURES


@pytest.mark.parametrize("body", [{"poster_at:1:55": "soon"}, ["poster"], "poster"])
def test_what_is_no_such_body_is_an_error_that_readers_know(body: object) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        pictures_from(body)  # type: ignore[arg-type]
