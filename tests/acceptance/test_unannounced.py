"""What Stash changes without an event is in Plex with the next change, without a reconcile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.models import Failure
from simulators.library.generate import generate
from stash import touched_scenes
from tests.acceptance.conftest import Open
from tests.acceptance.faults import BUSY
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import NOW, SyncDriver


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(40, seed=4, only=("in_sync", "in_sync", "missing_inside")))


@pytest.fixture
def driver(library: Site, data: Path) -> Iterator[SyncDriver]:
    """All synced, and the watermark set."""
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(first_sync="mirror", reconcile_interval="never")
    driver = SyncDriver(library)
    library.enqueue(*library.scenes("in_sync"))
    driver.sync()
    library.reset_counters()
    yield driver
    library.both.stash.faults([])


def asked(driver: SyncDriver) -> int:
    total: int = driver.site.both.stash.counters()["total"]
    return total


def titled(driver: SyncDriver, scene: int, title: str) -> None:
    driver.site.behind("edit_scene", scene_id=scene, values={"title": title})


def title(driver: SyncDriver, scene: int) -> Any:
    return driver.site.item(driver.site.key(scene))["title"]


def test_a_change_whose_hook_was_lost_comes_along(driver: SyncDriver, scenes: list[int]) -> None:
    titled(driver, scenes[0], "Lost hook")
    tag = driver.site.behind("create", kind="tag", values={"name": "Tagged by itself"})["id"]
    driver.site.behind("auto_tag", scene_id=scenes[1], performer_ids=[], tag_ids=[tag])

    figures = driver.sync()

    assert title(driver, scenes[0]) == "Lost hook"
    assert "Tagged by itself" in driver.site.item(driver.site.key(scenes[1]))["genre"]
    assert (figures["unannounced"], figures["processed"]) == (2, 2)
    assert driver.sync()["unannounced"] == 0


def test_where_nothing_has_changed_it_costs_one_request(
    driver: SyncDriver, scenes: list[int]
) -> None:
    assert driver.sync()["processed"] == 0
    assert asked(driver) == 1

    driver.site.edit_scene(scenes[0], title="By a hook")
    driver.note(scenes[0])
    driver.site.reset_counters()
    assert driver.sync()["processed"] == 1
    assert asked(driver) == 3  # the event's scene, the job's, and what else was touched


def test_at_first_it_only_notes_where_to_begin(
    driver: SyncDriver, scenes: list[int], library: Site, tmp_path: Path
) -> None:
    titled(driver, scenes[2], "Before")
    library.forget(tmp_path / "new")

    assert driver.sync()["unannounced"] == 0
    titled(driver, scenes[3], "After")
    assert driver.sync()["unannounced"] == 1


def test_an_edit_by_a_hook_comes_first(driver: SyncDriver, scenes: list[int]) -> None:
    titled(driver, scenes[4], "Silent")
    driver.site.edit_scene(scenes[5], title="By hand")
    driver.note(scenes[5])
    shown: list[tuple[Any, Any]] = []
    driver.on_scene = lambda: shown.append((title(driver, scenes[4]), title(driver, scenes[5])))

    driver.sync()

    assert shown[0][0] != "Silent"
    assert shown[0][1] == "By hand"
    assert shown[-1] == ("Silent", "By hand")


def test_more_changes_than_a_page_are_all_seen(
    driver: SyncDriver, scenes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(touched_scenes, "PAGE", 8)
    many = scenes[10:23]
    for scene in many:
        titled(driver, scene, f"Many {scene}")

    assert driver.sync()["unannounced"] == 13
    assert [title(driver, scene) for scene in many] == [f"Many {scene}" for scene in many]


def test_what_is_imported_with_old_times_is_seen(driver: SyncDriver, scenes: list[int]) -> None:
    rows = driver.site.both.seed["stash"]["scenes"]
    row = next(each for each in rows if each["id"] == scenes[6])
    old = {"created_at": "2019-01-01T00:00:00Z", "updated_at": "2019-01-01T00:00:00Z"}
    new = {**row, **old, "id": 5000, "title": "Imported", "files": []}
    driver.site.behind("import_scene", scene=new)

    assert driver.sync()["unannounced"] == 1


def test_what_plex_does_not_have_is_not_looked_for_for_ever(driver: SyncDriver) -> None:
    missing = driver.site.scene("missing_inside")
    with driver.site.queue() as queue:
        queue.put({"scene_id": missing})
        (job,) = queue.claim(1, NOW)
        queue.park(job, Failure.NOT_FOUND, "not there")
    titled(driver, missing, "Still missing")

    assert driver.sync()["processed"] == 0
    assert list(driver.site.dead()) == [missing]


def test_a_scene_that_waits_keeps_its_job(driver: SyncDriver, scenes: list[int]) -> None:
    with driver.site.queue() as queue:
        queue.put({"scene_id": scenes[7]})
        (job,) = queue.claim(1, NOW)
        queue.retry(job, driver.now + 600, Failure.ITEM_FAILED, "later")
    titled(driver, scenes[7], "Waits")

    driver.sync()

    with driver.site.queue() as queue:
        (job,) = queue.due(4e9)
    assert (job.scene_id, job.attempts) == (scenes[7], 1)


def test_a_stash_that_does_not_say_spoils_nothing(driver: SyncDriver, scenes: list[int]) -> None:
    driver.site.edit_scene(scenes[8], title="All the same")
    driver.note(scenes[8])
    driver.site.both.stash.faults([{"match": "TouchedScenes", "times": -1, **BUSY}])

    assert driver.sync()["processed"] == 1
    assert title(driver, scenes[8]) == "All the same"
    driver.site.both.stash.faults([])
    titled(driver, scenes[9], "Seen later")
    assert driver.sync()["unannounced"] == 1
