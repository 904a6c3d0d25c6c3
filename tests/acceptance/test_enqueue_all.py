"""Scenes that are queued without a look at Plex: all of them, or the recent ones."""

from __future__ import annotations

import pytest

from app.tasks.reconcile import enqueue_all, enqueue_recent
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site

CASES = ("in_sync_lists", "bare", "bare_rated", "stale")
SCENES = 4 * len(CASES)


@pytest.fixture(scope="module")
def site(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=8, only=CASES))


@pytest.fixture(autouse=True)
def at_rest(site: Site) -> None:
    site.use(first_sync="mirror", max_clear_percent=100)
    with site.queue() as queue:
        queue.clear_waiting()


def test_what_says_nothing_is_not_queued_and_touches_nothing_in_plex(site: Site) -> None:
    """An empty scene would clear what Plex has; a rating alone is not enough either."""
    bare = {*site.scenes("bare"), *site.scenes("bare_rated")}
    before = {key: site.item(key) for scene in bare for key in [site.key(scene)]}

    told = site.do(enqueue_all)

    assert set(site.queued()) == {*site.scenes("in_sync_lists"), *site.scenes("stale")}
    assert told["scenes_checked"] == SCENES
    assert (told["enqueued_count"], told["skipped_no_metadata"]) == (SCENES - len(bare), len(bare))
    site.enqueue(*bare)  # as somebody else might
    site.drain()
    assert {key: site.item(key) for key in before} == before


def test_a_scene_that_waits_is_not_queued_twice(site: Site) -> None:
    first = site.do(enqueue_all)

    again = site.do(enqueue_all)

    assert (again["enqueued_count"], again["skipped_already_queued"]) == (
        0,
        first["enqueued_count"],
    )


def test_everything_is_pushed_again_after_plex_was_set_up_anew(site: Site) -> None:
    """And a scene without anything left is pushed where something was written for it."""
    site.do(enqueue_all)
    site.drain()
    emptied, *others = site.scenes("in_sync_lists")
    site.edit_scene(emptied, details="", date=None, studio_id=None, performer_ids=[], tag_ids=[])
    for scene in others:
        site.hand_edit(site.key(scene), lock=False, summary="", studio="", genre=[], actor=[])

    site.do(enqueue_all)
    drained = site.drain()

    assert drained["items_edited"] == 4
    assert site.item(site.key(emptied))["genre"] == []
    assert all(site.item(site.key(scene))["genre"] for scene in others)
    assert site.reconcile()["total_gaps"] == 0


def test_recent_is_what_was_changed_lately_however_old_the_scene(site: Site) -> None:
    edited = site.scenes("stale")[0]
    site.edit_scene(edited, title="Edited just now")

    site.do(enqueue_recent)

    assert edited in site.queued()
    assert len(site.queued()) < SCENES / 2


def test_only_organized_scenes_if_the_user_wants_that(site: Site) -> None:
    site.use(organized_only=True)
    chosen, other = site.scenes("in_sync_lists")[:2]
    site.edit_scene(chosen, organized=True)
    site.edit_scene(other, organized=False)

    told = site.do(enqueue_all)

    assert chosen in site.queued()
    assert other not in site.queued()
    assert told["skipped_unorganized"] > 0
