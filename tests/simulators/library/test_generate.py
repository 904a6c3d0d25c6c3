"""A generated library is what its cases meant to make, and the truth about it holds."""

from __future__ import annotations

import json
import random
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.library.generate import ALL_CASES, generate
from simulators.library.match import match_library
from simulators.library.oracle_fields import shows_nothing
from simulators.library.places import Mounts
from simulators.library.truth import find_truth, items_by_name
from simulators.seed import Seed, Truth, read_seed, write_seed
from tests.examples import examples

# What each case was made to be: the sets that it is in, and how many items it owns. Written by
# hand from the contract; `library_truth` works the same out from the data.
VERDICTS: dict[str, tuple[str, int]] = {
    "in_sync": ("in_sync", 1),
    "in_sync_lists": ("in_sync", 1),
    "empty_no_agent": ("empty_metadata", 1),
    "empty_agent": ("empty_metadata", 1),
    "empty_titled": ("empty_metadata", 1),
    "date_only_agent": ("", 1),
    "empty_stale": ("empty_metadata stale_sync", 1),
    "empty_after_sync": ("empty_metadata", 1),
    "stale": ("stale_sync", 1),
    "stale_unchanged": ("in_sync stale_sync", 1),
    "fresh": ("in_sync", 1),
    "fresh_drifted": ("", 1),
    "east_fresh": ("in_sync", 1),
    "west_stale": ("stale_sync", 1),
    "drift_title": ("", 1),
    "drift_summary": ("", 1),
    "drift_studio": ("", 1),
    "drift_date": ("", 1),
    "drift_rating": ("", 1),
    "drift_director": ("", 1),
    "extra_genre": ("", 1),
    "missing_performer": ("", 1),
    "beyond_the_cut": ("", 1),
    "cleared_studio": ("", 1),
    "cleared_details": ("", 1),
    "cleared_lists": ("", 1),
    "agent_filled": ("", 1),
    "locked_fields": ("", 1),
    "handmade": ("in_sync", 1),
    "missing_inside": ("missing", 0),
    "missing_unscanned": ("missing", 0),
    "missing_outside": ("missing outside", 0),
    "missing_bare": ("missing no_metadata", 0),
    "missing_two_files": ("missing", 0),
    "vanished": ("", 0),
    "vetoed_elsewhere": ("missing", 0),
    "vetoed_same_path": ("missing", 0),
    "deleted_item": ("missing", 0),
    "deleted_version": ("missing", 0),
    "old_version_deleted": ("in_sync", 1),
    "same_name": ("in_sync", 1),
    "same_name_missing": ("missing", 0),
    "same_name_unsized": ("in_sync", 1),
    "size_unknown": ("in_sync", 1),
    "ambiguous_sizes": ("ambiguous", 0),
    "ambiguous_unsized": ("ambiguous", 0),
    "name_only": ("ambiguous", 0),
    "needs_map": ("in_sync", 1),
    "needs_map_twin": ("in_sync", 1),
    "longest_suffix": ("in_sync", 1),
    "moved": ("in_sync", 1),
    "windows_case": ("in_sync", 1),
    "decomposed_in_plex": ("in_sync", 1),
    "decomposed_in_stash": ("in_sync", 1),
    "remuxed": ("in_sync", 1),
    "two_files_one_item": ("in_sync", 1),
    "second_file_only": ("in_sync", 1),
    "two_files_two_items": ("in_sync", 2),
    "second_item_empty": ("empty_metadata", 2),
    "two_versions": ("in_sync", 1),
    "two_parts": ("in_sync", 1),
    "second_part_only": ("in_sync", 1),
    "two_sections": ("in_sync", 2),
    "copied_owner": ("in_sync", 1),
    "copied_loser": ("missing", 0),
    "merged_owner": ("in_sync", 1),
    "merged_loser": ("", 0),
    "primary_owner": ("in_sync", 1),
    "primary_loser": ("", 0),
    "twins_owner": ("in_sync", 1),
    "twins_loser": ("", 0),
    "year_agrees": ("in_sync", 1),
    "year_differs": ("", 1),
    "month_agrees": ("in_sync", 1),
    "month_differs": ("", 1),
    "bare": ("no_metadata", 1),
    "bare_rated": ("no_metadata", 1),
    "untitled_stem": ("in_sync", 1),
    "untitled_kept": ("in_sync", 1),
    "untitled_file_name": ("", 1),
    "odd_tags_new": ("empty_metadata", 1),
    "odd_tags_removed": ("", 1),
    "odd_tags_shown": ("in_sync", 1),
    "doubled_new": ("empty_metadata", 1),
    "doubled_shown": ("in_sync", 1),
    "long_details_new": ("empty_metadata", 1),
    "long_details_shown": ("in_sync", 1),
    "dirty_text_new": ("empty_metadata", 1),
    "dirty_text_shown": ("in_sync", 1),
    "no_files": ("", 0),
}


