"""Edits that the hooks inside Stash have left to Sync Changes: found by Stash's own times."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.sync_changes.process_queue import process_queue
from app.sync_changes.quick_hooks import RELIED_ON, USED
from app.sync_changes.watermark import WATERMARK
from core.models import Failure
from simulators.library.generate import generate
from stash import touched_scenes
from stash.own_plugins import QUICK_HOOKS, SCENE_HOOKS, switches
from sync_queue.inbox import HookInbox
from tests.acceptance.always_on import SWITCH, install
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import SyncDriver
from tests.pool import Pool

SCENES = 40


@pytest.fixture(scope="module")
def library(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Stash has the plugin, but nothing starts its processes."""
    folder = tmp_path_factory.mktemp("quick")
    seed = generate(SCENES, seed=4, only=("in_sync", "in_sync", "missing_inside"))
    with pool.both(seed, plugin_dir=install(folder)) as both:
        yield Site(both, folder / "data")


@pytest.fixture
def driver(library: Site, data: Path) -> Iterator[SyncDriver]:
    """All synced and long settled, the watermark set, and the hooks inside Stash relied on."""
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(first_sync="mirror", reconcile_interval="never")
    switched(library, **{QUICK_HOOKS: True, SCENE_HOOKS: True})
    driver = SyncDriver(library)
    driver.now = time.time() + 100
    library.enqueue(*library.scenes("in_sync"))
    driver.sync()
    with library.state() as state:
        state.set_value(RELIED_ON, True)
    driver.sync()
    yield driver
    library.both.stash.faults([])
    library.both.stash.configure(now=None, offset="Z")


def switched(site: Site, **plugins: bool) -> None:
    site.both.stash.graphql(SWITCH, {"map": plugins})


def titled(driver: SyncDriver, scene: int, title: str) -> None:
    driver.site.behind("edit_scene", scene_id=scene, values={"title": title})


def stash_has(driver: SyncDriver, at: float) -> None:
    """Set Stash's clock; epoch seconds."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    driver.site.both.stash.configure(now=now)


def title(driver: SyncDriver, scene: int) -> Any:
    return driver.site.item(driver.site.key(scene))["title"]


def on(driver: SyncDriver) -> tuple[bool, bool]:
    """Whether edits are noted inside Stash, and by processes."""
    with driver.context() as context:
        known = switches(context.stash)
    return known[QUICK_HOOKS], known[SCENE_HOOKS]


def is_relied_on(driver: SyncDriver) -> bool:
    with driver.site.state() as state:
        return state.get_value(RELIED_ON)


def test_edits_without_an_event_go_before_bulk_work(driver: SyncDriver, scenes: list[int]) -> None:
    driver.site.enqueue(*scenes[:15])
    titled(driver, scenes[20], "Left to times")
    shown: list[Any] = []
    driver.on_scene = lambda: shown.append(title(driver, scenes[20]))

    figures = driver.sync()

    assert shown[0] == "Left to times"
    assert (figures["events"], figures["unannounced"], figures["processed"]) == (0, 1, 16)
    assert driver.sync()["processed"] == 0


@pytest.mark.parametrize("drain", [SyncDriver.sync, None])
def test_an_edit_without_an_event_overtakes_the_drain_that_runs(
    driver: SyncDriver, scenes: list[int], drain: Any
) -> None:
    driver.site.enqueue(*scenes[:20])
    edited = scenes[21]
    shown: list[float] = []
    done = 0

    def after_a_scene() -> None:
        nonlocal done
        done += 1
        driver.now += 1
        if done == 5:
            titled(driver, edited, "While it drains")
        elif not shown and title(driver, edited) == "While it drains":
            shown.append(done)

    driver.on_scene = after_a_scene
    if drain is not None:
        drain(driver)
    else:
        with driver.context() as context:
            process_queue(context)

    assert shown[0] <= 5 + 4


def test_a_scene_that_spoils_each_answer_keeps_no_other(
    driver: SyncDriver, scenes: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    titled(driver, scenes[23], "Beside it")
    titled(driver, scenes[-1], "Never told")
    spoils = {"match": "graphql", "holds": f'"id":"{scenes[-1]}"', "action": "status", "times": -1}
    driver.site.both.stash.faults([{**spoils, "status": 413}])

    assert driver.sync()["unannounced"] == 1

    assert title(driver, scenes[23]) == "Beside it"
    assert caplog.text.count("left to the next reconcile") == 1


def test_an_edit_in_the_second_of_the_last_look_is_seen_by_the_next(
    driver: SyncDriver, scenes: list[int]
) -> None:
    """It leaves the same time."""
    second = int(time.time())
    stash_has(driver, second)
    driver.now = second + 0.2
    titled(driver, scenes[3], "First")
    with driver.context() as context:
        process_queue(context)  # looks at once
    assert title(driver, scenes[3]) == "First"
    titled(driver, scenes[3], "Second")

    driver.now = second + 0.9
    driver.sync()

    assert title(driver, scenes[3]) == "Second"


def test_processes_that_are_gone_are_not_switched_off_in_each_task(
    driver: SyncDriver, caplog: pytest.LogCaptureFixture
) -> None:
    gone = {"match": "PluginSwitches", "action": "alter", "find": SCENE_HOOKS, "replace": "Other"}
    driver.site.both.stash.faults([{**gone, "times": -1}])
    caplog.set_level("INFO")

    driver.sync()

    assert USED not in caplog.text


def test_an_edit_after_a_change_to_an_earlier_local_time_is_seen(
    driver: SyncDriver, scenes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stash sorts its times as texts: it comes behind a page of what was touched before."""
    monkeypatch.setattr(touched_scenes, "PAGE", 4)
    here, now = time.strftime("%z"), time.time()
    driver.site.both.stash.configure(offset=f"{int(here[:3]) + 3:+03}:{here[3:]}")
    for minutes, scene in enumerate(scenes[5:10]):
        stash_has(driver, now - 600 + 60 * minutes)
        titled(driver, scene, "Before")
    driver.sync()
    driver.site.both.stash.configure(offset=f"{here[:3]}:{here[3:]}", now=None)
    titled(driver, scenes[10], "After")

    assert driver.sync()["unannounced"] == 1

    assert title(driver, scenes[10]) == "After"


