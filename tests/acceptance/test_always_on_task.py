"""The task Sync Changes: what it waits for, what it takes, what it leaves. Time is the test's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import StashUnreachable, SyncError
from simulators.library.generate import generate
from sync_queue.inbox_reader import WakeUpLease
from tests.acceptance.always_on_shop import Shop
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(60, seed=4, only=("in_sync", "bare")))


@pytest.fixture
def shop(library: Site, data: Path) -> Iterator[Shop]:
    library.forget(data)
    library.use(first_sync="mirror", max_clear_percent=100)
    yield Shop(library)
    library.both.stash.faults([])
    library.both.plex.faults([])


@pytest.fixture
def scenes(library: Site) -> list[int]:
    return library.scenes("in_sync")


# Settling ----------------------------------------------------------------------------------


def test_a_lone_event_is_waited_for_two_seconds(shop: Shop, scenes: list[int]) -> None:
    shop.note(scenes[0])
    shop.now += 0.5

    assert shop.sync()["processed"] == 1
    assert shop.slept == [1.5]


def test_an_old_event_is_not_waited_for(shop: Shop, scenes: list[int]) -> None:
    shop.note(scenes[0])
    shop.now += 60

    assert shop.sync()["processed"] == 1
    assert shop.slept == []
    assert shop.sync()["processed"] == 0


def test_a_burst_is_taken_as_one(shop: Shop, scenes: list[int]) -> None:
    coming = iter(scenes[1:6])

    def next_one() -> None:
        for scene in coming:
            shop.note(scene)
            return

    shop.on_sleep = next_one
    shop.note(scenes[0])

    assert shop.sync()["processed"] == 6
    assert shop.slept == [2.0] * 6
    assert shop.lease().asked_at is None


def test_a_burst_without_end_is_waited_for_only_so_long(shop: Shop, scenes: list[int]) -> None:
    coming = iter(scenes)

    def next_one() -> None:
        shop.note(next(coming))

    shop.on_sleep = next_one
    shop.note(scenes[-2])

    assert shop.sync()["processed"] == 11
    assert shop.slept == [2.0] * 10


def test_a_clock_that_was_set_back_makes_nobody_wait(shop: Shop, scenes: list[int]) -> None:
    shop.note(scenes[0])
    shop.now -= 86_400

    shop.sync()

    assert shop.slept == []


# From events to jobs ------------------------------------------------------------------------


def test_events_become_jobs_for_what_is_worth_it(shop: Shop, scenes: list[int]) -> None:
    bare = shop.site.scenes("bare")[0]
    shop.note(scenes[1], by_user=False)
    shop.note(scenes[0])
    shop.note(bare)
    shop.note(99_999)
    shop.note(scenes[2], "destroy")
    shop.now += 5

    figures = shop.sync()

    assert figures["events"] == 5
    assert (figures["enqueued_count"], figures["processed"]) == (2, 2)
    assert (figures["gone"], figures["skipped_no_metadata"]) == (2, 1)
    assert shop.left() == []


def test_edits_come_before_scans(shop: Shop, scenes: list[int]) -> None:
    shop.site.use(**dict.fromkeys(SWITCHES, False))
    shop.note(scenes[1], by_user=False)
    shop.note(scenes[2], "create", by_user=False)
    shop.note(scenes[0])

    figures = shop.sync()

    assert "switched" not in figures
    assert "the queue is left as it is" in figures["note"]
    assert list(shop.site.queued().items()) == [
        (scenes[0], "changed: edited in Stash"),
        (scenes[1], "changed: looked at by Stash"),
        (scenes[2], "changed: new in Stash"),
    ]


SWITCHES = (
    *("sync_master", "sync_title", "sync_studio", "sync_summary", "sync_date", "sync_rating"),
    *("sync_performers", "sync_tags", "sync_director", "sync_poster", "sync_background"),
)


def test_only_organized_scenes_are_taken_if_that_is_wanted(shop: Shop, scenes: list[int]) -> None:
    shop.site.use(organized_only=True)
    shop.site.behind("edit_scene", scene_id=scenes[0], values={"organized": True})
    shop.site.behind("edit_scene", scene_id=scenes[1], values={"organized": False})
    shop.note(scenes[0])
    shop.note(scenes[1])

    figures = shop.sync()

    assert (figures["skipped_unorganized"], figures["processed"]) == (1, 1)


def test_a_scene_that_has_a_record_is_taken_though_it_is_bare_now(
    shop: Shop, scenes: list[int]
) -> None:
    shop.note(scenes[-1])
    shop.sync()
    bare: dict[str, Any] = {
        "studio_id": None,
        "performer_ids": [],
        "tag_ids": [],
        "details": "",
        "date": None,
    }
    shop.site.behind("edit_scene", scene_id=scenes[-1], values=bare)
    shop.note(scenes[-1])

    figures = shop.sync()

    assert (figures["skipped_no_metadata"], figures["items_edited"]) == (0, 1)


def test_what_comes_while_it_works_is_done_as_well(shop: Shop, scenes: list[int]) -> None:
    """Also for the scene in hand, which then runs once more."""
    late = [scenes[0], scenes[5]]

    def more() -> None:
        while late:
            shop.note(late.pop())

    shop.on_scene = more
    shop.note(scenes[0])

    assert shop.sync()["processed"] == 3
    assert shop.left() == []
    assert shop.lease().asked_at is None


# Failures -----------------------------------------------------------------------------------


def test_if_stash_goes_away_the_events_stay(shop: Shop, scenes: list[int]) -> None:
    shop.note(scenes[0])
    shop.site.both.stash.faults([{"match": "", "action": "reset", "times": -1}])

    with pytest.raises(StashUnreachable):
        shop.sync()

    assert shop.left() == [scenes[0]]
    assert shop.lease().asked_at is None
    shop.site.both.stash.faults([])
    assert shop.sync()["processed"] == 1


def test_if_plex_goes_away_the_jobs_stay(shop: Shop, scenes: list[int]) -> None:
    shop.note(scenes[0])
    shop.site.both.plex.faults([{"match": "", "action": "reset", "times": -1}])

    with pytest.raises(SyncError):
        shop.sync()

    assert (shop.left(), list(shop.site.queued())) == ([], [scenes[0]])
    assert shop.lease().asked_at is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"enabled": False}, "switched off"), ({"max_retries": -5}, "max_retries")],
)
def test_a_task_that_cannot_begin_leaves_the_asking_to_a_later_event(
    shop: Shop, scenes: list[int], settings: dict[str, Any], said: str
) -> None:
    shop.note(scenes[0])
    shop.site.use(**settings)

    ended = shop.site.run("sync_changes")

    assert said in json.dumps(ended.reply)
    assert shop.left() == [scenes[0]]
    assert shop.lease() == WakeUpLease(None, None, None)
    shop.site.use()
    shop.note(scenes[1])  # the very next
    assert shop.lease().job_id == "1"