def _sets(truth: Truth) -> dict[str, set[int]]:
    return {
        "empty_metadata": set(truth["empty_metadata"]),
        "stale_sync": set(truth["stale_sync"]),
        "missing": set(truth["missing"]),
        "ambiguous": set(truth["ambiguous"]),
        "outside": set(truth["outside"]),
        "no_metadata": set(truth["no_metadata"]),
        "in_sync": set(truth["in_sync"]),
    }


def _verdict(truth: Truth, scene: str) -> tuple[str, int]:
    named = sorted(name for name, ids in _sets(truth).items() if int(scene) in ids)
    return " ".join(named), len(truth["matches"].get(scene, []))


@pytest.fixture(scope="module")
def library() -> Seed:
    return generate(400)


@pytest.mark.parametrize(
    ("mounts", "seed"),
    [("simple", 1), ("different", 1), ("windows", 1), ("mixed", 1), ("mixed", 2)],
)
def test_every_case_is_what_it_was_made_to_be(mounts: Mounts, seed: int) -> None:
    truth = generate(800, seed, mounts=mounts)["truth"]
    assert set(truth["cases"].values()) >= VERDICTS.keys() - {"twins_owner", "twins_loser"}
    wrong = {
        f"{case} (scene {scene})": _verdict(truth, scene)
        for scene, case in truth["cases"].items()
        if _verdict(truth, scene) != VERDICTS[case]
    }
    assert wrong == {}


def test_four_hundred_scenes_hold_several_of_each_case(library: Seed) -> None:
    counts = Counter(library["truth"]["cases"].values())
    assert {case: counts[case] for case in VERDICTS if counts[case] < 2} == {}
    folders = {
        file["path"]
        for scene in library["stash"]["scenes"]
        for file in scene["files"]
        if file["path"].endswith("/scene.mp4")
    }
    assert len(folders) > 20


@pytest.mark.parametrize("scenes", [0, 1, 2, 3, 17, 90, 401])
def test_a_library_has_exactly_as_many_scenes_as_asked_for(scenes: int) -> None:
    seed = generate(scenes)
    assert len(seed["stash"]["scenes"]) == len(seed["truth"]["cases"]) == scenes


def test_the_same_arguments_give_the_same_library(library: Seed) -> None:
    assert generate(400) == library
    assert generate(400, 2) != library


