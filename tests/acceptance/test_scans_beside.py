"""Scans that jobs wait for, beside changes, other tasks, and other jobs of Stash."""

from __future__ import annotations

from tests.acceptance.always_on import jobs, others_wait
from tests.acceptance.scanned import KNOWN, ScanShop, shop, site

__all__ = ["shop", "site"]  # fixtures


def test_what_is_noted_while_it_waits_is_done_at_once(shop: ScanShop) -> None:
    shop.disk.scan(seconds=600)
    late = [1]

    def work() -> None:
        if late:
            shop.note(late.pop())
        elif 1 in shop.synced():
            shop.disk.stop()

    shop.on_sleep = work
    figures = shop.edited(101)

    assert 1 in shop.synced()
    assert figures["failed"] == 0
    assert sum(shop.slept) < 20


def test_other_jobs_of_stash_do_not_wait_for_a_scan(shop: ScanShop) -> None:
    shop.disk.scan(seconds=600)
    with others_wait(shop.site):
        figures = shop.edited(101)
        (ours,) = [job for job in jobs(shop.site) if job["endTime"] is None]
        assert figures["carried_on_by_job"] == ours["id"] == shop.lease().job_id
    assert sum(shop.slept) <= 3
    assert shop.attempts() == {101: 0}
    shop.disk.put(101)
    shop.disk.stop()

    shop.sync()

    assert shop.synced() == {101}


def test_another_task_leaves_the_waiting_to_sync_changes(shop: ScanShop) -> None:
    shop.disk.put(101)
    shop.site.enqueue(101)
    before = len(jobs(shop.site))

    figures = shop.drain()
    shop.catch_up()

    assert (figures["retried"], figures["awaiting"], figures["scans_asked"]) == (1, 1, 1)
    assert shop.slept == []
    assert len(jobs(shop.site)) == before + 1
    assert shop.sync()["items_edited"] == 1


def test_process_queue_takes_what_a_scan_has_brought(shop: ScanShop) -> None:
    shop.disk.scan(seconds=600)
    shop.site.enqueue(101)
    shop.drain()
    shop.disk.put(101)
    shop.disk.stop()
    shop.disk.scan()

    assert shop.drain()["items_edited"] == 1


def test_known_scenes_wait_for_nobody(shop: ScanShop) -> None:
    shop.disk.scan(seconds=600)

    figures = shop.edited(*range(1, KNOWN + 1))

    assert (figures["processed"], figures["succeeded"]) == (KNOWN, KNOWN)
    assert shop.slept == []
    assert not [1 for line in shop.disk.plex.counters()["log"] if "activities" in line["path"]]
