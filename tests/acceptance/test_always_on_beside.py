"""The task Sync Changes beside other drains, other tasks, and other jobs of Stash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import worker.scene_sync.source
from app.sync_changes.process_queue import process_queue
from app.sync_changes.task import sync_changes
from app.tasks.reconcile import reconcile_all
from app.wiring import Context
from core.models import Failure
from simulators.library.generate import generate
from sync_queue.inbox_reader import Inbox
from sync_queue.lock import DrainLock
from sync_queue.operations import enqueue
from tests.acceptance.always_on import jobs, others_wait
from tests.acceptance.always_on_shop import NOW, Shop
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


# Beside other drains ------------------------------------------------------------------------


def test_another_drain_is_left_alone_and_what_is_owed_is_asked_for(
    shop: Shop, scenes: list[int]
) -> None:
    shop.note(scenes[0])
    before = len(jobs(shop.site))
    with DrainLock(shop.site.data):
        figures = shop.sync()
    assert (figures["processed"], figures["remaining"]) == (0, 1)
    assert "another run works through the queue" in figures["note"]

    shop.catch_up()  # at the end of whatever task had the lock
    shop.catch_up()

    assert len(jobs(shop.site)) == before + 1
    assert shop.lease().job_id == jobs(shop.site)[-1]["id"]
    assert shop.sync()["processed"] == 1
    shop.catch_up()
    assert len(jobs(shop.site)) == before + 1


def test_process_queue_leaves_its_jobs_to_nobody(shop: Shop, scenes: list[int]) -> None:
    """An undo, say, holds the lock and drains nothing."""
    shop.site.enqueue(scenes[0])
    before = len(jobs(shop.site))
    with DrainLock(shop.site.data), shop.context() as context:
        assert "note" in process_queue(context)

    shop.catch_up()

    assert len(jobs(shop.site)) == before + 1


def test_who_lets_go_of_the_lock_looks_again(
    shop: Shop, scenes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that comes between a drain's last look and the end of its lock."""
    late = [scenes[3]]
    release = DrainLock.__exit__

    def at_the_last_moment(lock: DrainLock, *error: Any) -> None:
        if late:
            shop.site.enqueue(late.pop())
        release(lock, *error)

    monkeypatch.setattr(DrainLock, "__exit__", at_the_last_moment)
    shop.note(scenes[0])
    assert shop.sync()["processed"] == 2

    late.append(scenes[4])
    with shop.context() as context:
        assert process_queue(context)["processed"] == 1
    assert shop.site.queued() == {}


@pytest.mark.parametrize("task", [process_queue, sync_changes])
def test_what_has_failed_and_comes_due_meanwhile_makes_no_drain_of_its_own(
    shop: Shop, scenes: list[int], task: Callable[[Context], dict[str, Any]]
) -> None:
    failed, fresh = scenes[:2]
    with shop.site.queue() as queue:
        enqueue(queue, failed, "metadata", {}, "asked for by a test")
        (job,) = queue.claim(1, NOW)
        queue.retry(job, NOW + 5, Failure.NOT_FOUND, "not yet")
        enqueue(queue, fresh, "metadata", {}, "asked for by a test")

    def later() -> None:
        shop.now = max(shop.now, NOW + 10)

    shop.on_scene = later
    shop.site.reset_counters()
    with shop.context() as context:
        figures = task(context)

    assert (figures["processed"], figures["remaining"]) == (1, 1)
    routes = shop.site.both.plex.counters()["by_route"]
    assert routes["GET /library/sections"] == 1
    assert shop.do("process_queue")["processed"] == 1


def test_what_a_killed_drain_had_in_hand_is_taken_up(shop: Shop, scenes: list[int]) -> None:
    shop.site.enqueue(scenes[0])
    with shop.site.queue() as queue:
        queue.claim(1, NOW)

    assert shop.sync()["processed"] == 1


def test_process_queue_takes_what_was_noted(shop: Shop, scenes: list[int]) -> None:
    shop.note(scenes[0])
    shop.site.enqueue(scenes[1])

    with shop.context() as context:
        assert process_queue(context)["processed"] == 2
    assert shop.left() == []


def test_other_tasks_ask_for_what_nobody_was_asked_for(shop: Shop, scenes: list[int]) -> None:
    shop.note(scenes[0])
    with Inbox(shop.site.data) as inbox:
        inbox.give_up()
    before = len(jobs(shop.site))

    shop.site.run("queue_status")
    assert len(jobs(shop.site)) == before
    shop.site.run("retry_dlq")
    assert len(jobs(shop.site)) == before + 1


def test_a_stash_that_cannot_be_asked_is_asked_by_the_next_task(
    shop: Shop, scenes: list[int]
) -> None:
    shop.note(scenes[0])
    with Inbox(shop.site.data) as inbox:
        inbox.give_up()
    shop.site.both.stash.faults([{"match": "runPluginTask", "action": "status", "times": 1}])
    before = len(jobs(shop.site))

    shop.catch_up()
    assert (len(jobs(shop.site)), shop.lease().asked_at) == (before, None)
    shop.catch_up()
    assert len(jobs(shop.site)) == before + 1


# Slices ---------------------------------------------------------------------------------------


def test_it_lets_others_work_after_thirty_seconds(
    shop: Shop, scenes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker.scene_sync.source, "BATCH", 5)

    cost = 2.0  # seconds a scene, and as many for weighing a batch

    def work() -> None:
        shop.now += cost

    shop.on_scene = work
    for scene in scenes[:20]:
        shop.note(scene)
    with others_wait(shop.site):
        first = shop.sync()
        assert 30 <= shop.now - NOW < 30 + 5 * 2
        assert 0 < first["processed"] == 20 - first["remaining"] < 20
        (ours,) = [job for job in jobs(shop.site) if job["endTime"] is None]
        assert first["carried_on_by_job"] == ours["id"] == shop.lease().job_id
        shop.note(scenes[20])  # asks for nothing: somebody comes
        assert shop.lease().job_id == ours["id"]

        cost = 20.0
        second = shop.sync()
        assert second["carried_on_by_job"] == ours["id"]  # waits already, so it is not asked again

    assert shop.sync()["remaining"] == 0
    assert shop.site.queued() == {}
    assert shop.lease().asked_at is None


def test_alone_it_works_on(shop: Shop, scenes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.scene_sync.source, "BATCH", 5)

    def work() -> None:
        shop.now += 60

    shop.on_scene = work
    for scene in scenes[:20]:
        shop.note(scene)

    figures = shop.sync()

    assert figures["processed"] == 20
    assert "carried_on_by_job" not in figures


def test_a_reconcile_and_a_sync_know_of_each_other(shop: Shop, scenes: list[int]) -> None:
    """Jobs of a reconcile are drained with those of the hooks, each scene once."""
    with shop.context() as context:
        found = reconcile_all(context)["enqueued_count"]
    shop.note(scenes[0])

    figures = shop.sync()

    assert (figures["refreshed"], figures["processed"]) == (1, found)
