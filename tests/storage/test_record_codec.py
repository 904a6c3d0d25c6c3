"""What is remembered of pictures comes back from the file as it went in."""

from __future__ import annotations

import json
from pathlib import Path

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
from storage.record_codec import dumps, pictures_body, pictures_from
from storage.state import SCHEMA, STATE_FILE, State
from tests.stored import make_earlier
from worker.executor.before_image import known_in

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
    assert bool(body) is (known != NO_PICTURES)


@given(RECORDS, DIGESTS)
def test_what_holds_for_one_run_alone_is_not_stored(known: PictureRecords, sha1: str) -> None:
    unproven = known.having({POSTER: known.of(*POSTER)._replace(unproven=frozenset({sha1}))})

    assert pictures_body(unproven) == pictures_body(known)


def test_what_earlier_versions_stored_is_taken_over(tmp_path: Path) -> None:
    told = dumps(
        {
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
    )
    body = [[[["/a", 5, 1.50]], [], json.loads(told)], [[], [], {}], [[], [], {}, 1]]
    make_earlier(
        tmp_path / STATE_FILE,
        SCHEMA,
        15,
        *(
            f"INSERT INTO records VALUES ({n}, 1.0, '', '[null,[],[]]', '{dumps(each)}', 0)"
            for n, each in enumerate(body, start=1)
        ),
        "INSERT INTO records VALUES (9, 1.0, '', '', 'no JSON', 0)",
        *(
            "INSERT INTO journal (run_id, scene_id, section, key, field, before, after, extra, at)"
            f" VALUES (1, 1, '1', '55', '{name}', '1', '1', '{dumps({'known': known})}', 1)"
            for name, known in (
                ("poster", [None, "", "", 0, json.loads(told)]),
                ("title", [None, "", "", 0, {}]),
            )
        ),
    )
    known = PictureRecords(
        CoverRecord('"e"', "ab" * 20, "crop", "cd" * 20),
        {
            POSTER: PictureRecord("ab" * 20, 1700000000, "ef" * 20, locked=True),
            ("background", ItemRef("2", "7")): PictureRecord(seen_at=0),
        },
        failed=True,
    )

    with State(tmp_path, lambda message: None) as state:
        records = state.records.get_many([1, 2, 3, 9])
        assert {n: each.pictures for n, each in records.items()} == {
            1: known,
            2: NO_PICTURES,
            3: NO_PICTURES,
        }
        assert (records[1].files[0].duration, records[3].undone) == (1.5, True)
        poster, title = state.journal.of_items(1, [POSTER[1]])[POSTER[1]]
        assert known_in(poster).pictures == known.pictures
        assert known_in(title).pictures == {}


@pytest.mark.parametrize(
    "body", [[[], [["poster", "1", "55", "", "soon", "", 0]], 0], ["poster"], "poster", 5]
)
def test_what_is_no_such_body_is_an_error_that_readers_know(body: object) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        pictures_from(body)  # type: ignore[arg-type]
