"""Files that are new in Stash: Plex is asked to scan, jobs wait for scans, and nobody fails."""

from __future__ import annotations

import logging

import pytest

from app.sync_changes import scans
from app.tasks.reconcile import reconcile_all
from core.scans import ASK_AGAIN, LONGEST_SCAN
from sync_queue.operations import save_sync_timestamp
from tests.acceptance.small_library import part, plex_item
from tests.acceptance.unscanned_library import MANY, ROOT, ScanDriver, driver, site

__all__ = ["driver", "site"]  # fixtures

NEW = [100 + number for number in range(1, MANY + 1)]
AWAITS = "AwaitsScan: scene {} waits until Plex has scanned library 'Films'"


def retries(driver: ScanDriver, times: int) -> None:
    """Tasks at long intervals, each after the backoff of the one before."""
    for _ in range(times):
        driver.now += 3600
        driver.drain()


# Asking ------------------------------------------------------------------------------------


def test_a_new_file_is_scanned_synced_and_no_attempt_is_spent(driver: ScanDriver) -> None:
    driver.disk.put(101)

    figures = driver.edited(101)

    assert driver.disk.asked() == [("1", f"{ROOT}/New 1")]
    assert driver.synced() == {101}
    assert (figures["scans_asked"], figures["items_edited"]) == (1, 1)
    assert (figures["processed"], figures["retried"], figures["awaiting"]) == (2, 1, 1)
    assert (figures["succeeded"], figures["failed"], figures["remaining"]) == (1, 0, 0)
    assert (driver.site.queued(), driver.site.dead()) == ({}, {})
    assert sum(driver.slept) <= 5


def test_while_it_is_off_no_scan_is_asked_for(driver: ScanDriver) -> None:
    driver.site.use(trigger_plex_scan=False, reconcile_interval="never")
    driver.disk.put(101)

    figures = driver.edited(101)

    assert (figures["retried"], figures["awaiting"], figures["scans_asked"]) == (1, 0, 0)
    assert driver.attempts() == {101: 1}
    assert driver.slept == []
    retries(driver, 5)
    assert set(driver.site.dead()) == {101}
    assert not [1 for line in driver.disk.plex.counters()["log"] if "/refresh" in line["path"]]


def test_a_burst_costs_a_scan_for_each_folder_and_no_request_for_each_scene(
    driver: ScanDriver,
) -> None:
    with driver.context() as context:
        reconcile_all(context)
    with driver.site.queue() as queue:
        queue.clear_waiting()
    driver.disk.put(*NEW)
    driver.site.reset_counters()

    figures = driver.edited(*NEW)

    assert sorted(driver.disk.asked()) == [("1", f"{ROOT}/New {n}") for n in range(3)]
    assert driver.synced() == set(NEW)
    assert (figures["failed"], figures["remaining"], figures["items_edited"]) == (0, 0, MANY)
    assert driver.disk.looked_up() == 0
    assert driver.disk.plex.counters()["reads"] <= 25


def test_a_folder_in_another_folder_needs_no_scan_of_its_own(driver: ScanDriver) -> None:
    for scene, path in ((101, f"{ROOT}/Deep/Deeper/1.mp4"), (102, f"{ROOT}/Deep/2.mp4")):
        raw = next(s for s in driver.site.both.seed["stash"]["scenes"] if s["id"] == scene)
        driver.site.behind("move_file", file_id=raw["files"][0]["id"], path=path)
        item = plex_item(scene, part(path, raw["files"][0]["size"]))
        driver.disk.plex.control("POST", "unscanned", item)

    driver.edited(101, 102)

    assert driver.disk.asked() == [("1", f"{ROOT}/Deep")]
    assert driver.synced() == {101, 102}


def test_every_library_that_holds_the_folder_is_scanned(driver: ScanDriver) -> None:
    driver.disk.put(300)

    driver.edited(300)

    assert sorted(driver.disk.asked()) == [("1", f"{ROOT}/Both"), ("2", f"{ROOT}/Both")]
    record = driver.site.record(300)
    assert record is not None
    assert sorted(item.ref.section for item in record.items) == ["1", "2"]


