"""The task Sync Changes: what it waits for, takes, leaves, and hands over. Time is the test's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import worker.drain
from app.reconcile_tasks import reconcile_all
from app.sync_changes import catch_up, process_queue, sync_changes
from app.wiring import Context
from core.errors import StashUnreachable, SyncError
from simulators.library import generate
from sync_queue.inbox import HookInbox
from sync_queue.inbox_reader import Inbox, Mark
from sync_queue.lock import DrainLock
from tests.acceptance.always_on import jobs
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site

NOW = 1_900_000_000.0


class Shop:
    """One library, its inbox, and a clock that goes on when somebody sleeps."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.now = NOW
        self.slept: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None
        self.on_scene: Callable[[], None] = lambda: None

    def note(self, num: int, action: str = "update", *, by_user: bool = True) -> None:
        hook = HookInbox(str(self.site.data))
        ask = hook.note("scene", num, action, by_user=by_user, now=self.now)
        if ask is not None:
            hook.asked(ask.token, "1")
        hook.close()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.on_sleep()

    @contextmanager
    def context(self) -> Iterator[Context]:
        with self.site.context(lambda: self.now) as context:
            yield replace(context, on_progress=lambda _share: self.on_scene())

    def sync(self) -> dict[str, Any]:
        with self.context() as context:
            return sync_changes(context, self.sleep)

    def catch_up(self) -> None:
        with self.context() as context:
            catch_up(context)

    def mark(self) -> Mark:
        with Inbox(self.site.data) as inbox:
            return inbox.mark()

    def left(self) -> list[int]:
        with Inbox(self.site.data) as inbox:
            return [event.id for event in inbox.take()]


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
    assert shop.mark().asked_at is None


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
    assert shop.mark().asked_at is None


# Failures -----------------------------------------------------------------------------------


def test_if_stash_goes_away_the_events_stay(shop: Shop, scenes: list[int]) -> None:
    shop.note(scenes[0])
    shop.site.both.stash.faults([{"match": "ScenesById", "action": "reset", "times": -1}])

    with pytest.raises(StashUnreachable):
        shop.sync()

    assert shop.left() == [scenes[0]]
    assert shop.mark().asked_at is None
    shop.site.both.stash.faults([])
    assert shop.sync()["processed"] == 1


def test_if_plex_goes_away_the_jobs_stay(shop: Shop, scenes: list[int]) -> None:
    shop.note(scenes[0])
    shop.site.both.plex.faults([{"match": "", "action": "reset", "times": -1}])

    with pytest.raises(SyncError):
        shop.sync()

    assert (shop.left(), list(shop.site.queued())) == ([], [scenes[0]])
    assert shop.mark().asked_at is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"enabled": False}, "switched off"), ({"max_retries": -5}, "max_retries")],
)
def test_a_task_that_cannot_begin_leaves_the_asking_to_the_next_event(
    shop: Shop, scenes: list[int], settings: dict[str, Any], said: str
) -> None:
    shop.note(scenes[0])
    shop.site.use(**settings)

    ended = shop.site.run("sync_changes")

    assert said in json.dumps(ended.reply)
    assert shop.left() == [scenes[0]]
    assert shop.mark().asked_at is None


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
    assert shop.mark().job_id == jobs(shop.site)[-1]["id"]
    assert shop.sync()["processed"] == 1
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
    assert (len(jobs(shop.site)), shop.mark().asked_at) == (before, None)
    shop.catch_up()
    assert len(jobs(shop.site)) == before + 1


# Slices ---------------------------------------------------------------------------------------


@contextmanager
def others_wait(site: Site) -> Iterator[None]:
    """A scan runs, and another one waits."""
    site.both.stash.configure(scan_seconds_per_file=30)
    scan = "mutation { metadataScan(input: {rescan: true}) }"
    ids = [site.both.stash.graphql(scan)["metadataScan"] for _ in range(2)]
    try:
        yield
    finally:
        for each in reversed(ids):
            site.both.stash.graphql("mutation($id: ID!) { stopJob(job_id: $id) }", {"id": each})
        site.both.stash.configure(scan_seconds_per_file=0)


def test_it_lets_others_work_after_thirty_seconds(
    shop: Shop, scenes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker.drain, "BATCH", 5)

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
        assert first["carried_on_by_job"] == ours["id"] == shop.mark().job_id
        shop.note(scenes[20])  # asks for nothing: somebody comes
        assert shop.mark().job_id == ours["id"]

        cost = 20.0
        second = shop.sync()
        assert second["carried_on_by_job"] == ours["id"]  # waits already, so it is not asked again

    assert shop.sync()["remaining"] == 0
    assert shop.site.queued() == {}
    assert shop.mark().asked_at is None


def test_alone_it_works_on(shop: Shop, scenes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.drain, "BATCH", 5)

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
