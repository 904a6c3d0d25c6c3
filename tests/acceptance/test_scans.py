"""Files that are new in Stash: Plex is asked to scan, jobs wait for scans, and nobody fails."""

from __future__ import annotations

import logging

import pytest

from app.sync_changes.scans import PATIENCE
from app.tasks.reconcile import reconcile_all
from core.scans import ASK_AGAIN, LONGEST_SCAN
from tests.acceptance.handmade import part, plex_item
from tests.acceptance.scanned import MANY, ROOT, ScanShop, shop, site

__all__ = ["shop", "site"]  # fixtures

NEW = [100 + number for number in range(1, MANY + 1)]
AWAITS = "AwaitsScan: scene {} waits until Plex has scanned library 'Films'"


def retries(shop: ScanShop, times: int) -> None:
    """Tasks at long intervals, each after the backoff of the one before."""
    for _ in range(times):
        shop.now += 3600
        shop.drain()


# Asking ------------------------------------------------------------------------------------


def test_a_new_file_is_scanned_synced_and_no_attempt_is_spent(shop: ScanShop) -> None:
    shop.disk.put(101)

    figures = shop.edited(101)

    assert shop.disk.asked() == [("1", f"{ROOT}/New 1")]
    assert shop.synced() == {101}
    assert (figures["scans_asked"], figures["items_edited"]) == (1, 1)
    assert (figures["processed"], figures["retried"], figures["awaiting"]) == (2, 1, 1)
    assert (figures["succeeded"], figures["failed"], figures["remaining"]) == (1, 0, 0)
    assert (shop.site.queued(), shop.site.dead()) == ({}, {})
    assert sum(shop.slept) <= 5


def test_while_it_is_off_no_scan_is_asked_for(shop: ScanShop) -> None:
    shop.site.use(trigger_plex_scan=False, reconcile_interval="never")
    shop.disk.put(101)

    figures = shop.edited(101)

    assert (figures["retried"], figures["awaiting"], figures["scans_asked"]) == (1, 0, 0)
    assert shop.attempts() == {101: 1}
    assert shop.slept == []
    retries(shop, 5)
    assert set(shop.site.dead()) == {101}
    assert not [1 for line in shop.disk.plex.counters()["log"] if "/refresh" in line["path"]]


def test_a_burst_costs_a_scan_for_each_folder_and_no_request_for_each_scene(
    shop: ScanShop,
) -> None:
    with shop.context() as context:
        reconcile_all(context)
    with shop.site.queue() as queue:
        queue.clear_waiting()
    shop.disk.put(*NEW)
    shop.site.reset_counters()

    figures = shop.edited(*NEW)

    assert sorted(shop.disk.asked()) == [("1", f"{ROOT}/New {n}") for n in range(3)]
    assert shop.synced() == set(NEW)
    assert (figures["failed"], figures["remaining"], figures["items_edited"]) == (0, 0, MANY)
    assert shop.disk.looked_up() == 0
    assert shop.disk.plex.counters()["reads"] <= 25


def test_a_folder_in_another_folder_needs_no_scan_of_its_own(shop: ScanShop) -> None:
    for scene, path in ((101, f"{ROOT}/Deep/Deeper/1.mp4"), (102, f"{ROOT}/Deep/2.mp4")):
        raw = next(s for s in shop.site.both.seed["stash"]["scenes"] if s["id"] == scene)
        shop.site.behind("move_file", file_id=raw["files"][0]["id"], path=path)
        item = plex_item(scene, part(path, raw["files"][0]["size"]))
        shop.disk.plex.control("POST", "unscanned", item)

    shop.edited(101, 102)

    assert shop.disk.asked() == [("1", f"{ROOT}/Deep")]
    assert shop.synced() == {101, 102}


def test_every_library_that_holds_the_folder_is_scanned(shop: ScanShop) -> None:
    shop.disk.put(300)

    shop.edited(300)

    assert sorted(shop.disk.asked()) == [("1", f"{ROOT}/Both"), ("2", f"{ROOT}/Both")]
    record = shop.site.record(300)
    assert record is not None
    assert sorted(item.ref.section for item in record.items) == ["1", "2"]