def test_edits_after_the_clock_was_set_back_are_seen(driver: SyncDriver, scenes: list[int]) -> None:
    titled(driver, scenes[4], "By a clock that is ahead")
    driver.sync()
    driver.now -= 7200
    stash_has(driver, driver.now - 600)
    titled(driver, scenes[5], "By a clock that was set back")
    driver.sync()
    assert title(driver, scenes[5]) == "By a clock that was set back"

    driver.now += 60
    stash_has(driver, driver.now - 5)
    titled(driver, scenes[6], "Later")
    assert driver.sync()["unannounced"] == 1
    assert title(driver, scenes[6]) == "Later"


def test_where_the_watermark_was_lost_the_latest_edits_are_seen(
    driver: SyncDriver, scenes: list[int]
) -> None:
    titled(driver, scenes[7], "Before it was lost")
    with driver.site.state() as state:
        state.set_value(WATERMARK, None)
    switched(driver.site, **{SCENE_HOOKS: False})

    assert driver.sync()["processed"] >= 1
    assert title(driver, scenes[7]) == "Before it was lost"


def test_at_first_it_only_notes_where_to_begin(driver: SyncDriver, scenes: list[int]) -> None:
    """Processes have noted what was edited until then."""
    switched(driver.site, **{SCENE_HOOKS: True})
    titled(driver, scenes[12], "Before the first look")
    with driver.site.state() as state:
        state.set_value(WATERMARK, None)

    assert driver.sync()["processed"] == 0
    titled(driver, scenes[13], "After it")
    assert driver.sync()["processed"] == 1


def test_a_task_that_is_cut_off_before_it_has_looked_leaves_its_event(
    driver: SyncDriver, scenes: list[int]
) -> None:
    """Which asks for the next task, and that looks."""
    titled(driver, scenes[8], "Cut off")
    driver.note(scenes[9])
    driver.site.both.stash.faults([{"match": "TouchedScenes", "action": "reset", "times": -1}])
    with pytest.raises(Exception, match="Stash"):
        driver.sync()
    assert driver.left() == [scenes[9]]
    driver.site.both.stash.faults([])

    driver.sync()

    assert title(driver, scenes[8]) == "Cut off"


def test_what_plex_does_not_have_is_not_looked_for_for_ever(driver: SyncDriver) -> None:
    missing = driver.site.scene("missing_inside")
    with driver.site.queue() as queue:
        queue.put({"scene_id": missing})
        (job,) = queue.claim(1, driver.now)
        queue.park(job, Failure.NOT_FOUND, "not there")
    titled(driver, missing, "Still missing")

    assert driver.sync()["processed"] == 0


def test_an_edit_of_a_scene_whose_job_waits_does_not_wait_with_it(
    driver: SyncDriver, scenes: list[int]
) -> None:
    with driver.site.queue() as queue:
        queue.put({"scene_id": scenes[9]})
        (job,) = queue.claim(1, driver.now)
        queue.retry(job, driver.now + 3600, Failure.OTHER, "later")
    titled(driver, scenes[9], "Sooner")

    driver.sync()

    assert title(driver, scenes[9]) == "Sooner"


def test_processes_stop_once_the_hooks_inside_stash_have_shown_that_they_work(
    driver: SyncDriver, scenes: list[int]
) -> None:
    with driver.site.state() as state:
        state.set_value(RELIED_ON, False)
    switched(driver.site, **{SCENE_HOOKS: True})
    driver.note(scenes[10])
    driver.sync()
    assert on(driver) == (True, True)

    hook = HookInbox(str(driver.site.data))
    hook.note("scene", scenes[10], "update", by_user=True, now=driver.now, is_quick=True)
    hook.close()
    driver.sync()

    assert on(driver) == (True, False)
    assert is_relied_on(driver)


def test_processes_come_back_where_the_hooks_inside_stash_are_off(driver: SyncDriver) -> None:
    switched(driver.site, **{SCENE_HOOKS: False, QUICK_HOOKS: False})

    driver.sync()

    assert on(driver) == (False, True)
    assert not is_relied_on(driver)
    driver.sync()
    assert on(driver) == (False, True)
