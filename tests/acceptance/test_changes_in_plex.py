"""What changes in Plex between two syncs is found and put right; nothing else is touched."""

from __future__ import annotations

from typing import Any

from tests.acceptance.site import Site
from tests.acceptance.synced_library import Take, library, shows, site, sync_again, take, unused

__all__ = ["library", "site", "take", "unused"]  # fixtures


def test_a_hand_edit_is_overwritten_by_default(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    key = site.key(scene)
    right = shows(site, key)
    site.hand_edit(key, title="Mine", summary="My words", genre=["My tag"], label=["Keep me"])

    found, drained = sync_again(site)

    assert (found["drift_count"], drained["items_edited"]) == (1, 1)
    assert shows(site, key) == right
    assert site.item(key)["label"] == ["Keep me"]


def test_a_field_that_is_rewritten_for_the_third_time_is_reported_and_left(
    site: Site, take: Take
) -> None:
    scene = take("in_sync_lists")
    key = site.key(scene)
    right = shows(site, key)
    told = []
    for again in range(1, 5):
        site.both.plex.configure(clock_offset=5 * again)  # Plex's times are whole seconds
        site.hand_edit(key, title=f"Again {again}", lock=False)
        told.append(sync_again(site)[1]["conflicts"])
        fought = again < 3
        assert shows(site, key)["title"] == (right["title"] if fought else f"Again {again}")

    assert [len(lines) for lines in told] == [0, 0, 1, 0]
    assert "title rewritten again and again, last to “Again 3”; left until Stash" in told[2][0]
    # The other fields are looked after as before, and a new wish is worth a new try.
    site.both.plex.configure(clock_offset=30)
    site.hand_edit(key, summary="Mine")
    sync_again(site)
    assert shows(site, key) == {**right, "title": "Again 4"}
    site.edit_scene(scene, title="Another wish")
    sync_again(site)
    assert shows(site, key) == {**right, "title": "Another wish"}


def test_what_is_hand_made_stays_when_an_item_is_edited(site: Site, take: Take) -> None:
    scene = take("handmade")
    key = site.key(scene)
    before = site.item(key)
    site.edit_scene(scene, title="New", details="New", studio_id=None, performer_ids=[], tag_ids=[])

    sync_again(site)

    after = site.item(key)
    for name in ("label", "collection", "tagline", "contentRating", "writer"):
        assert after[name] == before[name]
    assert set(before["locked"]) < set(after["locked"])


def test_an_item_reset_in_plex_is_filled_again(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    key = site.key(scene)
    right = shows(site, key)
    nothing: dict[str, Any] = {"summary": "", "studio": "", "genre": [], "actor": []}
    site.hand_edit(key, lock=False, **nothing, originallyAvailableAt="", locked=[])

    found, drained = sync_again(site)

    assert found["empty_metadata_count"] + found["drift_count"] == 1
    assert drained["items_edited"] == 1
    assert shows(site, key) == right


def test_a_list_beyond_what_listings_show_is_watched(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    key = site.key(scene)
    right = shows(site, key)
    actors = [actor["tag"] for actor in site.item(key)["actor"]]
    assert len(actors) > 3
    site.hand_edit(key, actor=[*actors[:3], "Nobody Here"])

    found, _drained = sync_again(site)

    assert found["drift_count"] == 1
    assert shows(site, key) == right


def test_what_moves_no_time_is_found_by_a_full_pass(site: Site, take: Take) -> None:
    """Plex told a list wrong when it was read last, or it was edited within that second."""
    scene = take("in_sync_lists")
    key = site.key(scene)
    right = shows(site, key)
    site.hand_edit(key, genre=["Other"])
    known = site.record(scene)
    assert known is not None
    with site.state() as state:
        at = site.item(key)["updatedAt"]
        state.records.touch_items([(scene, known.items[0].ref, at)])
    assert site.reconcile()["drift_count"] == 0

    assert site.run("reconcile_all", full="true").output["drift_count"] == 1
    site.drain()

    assert shows(site, key) == right


def test_a_full_pass_that_reads_no_items_is_still_due(site: Site) -> None:
    site.both.plex.faults(
        [{"match": "^GET /library/metadata/", "action": "status", "status": 500, "times": -1}]
    )
    found = site.run("reconcile_all", full="true").output
    site.both.plex.faults([])

    assert (found["partial"], found["drift_count"]) == (True, 0)
    assert "was not held against them" in found["errors"][0]


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
    assert shows(site, new)["tags"]
    assert site.recorded()[f"{site.items(scene)[0].partition(':')[0]}:{new}"] == scene


def test_an_item_added_again_under_another_key_is_synced_anew(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    right = shows(site, site.key(scene))
    site.drop_item(site.key(scene))
    new = site.put_item(site.items(scene)[0], rating_key=920_000, summary="Odd", genres=["Odd"])

    found, drained = sync_again(site)

    assert (found["drift_count"], found["vanished_count"], drained["items_edited"]) == (1, 0, 1)
    assert shows(site, new) == right


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
    assert shows(site, "930000")["title"] == "Not yours"


def test_a_file_in_the_trash_is_not_there(site: Site, take: Take) -> None:
    scene = take("in_sync_lists")
    key = site.key(scene)
    site.both.plex.control("POST", "trash", {"key": key})
    before = site.item(key)
    site.edit_scene(scene, title="Under water")

    found, drained = sync_again(site)

    assert (found["vanished_count"], drained["retried"]) == (1, 1)
    assert site.item(key) == before
    site.both.plex.control("POST", "trash", {"key": key, "deleted_at": None})
    site.drain(lambda: 3e9)
    assert shows(site, key)["title"] == "Under water"
