"""Scans that jobs wait for, beside changes, other tasks, and other jobs of Stash."""

from __future__ import annotations

from tests.acceptance.always_on import jobs, others_wait
from tests.acceptance.unscanned_library import KNOWN, ScanDriver, driver, site

__all__ = ["driver", "site"]  # fixtures


def test_what_is_noted_while_it_waits_is_done_at_once(driver: ScanDriver) -> None:
    driver.disk.scan(seconds=600)
    late = [1]

    def work() -> None:
        if late:
            driver.note(late.pop())
        elif 1 in driver.synced():
            driver.disk.stop()

    driver.on_sleep = work
    figures = driver.edited(101)

    assert 1 in driver.synced()
    assert figures["failed"] == 0
    assert sum(driver.slept) < 20


def test_a_plex_that_fails_to_tell_of_a_scan_is_asked_again(driver: ScanDriver) -> None:
    driver.disk.put(101)
    lost = {"match": "/activities", "action": "reset", "times": 6, "after": 1}
    driver.site.both.plex.faults([lost])

    driver.edited(101)

    assert driver.synced() == {101}


def test_other_jobs_of_stash_do_not_wait_for_a_scan(driver: ScanDriver) -> None:
    driver.disk.scan(seconds=600)
    with others_wait(driver.site):
        figures = driver.edited(101)
        (ours,) = [job for job in jobs(driver.site) if job["endTime"] is None]
        assert figures["carried_on_by_job"] == ours["id"] == driver.lease().job_id
    assert sum(driver.slept) <= 3
    assert driver.attempts() == {101: 0}
    driver.disk.put(101)
    driver.disk.stop()

    driver.sync()

    assert driver.synced() == {101}


def test_another_task_leaves_the_waiting_to_sync_changes(driver: ScanDriver) -> None:
    driver.disk.put(101)
    driver.site.enqueue(101)
    before = len(jobs(driver.site))

    figures = driver.drain()
    driver.catch_up()

    assert (figures["retried"], figures["awaiting"], figures["scans_asked"]) == (1, 1, 1)
    assert driver.slept == []
    assert len(jobs(driver.site)) == before + 1
    assert driver.sync()["items_edited"] == 1


def test_process_queue_takes_what_a_scan_has_brought(driver: ScanDriver) -> None:
    driver.disk.scan(seconds=600)
    driver.site.enqueue(101)
    driver.drain()
    driver.disk.put(101)
    driver.disk.stop()
    driver.disk.scan()

    assert driver.drain()["items_edited"] == 1


def test_known_scenes_wait_for_nobody(driver: ScanDriver) -> None:
    driver.disk.scan(seconds=600)

    figures = driver.edited(*range(1, KNOWN + 1))

    assert (figures["processed"], figures["succeeded"]) == (KNOWN, KNOWN)
    assert driver.slept == []
    assert not [1 for line in driver.disk.plex.counters()["log"] if "activities" in line["path"]]
