"""The pure detectors on data of any shape that Stash can send."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import ItemRef
from core.quality_gate import is_meaningful, passes_gate
from core.records import FieldRecord
from reconciliation.detector import GapDetector, GapResult, SceneData, has_meaningful_metadata
from stash.mapping import SceneReader
from tests.core.builders import ALL_FIELDS, full, item_record, listed, record

DETECTOR = GapDetector()
STUDIO = {"id": "1", "name": "Northwater"}


def _scene(scene_id: Any = "1", **known: Any) -> dict[str, Any]:
    return {
        "id": scene_id,
        "title": "A title",
        "files": [{"path": f"/data/{scene_id}.mp4"}],
        "studio": None,
        "performers": [],
        "tags": [],
        "details": "",
        "date": None,
        "updated_at": "2026-01-02T00:00:00Z",
        **known,
    }


def _ids(gaps: list[GapResult[SceneData]]) -> list[int]:
    return [gap.scene_id for gap in gaps]


@pytest.mark.parametrize(
    ("known", "enough"),
    [
        ({}, False),
        ({"title": "x", "rating100": 80, "director": "y"}, False),
        ({"studio": STUDIO}, True),
        ({"performers": [{"id": "1", "name": "Ana"}]}, True),
        ({"tags": [{"id": "1", "name": "Night"}]}, True),
        ({"details": "x"}, True),
        ({"date": "2020"}, True),
        ({"details": " \n\u200b"}, False),
        ({"studio": {"id": "1", "name": ""}, "performers": [{"name": ""}], "tags": [None]}, False),
        ({"studio": None, "performers": None, "tags": None, "details": None, "date": ""}, False),
    ],
)
def test_the_quality_gate(known: dict[str, Any], enough: bool) -> None:
    assert has_meaningful_metadata(known) is enough
    scene = SceneReader().read(_scene("1", **known))
    assert scene is not None
    assert is_meaningful(scene) is enough
    assert passes_gate(scene, {2}) is enough
    assert passes_gate(scene, {1})


@pytest.mark.parametrize("files", [None, [], [{"path": ""}, {}, None]])
def test_a_scene_without_a_file_is_nowhere(files: object) -> None:
    scenes = [_scene(files=files, studio=STUDIO)]
    assert DETECTOR.detect_missing(scenes, {}, set()) == []
    assert DETECTOR.detect_empty_metadata(scenes, {"": NOTHING}) == []


def test_a_gap_has_the_scene_as_it_was_told() -> None:
    told = _scene("3", custom="kept")
    assert DETECTOR.detect_missing([told], {}, set())[0].scene_data is told
    scene = SceneReader().read(told)
    assert scene is not None
    assert DETECTOR.detect_missing([scene], {}, set())[0].scene_data is scene


# Empty -------------------------------------------------------------------------------------

NOTHING: dict[str, Any] = {
    "studio": "",
    "performers": False,
    "tags": [],
    "details": None,
    "date": "",
}


@pytest.mark.parametrize("shown", [{**NOTHING, name: "x"} for name in NOTHING])
def test_one_value_in_plex_is_enough_not_to_be_empty(shown: dict[str, Any]) -> None:
    scenes = [_scene(studio=STUDIO)]
    assert DETECTOR.detect_empty_metadata(scenes, {"/data/1.mp4": shown}) == []
    assert _ids(DETECTOR.detect_empty_metadata(scenes, {"/data/1.mp4": NOTHING})) == [1]


def test_empty_is_only_a_gap_where_stash_has_something() -> None:
    assert DETECTOR.detect_empty_metadata([_scene()], {"/data/1.mp4": NOTHING}) == []
    unknown: list[dict[str, Any]] = [{}, {"/data/1.mp4": None}]
    assert [DETECTOR.detect_empty_metadata([_scene(studio=STUDIO)], one) for one in unknown] == [
        [],
        [],
    ]
    for told in ({"studio": "Northwater"}, {"performers": ["Ana"]}, {"tags": ["Night"]}):
        assert _ids(DETECTOR.detect_empty_metadata([_scene(**told)], {"/data/1.mp4": NOTHING}))


def test_one_empty_item_of_several_is_a_gap_once() -> None:
    files = [{"path": "/a"}, {"path": "/b"}, {"path": "/c"}]
    shown = {"/a": {"studio": "x"}, "/b": NOTHING, "/c": NOTHING}
    scenes = [_scene("7", files=files, details="x")]
    assert _ids(DETECTOR.detect_empty_metadata(scenes, shown)) == [7]


# Stale -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("updated_at", "synced_at", "stale"),
    [
        ("2026-01-02T00:00:00Z", 1767312000.0, False),
        ("2026-01-02T00:00:00Z", 1767311999.9, True),
        ("2026-01-02T00:00:00Z", 1.8e9, False),
        ("2026-01-02T11:00:00+11:00", 1767312000.0, False),
        ("2026-01-01T16:00:01-08:00", 1767312000.0, True),
        ("2026-01-02T00:00:00.123456789Z", 1767312000.0, True),
        ("2026-01-02T00:00:00Z", None, False),
        ("yesterday", 1.0, False),
        (None, 1.0, False),
    ],
)
def test_stale_is_older_than_the_last_change(
    updated_at: str | None, synced_at: float | None, stale: bool
) -> None:
    timestamps = {} if synced_at is None else {1: synced_at}
    gaps = DETECTOR.detect_stale_syncs([_scene(updated_at=updated_at)], timestamps)
    assert _ids(gaps) == ([1] if stale else [])
    assert all(gap.reason == "changed in Stash after the last sync" for gap in gaps)


# Missing -----------------------------------------------------------------------------------


def test_missing_has_no_item_for_any_file_and_was_never_synced() -> None:
    two = [{"path": "/a"}, {"path": "/b"}]
    scenes = [_scene("1", files=two), _scene("2"), _scene("3"), _scene("4", files=[])]
    gaps = DETECTOR.detect_missing(scenes, {3: 0.0}, {"/b"})
    assert _ids(gaps) == [2]


@given(
    st.dictionaries(st.integers(1, 30), st.booleans()),
    st.sets(st.integers(1, 30)),
)
def test_missing_matched_and_synced_share_the_scenes_out(
    matched: dict[int, bool], synced: set[int]
) -> None:
    scenes = [_scene(str(number)) for number in matched]
    paths = {f"/data/{number}.mp4" for number, found in matched.items() if found}
    timestamps = dict.fromkeys(synced, 1.0)
    gaps = DETECTOR.detect_missing(scenes, timestamps, paths)
    expected = {number for number, found in matched.items() if not found} - synced
    assert set(_ids(gaps)) == expected


IDS = {None: None, "": None, "x": None, "1.5": None, 7: 7, "8": 8, " 9 ": 9, "-0": None}


@given(st.lists(st.sampled_from(list(IDS)), max_size=5))
def test_what_is_no_number_is_skipped_by_all(ids: list[Any]) -> None:
    scenes = [_scene(raw, studio=STUDIO, files=[{"path": "/x"}]) for raw in ids]
    empty = DETECTOR.detect_empty_metadata(scenes, {"/x": NOTHING})
    missing = DETECTOR.detect_missing(scenes, {}, set())
    numbers = [number for raw in ids if (number := IDS[raw]) is not None]
    assert _ids(empty) == _ids(missing) == numbers


# Drift -------------------------------------------------------------------------------------

REF = ItemRef("1", "7")


def _drift(**changes: Any) -> list[GapResult[SceneData]]:
    fields = {"title": FieldRecord("A", "A"), "tags": FieldRecord(("x",), ("x",))}
    given: dict[str, Any] = {
        "stash_scenes": [_scene()],
        "records": {1: record(item_record("/a", fields=fields), fingerprint="same")},
        "fingerprints": {1: "same"},
        "shown": {1: {REF: full("/a", values={"title": "A", "tags": ("X",)})}},
        "enabled": ALL_FIELDS,
    }
    return DETECTOR.detect_drift(**{**given, **changes})


def test_as_it_was_left_is_no_drift() -> None:
    assert _drift() == []


def test_a_scene_without_items_cannot_drift() -> None:
    assert _drift(shown={}) == []
    assert _drift(shown={1: {}}, records={}) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"records": {}}, "never synced"),
        ({"fingerprints": {1: "new"}}, "Stash now says something else"),
        ({"shown": {1: {REF: full("/a", values={"title": "B", "tags": ("x",)})}}}, "title"),
        ({"shown": {1: {REF: full("/a", values={"title": "A"})}}}, "tags"),
        ({"shown": {1: {REF: listed(title="B")}}}, "title"),
        ({"shown": {1: {ItemRef("2", "9"): listed(title="A")}}}, "was never written"),
    ],
)
def test_drift_has_a_reason(changes: dict[str, Any], reason: str) -> None:
    gaps = _drift(**changes)
    assert _ids(gaps) == [1]
    assert reason in gaps[0].reason


def test_a_field_that_is_switched_off_does_not_drift() -> None:
    other = {1: {REF: full("/a", values={"title": "B", "tags": ("x",)})}}
    assert _drift(shown=other, enabled=ALL_FIELDS - {"title"}) == []


def test_a_listing_says_nothing_about_lists() -> None:
    assert _drift(shown={1: {REF: listed(title="A")}}) == []
