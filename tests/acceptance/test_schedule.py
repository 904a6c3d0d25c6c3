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
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.small_library import Kept
from tests.acceptance.sync_driver import SyncDriver, overdue

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
SCENES = 24
LISTING = "GET /library/sections/[0-9]+/all"


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=4, only=("in_sync",)))


@pytest.fixture(scope="module")
def synced(library: Site) -> tuple[Kept, float]:
    """All of it synced, and when that was."""
    library.use(first_sync="mirror", max_clear_percent=100)
    driver = SyncDriver(library)
    driver.do("reconcile_all")
    driver.sync()
    return Kept(library), driver.now


@pytest.fixture
def driver(library: Site, synced: tuple[Kept, float], data: Path) -> Iterator[SyncDriver]:
    """A reconcile has been a day ago and a bit, so one is due."""
    kept, then = synced
    kept.go_back(data)
    library.use(first_sync="mirror", max_clear_percent=100)
    driver = SyncDriver(library)
    driver.now = then + DAY
    yield driver
    library.both.stash.faults([])
    library.both.plex.faults([])


def statuses(driver: SyncDriver) -> list[str]:
    return [run.status for run in driver.automatic()]


def next_due_in(driver: SyncDriver) -> float:
    due: float = driver.do("queue_status")["reconcile"]["next_due_in"]
    return due


# Trouble ------------------------------------------------------------------------------------


def test_an_outage_fails_no_task_and_is_tried_again_later_and_later(driver: SyncDriver) -> None:
    driver.site.both.plex.faults([{"match": "", "action": "reset", "times": -1}])

    for hours in (1, 2, 4):
        said = driver.sync()["reconcile"]
        assert "Plex" in said["error"]
        assert next_due_in(driver) == hours * HOUR
        driver.now += hours * HOUR - 1
        assert "reconcile" not in driver.sync()
        driver.now += 1

    driver.site.both.plex.faults([])
    assert driver.sync()["reconcile"]["errors"] == []
    assert statuses(driver) == ["failed"] * 3 + ["done"]
    assert next_due_in(driver) == DAY


def test_a_run_that_has_not_seen_everything_is_tried_again(driver: SyncDriver) -> None:
    driver.site.both.plex.faults([{"match": LISTING, "action": "reset", "times": -1, "after": 1}])

    assert driver.sync()["reconcile"]["partial"]
    assert "reconcile" not in driver.sync()
    driver.site.both.plex.faults([])
    driver.now += HOUR

    assert not driver.sync()["reconcile"]["partial"]
    assert statuses(driver) == ["partial", "done"]


def emptied(seed: Seed) -> Seed:
    sections = [{**row, "items": []} for row in seed["plex"]["sections"]]
    return {**seed, "plex": {**seed["plex"], "sections": sections}}  # type: ignore[typeddict-item]


def test_a_guard_that_stops_it_waits_for_the_user(driver: SyncDriver) -> None:
    driver.site.both.plex.load(emptied(driver.site.both.seed))
    before = len(jobs(driver.site))

    assert "Confirm Stopped Run" in driver.sync()["reconcile"]["error"]
    driver.now += DAY - 1
    driver.do("retry_dlq")
    assert "reconcile" not in driver.sync()
    assert len(jobs(driver.site)) == before  # nobody was asked

    driver.do("confirm_stopped_run")
    assert len(jobs(driver.site)) == before + 1
    assert driver.sync()["reconcile"]["vanished_count"] > 0
    assert statuses(driver) == ["stopped", "done"]


def test_a_guard_that_stops_it_is_asked_again_the_next_day(driver: SyncDriver) -> None:
    """The disk may be back by then."""
    driver.site.both.plex.load(emptied(driver.site.both.seed))
    driver.sync()
    driver.site.both.plex.load(driver.site.both.seed)
    driver.now += DAY

    assert driver.sync()["reconcile"]["errors"] == []


@pytest.mark.parametrize("back", [HOUR, 400 * DAY])
def test_a_clock_that_was_set_back_neither_blocks_nor_doubles(
    driver: SyncDriver, back: float
) -> None:
    assert "reconcile" in driver.sync()
    driver.now -= back

    assert "reconcile" not in driver.sync()
    assert next_due_in(driver) == DAY
    driver.now += DAY
    assert "reconcile" in driver.sync()


