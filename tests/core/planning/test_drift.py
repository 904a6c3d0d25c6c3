"""The drift test: what counts as an item that no longer shows what it was left at."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Mapping

import pytest

from core.desired import SyncPolicy, fingerprint
from core.models import ItemRef, Value
from core.planning.drift import (
    NEVER_SYNCED,
    Drift,
    Shown,
    altered_fields,
    drift_of,
    is_in_doubt,
    is_left_undone,
    needs_full_read,
    picture_moved,
)
from core.records import FieldRecord, PictureRecord, PictureRecords
from tests.core.builders import ALL_FIELDS, full, item_record, listed, record, ref, scene

LEFT_AT: Mapping[str, Value] = {
    "title": "A Title",
    "summary": "One.\nTwo.",
    "studio": "Tideline",
    "date": "2024-01-01",
    "rating": 7.0,
    "performers": ("Ana Müller",),
    "tags": ("Sea", "Bread"),
}
RECORD = item_record(fields={name: FieldRecord(v, v) for name, v in LEFT_AT.items()})
LISTED = listed(
    title="A Title", summary="One.\nTwo.", studio="Tideline", date="2024-01-01", rating=7.0
)


@pytest.mark.parametrize(
    ("recorded", "now", "needed"),
    [
        (100, 100, False),
        (100, 101, True),
        (100, 99, True),
        (None, 100, True),
        (100, None, True),
        (None, None, True),
    ],
)
def test_what_has_to_be_read_whole(recorded: int | None, now: int | None, needed: bool) -> None:
    assert needs_full_read(item_record(updated_at=recorded), listed(updated_at=now)) is needed


@pytest.mark.parametrize(
    ("name", "known", "doubt"),
    [
        ("tags", FieldRecord(("Sea",), ()), True),
        ("tags", FieldRecord((), None), True),
        ("tags", FieldRecord(("Sea",), ("Sea",)), False),
        ("tags", FieldRecord(("Sea", "Jazz"), ("Sea",), refused=True), True),
        ("performers", FieldRecord((), ()), False),
        ("director", FieldRecord(("Ana",), (), refused=True), True),
        ("summary", FieldRecord("Text", "", refused=True), False),
    ],
)
def test_lists_that_may_have_been_told_wrong(name: str, known: FieldRecord, doubt: bool) -> None:
    there = LISTED._replace(has_tags=True)
    recorded = item_record(fields={name: known})
    assert is_in_doubt(recorded, there, ALL_FIELDS) is doubt
    assert not is_in_doubt(recorded, there, ALL_FIELDS - {name})  # no sync would read it back


@pytest.mark.parametrize(
    ("shown", "altered"),
    [
        ({}, []),
        ({"title": "A  Title\u200b"}, []),
        ({"summary": "One.\r\nTwo. "}, []),
        ({"tags": ("BREAD", "sea")}, []),
        ({"performers": (unicodedata.normalize("NFD", "ana müller"),)}, []),
        ({"title": "a title"}, ["title"]),
        ({"summary": ""}, ["summary"]),
        ({"date": "2024-01-02"}, ["date"]),
        ({"rating": None}, ["rating"]),
        ({"rating": 7.1}, ["rating"]),
        ({"tags": ("Sea",)}, ["tags"]),
        ({"tags": (), "performers": None, "studio": "X"}, ["studio", "performers", "tags"]),
    ],
)
def test_an_item_read_whole(shown: Mapping[str, Value], altered: list[str]) -> None:
    item = full(values={**LEFT_AT, **shown})
    assert altered_fields(RECORD, item, ALL_FIELDS) == altered
    assert altered_fields(RECORD, item, ALL_FIELDS - set(altered)) == []


def test_a_listing_tells_only_scalars() -> None:
    assert altered_fields(RECORD, LISTED, ALL_FIELDS) == []
    assert altered_fields(RECORD, listed(), ALL_FIELDS) == [
        "title",
        "summary",
        "studio",
        "date",
        "rating",
    ]


def test_plex_is_compared_with_what_it_showed_not_with_what_was_sent() -> None:
    kept_short = item_record(fields={"title": FieldRecord("A Long Title", "A Long")})
    assert altered_fields(kept_short, full(values={"title": "A Long"}), ALL_FIELDS) == []
    assert altered_fields(kept_short, full(values={"title": "A Long Title"}), ALL_FIELDS)


def test_a_field_that_was_never_recorded_cannot_have_altered() -> None:
    assert altered_fields(item_record(), full(values=LEFT_AT), ALL_FIELDS) == []


def test_a_scene_without_a_record() -> None:
    assert drift_of(None, "f", {ref("7"): LISTED}, ALL_FIELDS) == Drift(NEVER_SYNCED)


@pytest.mark.parametrize(
    ("wanted", "shown", "enabled", "says"),
    [
        ("f", {ref("7"): LISTED}, ALL_FIELDS, None),
        ("f", {ref("7"): full(values=LEFT_AT)}, ALL_FIELDS, None),
        ("f", {}, ALL_FIELDS, None),  # a vanished item is another gap's business
        ("g", {ref("7"): LISTED}, ALL_FIELDS, "Stash now says something else"),
        ("f", {ref("8"): LISTED}, ALL_FIELDS, "its item in Plex was never written"),
        ("f", {ref("7", "2"): LISTED}, ALL_FIELDS, "its item in Plex was never written"),
        ("f", {ref("7"): listed(title="A Title")}, ALL_FIELDS, "summary, studio, date, rating"),
        ("f", {ref("7"): listed(title="A Title")}, frozenset({"title", "tags"}), None),
    ],
)
def test_why_a_recorded_scene_drifts(
    wanted: str, shown: Mapping[ItemRef, Shown], enabled: frozenset[str], says: str | None
) -> None:
    drift = drift_of(record(RECORD, fingerprint="f"), wanted, shown, enabled)
    assert drift is None if says is None else drift is not None and says in drift.reason


@pytest.mark.parametrize(
    ("seen", "now", "moved"),
    [
        ({}, 100, False),  # no picture was ever looked at
        ({("poster", "7"): 100}, 100, False),
        ({("poster", "7"): 100}, 101, True),
        ({("poster", "7"): 101, ("background", "7"): 100}, 101, True),
        ({("poster", "8"): 100}, 101, False),  # another item's
        ({("poster", "7"): 100}, None, False),
    ],
)
def test_an_item_that_moved_may_have_another_picture(
    seen: Mapping[tuple[str, str], int], now: int | None, moved: bool
) -> None:
    looked_at = {(name, ref(key)): PictureRecord(seen_at=at) for (name, key), at in seen.items()}
    known = dataclasses.replace(
        record(RECORD, fingerprint="f"), pictures=PictureRecords(pictures=looked_at)
    )
    item = full(values=LEFT_AT, updated_at=now)
    assert picture_moved(known, item) is moved
    assert not picture_moved(known, LISTED)  # a listing does not tell why an item moved
    drift = drift_of(known, "f", {item.ref: item}, ALL_FIELDS)
    assert (drift is not None and "picture" in drift.reason) is moved


@pytest.mark.parametrize(
    ("labels", "respects", "moved"),
    [(("Overlay",), True, False), (("Overlay",), False, True), ((), True, True)],
)
def test_whoever_draws_on_posters_is_reason_enough_where_that_is_respected(
    labels: tuple[str, ...], respects: bool, moved: bool
) -> None:
    looked_at = {("poster", ref("7")): PictureRecord(seen_at=100)}
    pictures = PictureRecords(pictures=looked_at)
    known = dataclasses.replace(record(RECORD, fingerprint="f"), pictures=pictures)
    item = full(values={**LEFT_AT, "label": labels}, updated_at=101)
    assert picture_moved(known, item, respect_overlays=respects) is moved
    drift = drift_of(known, "f", {item.ref: item}, ALL_FIELDS, respect_overlays=respects)
    assert (drift is not None) is moved


def test_a_picture_that_failed_is_a_gap_while_pictures_are_synced() -> None:
    known = dataclasses.replace(
        record(RECORD, fingerprint="f"), pictures=PictureRecords(failed=True)
    )
    drift = drift_of(known, "f", {ref("7"): LISTED}, ALL_FIELDS | {"poster"})
    assert drift is not None
    assert "picture" in drift.reason
    assert drift_of(known, "f", {ref("7"): LISTED}, frozenset({"title"})) is None
    assert not picture_moved(known, full(values=LEFT_AT))


def test_what_was_undone_is_left_alone_until_stash_says_something_else() -> None:
    sync_policy = SyncPolicy(ALL_FIELDS)
    of, edited = scene(title="A"), scene(title="B")
    applied = record(fingerprint=fingerprint(sync_policy.of(of)))
    undone = dataclasses.replace(applied, undone=True)
    assert is_left_undone(undone, of, sync_policy)
    assert not is_left_undone(undone, edited, sync_policy)
    assert not is_left_undone(applied, of, sync_policy)
    assert not is_left_undone(None, of, sync_policy)


@pytest.mark.parametrize("name", ["collection", "label"])
@pytest.mark.parametrize(
    ("left", "shown", "is_altered"),
    [
        (FieldRecord(("Ours",), ("Ours",)), ("Ours",), False),
        (FieldRecord(("Ours",), ("Ours", "Theirs")), ("OURS", "Another"), False),
        (FieldRecord(("Ours",), ("Ours", "Theirs")), ("Theirs",), True),
        (FieldRecord(("Refused",), ("Theirs",)), (), False),
        (FieldRecord(("Ours",), ("Ours",), suppressed=("Ours",)), (), False),
        (FieldRecord(None, ()), ("Theirs",), False),
    ],
)
def test_of_lists_that_others_use_only_what_is_ours_counts(
    name: str, left: FieldRecord, shown: tuple[str, ...], is_altered: bool
) -> None:
    known = item_record(fields={name: left})
    altered = altered_fields(known, full(values={name: shown}), frozenset({name}))
    assert altered == ([name] if is_altered else [])
