"""What changes in Stash between two syncs is found and put right; nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.site import Site
from tests.acceptance.synced_library import (
    Take,
    library,
    raw_scene,
    shows,
    site,
    sync_again,
    take,
    unused,
)

__all__ = ["library", "site", "take", "unused"]  # fixtures


def test_an_edit_is_stale_until_it_is_in_plex(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    site.edit_scene(scene, title="Another title", details="First.\n\nSecond: 100 % & more, “so”.")

    found, drained = sync_again(site)

    assert (found["stale_sync_count"], drained["items_edited"]) == (1, 1)
    shown = shows(site, site.key(scene))
    assert shown["title"] == "Another title"
    assert shown["summary"] == "First.\n\nSecond: 100 % & more, “so”."


@pytest.mark.parametrize("kind", ["performer", "tag", "studio"])
def test_a_new_name_reaches_every_scene_though_none_of_them_moved(
    site: Site, take: Take, kind: str
) -> None:
    scene = take("in_sync_lists")
    raw = raw_scene(site, scene)
    number = {"performer": "performer_ids", "tag": "tag_ids"}.get(kind)
    entity = raw["studio_id"] if number is None else raw[number][0]
    site.behind("update", kind=kind, id=entity, values={"name": f"The {kind}, renamed"})

    found, drained = sync_again(site)

    assert found["stale_sync_count"] == 0
    assert found["drift_count"] == drained["succeeded"] > 0
    shown = shows(site, site.key(scene))
    where = {"performer": "performers", "tag": "tags", "studio": "studio"}[kind]
    if kind == "studio":
        assert shown["studio"] == "The studio, renamed"
    else:
        assert f"the {kind}, renamed" in shown[where]
        assert len(shown[where]) == len(set(raw[number]))


def test_a_name_in_another_spelling_is_no_change(site: Site, take: Take) -> None:
    tag = raw_scene(site, take("in_sync_lists"))["tag_ids"][-1]
    name = next(tag_["name"] for tag_ in site.both.seed["stash"]["tags"] if tag_["id"] == tag)
    site.behind("update", kind="tag", id=tag, values={"name": name.upper()})

    found, _drained = sync_again(site)

    assert found["total_gaps"] == 0


def test_a_tag_that_is_destroyed_goes_from_plex(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    tag = site.behind("create", kind="tag", values={"name": "Not for long"})["id"]
    site.edit_scene(scene, tag_ids=[*raw_scene(site, scene)["tag_ids"], tag])
    sync_again(site)
    assert "not for long" in shows(site, site.key(scene))["tags"]

    site.behind("destroy", kind="tag", id=tag)
    found, drained = sync_again(site)

    assert (found["drift_count"], drained["items_edited"]) == (1, 1)
    assert "not for long" not in shows(site, site.key(scene))["tags"]


def test_tags_that_are_merged_are_one_in_plex(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    one, other = (
        site.behind("create", kind="tag", values={"name": name})["id"] for name in ("One", "Other")
    )
    site.edit_scene(scene, tag_ids=[one])
    sync_again(site)

    site.behind("merge_tags", source=[one], destination=other)
    found, _drained = sync_again(site)

    assert found["drift_count"] == 1
    assert shows(site, site.key(scene))["tags"] == {"other"}


def test_what_auto_tag_adds_is_stale(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    tag = site.behind("create", kind="tag", values={"name": "By the machine"})["id"]
    site.behind("auto_tag", scene_id=scene, tag_ids=[tag])

    found, _drained = sync_again(site)

    assert found["stale_sync_count"] == 1
    assert "by the machine" in shows(site, site.key(scene))["tags"]


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

    found, _drained = sync_again(site)

    assert found["stale_sync_count"] == 1
    assert found["skipped_no_metadata"] == 0
    row = site.item(site.key(scene))
    assert (row["genre"], row["actor"], row.get("studio") or "") == ([], [], "")
    assert row.get("summary") == ""


def test_a_rating_goes_only_if_it_is_ours(site: Site, take: Take) -> None:
    """One that Plex showed before our first write may be anybody's."""
    scene = take("in_sync_lists")
    key, rating = site.key(scene), raw_scene(site, scene)["rating100"]
    assert site.item(key)["userRating"] == rating / 10
    site.edit_scene(scene, rating100=None)
    sync_again(site)
    assert site.item(key)["userRating"] == rating / 10

    site.edit_scene(scene, rating100=101 - rating)
    sync_again(site)
    assert site.item(key)["userRating"] == (101 - rating) / 10
    site.edit_scene(scene, rating100=None)
    sync_again(site)

    assert site.item(key).get("userRating") is None


def test_a_moved_file_keeps_its_item(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    raw = raw_scene(site, scene)
    site.behind("move_file", file_id=raw["files"][0]["id"], path="/data/elsewhere/new name.mp4")
    site.edit_scene(scene, title="With another path")

    found, _drained = sync_again(site)

    assert (found["stale_sync_count"], found["outside_count"], found["vanished_count"]) == (1, 0, 0)
    assert shows(site, site.key(scene))["title"] == "With another path"


def test_scenes_deleted_before_the_drain_hold_up_nobody(site: Site, take: Take) -> None:
    gone, stays = take("in_sync_lists"), take("in_sync_lists")
    site.edit_scene(stays, title="Still here")
    before = site.item(site.key(gone))
    site.enqueue(gone, stays)
    site.behind("destroy_scene", scene_id=gone)

    drained = site.drain()

    assert (drained["succeeded"], drained["skipped"], drained["failed"]) == (2, 1, 0)
    assert shows(site, site.key(stays))["title"] == "Still here"
    assert site.item(site.key(gone)) == before


def test_a_drain_reads_the_scene_afresh(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    site.edit_scene(scene, title="As it was queued")
    site.reconcile()
    assert site.queued().keys() == {scene}
    site.edit_scene(scene, title="As it is now")

    site.drain()

    assert shows(site, site.key(scene))["title"] == "As it is now"


def test_every_item_of_a_scene_gets_the_change(site: Site, take: Take) -> None:
    scene = take("two_sections")
    keys = [item.partition(":")[2] for item in site.items(scene)]
    assert len(keys) == 2
    site.edit_scene(scene, title="In two libraries")

    _found, drained = sync_again(site)

    assert drained["items_edited"] == 2
    assert [shows(site, key)["title"] for key in keys] == ["In two libraries"] * 2


def test_an_item_has_one_owner(site: Site, take: Take) -> None:
    """The loser's edits never reach it, by a reconcile or by the queue; the owner's do."""
    owner, loser = take("merged_owner"), take("merged_loser")
    site.edit_scene(loser, title="The loser's title")
    site.reconcile()
    site.enqueue(loser)
    drained = site.drain()
    assert (drained["skipped"], drained["items_edited"]) == (1, 0)
    assert site.record(loser) is None

    site.edit_scene(owner, title="The owner's title")
    site.enqueue(loser)
    sync_again(site)

    assert shows(site, site.key(owner))["title"] == "The owner's title"


def test_an_item_goes_over_to_the_scene_that_is_left(site: Site, take: Take) -> None:
    owner, loser = take("merged_owner"), take("merged_loser")
    site.behind("destroy_scene", scene_id=owner)

    sync_again(site)

    title = raw_scene(site, loser)["title"] or shows(site, site.key(owner))["title"]
    assert shows(site, site.key(owner))["title"] == title
    assert site.recorded()[site.items(owner)[0]] == loser
