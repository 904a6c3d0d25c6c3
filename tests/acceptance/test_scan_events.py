"""What Stash's scans tell: looked at by what we remember alone, before Plex is asked anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.tasks.undo import undo_last_run
from simulators.dumps import stash_seed
from simulators.library.generate import generate
from simulators.seed import StashFile
from tests.acceptance.always_on import at_rest, hooks, until
from tests.acceptance.hook_driver import HookDriver, hook_driver
from tests.pool import Pool

SCENES = 14


@pytest.fixture(scope="module")
def library(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HookDriver]:
    seed = generate(SCENES, seed=4, only=("in_sync",))
    with hook_driver(pool, seed, tmp_path_factory.mktemp("hooks")) as driver:
        driver.site.reconcile()
        driver.site.drain()
        yield driver


@pytest.fixture
def driver(library: HookDriver) -> HookDriver:
    return library


def scan(driver: HookDriver, **given: Any) -> int:
    """Let Stash scan; how many hooks it has started."""
    before = len(hooks(driver.site))
    mutation = "mutation($input: ScanMetadataInput!) { metadataScan(input: $input) }"
    driver.site.both.stash.graphql(mutation, {"input": given})
    until(lambda: at_rest(driver.site))
    return len(hooks(driver.site)) - before


def file_of(driver: HookDriver, scene: int) -> StashFile:
    rows = stash_seed(driver.site.both.stash.state())["scenes"]
    return next(row["files"][0] for row in rows if row["id"] == scene)


def test_a_rescan_of_everything_asks_plex_nothing(driver: HookDriver) -> None:
    assert scan(driver, rescan=True) == SCENES

    figures, asked, plex = driver.sync_counted()

    assert (figures["events"], figures["nothing_new"]) == (SCENES, SCENES)
    assert (figures["enqueued_count"], figures["processed"]) == (0, 0)
    assert (asked["total"], plex["total"]) == (1, 0)
    assert driver.left() == []


def test_a_file_that_moved_is_a_reason_to_look(driver: HookDriver) -> None:
    scene = driver.site.scenes("in_sync")[0]
    file = file_of(driver, scene)
    driver.site.behind("move_file", file_id=file["id"], path=file["path"] + ".moved.mp4")
    driver.note(scene, by_user=False)
    driver.note(driver.site.scenes("in_sync")[1], by_user=False)

    figures = driver.sync()

    assert (figures["enqueued_count"], figures["nothing_new"]) == (1, 1)
    # Its item was found by the record, so the new name is known now.
    driver.note(scene, by_user=False)
    assert driver.sync()["nothing_new"] == 1


def test_a_cover_is_a_reason_to_look(driver: HookDriver) -> None:
    """It moves the scene's time, and is part of no comparison."""
    scene = driver.site.scenes("in_sync")[2]
    driver.site.behind("cover", scene_id=scene, cover="seed:5")
    driver.note(scene, by_user=False)

    assert driver.sync()["enqueued_count"] == 1


def test_an_edit_is_always_a_reason_to_look_though_a_scan_came_as_well(driver: HookDriver) -> None:
    scene = driver.site.scenes("in_sync")[3]
    driver.note(scene, by_user=False)
    driver.note(scene)
    driver.note(scene, by_user=False)

    figures = driver.sync()

    assert (figures["events"], figures["enqueued_count"]) == (1, 1)


def test_what_was_undone_is_left_alone_by_scans(driver: HookDriver) -> None:
    scene = driver.site.scenes("in_sync")[4]
    driver.site.edit_scene(scene, title="Taken Back")
    assert driver.sync()["items_edited"] == 1
    driver.site.do(undo_last_run)
    driver.note(scene, by_user=False)

    assert driver.sync()["nothing_new"] == 1


def test_a_new_file_waits_for_its_metadata(driver: HookDriver) -> None:
    """Of a scene that Stash has just made, there is nothing to bring to Plex: cover and metadata
    follow, and with them an event, or a reconcile finds it."""
    stash = driver.site.both.stash
    stash.control("POST", "disk", {"add": [{"path": "/data/library/new.mp4"}]})
    assert scan(driver) == 1

    figures, _, plex = driver.sync_counted()

    assert (figures["events"], figures["skipped_no_metadata"]) == (1, 1)
    assert (driver.site.queued(), driver.site.dead(), plex["total"]) == ({}, {}, 0)
    new = max(row["id"] for row in stash_seed(stash.state())["scenes"])
    driver.site.edit_scene(new, details="Now there is something to say.")
    assert driver.sync()["enqueued_count"] == 1


def test_a_scene_without_a_file_is_nothing_for_plex(driver: HookDriver) -> None:
    """People make such scenes in Stash's own interface; Plex can never have them."""
    made = {"title": "No File", "details": "A note to myself."}
    scene = int(driver.mutate("sceneCreate", "SceneCreateInput", **made)["id"])

    figures = driver.sync()

    assert (figures["enqueued_count"], figures["skipped"], figures["retried"]) == (1, 1, 0)
    assert scene not in {**driver.site.queued(), **driver.site.dead()}
