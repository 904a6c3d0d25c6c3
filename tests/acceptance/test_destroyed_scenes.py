"""Scenes that are deleted in Stash: remembered, reported, and on request taken back from shared
lists of their items."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from app.tasks.pins import pin
from app.tasks.undo import undo_last_run
from core.errors import SyncError
from simulators.dumps import stash_seed
from simulators.library.generate import generate
from tests.acceptance.always_on import at_rest, until
from tests.acceptance.faults import BUSY, CUT, RESET, Fault
from tests.acceptance.hook_driver import DEAF, HookDriver, hook_driver
from tests.acceptance.plex_state import PlexState, differing, now
from tests.acceptance.soak import chosen
from tests.acceptance.sync_driver import NOW
from tests.pool import Pool

SETTINGS = {
    "first_sync": "mirror",
    "max_clear_percent": 100,
    "reconcile_interval": "never",
    "sync_collection": True,
}
BY_HAND = "Favourites of Mine"


@pytest.fixture(scope="module")
def library(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HookDriver]:
    """All of it synced with collections; every item is in one of the user's as well."""
    seed = generate(48, seed=4, only=("in_sync", "two_sections"))
    for section in seed["plex"]["sections"]:
        for item in section["items"]:
            item["collections"].append(BY_HAND)
    with hook_driver(pool, seed, tmp_path_factory.mktemp("hooks")) as driver:
        driver.site.use(**SETTINGS)
        driver.site.reconcile()
        driver.site.drain()
        yield driver


@pytest.fixture
def driver(library: HookDriver) -> Iterator[HookDriver]:
    library.site.use(**SETTINGS, remove_on_destroy=True, outage_wait=0)
    yield library
    library.site.both.stash.faults([DEAF])
    library.site.both.plex.faults([])
    library.site.both.plex.configure(edit_section="additive", latency=0)
    library.sync()
    assert (library.left(), library.site.queued()) == ([], {})


def victims(driver: HookDriver, case: str = "in_sync") -> list[int]:
    """The scenes with a studio that are still there."""
    rows = stash_seed(driver.site.both.stash.state())["scenes"]
    there = {row["id"] for row in rows if row["studio_id"]}
    return [scene for scene in driver.site.scenes(case) if scene in there]


def files(driver: HookDriver) -> dict[int, str]:
    """The path of each scene's first file."""
    rows = stash_seed(driver.site.both.stash.state())["scenes"]
    return {row["id"]: row["files"][0]["path"] for row in rows if row["files"]}


def victim(driver: HookDriver, case: str = "in_sync") -> int:
    """One of them."""
    return victims(driver, case)[0]


def collections(driver: HookDriver, scene: int) -> list[list[str]]:
    """Of each item that the scene had."""
    keys = sorted(driver.items_of([scene]))
    return [sorted(driver.site.item(key)["collection"]) for key in keys]


def whole(driver: HookDriver, scene: int) -> PlexState:
    """All that the scene's items show."""
    items = driver.site.items(scene)
    return {ref: shown for ref, shown in now(driver.site).items() if ref in items}


def test_what_is_deleted_is_remembered_and_reported(driver: HookDriver) -> None:
    driver.site.use(**SETTINGS)
    scene = victim(driver, "two_sections")
    before, known = whole(driver, scene), driver.site.record(scene)
    orphans = driver.site.reconcile()["orphan_count"]

    driver.destroy("scene", scene)
    figures, asked, plex = driver.sync_counted()

    assert (figures["events"], figures["gone"], figures["processed"]) == (1, 1, 0)
    assert (asked["total"], plex["total"]) == (0, 0)
    assert whole(driver, scene) == before
    assert driver.site.record(scene) == known is not None
    assert driver.site.reconcile()["orphan_count"] == orphans + 2


PAIRS = [("in_sync", "replacing"), ("two_sections", "additive")]
OTHERS = [("in_sync", "additive"), ("two_sections", "replacing")]


@pytest.mark.parametrize(("case", "edits"), chosen(PAIRS, OTHERS))
def test_what_we_added_goes_and_all_else_stays(driver: HookDriver, case: str, edits: str) -> None:
    scene = victim(driver, case)
    driver.site.both.plex.configure(edit_section=edits)
    count = len(driver.items_of([scene]))
    assert all(len(names) == 2 for names in collections(driver, scene))
    plex_state = whole(driver, scene)

    driver.destroy("scene", scene)
    figures, _, _ = driver.sync_counted()

    assert (figures["gone"], figures["processed"], figures["items_edited"]) == (1, 1, count)
    assert driver.written() == dict.fromkeys(driver.items_of([scene]), 1)
    assert collections(driver, scene) == [[BY_HAND]] * count
    changed = differing(plex_state, whole(driver, scene))
    assert {name for fields in changed.values() for name in fields} == {"collection"}
    assert driver.site.record(scene) is not None
    driver.site.enqueue(scene)
    assert driver.sync_counted()[0]["items_edited"] == 0

    # It is a run like any other: taken back, and that is respected.
    undone = driver.site.do(undo_last_run)
    assert (undone["restored"], undone["changed_since"]) == (count, 0)
    assert whole(driver, scene) == plex_state
    driver.site.enqueue(scene)
    assert driver.sync()["items_edited"] == 0
    assert whole(driver, scene) == plex_state


