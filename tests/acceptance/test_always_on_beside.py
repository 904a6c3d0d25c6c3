"""The task Sync Changes beside other drains, other tasks, and other jobs of Stash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import worker.scene_sync.plan_source
from app.sync_changes.process_queue import process_queue
from app.sync_changes.task import sync_changes
from app.tasks.reconcile import reconcile_all
from app.wiring import Context
from core.models import Failure
from plex.exceptions import PlexUnauthorized
from simulators.library.generate import generate
from sync_queue.inbox_reader import Inbox
from sync_queue.lock import DrainLock
from sync_queue.operations import enqueue
from tests.acceptance.always_on import jobs, others_wait
from tests.acceptance.conftest import Open
from tests.acceptance.faults import REFUSED
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import NOW, SyncDriver


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(60, seed=4, only=("in_sync", "bare")))


# Beside other drains ------------------------------------------------------------------------


def test_another_drain_is_left_alone_and_what_is_owed_is_asked_for(
    driver: SyncDriver, scenes: list[int]
) -> None:
    driver.note(scenes[0])
    before = len(jobs(driver.site))
    with DrainLock(driver.site.data):
        figures = driver.sync()
    assert (figures["processed"], figures["remaining"]) == (0, 1)
    assert "another run works through the queue" in figures["note"]

    driver.catch_up()  # at the end of whatever task had the lock
    driver.catch_up()

    assert len(jobs(driver.site)) == before + 1
    assert driver.lease().job_id == jobs(driver.site)[-1]["id"]
    assert driver.sync()["processed"] == 1
    driver.catch_up()
    assert len(jobs(driver.site)) == before + 1


def test_process_queue_leaves_its_jobs_to_nobody(driver: SyncDriver, scenes: list[int]) -> None:
    """An undo, say, holds the lock and drains nothing."""
    driver.site.enqueue(scenes[0])
    before = len(jobs(driver.site))
    with DrainLock(driver.site.data), driver.context() as context:
        assert "note" in process_queue(context)

    driver.catch_up()

    assert len(jobs(driver.site)) == before + 1


def test_a_task_that_fails_asks_as_well(driver: SyncDriver, scenes: list[int]) -> None:
    """Sync Changes has found it at work, and has left its own jobs to it."""
    driver.site.enqueue(scenes[0])
    with Inbox(driver.site.data) as inbox:
        inbox.request_follow_up()
    driver.site.both.plex.faults([{**REFUSED, "match": "/library/", "times": -1}])
    before = len(jobs(driver.site))

    with pytest.raises(PlexUnauthorized):
        driver.do("process_queue")

    assert len(jobs(driver.site)) == before + 1


def test_who_lets_go_of_the_lock_looks_again(
    driver: SyncDriver, scenes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that comes between a drain's last look and the end of its lock."""
    late = [scenes[3]]
    release = DrainLock.__exit__

    def at_the_last_moment(lock: DrainLock, *error: Any) -> None:
        if late:
            driver.site.enqueue(late.pop())
        release(lock, *error)

    monkeypatch.setattr(DrainLock, "__exit__", at_the_last_moment)
    driver.note(scenes[0])
    assert driver.sync()["processed"] == 2

    late.append(scenes[4])
    with driver.context() as context:
        assert process_queue(context)["processed"] == 1
    assert driver.site.queued() == {}


@pytest.mark.parametrize("task", [process_queue, sync_changes])
def test_what_has_failed_and_comes_due_meanwhile_makes_no_drain_of_its_own(
    driver: SyncDriver, scenes: list[int], task: Callable[[Context], dict[str, Any]]
) -> None:
    failed, fresh = scenes[:2]
    with driver.site.queue() as queue:
        enqueue(queue, failed, "metadata", {}, "asked for by a test")
        (job,) = queue.claim(1, NOW)
        queue.retry(job, NOW + 5, Failure.NOT_FOUND, "not yet")
        enqueue(queue, fresh, "metadata", {}, "asked for by a test")

    def later() -> None:
        driver.now = max(driver.now, NOW + 10)

    driver.on_scene = later
    driver.site.reset_counters()
    with driver.context() as context:
        figures = task(context)

    assert (figures["processed"], figures["remaining"]) == (1, 1)
    routes = driver.site.both.plex.counters()["by_route"]
    assert routes["GET /library/sections"] == 1
    assert driver.do("process_queue")["processed"] == 1