def test_a_file_outside_every_location_is_told_and_not_scanned(
    driver: ScanDriver, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        figures = driver.edited(200)

    assert driver.disk.asked() == []
    assert (figures["retried"], figures["awaiting"]) == (1, 0)
    assert driver.attempts() == {200: 1}
    assert (
        "1 scenes that Plex does not have lie in no folder of the synced libraries" in caplog.text
    )


# Once --------------------------------------------------------------------------------------


def test_a_scan_that_finds_nothing_is_not_repeated(driver: ScanDriver) -> None:
    figures = driver.edited(101)

    assert driver.disk.asked() == [("1", f"{ROOT}/New 1")]
    assert (figures["retried"], figures["awaiting"], figures["failed"]) == (2, 1, 0)
    assert driver.attempts() == {101: 1}
    assert driver.errors()[101].startswith(
        "PlexNotFound: no item in Plex has the file of scene 101"
    )
    retries(driver, 5)
    assert len(driver.disk.asked()) == 1
    assert driver.site.dead()[101].startswith("PlexNotFound: no item in Plex has the file")
    assert driver.site.queued() == {}


def test_another_file_in_the_folder_is_a_reason_to_ask_again(driver: ScanDriver) -> None:
    driver.edited(101)
    driver.edited(101)
    assert len(driver.disk.asked()) == 1
    driver.disk.put(101, 104)

    driver.edited(104)

    assert driver.disk.asked() == [("1", f"{ROOT}/New 1")] * 2
    driver.now += 60
    driver.sync()
    assert driver.synced() == {101, 104}


def test_after_a_long_while_it_is_asked_for_again(driver: ScanDriver) -> None:
    driver.edited(101)
    driver.disk.put(101)
    driver.now += ASK_AGAIN

    driver.edited(101)

    assert len(driver.disk.asked()) == 2
    assert driver.synced() == {101}


@pytest.mark.parametrize("tries", [2, 5])
def test_what_plex_lacked_comes_as_soon_as_it_is_found(driver: ScanDriver, tries: int) -> None:
    """A job that waits for its next try, and one that was given up on."""
    driver.edited(101)
    retries(driver, tries)
    assert set(driver.site.dead()) == ({101} if tries == 5 else set())
    driver.disk.put(101)
    driver.disk.scan()

    with driver.context() as context:
        reconcile_all(context)
    with driver.site.queue() as queue:
        assert [job.not_before for job in queue.due(4e9) if job.scene_id == 101] == [0]
    driver.sync()

    assert 101 in driver.synced()
    assert 101 not in driver.site.dead()


@pytest.mark.parametrize("tries", [2, 5])
def test_what_is_only_edited_is_not_found_by_that(driver: ScanDriver, tries: int) -> None:
    with driver.context() as context, context.open_state() as state:
        save_sync_timestamp(state, 101, 1.0)  # it was in Plex once
    driver.edited(101)
    retries(driver, tries)
    driver.site.use(reconcile_missing=False)

    with driver.context() as context:
        assert reconcile_all(context)["stale_sync_count"] == 1

    with driver.site.queue() as queue:
        assert all(job.not_before > 0 for job in queue.due(4e9) if job.scene_id == 101)
    assert set(driver.site.dead()) == ({101} if tries == 5 else set())


# Scans that run ----------------------------------------------------------------------------


def test_a_running_scan_is_waited_for_and_may_make_ours_unnecessary(driver: ScanDriver) -> None:
    driver.disk.scan(seconds=600)
    looks = iter(range(3))

    def work() -> None:
        if next(looks, None) is None:
            driver.disk.put(101)
            driver.disk.stop()
            driver.disk.scan()
            driver.on_sleep = lambda: None

    driver.on_sleep = work
    figures = driver.edited(101)

    assert driver.disk.asked() == []
    assert driver.synced() == {101}
    assert (figures["failed"], figures["remaining"], figures["scans_asked"]) == (0, 0, 0)


def test_after_a_running_scan_that_did_not_find_it_plex_is_asked(driver: ScanDriver) -> None:
    driver.disk.scan(seconds=600)
    driver.disk.put(101)
    waited: list[bool] = []

    def work() -> None:
        if len(waited) == 4:
            assert driver.disk.asked() == []
            assert driver.errors()[101].startswith(AWAITS.format(101))
            driver.disk.stop()
        waited.append(True)

    driver.on_sleep = work
    figures = driver.edited(101)

    assert driver.disk.asked() == [("1", f"{ROOT}/New 1")]
    assert driver.synced() == {101}
    assert (figures["failed"], figures["awaiting"]) == (0, 2)


@pytest.mark.parametrize("is_told", [True, False])
def test_also_while_it_is_off_a_running_scan_costs_no_attempt(
    driver: ScanDriver, is_told: bool
) -> None:
    """A server that does not tell its activities says at least which section it scans."""
    driver.site.use(trigger_plex_scan=False, reconcile_interval="never")
    if not is_told:
        hidden = {"match": "GET /activities", "action": "status", "status": 404, "times": -1}
        driver.disk.plex.faults([hidden])
    driver.disk.scan(seconds=600)

    driver.site.enqueue(101, 102)
    for _ in range(8):
        driver.drain()
        driver.now += 400

    assert driver.attempts() == {101: 0, 102: 0}
    assert driver.site.dead() == {}
    driver.disk.put(102)
    driver.disk.stop()
    driver.disk.scan()
    driver.now += 400
    driver.sync()
    assert driver.synced() == {102}
    assert driver.attempts() == {101: 1}
    assert driver.disk.asked() == []


def test_a_scan_that_ends_during_a_drain_is_no_reason_to_fail(driver: ScanDriver) -> None:
    """The file was looked for too early; at the end of the drain nothing is scanned any more."""
    driver.disk.scan(seconds=600)

    def work() -> None:
        if driver.disk.plex.state()["unscanned"] == [] and 1 not in driver.synced():
            driver.disk.put(101)
            driver.disk.stop()
            driver.disk.scan()

    driver.on_scene = work
    driver.site.enqueue(101, 1)

    figures = driver.drain()

    assert (figures["awaiting"], figures["scans_asked"], figures["succeeded"]) == (1, 0, 1)
    driver.sync()
    assert driver.synced() == {1, 101}
    assert driver.disk.asked() == []


def test_what_is_to_be_skipped_waits_for_the_scan_first(driver: ScanDriver) -> None:
    driver.site.use(trigger_plex_scan=True, reconcile_interval="never", skip_not_found=True)
    driver.disk.put(101)

    figures = driver.edited(101, 102)

    assert driver.synced() == {101}
    assert (figures["awaiting"], figures["skipped"], figures["failed"]) == (2, 1, 0)
    assert (driver.site.queued(), driver.site.dead()) == ({}, {})


def test_a_scan_elsewhere_is_no_reason_to_wait(driver: ScanDriver) -> None:
    driver.disk.scan(section=2, seconds=600)
    driver.disk.put(101)

    driver.edited(101)

    assert driver.disk.asked() == [("1", f"{ROOT}/New 1")]
    assert driver.synced() == {101}


def test_a_scan_that_does_not_end_is_waited_for_only_so_long(
    driver: ScanDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = 60.0
    monkeypatch.setattr(scans, "LONGEST", longest)
    driver.disk.scan(seconds=600)
    driver.edited(101)
    began = driver.now
    assert longest <= sum(driver.slept) <= longest + 1  # of one task
    while driver.attempts() == {101: 0}:
        driver.now += LONGEST_SCAN / 4
        driver.drain()

    assert LONGEST_SCAN - longest < driver.now - began < LONGEST_SCAN * 1.5
    retries(driver, 5)
    assert set(driver.site.dead()) == {101}
    assert driver.disk.asked() == []
