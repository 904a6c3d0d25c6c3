"""The task Sync Changes: what it waits for, what it takes, what it leaves. Time is the test's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import StashUnreachable, SyncError
from simulators.library.generate import generate
from sync_queue.inbox_reader import WakeUpLease
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import SyncDriver


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(24, seed=4, only=("in_sync", "bare")))


# Settling ----------------------------------------------------------------------------------


def test_a_lone_event_is_waited_for_two_seconds(driver: SyncDriver, scenes: list[int]) -> None:
    driver.note(scenes[0])
    driver.now += 0.5

    assert driver.sync()["processed"] == 1
    assert driver.slept == [1.5]


def test_an_old_event_is_not_waited_for(driver: SyncDriver, scenes: list[int]) -> None:
    driver.note(scenes[0])
    driver.now += 60

    assert driver.sync()["processed"] == 1
    assert driver.slept == []
    assert driver.sync()["processed"] == 0


def test_a_burst_is_taken_as_one(driver: SyncDriver, scenes: list[int]) -> None:
    coming = iter(scenes[1:6])

    def next_one() -> None:
        for scene in coming:
            driver.note(scene)
            return

    driver.on_sleep = next_one
    driver.note(scenes[0])

    assert driver.sync()["processed"] == 6
    assert driver.slept == [2.0] * 6
    assert driver.lease().asked_at is None


def test_a_burst_without_end_is_waited_for_only_so_long(
    driver: SyncDriver, scenes: list[int]
) -> None:
    coming = iter(scenes)

    def next_one() -> None:
        driver.note(next(coming))

    driver.on_sleep = next_one
    driver.note(scenes[-2])

    assert driver.sync()["processed"] == 11
    assert driver.slept == [2.0] * 10


def test_a_clock_that_was_set_back_makes_nobody_wait(driver: SyncDriver, scenes: list[int]) -> None:
    driver.note(scenes[0])
    driver.now -= 86_400

    driver.sync()

    assert driver.slept == []


# From events to jobs ------------------------------------------------------------------------


def test_events_become_jobs_for_what_is_worth_it(driver: SyncDriver, scenes: list[int]) -> None:
    bare = driver.site.scenes("bare")[0]
    driver.note(scenes[1], by_user=False)
    driver.note(scenes[0])
    driver.note(bare)
    driver.note(99_999)
    driver.note(scenes[2], "destroy")
    driver.now += 5

    figures = driver.sync()

    assert figures["events"] == 5
    assert (figures["enqueued_count"], figures["processed"]) == (2, 2)
    assert (figures["gone"], figures["skipped_no_metadata"]) == (2, 1)
    assert driver.left() == []


def test_edits_come_before_scans(driver: SyncDriver, scenes: list[int]) -> None:
    driver.site.use(**dict.fromkeys(SWITCHES, False))
    driver.note(scenes[1], by_user=False)
    driver.note(scenes[2], "create", by_user=False)
    driver.note(scenes[0])

    figures = driver.sync()

    assert "switched" not in figures
    assert "the queue is left as it is" in figures["note"]
    assert list(driver.site.queued().items()) == [
        (scenes[0], "changed: edited in Stash"),
        (scenes[1], "changed: looked at by Stash"),
        (scenes[2], "changed: new in Stash"),
    ]


SWITCHES = (
    *("sync_master", "sync_title", "sync_studio", "sync_summary", "sync_date", "sync_rating"),
    *("sync_performers", "sync_tags", "sync_director", "sync_poster", "sync_background"),
)


def test_only_organized_scenes_are_taken_if_that_is_wanted(
    driver: SyncDriver, scenes: list[int]
) -> None:
    driver.site.use(organized_only=True)
    driver.site.behind("edit_scene", scene_id=scenes[0], values={"organized": True})
    driver.site.behind("edit_scene", scene_id=scenes[1], values={"organized": False})
    driver.note(scenes[0])
    driver.note(scenes[1])

    figures = driver.sync()

    assert (figures["skipped_unorganized"], figures["processed"]) == (1, 1)


def test_a_scene_that_has_a_record_is_taken_though_it_is_bare_now(
    driver: SyncDriver, scenes: list[int]
) -> None:
    driver.note(scenes[-1])
    driver.sync()
    bare: dict[str, Any] = {
        "studio_id": None,
        "performer_ids": [],
        "tag_ids": [],
        "details": "",
        "date": None,
    }
    driver.site.behind("edit_scene", scene_id=scenes[-1], values=bare)
    driver.note(scenes[-1])

    figures = driver.sync()

    assert (figures["skipped_no_metadata"], figures["items_edited"]) == (0, 1)


def test_what_comes_while_it_works_is_done_as_well(driver: SyncDriver, scenes: list[int]) -> None:
    """Also for the scene in hand, which then runs once more."""
    late = [scenes[0], scenes[5]]

    def more() -> None:
        while late:
            driver.note(late.pop())

    driver.on_scene = more
    driver.note(scenes[0])

    assert driver.sync()["processed"] == 3
    assert driver.left() == []
    assert driver.lease().asked_at is None


# Failures -----------------------------------------------------------------------------------


def test_if_stash_goes_away_the_events_stay(driver: SyncDriver, scenes: list[int]) -> None:
    driver.note(scenes[0])
    driver.site.both.stash.faults([{"match": "", "action": "reset", "times": -1}])

    with pytest.raises(StashUnreachable):
        driver.sync()

    assert driver.left() == [scenes[0]]
    assert driver.lease().asked_at is None
    driver.site.both.stash.faults([])
    assert driver.sync()["processed"] == 1


def test_if_plex_goes_away_the_jobs_stay(driver: SyncDriver, scenes: list[int]) -> None:
    driver.site.use(first_sync="mirror", outage_wait=0)
    driver.note(scenes[0])
    driver.site.both.plex.faults([{"match": "", "action": "reset", "times": -1}])

    with pytest.raises(SyncError):
        driver.sync()

    assert (driver.left(), list(driver.site.queued())) == ([], [scenes[0]])
    assert driver.lease().asked_at is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"enabled": False}, "switched off"), ({"max_retries": -5}, "Retries")],
)
def test_a_task_that_cannot_begin_leaves_the_asking_to_a_later_event(
    driver: SyncDriver, scenes: list[int], settings: dict[str, Any], said: str
) -> None:
    driver.note(scenes[0])
    driver.site.use(**settings)

    ended = driver.site.run("sync_changes")

    assert said in json.dumps(ended.reply)
    assert driver.left() == [scenes[0]]
    assert driver.lease() == WakeUpLease(None, None, None)
    driver.site.use()
    driver.note(scenes[1])  # the very next
    assert driver.lease().job_id == "1"