def test_where_nothing_is_synced_nothing_is_looked_for(driver: SyncDriver) -> None:
    driver.site.use(sync_master=False)

    assert "reconcile" not in driver.sync()
    assert driver.do("queue_status")["reconcile"]["is_on"] is False


# Tasks --------------------------------------------------------------------------------------


def test_a_task_that_fails_has_asked_before(driver: SyncDriver) -> None:
    before = len(jobs(driver.site))
    with pytest.raises(SyncError, match="days"):
        driver.do("purge_dlq", days="soon")

    assert len(jobs(driver.site)) == before + 1
    assert "reconcile" in driver.sync()


def test_what_is_answered_at_once_asks_for_no_reconcile(driver: SyncDriver) -> None:
    before = len(jobs(driver.site))
    assert driver.do("unpin", scene_id=1)["unpinned"] == []
    assert driver.do("retry_dlq")["retried"] == 0
    assert len(jobs(driver.site)) == before


@pytest.mark.parametrize("mode", ["queue_status", "health_check", "reconcile_preview"])
def test_a_task_that_only_looks_starts_nothing(driver: SyncDriver, mode: str) -> None:
    before = len(jobs(driver.site))

    driver.do(mode)

    assert len(jobs(driver.site)) == before
    assert driver.automatic() == []
    assert "reconcile" in driver.sync()


def test_what_it_finds_is_in_plex_at_the_end_of_the_same_task(driver: SyncDriver) -> None:
    scene = driver.site.scenes("in_sync")[0]
    driver.site.behind("set", kind="scene", id=scene, attributes={"details": "Nobody was told."})

    figures = driver.sync()

    assert figures["reconcile"]["enqueued_count"] == figures["items_edited"] == 1
    assert driver.site.item(driver.site.key(scene))["summary"] == "Nobody was told."
    assert driver.site.queued() == {}


def test_it_costs_pages_where_nothing_has_changed(driver: SyncDriver) -> None:
    driver.site.reset_counters()

    figures = driver.sync()

    assert figures["reconcile"]["scenes_checked"] == SCENES
    assert driver.site.both.plex.counters()["total"] <= 8
    assert driver.site.both.stash.counters()["total"] <= 6
    assert driver.site.writes() == 0


# Beside others ------------------------------------------------------------------------------


def test_it_lets_waiting_jobs_of_stash_go_first_but_not_for_ever(driver: SyncDriver) -> None:
    with others_wait(driver.site):
        said = driver.sync()
        assert "reconcile" not in said
        (ours,) = [job for job in jobs(driver.site) if job["endTime"] is None]
        assert said["carried_on_by_job"] == ours["id"] == driver.lease().job_id
        driver.now += DAY - 1
        assert "reconcile" not in driver.sync()
        driver.now += 1
        assert "reconcile" in driver.sync()
    assert statuses(driver) == ["done"]


def test_behind_them_it_runs(driver: SyncDriver) -> None:
    with others_wait(driver.site):
        driver.sync()

    assert "reconcile" in driver.sync()


def test_of_several_processes_one_runs_it(driver: SyncDriver) -> None:
    overdue(driver.site)

    started = [driver.site.start("sync_changes") for _ in range(3)]
    replies = [driver.site.finish(process).output for process in started]

    assert sum("reconcile" in reply for reply in replies) == 1
    assert statuses(driver) == ["done"]


def test_one_that_was_killed_is_tried_again_after_an_hour(driver: SyncDriver) -> None:
    overdue(driver.site)
    driver.site.look()
    driver.site.both.plex.faults([{"match": LISTING, "action": "delay", "seconds": 20}])
    process = driver.site.start("sync_changes")
    until(lambda: statuses(driver) == ["running"])
    process.kill()
    with process:
        process.communicate()
    driver.site.both.plex.faults([])

    assert "reconcile" not in driver.site.run("sync_changes").output
    assert statuses(driver) == ["running"]
    driver.now = time.time() + HOUR
    assert "reconcile" in driver.sync()
    assert statuses(driver) == ["failed", "done"]


def test_one_that_takes_long_is_not_joined_by_another(driver: SyncDriver) -> None:
    with store.reconciling(driver.site.data) as is_alone:
        assert is_alone
        assert "reconcile" not in driver.sync()

    assert "reconcile" in driver.sync()