def test_a_library_survives_its_file(library: Seed, tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    write_seed(library, path)
    assert read_seed(path) == library


def test_ids_are_used_once(library: Seed) -> None:
    scenes = library["stash"]["scenes"]
    keys = [
        *(item["rating_key"] for s in library["plex"]["sections"] for item in s["items"]),
        *(item["rating_key"] for item in library["plex"]["unscanned"]),
    ]
    for ids in (
        [scene["id"] for scene in scenes],
        [file["id"] for scene in scenes for file in scene["files"]],
        [file["path"] for scene in scenes for file in scene["files"]],
        keys,
    ):
        assert len(ids) == len(set(ids))


def test_the_library_holds_what_breaks_software(library: Seed) -> None:
    stash, plex = library["stash"], library["plex"]
    names = {tag["name"] for tag in stash["tags"]}
    assert {"Sea, Wind and Rain", "100% Wool", "Bread + Butter", "Salt & Pepper", "東京"} <= names
    assert any(unicodedata.normalize("NFC", name) != name for name in names)
    people = Counter(person["name"].casefold() for person in stash["performers"])
    assert people["ana müller"] > 1
    offsets = {scene["updated_at"][19:] for scene in stash["scenes"]}
    assert len(offsets) > 4
    assert any(scene["date"] and len(scene["date"]) < 10 for scene in stash["scenes"])
    text = json.dumps(stash["scenes"], ensure_ascii=False)
    assert "🍞" in text
    assert "\u202e" in text or "\ufeff" in text
    items = [item for section in plex["sections"] for item in section["items"]]
    parts = [part for item in items for version in item["media"] for part in version]
    assert any(part["size"] is None for part in parts)
    assert any(part["file"].startswith("\\\\nas\\") for part in parts)
    assert any(part["file"].startswith("M:\\") for part in parts)
    assert any(len(item["roles"]) > 3 and len(item["genres"]) > 2 for item in items)
    assert any(item["labels"] and item["collections"] and item["locked"] for item in items)
    assert {section["type"] for section in plex["sections"]} == {
        "movie", "show", "artist", "photo",
    }  # fmt: skip


def test_dates_count_only_where_an_agent_wrote_them(library: Seed) -> None:
    dated = [
        agent
        for item, agent in items_by_name(library["plex"]).values()
        if item["originally_available_at"] and shows_nothing(item, agent)
    ]
    assert set(dated) == {"com.plexapp.agents.none", "tv.plex.agents.none"}


def test_the_map_is_needed_in_part(library: Seed) -> None:
    """Without path_map, some matches are lost or in doubt, and most are found all the same."""
    sections, scenes = library["plex"]["sections"], library["stash"]["scenes"]
    truth = library["truth"]
    without = match_library(scenes, sections, "")
    lost = {
        case
        for scene, case in truth["cases"].items()
        if truth["matches"].get(scene, []) != without.owned.get(int(scene), [])
    }
    assert {"needs_map", "needs_map_twin"} <= lost
    assert len(without.owned) > 0.9 * len(truth["matches"])


def test_simple_mounts_need_no_map() -> None:
    assert generate(50, mounts="simple")["truth"]["path_map"] == ""


def test_options_are_obeyed() -> None:
    only = generate(30, only=("stale", "copied"))
    assert set(only["truth"]["cases"].values()) <= {
        "stale", "copied_owner", "copied_loser", "in_sync",
    }  # fmt: skip
    assert not any(scene["cover"] for scene in generate(100, cover_share=0)["stash"]["scenes"])
    with pytest.raises(ValueError, match="no such cases: nonsense"):
        generate(5, only=("nonsense",))


def test_every_case_can_be_asked_for_alone() -> None:
    for case in ALL_CASES:
        assert len(generate(4, only=(case.name,))["stash"]["scenes"]) == 4


@examples(8)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_truth_does_not_depend_on_any_order(number: int, shuffler: random.Random) -> None:
    seed = generate(120, number)
    truth = seed["truth"]
    shuffler.shuffle(seed["stash"]["scenes"])
    for section in seed["plex"]["sections"]:
        shuffler.shuffle(section["items"])
    again = find_truth(
        seed["stash"],
        seed["plex"],
        truth["path_map"],
        truth["sync_timestamps"],
        truth["cases"],
    )
    assert again["matches"] == truth["matches"]
    assert again["orphans"] == truth["orphans"]
    assert _sets(again) == _sets(truth)
