"""What a user has just edited goes to Plex before the bulk work that runs, whoever drains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.sync_changes.process_queue import process_queue
from core.errors import GuardStopped
from simulators.library.generate import generate
from tests.acceptance.always_on import jobs, others_wait
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import NOW, SyncDriver

BULK = 150  # more than a batch


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(BULK + 30, seed=4, only=("in_sync",)))


@pytest.fixture
def driver(library: Site, data: Path) -> Iterator[SyncDriver]:
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(first_sync="mirror")
    yield SyncDriver(library)
    library.both.stash.faults([])


def process(driver: SyncDriver) -> dict[str, Any]:
    with driver.context() as context:
        return process_queue(context)


DRAINS: list[Callable[[SyncDriver], dict[str, Any]]] = [process, SyncDriver.sync]


def wanted(
    driver: SyncDriver, scene: int, seconds: float, shows: Callable[[], bool]
) -> list[float]:
    """Let each scene take some time, and note an edit in the midst; when Plex was seen to show it.

    Of bulk work, so many scenes are looked at that a second batch is under way by then.
    """
    seen: list[float] = []
    done = 0

    def after_a_scene() -> None:
        nonlocal done
        done += 1
        driver.now += seconds
        if done == BULK // 2:
            driver.note(scene)
        elif done > BULK // 2 and not seen and shows():
            seen.append(driver.now)

    driver.on_scene = after_a_scene
    return seen


@pytest.mark.parametrize("drain", DRAINS)
def test_an_edit_overtakes_bulk_work(
    driver: SyncDriver, scenes: list[int], drain: Callable[[SyncDriver], dict[str, Any]]
) -> None:
    driver.site.enqueue(*scenes[:BULK])
    edited = scenes[BULK]
    driver.site.edit_scene(edited, title="Edited meanwhile")
    key = driver.site.key(edited)
    seen = wanted(driver, edited, 0.5, lambda: driver.site.item(key)["title"] == "Edited meanwhile")

    figures = drain(driver)

    assert seen[0] - NOW - BULK / 4 <= 2 + 3 * 0.5
    assert figures["processed"] == BULK + 1
    assert driver.left() == []
    assert driver.site.queued() == {}


@pytest.mark.parametrize("drain", DRAINS)
def test_an_edit_of_a_scene_that_waits_among_bulk_work_is_one_job(
    driver: SyncDriver, scenes: list[int], drain: Callable[[SyncDriver], dict[str, Any]]
) -> None:
    driver.site.enqueue(*scenes[:BULK])
    last = scenes[BULK - 1]
    driver.site.edit_scene(last, details="The last one.")
    key = driver.site.key(last)
    seen = wanted(driver, last, 0.5, lambda: driver.site.item(key)["summary"] == "The last one.")

    figures = drain(driver)

    assert seen[0] - NOW - BULK / 4 <= 2 + 3 * 0.5
    assert figures["processed"] == BULK


def test_what_an_edit_takes_away_does_not_wait_for_the_weighing_of_bulk_work(
    driver: SyncDriver, scenes: list[int]
) -> None:
    driver.site.enqueue(*scenes[:BULK])
    edited = scenes[BULK + 1]
    driver.site.edit_scene(edited, tag_ids=[])
    key = driver.site.key(edited)
    assert driver.site.item(key)["genre"]
    seen = wanted(driver, edited, 0.5, lambda: not driver.site.item(key)["genre"])

    process(driver)

    assert seen[0] - NOW - BULK / 4 <= 2 + 3 * 0.5


def test_a_bulk_edit_that_takes_much_away_is_held_back_as_a_whole(
    driver: SyncDriver, scenes: list[int]
) -> None:
    cleared = scenes[-25:]
    before = {scene: driver.site.item(driver.site.key(scene))["genre"] for scene in cleared}
    for scene in cleared:
        driver.site.edit_scene(scene, tag_ids=[], performer_ids=[])
        driver.note(scene)
    driver.now += 60

    late, first = scenes[:2]
    driver.site.edit_scene(late, title="Edited at last")
    driver.site.enqueue(first)
    notes = [late]

    def in_the_midst() -> None:
        while notes:
            driver.note(notes.pop())

    driver.on_scene = in_the_midst

    with pytest.raises(GuardStopped):
        driver.sync()

    assert {scene: driver.site.item(driver.site.key(scene))["genre"] for scene in cleared} == before
    # Nothing else waits for that.
    assert driver.site.item(driver.site.key(late))["title"] == "Edited at last"
    assert (driver.left(), driver.lease().asked_at) == ([], None)


def test_what_a_scan_tells_meanwhile_waits(driver: SyncDriver, scenes: list[int]) -> None:
    driver.site.enqueue(*scenes[:10])
    waiting = [scenes[20]]

    def scanned() -> None:
        driver.now += 3
        while waiting:
            driver.note(waiting.pop(), by_user=False)

    driver.on_scene = scanned

    assert process(driver)["processed"] == 10
    assert driver.left() == [scenes[20]]


def test_process_queue_lets_others_work_and_sync_changes_carries_on(
    driver: SyncDriver, scenes: list[int]
) -> None:
    driver.site.enqueue(*scenes[:40])

    def work() -> None:
        driver.now += 2

    driver.on_scene = work
    before = len(jobs(driver.site))
    with others_wait(driver.site):
        first = driver.do("process_queue")

    assert 30 <= driver.now - NOW <= 34
    assert first["processed"] == 40 - first["remaining"]
    assert "other tasks of Stash wait" in first["note"]
    (asked,) = jobs(driver.site)[before:]
    assert first["carried_on_by_job"] == asked["id"] == driver.lease().job_id
    assert driver.sync()["processed"] == first["remaining"]


def test_process_queue_that_has_done_all_hands_nothing_over(
    driver: SyncDriver, scenes: list[int]
) -> None:
    driver.site.enqueue(scenes[0])

    def work() -> None:
        driver.now += 60

    driver.on_scene = work
    with others_wait(driver.site):
        assert "carried_on_by_job" not in driver.do("process_queue")