def test_a_scene_that_a_scan_made_of_the_same_file_keeps_it_all(driver: HookDriver) -> None:
    scene = victim(driver)
    before = whole(driver, scene)
    stash = driver.site.both.stash
    path = files(driver)[scene]
    driver.destroy("scene", scene)
    stash.graphql("mutation { metadataScan(input: {}) }")
    until(lambda: at_rest(driver.site))
    (new,) = (each for each, known in files(driver).items() if known == path)
    assert new != scene

    figures = driver.sync()

    assert (figures["gone"], figures["processed"], figures["items_edited"]) == (1, 1, 0)
    assert whole(driver, scene) == before
    driver.site.edit_scene(new, details="Again, and without a studio.")
    driver.sync()
    assert collections(driver, scene) == [[BY_HAND]]


def test_an_item_that_was_given_to_another_scene_is_not_touched(driver: HookDriver) -> None:
    scene = victim(driver)
    before = whole(driver, scene)
    (key,) = driver.items_of([scene])
    driver.destroy("scene", scene)
    other = victim(driver)
    with driver.site.context(scene_id=other, rating_key=key) as context:
        pin(context)
    with driver.site.queue() as queue:
        queue.clear_waiting()

    figures = driver.sync()

    assert (figures["gone"], figures["skipped"], figures["items_edited"]) == (1, 1, 0)
    assert whole(driver, scene) == before
    with driver.site.state() as state:
        state.pins.release(other)


def test_an_old_key_of_another_film_is_not_touched(driver: HookDriver) -> None:
    scene = victim(driver)
    (item,) = driver.site.items(scene)
    key = item.partition(":")[2]
    raw = driver.site.raw_item(key)
    (studio,) = set(collections(driver, scene)[0]) - {BY_HAND}
    driver.site.drop_item(key)
    other = {**raw["media"][0][0], "file": "/x/y.mp4", "size": 5}
    driver.site.put_item(item, media=[[other]], collections=[studio])

    driver.destroy("scene", scene)

    assert driver.sync()["items_edited"] == 0
    assert collections(driver, scene) == [[studio]]


def test_an_item_that_is_gone_as_well_is_no_failure(driver: HookDriver) -> None:
    scene = victim(driver)
    driver.site.drop_item(driver.site.key(scene))
    driver.destroy("scene", scene)

    figures = driver.sync()

    assert (figures["processed"], figures["skipped"], figures["retried"]) == (1, 1, 0)


def test_a_switched_off_field_is_left_as_it_is(driver: HookDriver) -> None:
    driver.site.use(**{**SETTINGS, "sync_collection": False}, remove_on_destroy=True)
    scene = victim(driver)
    before = whole(driver, scene)
    driver.destroy("scene", scene)

    figures, _, plex = driver.sync_counted()

    assert (figures["processed"], plex["total"]) == (0, 0)
    assert whole(driver, scene) == before


def test_many_scenes_cost_pages(driver: HookDriver) -> None:
    scenes = victims(driver)[-8:]
    ids = [str(scene) for scene in scenes]
    driver.mutate("scenesDestroy", "ScenesDestroyInput", ids=ids)

    figures, asked, plex = driver.sync_counted()

    assert (figures["events"], figures["items_edited"]) == (8, 8)
    assert asked["total"] == 2  # the scenes, and those with files of these names
    assert plex["reads"] <= 6
    assert {tuple(c[0]) for c in (collections(driver, scene) for scene in scenes)} == {(BY_HAND,)}


@pytest.mark.parametrize("fault", chosen([BUSY], [RESET, CUT]))
def test_whatever_request_fails_it_is_done_in_the_end(driver: HookDriver, fault: Fault) -> None:
    """Each request to Plex fails in its turn; an edit that is cut off was carried out."""
    driver.site.use(**SETTINGS, remove_on_destroy=True, outage_wait=0)
    scene = victim(driver)
    before = collections(driver, scene)
    driver.destroy("scene", scene)
    for turn in range(20):
        driver.site.both.plex.faults([{"match": "", "after": turn, "times": -1, **fault}])
        try:
            driver.sync()
        except SyncError:
            assert driver.site.record(scene) is not None
            with driver.site.state() as state:
                state.outages.succeeded("plex", time.time())  # or no turn would come to Plex
        else:
            break
    driver.site.both.plex.faults([])
    assert turn >= 3
    assert collections(driver, scene) == [[BY_HAND]]
    assert driver.site.queued() == {}
    assert driver.site.dead() == {}

    driver.site.do(undo_last_run)

    assert collections(driver, scene) == before


def test_a_killed_task_is_taken_up_again(driver: HookDriver) -> None:
    scene = victim(driver)
    before = collections(driver, scene)
    driver.destroy("scene", scene)
    driver.site.both.plex.configure(latency=0.05)
    driver.site.reset_counters()
    process = driver.site.start("process_queue")
    until(lambda: driver.site.writes() > 0)
    process.kill()
    process.communicate(timeout=30)
    time.sleep(0.1)  # what the server has in hand
    driver.site.both.plex.configure(latency=0)

    driver.now = time.time()  # the killed task was no test's, and its journal is kept for a month
    figures = driver.sync()
    driver.now = NOW

    assert figures["processed"] == 1
    assert collections(driver, scene) == [[BY_HAND]]
    driver.site.do(undo_last_run)
    assert collections(driver, scene) == before