def test_what_a_killed_drain_had_in_hand_is_taken_up(driver: SyncDriver, scenes: list[int]) -> None:
    driver.site.enqueue(scenes[0])
    with driver.site.queue() as queue:
        queue.claim(1, NOW)

    assert driver.sync()["processed"] == 1


def test_process_queue_takes_what_was_noted(driver: SyncDriver, scenes: list[int]) -> None:
    driver.note(scenes[0])
    driver.site.enqueue(scenes[1])

    with driver.context() as context:
        assert process_queue(context)["processed"] == 2
    assert driver.left() == []


def test_other_tasks_ask_for_what_nobody_was_asked_for(
    driver: SyncDriver, scenes: list[int]
) -> None:
    driver.note(scenes[0])
    with Inbox(driver.site.data) as inbox:
        inbox.give_up()
    before = len(jobs(driver.site))

    driver.site.run("queue_status")
    assert len(jobs(driver.site)) == before
    driver.site.run("retry_dlq")
    assert len(jobs(driver.site)) == before + 1


def test_a_stash_that_cannot_be_asked_is_asked_by_the_next_task(
    driver: SyncDriver, scenes: list[int]
) -> None:
    driver.note(scenes[0])
    with Inbox(driver.site.data) as inbox:
        inbox.give_up()
    driver.site.both.stash.faults([{"match": "runPluginTask", "action": "status", "times": 1}])
    before = len(jobs(driver.site))

    driver.catch_up()
    assert (len(jobs(driver.site)), driver.lease().asked_at) == (before, None)
    driver.catch_up()
    assert len(jobs(driver.site)) == before + 1


# Slices ---------------------------------------------------------------------------------------


def test_it_lets_others_work_after_thirty_seconds(
    driver: SyncDriver, scenes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker.scene_sync.plan_source, "BATCH", 5)
    monkeypatch.setattr(worker.scene_sync.plan_source, "MANY", 5)

    cost = 2.0  # seconds a scene, and as many for weighing a batch

    def work() -> None:
        driver.now += cost

    driver.on_scene = work
    for scene in scenes[:20]:
        driver.note(scene)
    with others_wait(driver.site):
        first = driver.sync()
        assert 30 <= driver.now - NOW < 30 + 5 * 2
        assert 0 < first["processed"] == 20 - first["remaining"] < 20
        (ours,) = [job for job in jobs(driver.site) if job["endTime"] is None]
        assert first["carried_on_by_job"] == ours["id"] == driver.lease().job_id
        driver.note(scenes[20])  # asks for nothing: somebody comes
        assert driver.lease().job_id == ours["id"]

        cost = 20.0
        second = driver.sync()
        assert second["carried_on_by_job"] == ours["id"]  # waits already, so it is not asked again

    assert driver.sync()["remaining"] == 0
    assert driver.site.queued() == {}
    assert driver.lease().asked_at is None


def test_alone_it_works_on(
    driver: SyncDriver, scenes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker.scene_sync.plan_source, "BATCH", 5)
    monkeypatch.setattr(worker.scene_sync.plan_source, "MANY", 5)

    def work() -> None:
        driver.now += 60

    driver.on_scene = work
    for scene in scenes[:20]:
        driver.note(scene)

    figures = driver.sync()

    assert figures["processed"] == 20
    assert "carried_on_by_job" not in figures


def test_a_reconcile_and_a_sync_know_of_each_other(driver: SyncDriver, scenes: list[int]) -> None:
    """Jobs of a reconcile are drained with those of the hooks, each scene once."""
    with driver.context() as context:
        found = reconcile_all(context)["enqueued_count"]
    driver.note(scenes[0])

    figures = driver.sync()

    assert (figures["refreshed"], figures["processed"]) == (1, found)
