"""Files that move, scenes that come back under another id, items of several files and owners."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulators.seed import PlexItem
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.small_library import (
    FILMS,
    MOMENT,
    OTHER,
    SERIES,
    TITLES,
    Kept,
    SmallLibrary,
    part,
    plex_item,
    restore,
)

STASH, PLEX = "/stash/lib", "/plex/films"
FOLDER = range(1, 13)  # scenes 1 to 12 lie in one folder, items 101 to 112 are theirs
SIZE = 1000


def _file(made: SmallLibrary, number: int, folder: str = "Old name") -> Any:
    return made.file(f"{STASH}/{folder}/{number}.mp4", SIZE + number, 600.0 + 9 * number)


def _part(number: int, folder: str = "Old name") -> Any:
    return part(f"{PLEX}/{folder}/{number}.mp4", SIZE + number, 600.0 + 9 * number)


def _library() -> SmallLibrary:
    made = SmallLibrary({FILMS: [PLEX], OTHER: ["/plex/other"], SERIES: ["/plex/series"]})
    for number in FOLDER:
        made.scene(number, _file(made, number))
        made.item(FILMS, 100 + number, _part(number))
    for number in range(13, 40):
        made.scene(600 + number, _file(made, number, "Other folder"))
        made.item(FILMS, 700 + number, _part(number, "Other folder"))
    # One item with two versions, each a scene of its own.
    made.scene(21, made.file(f"{STASH}/two/film.mp4", 21))
    made.scene(22, made.file(f"{STASH}/two/film - 4K.mp4", 22))
    versions = (part(f"{PLEX}/two/film.mp4", 21), part(f"{PLEX}/two/film - 4K.mp4", 22))
    made.item(FILMS, 121, *versions)
    # An item of two parts; Stash has both as files of one scene, and a copy in another library.
    parts = [made.file(f"{STASH}/parts/cd{disc}.avi", 30 + disc) for disc in (1, 2)]
    made.scene(31, *parts)
    made.item(FILMS, 131, [part(f"{PLEX}/parts/cd{disc}.avi", 30 + disc) for disc in (1, 2)])
    made.item(OTHER, 231, part("/plex/other/cd2.avi", 32))
    # An episode, and a film in a library without an agent.
    made.scene(41, made.file(f"{STASH}/series/e1.mkv", 41))
    made.item(SERIES, 141, part("/plex/series/Show/e1.mkv", 41))
    made.scene(42, made.file(f"{STASH}/other/o.mkv", 42))
    made.item(OTHER, 142, part("/plex/other/o.mkv", 42))
    return made


PATH_MAP = f"{STASH}=>{PLEX}"


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(_library().seed(PATH_MAP))


@pytest.fixture(scope="module")
def synced(library: Site) -> Kept:
    """Every item shows the title and the tag of its scene."""
    found, drained = library.reconcile(), library.drain()
    assert (found["ambiguous_count"], drained["failed"] + drained["retried"]) == (0, 0)
    return Kept(library)


@pytest.fixture
def site(library: Site, synced: Kept, data: Path) -> Site:
    """All synced once."""
    synced.go_back(data)
    return library


def _shows(site: Site, key: int) -> tuple[str, list[str]]:
    row = site.item(str(key))
    return row["title"], row["genre"]


def _round(site: Site) -> dict[str, Any]:
    found = site.reconcile()
    site.drain()
    return found


def _at_rest(site: Site) -> None:
    site.reset_counters()
    found = _round(site)
    assert (found["total_gaps"], site.writes()) == (0, 0)


def _rename_in_stash(site: Site, folder: str) -> None:
    """A folder is renamed: Stash moves all paths, fires no hook and touches no time."""
    for scene in site.both.seed["stash"]["scenes"]:
        if scene["id"] in FOLDER:
            file = scene["files"][0]
            site.behind("move_file", file_id=file["id"], path=f"{STASH}/{folder}/{scene['id']}.mp4")


def _put(site: Site, key: int, item: PlexItem, section: int = FILMS) -> None:
    site.both.plex.control("POST", "items", {"section": section, "item": item})


def _rename_in_plex(site: Site, folder: str, *, again: int = 0) -> None:
    """Plex has scanned the renamed folder: the same items, or (`again`) others."""
    for number in FOLDER:
        key = 100 + number
        row = site.item(str(key))
        site.drop_item(str(key))
        item = plex_item(key + again, _part(number, folder))
        if not again:
            item["title"], item["genres"] = row["title"], row["genre"]
            item["locked"], item["updated_at"] = row["locked"], MOMENT + 5
        _put(site, key, item)


# Renamed and moved ------------------------------------------------------------------------


@pytest.mark.parametrize("again", [0, 1000])
def test_a_folder_renamed_on_the_disk_costs_nothing(site: Site, again: int) -> None:
    """First Stash sees it, then Plex, which may keep its items or make new ones."""
    _rename_in_stash(site, "New name")
    site.reset_counters()
    found = _round(site)
    assert (found["total_gaps"], found["outside_count"], site.writes()) == (0, 0, 0)
    assert site.recorded()["1:105"] == 5

    _rename_in_plex(site, "New name", again=again)
    found = _round(site)

    assert (found["vanished_count"], found["ambiguous_count"]) == (0, 0)
    assert found["total_gaps"] == found["enqueued_count"] == (len(FOLDER) if again else 0)
    assert site.recorded()[f"1:{105 + again}"] == 5
    for number in FOLDER:
        assert _shows(site, 100 + number + again)[0] == f"Scene {number}"
    _at_rest(site)


def test_plex_may_see_the_new_name_first(site: Site) -> None:
    _rename_in_plex(site, "New name")
    found = _round(site)
    assert (found["vanished_count"], found["missing_count"]) == (0, 0)
    _rename_in_stash(site, "New name")
    _at_rest(site)
    assert site.recorded()["1:105"] == 5


def test_new_names_are_noted_so_that_the_next_change_finds_them(site: Site) -> None:
    """Renamed in Stash only, then renamed again, then encoded anew: one step at a time."""
    for folder in ("First", "Second"):
        _rename_in_stash(site, folder)
        _at_rest(site)
    record = site.record(5)
    assert record is not None
    assert [file.path for file in record.files] == [f"{STASH}/Second/5.mp4"]
    file = site.both.seed["stash"]["scenes"][4]["files"][0]
    site.behind("set", kind="file", id=file["id"], attributes={"size": 77})

    _at_rest(site)

    assert site.recorded()["1:105"] == 5
    site.edit_scene(5, title="Still known")
    _round(site)
    assert _shows(site, 105)[0] == "Still known"


def test_a_moved_file_is_known_to_the_drain_without_a_reconcile(site: Site) -> None:
    _rename_in_stash(site, "New name")
    site.edit_scene(3, title="Moved and edited")
    site.enqueue(3)

    assert site.drain()["items_edited"] == 1

    assert _shows(site, 103)[0] == "Moved and edited"


def test_two_files_that_change_places_keep_their_items_apart(site: Site) -> None:
    """Size and length tell them, whatever they are called now."""
    files = {s["id"]: s["files"][0] for s in site.both.seed["stash"]["scenes"] if s["id"] in FOLDER}
    for one, other in ((1, 2), (2, 1)):
        site.behind("move_file", file_id=files[one]["id"], path=files[other]["path"])

    _at_rest(site)

    site.edit_scene(1, title="One")
    site.edit_scene(2, title="Two")
    _round(site)
    assert (_shows(site, 101)[0], _shows(site, 102)[0]) == ("One", "Two")


# Scenes that come and go -------------------------------------------------------------------


def _scan_again(site: Site, number: int, new_id: int, **values: Any) -> None:
    """A scene is destroyed, and its file scanned once more."""
    (raw,) = [s for s in site.both.seed["stash"]["scenes"] if s["id"] == number]
    site.behind("destroy_scene", scene_id=number)
    scene = {**raw, "id": new_id, "title": f"Scene {new_id}", **values}
    site.behind("import_scene", scene=scene)


def test_a_scene_scanned_again_knows_which_entries_were_ours(library: Site, data: Any) -> None:
    """Tag 1 was ours and goes; what the user had before us stays, though this is a first sync."""
    library.forget(data)
    restore(library)
    library.hand_edit("105", genre=["From before"], summary="My words")
    _round(library)
    assert _shows(library, 105) == ("Scene 5", ["From before", "Tag 1"])

    _scan_again(library, 5, 500, tag_ids=[7])
    found = _round(library)

    assert (found["drift_count"], found["vanished_count"]) == (1, 0)
    assert _shows(library, 105) == ("Scene 500", ["From before", "Tag 7"])
    assert library.item("105")["summary"] == "My words"
    assert library.recorded()["1:105"] == 500
    _at_rest(library)


def test_a_scene_scanned_again_without_metadata_leaves_the_item_alone(site: Site) -> None:
    before = _shows(site, 105)
    _scan_again(site, 5, 500, title="", tag_ids=[])

    found = _round(site)

    assert (found["drift_count"], found["skipped_no_metadata"]) == (0, 1)
    assert _shows(site, 105) == before
    # As soon as somebody has identified it, what is known passes to it.
    site.edit_scene(500, title="Identified", tag_ids=[8])
    _round(site)
    assert _shows(site, 105) == ("Identified", ["Tag 8"])


def test_a_film_scanned_anew_under_an_old_key_inherits_nothing(site: Site) -> None:
    """Another item has the key by now: what it shows is not ours to remove."""
    (raw,) = [s for s in site.both.seed["stash"]["scenes"] if s["id"] == 5]
    site.behind("destroy_scene", scene_id=5)
    site.drop_item("105")
    item = plex_item(105, part(f"{PLEX}/Brand new.mp4", 9999, 33.0))
    item["genres"] = ["Tag 1"]
    _put(site, 105, item)
    file = {**raw["files"][0], "path": f"{STASH}/Brand new.mp4", "size": 9999, "duration": 33.0}
    site.behind("import_scene", scene={**raw, "id": 501, "files": [file], "tag_ids": [6]})

    _round(site)

    assert site.recorded()["1:105"] == 501
    assert sorted(_shows(site, 105)[1]) == ["Tag 1", "Tag 6"]


def test_scenes_that_are_merged_have_the_items_of_both(site: Site) -> None:
    site.behind("merge_scenes", source=[6], destination=4)

    found = _round(site)

    assert found["stale_sync_count"] == 1
    assert (_shows(site, 104)[0], _shows(site, 106)[0]) == ("Scene 4", "Scene 4")
    assert {site.recorded()[key] for key in ("1:104", "1:106")} == {4}
    site.edit_scene(4, tag_ids=[3])
    _round(site)
    assert (_shows(site, 104)[1], _shows(site, 106)[1]) == (["Tag 3"], ["Tag 3"])
    _at_rest(site)


def test_a_file_given_to_another_scene_takes_its_item_along(site: Site) -> None:
    """`sceneAssignFile` moves no time at all; the scene left behind may be gone afterwards."""
    (raw,) = [s for s in site.both.seed["stash"]["scenes"] if s["id"] == 6]
    site.behind("destroy_scene", scene_id=6)
    site.behind("assign_file", scene_id=4, file_id=raw["files"][0]["id"])

    found = _round(site)

    assert found["drift_count"] == 1
    assert _shows(site, 106)[0] == "Scene 4"
    _at_rest(site)


def test_an_item_whose_file_the_scene_has_lost_is_still_known(site: Site) -> None:
    """The scene left behind is written first; only then the new one takes the item over."""
    (raw,) = [s for s in site.both.seed["stash"]["scenes"] if s["id"] == 6]
    site.behind("merge_scenes", source=[6], destination=4)
    _round(site)
    site.behind("import_scene", scene={**raw, "id": 600, "tag_ids": [7], "files": []})
    site.behind("assign_file", scene_id=600, file_id=raw["files"][0]["id"])
    site.edit_scene(4, title="Left behind")
    site.enqueue(4)
    site.drain()

    _round(site)

    assert _shows(site, 106) == ("Scene 6", ["Tag 7"])
    assert site.recorded()["1:106"] == 600
    _at_rest(site)


@pytest.mark.parametrize("library_off", [True, False])
def test_an_item_that_was_away_loses_what_its_scene_has_lost(site: Site, library_off: bool) -> None:
    """Its library is not synced for a while, or its disk is away; its scene has another item."""
    row = site.item("231")
    if library_off:
        site.use(plex_library="Films, Series")
    else:
        site.drop_item("231")
    site.edit_scene(31, tag_ids=[2])
    site.enqueue(31)
    assert site.drain()["items_edited"] == 1
    if library_off:
        site.use()
    else:
        item = plex_item(231, part("/plex/other/cd2.avi", 32))
        item["title"], item["genres"], item["locked"] = row["title"], row["genre"], row["locked"]
        _put(site, 231, item, OTHER)

    _round(site)

    assert _shows(site, 131) == _shows(site, 231) == ("Scene 31", ["Tag 2"])
    _at_rest(site)


def test_much_that_goes_with_a_passing_item_is_guarded(site: Site) -> None:
    """What the scenes before wrote is taken away again: that counts for `max_clear_percent`."""
    many = [tag + 1 for tag in range(9)]
    for number in FOLDER:
        site.edit_scene(number, tag_ids=many)
    _round(site)
    assert len(_shows(site, 105)[1]) == 9
    for number in FOLDER:
        _scan_again(site, number, 500 + number, tag_ids=[9])
    site.reconcile()

    ended = site.run("process_queue")

    assert f"would lose {8 * len(FOLDER)} values" in ended.error
    assert len(_shows(site, 105)[1]) == 9


# Several files, items and owners ------------------------------------------------------------


def test_of_two_scenes_on_one_item_one_owns_it_and_the_other_is_told(site: Site) -> None:
    found = site.reconcile()

    (loss,) = found["contested"]
    assert (loss["scene_id"], loss["owner"], loss["rating_key"]) == (22, 21, "121")
    assert loss["why"] == "it has an earlier match that still holds, this scene an equal path"
    assert _shows(site, 121)[0] == "Scene 21"
    site.behind("destroy_scene", scene_id=21)
    _round(site)
    assert _shows(site, 121)[0] == "Scene 22"
    assert site.reconcile()["contested"] == []


def test_a_scene_that_lost_one_item_is_synced_to_its_others(site: Site) -> None:
    """Scene 22, whose item belongs to scene 21, gets the file of scene 6, and with it an item."""
    (raw,) = [s for s in site.both.seed["stash"]["scenes"] if s["id"] == 6]
    site.behind("destroy_scene", scene_id=6)
    site.behind("assign_file", scene_id=22, file_id=raw["files"][0]["id"])

    found = _round(site)

    assert [loss["scene_id"] for loss in found["contested"]] == [22]
    assert (_shows(site, 106)[0], _shows(site, 121)[0]) == ("Scene 22", "Scene 21")
    site.edit_scene(22, title="Another")
    _round(site)
    assert (_shows(site, 106)[0], _shows(site, 121)[0]) == ("Another", "Scene 21")
    _at_rest(site)


def test_any_part_and_every_library_is_updated(site: Site) -> None:
    assert _shows(site, 131)[0] == _shows(site, 231)[0] == "Scene 31"
    assert {site.recorded()[key] for key in ("1:131", "2:231")} == {31}
    site.edit_scene(31, title="Both")
    site.enqueue(31)
    assert site.drain()["items_edited"] == 2
    assert _shows(site, 131)[0] == _shows(site, 231)[0] == "Both"


@pytest.mark.parametrize(("scene", "item"), [(41, "3:141"), (42, "2:142")])
def test_episodes_and_other_videos(site: Site, scene: int, item: str) -> None:
    assert site.recorded()[item] == scene
    assert TITLES[int(item[0])] in {"Series", "Other Videos"}
    site.edit_scene(scene, details="Words")
    _round(site)
    assert site.item(item[2:])["summary"] == "Words"
