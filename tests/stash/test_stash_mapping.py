"""Stash's JSON to scenes: the sample, the gaps, and every way to write a time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import Entity, MediaFile, Scene
from stash.mapping import SceneReader, UnreadScene, epoch, snapshot

RAW = {
    "id": "1042",
    "title": "Harbour Lights",
    "details": "Evening walk along the quay.\nSecond paragraph with “quotes”. ",
    "director": "",
    "date": "2025-06-14",
    "rating100": 80,
    "organized": True,
    "created_at": "2025-06-20T19:02:44+10:00",
    "updated_at": "2026-01-11T18:07:53+11:00",
    "files": [
        {"path": "/data/library/Harbour Lights.mkv", "size": 4812337160, "duration": 2845.13},
        {"path": "/data/incoming/harbour.mp4", "size": 1.733900412e9, "duration": 2845},
    ],
    "studio": {"id": "17", "name": "Quayside"},
    "performers": [{"id": "88", "name": "Ana Ruiz"}, {"id": "203", "name": "Ana Ruiz"}],
    "tags": [{"id": "112", "name": "4K"}],
}
SCENE = Scene(
    id=1042,
    said={
        "title": "Harbour Lights",
        "details": "Evening walk along the quay.\nSecond paragraph with “quotes”. ",
        "date": "2025-06-14",
        "rating100": 80,
        "director": "",
    },
    organized=True,
    studio=Entity(17, "Quayside"),
    performers=(Entity(88, "Ana Ruiz"), Entity(203, "Ana Ruiz")),
    tags=(Entity(112, "4K"),),
    files=(
        MediaFile("/data/library/Harbour Lights.mkv", 4812337160, 2845.13),
        MediaFile("/data/incoming/harbour.mp4", 1733900412, 2845.0),
    ),
    updated_at=1768115273.0,
)


def test_a_whole_scene() -> None:
    assert SceneReader().read(RAW) == SCENE


IDS = [{"id": each} for each in ("--5", "-5", -5, "0", 0, "+3", "٣", "1_0", 2**70, True, 1.5, 9.0)]


@pytest.mark.parametrize("raw", [None, "x", [], {}, {"id": None}, {"id": "new"}, {"id": ""}, *IDS])
def test_what_has_no_number_is_no_scene(raw: object) -> None:
    assert SceneReader().read(raw) is None


def test_a_scene_that_was_not_asked_for_is_never_read_as_an_empty_one() -> None:
    stands = UnreadScene(7, {}, SceneReader(), SCENE.files, b"as told last")

    assert (stands.files, stands.digest) == (SCENE.files, b"as told last")
    with pytest.raises(ValueError, match="scene 7"):
        stands.read()


def test_everything_but_the_id_may_be_missing_or_null() -> None:
    bare = SceneReader().read({"id": "7"})
    assert bare == SceneReader().read({"id": 7, **dict.fromkeys(set(RAW) - {"id"})})
    assert bare is not None
    assert (bare.title, bare.date, bare.said["rating100"], bare.studio) == ("", "", None, None)
    assert (bare.performers, bare.tags, bare.files) == ((), (), ())
    assert bare.updated_at == 0.0


def test_odd_shapes_inside_lose_only_themselves() -> None:
    scene = SceneReader().read(
        {
            "id": "7",
            "rating100": 8.5e1,
            "files": [{"path": None}, None, {"path": "/a.mp4", "size": None, "duration": 0}],
            "tags": [{"id": "1"}, {"name": "Kept"}, "x", {"id": "3", "name": "Three"}],
            "studio": {"id": "3"},
            "organized": "yes",
        }
    )
    assert scene is not None
    assert scene.said["rating100"] == 85
    assert scene.files == (MediaFile("/a.mp4", None, None),)
    assert scene.tags == (Entity(0, "Kept"), Entity(3, "Three"))
    assert scene.studio is None
    assert not scene.organized


@pytest.mark.parametrize("size", ["--5", -1, "-7", 1.5, 2**70, "x", [], True, None])
def test_a_size_that_no_file_has_is_unknown(size: object) -> None:
    scene = SceneReader().read({"id": "1", "files": [{"path": "/a.mp4", "size": size}]})
    assert scene is not None
    assert scene.files[0].size is None


def test_the_snapshot_of_a_job() -> None:
    assert snapshot(SCENE) == {
        "path": "/data/library/Harbour Lights.mkv",
        "title": "Harbour Lights",
        "details": SCENE.details,
        "date": "2025-06-14",
        "rating100": 80,
        "studio": "Quayside",
        "performers": ["Ana Ruiz", "Ana Ruiz"],
        "tags": ["4K"],
        "poster_url": None,
        "background_url": None,
    }
    empty = SceneReader().read({"id": 1})
    assert empty is not None
    assert snapshot(empty)["path"] == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2026-01-11T18:07:53+11:00", 1768115273.0),
        ("2026-01-11T07:07:53Z", 1768115273.0),
        ("2026-01-11t07:07:53z", 1768115273.0),
        ("2026-01-10T21:37:53-09:30", 1768115273.0),
        ("2026-01-11T18:07:53.104233871+11:00", 1768115273.104233871),
        ("2026-01-11T18:07:53.9+11:00", 1768115273.9),
        ("2026-01-11T07:07:53", 1768115273.0),
        ("0001-01-01T00:00:00Z", -62135596800.0),
        ("", 0.0),
        ("yesterday", 0.0),
        ("2026-13-41T99:99:99Z", 0.0),
        (None, 0.0),
        (True, 0.0),
        (12, 12.0),
    ],
)
def test_times(text: object, seconds: float) -> None:
    assert epoch(text) == pytest.approx(seconds, abs=1e-6)
    if isinstance(text, str):  # blanks around it lead past what newer Pythons read by themselves
        assert epoch(f" {text} ") == pytest.approx(seconds, abs=1e-6)


@given(
    st.integers(-2_000_000_000, 7_000_000_000),
    st.integers(-14 * 60, 14 * 60),
    st.text("0123456789", min_size=1, max_size=9),
)
def test_times_of_any_offset_and_precision(moment: int, minutes: int, digits: str) -> None:
    """Go's RFC3339Nano: any number of digits up to nine, any offset."""
    offset = timezone(timedelta(minutes=minutes))
    whole = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=moment)
    sign, away = ("-", -minutes) if minutes < 0 else ("+", minutes)
    zone = f"{sign}{away // 60:02}:{away % 60:02}"
    text = f"{whole.astimezone(offset).replace(tzinfo=None).isoformat()}.{digits}{zone}"
    expected = pytest.approx(moment + float(f"0.{digits}"), abs=1e-5)
    assert epoch(text) == expected
    assert epoch(f" {text}") == expected