def test_a_file_outside_every_location_is_told_and_not_scanned(
    shop: ScanShop, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        figures = shop.edited(200)

    assert shop.disk.asked() == []
    assert (figures["retried"], figures["awaiting"]) == (1, 0)
    assert shop.attempts() == {200: 1}
    assert (
        "1 scenes that Plex does not have lie in no folder of the synced libraries" in caplog.text
    )


# Once --------------------------------------------------------------------------------------


def test_a_scan_that_finds_nothing_is_not_repeated(shop: ScanShop) -> None:
    figures = shop.edited(101)

    assert shop.disk.asked() == [("1", f"{ROOT}/New 1")]
    assert (figures["retried"], figures["awaiting"], figures["failed"]) == (2, 1, 0)
    assert shop.attempts() == {101: 1}
    assert shop.errors()[101].startswith("PlexNotFound: no item in Plex has the file of scene 101")
    retries(shop, 5)
    assert len(shop.disk.asked()) == 1
    assert shop.site.dead()[101].startswith("PlexNotFound: no item in Plex has the file")
    assert shop.site.queued() == {}


def test_another_file_in_the_folder_is_a_reason_to_ask_again(shop: ScanShop) -> None:
    shop.edited(101)
    shop.edited(101)
    assert len(shop.disk.asked()) == 1
    shop.disk.put(101, 104)

    shop.edited(104)

    assert shop.disk.asked() == [("1", f"{ROOT}/New 1")] * 2
    shop.now += 60
    shop.sync()
    assert shop.synced() == {101, 104}


def test_after_a_long_while_it_is_asked_for_again(shop: ScanShop) -> None:
    shop.edited(101)
    shop.disk.put(101)
    shop.now += ASK_AGAIN

    shop.edited(101)

    assert len(shop.disk.asked()) == 2
    assert shop.synced() == {101}


def test_a_dead_letter_comes_back_when_plex_has_gained_the_item(shop: ScanShop) -> None:
    shop.edited(101)
    retries(shop, 5)
    assert set(shop.site.dead()) == {101}
    shop.disk.put(101)
    shop.disk.scan()

    with shop.context() as context:
        reconcile_all(context)
    shop.sync()

    assert 101 in shop.synced()
    assert 101 not in shop.site.dead()


# Scans that run ----------------------------------------------------------------------------


def test_a_running_scan_is_waited_for_and_may_make_ours_unnecessary(shop: ScanShop) -> None:
    shop.disk.scan(seconds=600)
    looks = iter(range(3))

    def work() -> None:
        if next(looks, None) is None:
            shop.disk.put(101)
            shop.disk.stop()
            shop.disk.scan()
            shop.on_sleep = lambda: None

    shop.on_sleep = work
    figures = shop.edited(101)

    assert shop.disk.asked() == []
    assert shop.synced() == {101}
    assert (figures["failed"], figures["remaining"], figures["scans_asked"]) == (0, 0, 0)


def test_after_a_running_scan_that_did_not_find_it_plex_is_asked(shop: ScanShop) -> None:
    shop.disk.scan(seconds=600)
    shop.disk.put(101)
    waited: list[bool] = []

    def work() -> None:
        if len(waited) == 4:
            assert shop.disk.asked() == []
            assert shop.errors()[101].startswith(AWAITS.format(101))
            shop.disk.stop()
        waited.append(True)

    shop.on_sleep = work
    figures = shop.edited(101)

    assert shop.disk.asked() == [("1", f"{ROOT}/New 1")]
    assert shop.synced() == {101}
    assert (figures["failed"], figures["awaiting"]) == (0, 2)


@pytest.mark.parametrize("is_told", [True, False])
def test_also_while_it_is_off_a_running_scan_costs_no_attempt(
    shop: ScanShop, is_told: bool
) -> None:
    """A server that does not tell its activities says at least which section it scans."""
    shop.site.use(trigger_plex_scan=False, reconcile_interval="never")
    if not is_told:
        hidden = {"match": "GET /activities", "action": "status", "status": 404, "times": -1}
        shop.disk.plex.faults([hidden])
    shop.disk.scan(seconds=600)

    shop.site.enqueue(101, 102)
    for _ in range(8):
        shop.drain()
        shop.now += 400

    assert shop.attempts() == {101: 0, 102: 0}
    assert shop.site.dead() == {}
    shop.disk.put(102)
    shop.disk.stop()
    shop.disk.scan()
    shop.now += 400
    shop.sync()
    assert shop.synced() == {102}
    assert shop.attempts() == {101: 1}
    assert shop.disk.asked() == []


def test_a_scan_that_ends_during_a_drain_is_no_reason_to_fail(shop: ScanShop) -> None:
    """The file was looked for too early; at the end of the drain nothing is scanned any more."""
    shop.disk.scan(seconds=600)

    def work() -> None:
        if shop.disk.plex.state()["unscanned"] == [] and 1 not in shop.synced():
            shop.disk.put(101)
            shop.disk.stop()
            shop.disk.scan()

    shop.on_scene = work
    shop.site.enqueue(101, 1)

    figures = shop.drain()

    assert (figures["awaiting"], figures["scans_asked"], figures["succeeded"]) == (1, 0, 1)
    shop.sync()
    assert shop.synced() == {1, 101}
    assert shop.disk.asked() == []


def test_what_is_to_be_skipped_waits_for_the_scan_first(shop: ScanShop) -> None:
    shop.site.use(trigger_plex_scan=True, reconcile_interval="never", skip_not_found=True)
    shop.disk.put(101)

    figures = shop.edited(101, 102)

    assert shop.synced() == {101}
    assert (figures["awaiting"], figures["skipped"], figures["failed"]) == (2, 1, 0)
    assert (shop.site.queued(), shop.site.dead()) == ({}, {})


def test_a_scan_elsewhere_is_no_reason_to_wait(shop: ScanShop) -> None:
    shop.disk.scan(section=2, seconds=600)
    shop.disk.put(101)

    shop.edited(101)

    assert shop.disk.asked() == [("1", f"{ROOT}/New 1")]
    assert shop.synced() == {101}


def test_a_scan_that_does_not_end_is_waited_for_only_so_long(shop: ScanShop) -> None:
    shop.disk.scan(seconds=600)
    shop.edited(101)
    began = shop.now
    assert PATIENCE <= sum(shop.slept) <= PATIENCE + 1  # of one task
    while shop.attempts() == {101: 0}:
        shop.now += 1800
        shop.drain()

    assert LONGEST_SCAN - PATIENCE < shop.now - began < LONGEST_SCAN + 3600
    retries(shop, 5)
    assert set(shop.site.dead()) == {101}
    assert shop.disk.asked() == []
