"""The reconcile that nobody starts, in trouble and beside others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.schedule import store
from core.errors import SyncError
from simulators.library.generate import generate
from simulators.seed import Seed
from tests.acceptance.always_on import jobs, others_wait, until
from tests.acceptance.always_on_shop import Shop, overdue
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
LISTING = "GET /library/sections/[0-9]+/all"


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(40, seed=4, only=("in_sync",)))


@pytest.fixture
def shop(library: Site, data: Path) -> Iterator[Shop]:
    """A reconcile has been a day ago and a bit, so one is due."""
    library.forget(data)
    library.use(first_sync="mirror", max_clear_percent=100)
    shop = Shop(library)
    shop.do("reconcile_all")
    shop.sync()
    shop.now += DAY
    yield shop
    library.both.stash.faults([])
    library.both.plex.load(library.both.seed)


def statuses(shop: Shop) -> list[str]:
    return [run.status for run in shop.automatic()]


def next_due_in(shop: Shop) -> float:
    due: float = shop.do("queue_status")["reconcile"]["next_due_in"]
    return due


# Trouble ------------------------------------------------------------------------------------


def test_an_outage_fails_no_task_and_is_tried_again_later_and_later(shop: Shop) -> None:
    shop.site.both.plex.faults([{"match": "", "action": "reset", "times": -1}])

    for hours in (1, 2, 4):
        said = shop.sync()["reconcile"]
        assert "Plex" in said["error"]
        assert next_due_in(shop) == hours * HOUR
        shop.now += hours * HOUR - 1
        assert "reconcile" not in shop.sync()
        shop.now += 1

    shop.site.both.plex.faults([])
    assert shop.sync()["reconcile"]["errors"] == []
    assert statuses(shop) == ["failed"] * 3 + ["done"]
    assert next_due_in(shop) == DAY


def test_a_run_that_has_not_seen_everything_is_tried_again(shop: Shop) -> None:
    shop.site.both.plex.faults([{"match": LISTING, "action": "reset", "times": -1, "after": 1}])

    assert shop.sync()["reconcile"]["partial"]
    assert "reconcile" not in shop.sync()
    shop.site.both.plex.faults([])
    shop.now += HOUR

    assert not shop.sync()["reconcile"]["partial"]
    assert statuses(shop) == ["partial", "done"]


def emptied(seed: Seed) -> Seed:
    sections = [{**row, "items": []} for row in seed["plex"]["sections"]]
    return {**seed, "plex": {**seed["plex"], "sections": sections}}  # type: ignore[typeddict-item]


def test_a_guard_that_stops_it_waits_for_the_user(shop: Shop) -> None:
    shop.site.both.plex.load(emptied(shop.site.both.seed))
    before = len(jobs(shop.site))

    assert "Confirm Stopped Run" in shop.sync()["reconcile"]["error"]
    shop.now += DAY - 1
    shop.do("retry_dlq")
    assert "reconcile" not in shop.sync()
    assert len(jobs(shop.site)) == before  # nobody was asked

    shop.do("confirm_stopped_run")
    assert len(jobs(shop.site)) == before + 1
    assert shop.sync()["reconcile"]["vanished_count"] > 0
    assert statuses(shop) == ["stopped", "done"]


def test_a_guard_that_stops_it_is_asked_again_the_next_day(shop: Shop) -> None:
    """The disk may be back by then."""
    shop.site.both.plex.load(emptied(shop.site.both.seed))
    shop.sync()
    shop.site.both.plex.load(shop.site.both.seed)
    shop.now += DAY

    assert shop.sync()["reconcile"]["errors"] == []


@pytest.mark.parametrize("back", [HOUR, 400 * DAY])
def test_a_clock_that_was_set_back_neither_blocks_nor_doubles(shop: Shop, back: float) -> None:
    assert "reconcile" in shop.sync()
    shop.now -= back

    assert "reconcile" not in shop.sync()
    assert next_due_in(shop) == DAY
    shop.now += DAY
    assert "reconcile" in shop.sync()


def test_where_nothing_is_synced_nothing_is_looked_for(shop: Shop) -> None:
    shop.site.use(sync_master=False)

    assert "reconcile" not in shop.sync()
    assert shop.do("queue_status")["reconcile"]["is_on"] is False


# Tasks --------------------------------------------------------------------------------------


def test_a_task_that_fails_has_asked_before(shop: Shop) -> None:
    before = len(jobs(shop.site))
    with pytest.raises(SyncError, match="scene_id"):
        shop.do("pin")

    assert len(jobs(shop.site)) == before + 1
    assert "reconcile" in shop.sync()


@pytest.mark.parametrize("mode", ["queue_status", "health_check", "reconcile_preview"])
def test_a_task_that_only_looks_starts_nothing(shop: Shop, mode: str) -> None:
    before = len(jobs(shop.site))

    shop.do(mode)

    assert len(jobs(shop.site)) == before
    assert shop.automatic() == []
    assert "reconcile" in shop.sync()


def test_what_it_finds_is_in_plex_at_the_end_of_the_same_task(shop: Shop) -> None:
    scene = shop.site.scenes("in_sync")[0]
    shop.site.behind("set", kind="scene", id=scene, attributes={"details": "Nobody was told."})

    figures = shop.sync()

    assert figures["reconcile"]["enqueued_count"] == figures["items_edited"] == 1
    assert shop.site.item(shop.site.key(scene))["summary"] == "Nobody was told."
    assert shop.site.queued() == {}


def test_it_costs_pages_where_nothing_has_changed(shop: Shop) -> None:
    shop.site.reset_counters()

    figures = shop.sync()

    assert figures["reconcile"]["scenes_checked"] == 40
    assert shop.site.both.plex.counters()["total"] <= 8
    assert shop.site.both.stash.counters()["total"] <= 4
    assert shop.site.writes() == 0


# Beside others ------------------------------------------------------------------------------


def test_it_lets_waiting_jobs_of_stash_go_first_but_not_for_ever(shop: Shop) -> None:
    with others_wait(shop.site):
        said = shop.sync()
        assert "reconcile" not in said
        (ours,) = [job for job in jobs(shop.site) if job["endTime"] is None]
        assert said["carried_on_by_job"] == ours["id"] == shop.lease().job_id
        shop.now += DAY - 1
        assert "reconcile" not in shop.sync()
        shop.now += 1
        assert "reconcile" in shop.sync()
    assert statuses(shop) == ["done"]


def test_behind_them_it_runs(shop: Shop) -> None:
    with others_wait(shop.site):
        shop.sync()

    assert "reconcile" in shop.sync()


def test_of_several_processes_one_runs_it(shop: Shop) -> None:
    overdue(shop.site)

    started = [shop.site.start("sync_changes") for _ in range(4)]
    replies = [shop.site.finish(process).output for process in started]

    assert sum("reconcile" in reply for reply in replies) == 1
    assert statuses(shop) == ["done"]


def test_one_that_was_killed_is_tried_again_after_an_hour(shop: Shop) -> None:
    overdue(shop.site)
    shop.site.reset_counters()
    shop.site.both.plex.faults([{"match": LISTING, "action": "delay", "seconds": 20}])
    process = shop.site.start("sync_changes")
    until(lambda: shop.site.both.plex.counters()["total"] > 1)
    process.kill()
    with process:
        process.communicate()
    shop.site.both.plex.faults([])

    assert "reconcile" not in shop.site.run("sync_changes").output
    assert statuses(shop) == ["running"]
    shop.now = time.time() + HOUR
    assert "reconcile" in shop.sync()
    assert statuses(shop) == ["failed", "done"]


def test_one_that_takes_long_is_not_joined_by_another(shop: Shop) -> None:
    with store.reconciling(shop.site.data) as is_alone:
        assert is_alone
        assert "reconcile" not in shop.sync()

    assert "reconcile" in shop.sync()
