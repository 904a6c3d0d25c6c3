"""What happens between two syncs, on either side, is found and put right; nothing else is touched.

All tests share one library that has been synced once. Each takes scenes that no other test uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulators.library import generate
from simulators.oracle_text import name_keys
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site

CASES = ("in_sync_lists",) * 13 + ("two_sections", "merged", "handmade", "copied")
SCENES = 2 * (len(CASES) + 2)  # merged and copied are cases of two scenes
Take = Callable[[str], int]


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    found = open_site(generate(SCENES, seed=3, only=CASES))
    found.use(first_sync="mirror", max_clear_percent=100)
    found.reconcile()
    drained = found.drain()
    assert drained["failed"] + drained["retried"] == 0
    return found


@pytest.fixture(scope="module")
def unused(library: Site) -> dict[str, Iterator[int]]:
    names = sorted(set(library.truth["cases"].values()))
    return {name: iter(library.scenes(name)) for name in names}


@pytest.fixture
def take(unused: dict[str, Iterator[int]]) -> Take:
    """A scene of a case that no other test has."""
    return lambda case: next(unused[case])


@pytest.fixture
def site(library: Site) -> Iterator[Site]:
    """The library, at rest before a test and after it."""
    yield library
    library.reset_counters()
    library.reconcile()
    library.drain()
    assert library.writes() == 0
    assert library.queued() == {}


def _round(site: Site) -> tuple[dict[str, Any], dict[str, Any]]:
    return site.reconcile(), site.drain()


def _shows(site: Site, key: str) -> dict[str, Any]:
    row = site.item(key)
    return {
        "title": row["title"],
        "summary": row.get("summary"),
        "studio": row.get("studio"),
        "tags": name_keys(row["genre"]),
        "performers": name_keys(actor["tag"] for actor in row["actor"]),
    }


def _raw(site: Site, scene_id: int) -> Any:
    scenes = site.both.seed["stash"]["scenes"]
    return next(scene for scene in scenes if scene["id"] == scene_id)


# In Stash ---------------------------------------------------------------------------------


def test_an_edit_is_stale_until_it_is_in_plex(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    site.edit_scene(scene, title="Another title", details="First.\n\nSecond: 100 % & more, “so”.")

    found, drained = _round(site)

    assert (found["stale_sync_count"], drained["items_edited"]) == (1, 1)
    shown = _shows(site, site.key(scene))
    assert shown["title"] == "Another title"
    assert shown["summary"] == "First.\n\nSecond: 100 % & more, “so”."


@pytest.mark.parametrize("kind", ["performer", "tag", "studio"])
def test_a_new_name_reaches_every_scene_though_none_of_them_moved(
    site: Site, take: Take, kind: str
) -> None:
    scene = take("in_sync_lists")
    raw = _raw(site, scene)
    number = {"performer": "performer_ids", "tag": "tag_ids"}.get(kind)
    entity = raw["studio_id"] if number is None else raw[number][0]
    site.behind("update", kind=kind, id=entity, values={"name": f"The {kind}, renamed"})

    found, drained = _round(site)

    assert found["stale_sync_count"] == 0
    assert found["drift_count"] == drained["succeeded"] > 0
    shown = _shows(site, site.key(scene))
    where = {"performer": "performers", "tag": "tags", "studio": "studio"}[kind]
    if kind == "studio":
        assert shown["studio"] == "The studio, renamed"
    else:
        assert f"the {kind}, renamed" in shown[where]
        assert len(shown[where]) == len(set(raw[number]))


def test_a_name_in_another_spelling_is_no_change(site: Site, take: Take) -> None:
    tag = _raw(site, take("in_sync_lists"))["tag_ids"][-1]
    name = next(tag_["name"] for tag_ in site.both.seed["stash"]["tags"] if tag_["id"] == tag)
    site.behind("update", kind="tag", id=tag, values={"name": name.upper()})

    found, _drained = _round(site)

    assert found["total_gaps"] == 0


def test_a_tag_that_is_destroyed_goes_from_plex(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    tag = site.behind("create", kind="tag", values={"name": "Not for long"})["id"]
    site.edit_scene(scene, tag_ids=[*_raw(site, scene)["tag_ids"], tag])
    _round(site)
    assert "not for long" in _shows(site, site.key(scene))["tags"]

    site.behind("destroy", kind="tag", id=tag)
    found, drained = _round(site)

    assert (found["drift_count"], drained["items_edited"]) == (1, 1)
    assert "not for long" not in _shows(site, site.key(scene))["tags"]


def test_tags_that_are_merged_are_one_in_plex(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    one, other = (
        site.behind("create", kind="tag", values={"name": name})["id"] for name in ("One", "Other")
    )
    site.edit_scene(scene, tag_ids=[one])
    _round(site)

    site.behind("merge_tags", source=[one], destination=other)
    found, _drained = _round(site)

    assert found["drift_count"] == 1
    assert _shows(site, site.key(scene))["tags"] == {"other"}


def test_what_auto_tag_adds_is_stale(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    tag = site.behind("create", kind="tag", values={"name": "By the machine"})["id"]
    site.behind("auto_tag", scene_id=scene, tag_ids=[tag])

    found, _drained = _round(site)

    assert found["stale_sync_count"] == 1
    assert "by the machine" in _shows(site, site.key(scene))["tags"]


def test_a_scene_stripped_of_everything_takes_it_from_plex_too(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    nothing: dict[str, Any] = {
        "details": "",
        "date": None,
        "studio_id": None,
        "performer_ids": [],
        "tag_ids": [],
    }
    site.edit_scene(scene, **nothing)

    found, _drained = _round(site)

    assert found["stale_sync_count"] == 1
    assert found["skipped_no_metadata"] == 0
    row = site.item(site.key(scene))
    assert (row["genre"], row["actor"], row.get("studio") or "") == ([], [], "")
    assert row.get("summary") == ""


def test_a_rating_goes_only_if_it_is_ours(site: Site, take: Take) -> None:
    """One that Plex showed before our first write may be anybody's."""
    scene = take("in_sync_lists")
    key, rating = site.key(scene), _raw(site, scene)["rating100"]
    assert site.item(key)["userRating"] == rating / 10
    site.edit_scene(scene, rating100=None)
    _round(site)
    assert site.item(key)["userRating"] == rating / 10

    site.edit_scene(scene, rating100=101 - rating)
    _round(site)
    assert site.item(key)["userRating"] == (101 - rating) / 10
    site.edit_scene(scene, rating100=None)
    _round(site)

    assert site.item(key).get("userRating") is None


