"""Plex's JSON to our types: whole, cut, written as text, or nearly empty."""

from __future__ import annotations

import json

import pytest

from core.fields import SCALARS, listed_value
from core.models import ItemRef, MediaFile, Role
from plex import mapping
from plex.field_names import LIST_NAMES, SCALAR_NAMES, lock_name

FULL = {
    "ratingKey": "50412",
    "librarySectionID": 3,
    "studio": "Aurora Studio",
    "type": "movie",
    "title": "Night Train",
    "summary": "Two strangers.",
    "userRating": 8.0,
    "originallyAvailableAt": "2024-08-22",
    "addedAt": 1724419305,
    "updatedAt": 1726088450,
    "Media": [
        {
            "Part": [
                {"file": "\\\\nas\\a - cd1.mp4", "size": 702118400, "duration": 905120},
                {"file": "\\\\nas\\a - cd2.mp4", "size": 5011234816},
            ]
        },
        {"Part": [{"file": "/b.mp4", "duration": 1816600}]},
    ],
    "Genre": [{"tag": "Drama"}, {"tag": "Two, maybe three"}],
    "Role": [{"tag": "Ana Lind", "role": "The Traveller"}],
    "Director": [{"tag": "R. Vale"}],
    "Collection": [{"tag": "Best of 2024"}],
    "Label": [{"tag": "Stash"}],
    "Field": [{"locked": True, "name": "title"}, {"locked": False, "name": "summary"}],
}
FILES = (
    MediaFile("\\\\nas\\a - cd1.mp4", 702118400, 905.12),
    MediaFile("\\\\nas\\a - cd2.mp4", 5011234816, None),
    MediaFile("/b.mp4", None, 1816.6),
)


def test_a_full_item() -> None:
    item = mapping.full_item(FULL, {})
    assert item.ref == ItemRef("3", "50412")
    assert item.item_type == 1
    assert item.files == FILES
    assert item.values == {
        "title": "Night Train",
        "summary": "Two strangers.",
        "studio": "Aurora Studio",
        "date": "2024-08-22",
        "rating": 8.0,
        "content_rating": "",
        "performers": ("Ana Lind",),
        "tags": ("Drama", "Two, maybe three"),
        "director": ("R. Vale",),
        "collection": ("Best of 2024",),
        "label": ("Stash",),
    }
    assert item.locked == {"title"}
    assert item.updated_at == 1726088450
    assert item.roles == (Role("Ana Lind", "The Traveller", ""),)


def test_a_full_item_of_which_little_is_known() -> None:
    item = mapping.full_item({"ratingKey": 7, "type": "episode"}, {"librarySectionID": 5})
    assert item.ref == ItemRef("5", "7")
    assert item.item_type == 4
    assert item.files == ()
    assert item.locked == frozenset()
    assert set(item.values) == set(SCALAR_NAMES) | set(LIST_NAMES)
    assert [value for value in item.values.values() if value] == []
    assert item.values["rating"] is None
    assert item.updated_at is None


def test_a_listed_item() -> None:
    item = mapping.listed_item(FULL, "9")
    assert item.ref == ItemRef("9", "50412")
    assert item.files == FILES
    assert {field.name: listed_value(item, field.name) for field in SCALARS} == {
        "title": "Night Train",
        "summary": "Two strangers.",
        "studio": "Aurora Studio",
        "date": "2024-08-22",
        "rating": 8.0,
        "content_rating": "",
    }
    assert (item.added_at, item.updated_at) == (1724419305, 1726088450)
    assert item.has_performers
    assert item.has_tags
    bare = mapping.listed_item({"ratingKey": "1"}, "9")
    assert (bare.scalars, bare.files) == (("", "", "", "", None, ""), ())
    assert not bare.has_performers
    assert not bare.has_tags


def test_numbers_and_flags_written_as_text() -> None:
    """As servers do that think in XML."""
    raw = {
        "ratingKey": "1",
        "userRating": "7.5",
        "updatedAt": "1726088450",
        "Media": {"Part": {"file": "/a.mp4", "size": "9130022912", "duration": "1000"}},
        "Field": [{"locked": "1", "name": "title"}, {"locked": 0, "name": "studio"}],
    }
    item = mapping.full_item(raw, {})
    assert item.files == (MediaFile("/a.mp4", 9130022912, 1.0),)
    assert item.values["rating"] == 7.5
    assert item.updated_at == 1726088450
    assert item.locked == {"title"}


@pytest.mark.parametrize(
    "raw",
    [
        {"ratingKey": None, "title": 5, "userRating": "good", "Media": [None, {"Part": [1]}]},
        {"Genre": "x", "Role": [{"tag": None}], "Field": [{"name": None}], "updatedAt": "NaN"},
        {"Media": [{"Part": [{"file": ""}, {"size": 3}]}], "duration": [], "updatedAt": True},
    ],
)
def test_nonsense_counts_as_absent(raw: dict[str, object]) -> None:
    item = mapping.full_item(raw, {})
    assert item.files == ()
    assert item.updated_at is None
    assert item.locked == frozenset()
    assert not any(item.values.values())


def test_sections() -> None:
    text = """{"Directory": [
        {"key": "3", "type": "movie", "title": "Scenes", "agent": "com.plexapp.agents.none",
         "refreshing": false, "Location": [{"id": 5, "path": "/data/scenes"}, {"id": 6}]},
        {"key": 4, "type": "show", "title": "Series", "agent": "tv.plex.agents.series",
         "refreshing": 1},
        {"key": "5", "type": "artist"}, {"title": "no key"}]}"""
    scenes, series, music = mapping.sections_from_json(json.loads(text))
    assert scenes.locations == ("/data/scenes",)
    assert (scenes.item_type, scenes.has_agent, scenes.refreshing) == (1, False, False)
    assert (series.key, series.item_type, series.refreshing) == ("4", 4, True)
    assert (music.type, music.title) == ("artist", "")
    assert mapping.sections_from_json({}) == []


def test_names_of_locks() -> None:
    assert lock_name("tags") == "genre"
    assert lock_name("date") == "originallyAvailableAt"
    with pytest.raises(ValueError, match="nonsense"):
        lock_name("nonsense")