def test_a_moved_file_keeps_its_item(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    raw = _raw(site, scene)
    site.behind("move_file", file_id=raw["files"][0]["id"], path="/data/elsewhere/new name.mp4")
    site.edit_scene(scene, title="With another path")

    found, _drained = _round(site)

    assert (found["stale_sync_count"], found["outside_count"], found["vanished_count"]) == (1, 0, 0)
    assert _shows(site, site.key(scene))["title"] == "With another path"


def test_scenes_deleted_before_the_drain_hold_up_nobody(site: Site, take: Take) -> None:
    gone, stays = take("in_sync_lists"), take("in_sync_lists")
    site.edit_scene(stays, title="Still here")
    before = site.item(site.key(gone))
    site.enqueue(gone, stays)
    site.behind("destroy_scene", scene_id=gone)

    drained = site.drain()

    assert (drained["succeeded"], drained["skipped"], drained["failed"]) == (2, 1, 0)
    assert _shows(site, site.key(stays))["title"] == "Still here"
    assert site.item(site.key(gone)) == before


def test_a_drain_reads_the_scene_afresh(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    site.edit_scene(scene, title="As it was queued")
    site.reconcile()
    assert site.queued().keys() == {scene}
    site.edit_scene(scene, title="As it is now")

    site.drain()

    assert _shows(site, site.key(scene))["title"] == "As it is now"


def test_every_item_of_a_scene_gets_the_change(site: Site, take: Take) -> None:
    scene = take("two_sections")
    keys = [item.partition(":")[2] for item in site.items(scene)]
    assert len(keys) == 2
    site.edit_scene(scene, title="In two libraries")

    _found, drained = _round(site)

    assert drained["items_edited"] == 2
    assert [_shows(site, key)["title"] for key in keys] == ["In two libraries"] * 2


@pytest.mark.parametrize("case", ["merged", "copied"])
def test_an_item_has_one_owner(site: Site, take: Take, case: str) -> None:
    """The loser's edits never reach it, by a reconcile or by the queue; the owner's do."""
    owner, loser = take(f"{case}_owner"), take(f"{case}_loser")
    site.edit_scene(loser, title="The loser's title")
    site.reconcile()
    site.enqueue(loser)
    drained = site.drain()
    assert (drained["skipped"], drained["items_edited"]) == (1, 0)
    assert site.record(loser) is None

    site.edit_scene(owner, title="The owner's title")
    site.enqueue(loser)
    _round(site)

    assert _shows(site, site.key(owner))["title"] == "The owner's title"


def test_an_item_goes_over_to_the_scene_that_is_left(site: Site, take: Take) -> None:
    owner, loser = take("merged_owner"), take("merged_loser")
    site.behind("destroy_scene", scene_id=owner)

    _round(site)

    title = _raw(site, loser)["title"] or _shows(site, site.key(owner))["title"]
    assert _shows(site, site.key(owner))["title"] == title
    assert site.recorded()[site.items(owner)[0]] == loser


# In Plex ----------------------------------------------------------------------------------


def test_a_hand_edit_is_overwritten_by_default(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    key = site.key(scene)
    right = _shows(site, key)
    site.hand_edit(key, title="Mine", summary="My words", genre=["My tag"], label=["Keep me"])

    found, drained = _round(site)

    assert (found["drift_count"], drained["items_edited"]) == (1, 1)
    assert _shows(site, key) == right
    assert site.item(key)["label"] == ["Keep me"]


def test_what_is_hand_made_stays_when_an_item_is_edited(site: Site, take: Take) -> None:
    scene = take("handmade")
    key = site.key(scene)
    before = site.item(key)
    site.edit_scene(scene, title="New", details="New", studio_id=None, performer_ids=[], tag_ids=[])

    _round(site)

    after = site.item(key)
    for name in ("label", "collection", "tagline", "contentRating", "writer"):
        assert after[name] == before[name]
    assert set(before["locked"]) < set(after["locked"])


def test_an_item_reset_in_plex_is_filled_again(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    key = site.key(scene)
    right = _shows(site, key)
    nothing: dict[str, Any] = {"summary": "", "studio": "", "genre": [], "actor": []}
    site.hand_edit(key, lock=False, **nothing, originallyAvailableAt="", locked=[])

    found, drained = _round(site)

    assert found["empty_metadata_count"] + found["drift_count"] == 1
    assert drained["items_edited"] == 1
    assert _shows(site, key) == right


def test_a_list_beyond_what_listings_show_is_watched(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    key = site.key(scene)
    right = _shows(site, key)
    actors = [actor["tag"] for actor in site.item(key)["actor"]]
    assert len(actors) > 3
    site.hand_edit(key, actor=[*actors[:3], "Nobody Here"])

    found, _drained = _round(site)

    assert found["drift_count"] == 1
    assert _shows(site, key) == right


def test_an_item_gone_from_plex_is_waited_for(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    item, key = site.items(scene)[0], site.key(scene)
    site.drop_item(key)
    site.edit_scene(scene, title="Back again")
    site.enqueue(scene)

    drained = site.drain()

    assert (drained["retried"], drained["failed"], drained["remaining"]) == (1, 0, 1)
    site.put_item(item)  # scanned again
    found, drained = site.reconcile(), site.drain(lambda: 3e9)
    assert (found["vanished_count"], drained["succeeded"]) == (0, 1)
    assert "Back again" in {row["title"] for row in site.both.plex.state()["items"].values()}


def test_an_item_gone_is_a_vanished_scene(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    site.drop_item(site.key(scene))

    found = site.reconcile()

    assert (found["vanished_count"], found["missing_count"], found["enqueued_count"]) == (1, 0, 1)
    new = site.put_item(site.items(scene)[0], rating_key=910_000, summary="", genres=[])
    site.drain()
    assert _shows(site, new)["tags"]
    assert site.recorded()[f"{site.items(scene)[0].partition(':')[0]}:{new}"] == scene


def test_an_item_added_again_under_another_key_is_synced_anew(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    right = _shows(site, site.key(scene))
    site.drop_item(site.key(scene))
    new = site.put_item(site.items(scene)[0], rating_key=920_000, summary="Odd", genres=["Odd"])

    found, drained = _round(site)

    assert (found["drift_count"], found["vanished_count"], drained["items_edited"]) == (1, 0, 1)
    assert _shows(site, new) == right


def test_a_key_that_names_another_film_now_is_left_alone(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    item, key = site.items(scene)[0], site.key(scene)
    part = {**site.raw_item(key)["media"][0][0], "file": "/mnt/media/videos/Other/other film.mp4"}
    site.drop_item(key)
    site.put_item(item, media=[[{**part, "size": 77, "duration": 99_000}]], title="Other film")
    before = site.item(key)
    site.edit_scene(scene, title="Not yours")
    site.enqueue(scene)

    drained = site.drain()

    assert (drained["retried"], drained["items_edited"]) == (1, 0)
    assert site.item(key) == before
    found = site.reconcile()
    assert found["vanished_count"] == 1
    assert site.item(key) == before
    site.put_item(item, rating_key=930_000)
    site.drain(lambda: 3e9)
    assert site.item(key) == before
    assert _shows(site, "930000")["title"] == "Not yours"


def test_a_file_in_the_trash_is_not_there(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    key = site.key(scene)
    site.both.plex.control("POST", "trash", {"key": key})
    before = site.item(key)
    site.edit_scene(scene, title="Under water")

    found, drained = _round(site)

    assert (found["vanished_count"], drained["retried"]) == (1, 1)
    assert site.item(key) == before
    site.both.plex.control("POST", "trash", {"key": key, "deleted_at": None})
    site.drain(lambda: 3e9)
    assert _shows(site, key)["title"] == "Under water"
