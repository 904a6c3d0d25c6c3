"""Plex goes away and comes back: all arrives without a click, and nobody is blamed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.sync_changes.probes import plex_failure
from core.circuit_breaker import LONGEST_PAUSE, LONGEST_STALL
from core.errors import StashUnreachable, SyncError
from plex.exceptions import PlexServerDown, PlexUnauthorized
from simulators.library.generate import generate
from tests.acceptance.always_on import jobs, others_wait
from tests.acceptance.conftest import Open
from tests.acceptance.faults import BUSY, GONE, REFUSED, RESET, STARTING, WRONG, Fault
from tests.acceptance.site import Site
from tests.acceptance.soak import amount, chosen
from tests.acceptance.sync_driver import NOW, SyncDriver

MINUTE, HOUR = 60.0, 3600.0
AWAY = amount(15, 60) * MINUTE


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(32, seed=4, only=("in_sync",)))


@pytest.fixture
def driver(library: Site, data: Path) -> Iterator[SyncDriver]:
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(first_sync="mirror", max_clear_percent=100)
    yield SyncDriver(library)
    library.both.stash.faults([])
    library.both.plex.faults([])


class Script:
    """What happens at which time while somebody sleeps; the longest sleep is kept."""

    def __init__(self, driver: SyncDriver) -> None:
        self._driver = driver
        self._steps: list[tuple[float, Callable[[], object]]] = []
        driver.on_sleep = self._go_on

    def at(self, seconds: float, step: Callable[[], object]) -> None:
        self._steps.append((NOW + seconds, step))
        self._steps.sort(key=lambda each: each[0])

    def _go_on(self) -> None:
        while self._steps and self._steps[0][0] <= self._driver.now:
            self._steps.pop(0)[1]()


def plex_is(driver: SyncDriver, fault: Fault | None) -> None:
    driver.site.both.plex.faults([{"match": "", "times": -1, **fault}] if fault else [])


def edit(driver: SyncDriver, scene: int, title: str) -> None:
    driver.site.edit_scene(scene, title=title)
    driver.note(scene)


def titles(driver: SyncDriver, scenes: list[int]) -> list[Any]:
    return [driver.site.item(driver.site.key(scene))["title"] for scene in scenes]


def blames_nobody(driver: SyncDriver) -> None:
    assert driver.site.dead() == {}
    with driver.site.queue() as queue:
        assert all(job.attempts == 0 for job in queue.due(4e9))


def test_after_long_all_arrives_by_itself(
    driver: SyncDriver, scenes: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    plex_is(driver, RESET)
    before = len(jobs(driver.site, ""))
    script = Script(driver)
    edited = scenes[: 1 + int(AWAY // 180)]
    for number, scene in enumerate(edited[1:], 1):
        script.at(number * 170, partial(edit, driver, scene, f"Edit {number}"))
    script.at(600, lambda: driver.note(scenes[30], by_user=False))  # a scan
    script.at(AWAY, lambda: plex_is(driver, None))
    edit(driver, scenes[0], "Edit 0")

    figures = driver.sync()

    assert titles(driver, edited) == [f"Edit {number}" for number in range(len(edited))]
    assert figures["processed"] == len(edited) + 1
    assert AWAY < driver.now - NOW <= AWAY + MINUTE
    assert len(jobs(driver.site, "")) == before
    assert (driver.left(), driver.site.queued(), driver.lease().asked_at) == ([], {}, None)
    blames_nobody(driver)
    assert max(driver.slept) <= 5
    told = [each.getMessage() for each in caplog.records]
    assert sum("1 change waits for Plex, and so does Sync Changes" in line for line in told) == 1
    assert sum(f"Plex: away for {AWAY / MINUTE:.0f} min" in line for line in told) <= 1
    assert sum("Plex answers again, after" in line for line in told) == 1
    with driver.site.state() as state:
        (outage,) = state.outages.outages(0)
    assert outage.ended_at is not None
    assert AWAY - 10 < outage.ended_at - outage.began_at < AWAY + MINUTE


NOT_WORKING = {"busy": BUSY, "starting": STARTING, "a page": WRONG, "404 of a proxy": GONE}


@pytest.mark.parametrize("name", chosen(["starting", "a page"], ["busy", "404 of a proxy"]))
def test_a_server_that_answers_and_does_not_work_is_away(
    driver: SyncDriver, scenes: list[int], name: str
) -> None:
    plex_is(driver, NOT_WORKING[name])
    edit(driver, scenes[0], "Not yet")
    Script(driver).at(200, lambda: plex_is(driver, None))

    driver.sync()

    assert titles(driver, scenes[:1]) == ["Not yet"]
    assert driver.now - NOW < 200 + MINUTE
    blames_nobody(driver)


def test_a_server_that_takes_two_seconds_for_each_answer_is_slow_and_not_away(
    driver: SyncDriver,
) -> None:
    plex_is(driver, {"action": "delay", "seconds": 2, "times": 1})

    with driver.context() as context:
        assert plex_failure(context, 0) is None


def test_other_jobs_of_stash_wait_no_longer_than_five_seconds(
    driver: SyncDriver, scenes: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    plex_is(driver, RESET)
    edit(driver, scenes[0], "Behind a scan")
    waiting = others_wait(driver.site)
    script = Script(driver)
    script.at(300, waiting.__enter__)

    first = driver.sync()

    assert driver.now - NOW <= 305
    assert first["carried_on_by_job"] == driver.lease().job_id
    waiting.__exit__(None, None, None)
    driver.now += 500
    asked = len(jobs(driver.site))
    script.at(1000, lambda: plex_is(driver, None))

    driver.sync()

    assert driver.now - NOW <= 1000 + MINUTE
    assert titles(driver, scenes[:1]) == ["Behind a scan"]
    assert len(jobs(driver.site)) == asked
    assert sum("so does Sync Changes" in each.getMessage() for each in caplog.records) == 1


def test_after_so_many_hours_it_ends_and_says_what_waits(
    driver: SyncDriver, scenes: list[int]
) -> None:
    driver.site.use(first_sync="mirror", outage_wait=0.05)
    plex_is(driver, RESET)
    edit(driver, scenes[0], "Late")
    edit(driver, scenes[1], "Late")

    with pytest.raises(PlexServerDown, match="2 changes wait for Plex; the next change in Stash"):
        driver.sync()

    assert HOUR / 20 <= driver.now - NOW <= HOUR / 20 + MINUTE
    assert driver.lease().asked_at is None
    edit(driver, scenes[2], "Even later")
    with pytest.raises(PlexServerDown, match="3 changes"):
        driver.sync()  # waits anew
    plex_is(driver, None)
    edit(driver, scenes[3], "The next")
    driver.sync()
    assert titles(driver, scenes[:4]) == ["Late", "Late", "Even later", "The next"]
    blames_nobody(driver)


def test_it_does_not_wait_if_that_is_not_wanted(driver: SyncDriver, scenes: list[int]) -> None:
    driver.site.use(first_sync="mirror", outage_wait=0)
    plex_is(driver, RESET)
    edit(driver, scenes[0], "Alone")

    with pytest.raises(PlexServerDown, match="1 change waits for Plex; the next change"):
        driver.sync()
    assert driver.now - NOW < MINUTE
    plex_is(driver, None)
    driver.sync()
    assert titles(driver, scenes[:1]) == ["Alone"]


@pytest.mark.parametrize("fault", [RESET, {"action": "hang", "seconds": 1}], ids=["off", "silent"])
def test_process_queue_leaves_the_waiting_to_sync_changes(
    driver: SyncDriver, scenes: list[int], fault: Fault
) -> None:
    driver.site.use(first_sync="mirror", read_timeout=0.3)
    driver.site.enqueue(*scenes[:3])
    plex_is(driver, fault)
    before = len(jobs(driver.site))

    with pytest.raises(PlexServerDown, match="3 changes wait for Plex; Sync Changes sends"):
        driver.do("process_queue")

    assert len(jobs(driver.site)) == before + 1
    assert driver.lease().job_id == jobs(driver.site)[-1]["id"]
    Script(driver).at(3, lambda: plex_is(driver, None))
    assert driver.sync()["processed"] == 3
    blames_nobody(driver)


def test_an_outage_in_the_midst_of_a_drain_is_waited_for_as_well(
    driver: SyncDriver, scenes: list[int]
) -> None:
    driver.site.enqueue(*scenes)
    done = 0

    def after_a_scene() -> None:
        nonlocal done
        done += 1
        if done == 10:
            plex_is(driver, RESET)

    driver.on_scene = after_a_scene
    Script(driver).at(500, lambda: plex_is(driver, None))

    assert driver.sync()["succeeded"] == len(scenes)
    blames_nobody(driver)
    with driver.site.state() as state:
        assert len(state.runs.latest("drain")) == 1  # one for undo and history


def test_after_a_recovery_plex_is_spared_for_a_while(driver: SyncDriver, scenes: list[int]) -> None:
    plex_is(driver, RESET)
    driver.site.enqueue(*scenes)
    started: list[int] = []

    def take_a_second() -> None:
        started.append(len(driver.slept))
        driver.now += 1

    driver.on_scene = take_a_second
    Script(driver).at(200, lambda: plex_is(driver, None))

    driver.sync()

    rests = driver.slept[started[0] :]
    assert 8 <= sum(rests) <= 12
    assert len(rests) < len(scenes)  # not for ever
    assert rests == sorted(rests, reverse=True)


def test_new_settings_are_read_by_another_task(
    driver: SyncDriver, scenes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    plex_is(driver, RESET)
    edit(driver, scenes[0], "Elsewhere")
    driver.has_new_settings = lambda: driver.now > NOW + 100

    figures = driver.sync()

    assert driver.now - NOW < 100 + 2 * LONGEST_PAUSE
    assert "the settings have changed" in figures["note"]
    assert figures["carried_on_by_job"] == driver.lease().job_id


def test_a_token_that_is_refused_afterwards_is_no_outage(
    driver: SyncDriver, scenes: list[int]
) -> None:
    plex_is(driver, RESET)
    edit(driver, scenes[0], "Refused")
    Script(driver).at(100, lambda: plex_is(driver, REFUSED))

    with pytest.raises(PlexUnauthorized):
        driver.sync()

    assert driver.now - NOW < 100 + MINUTE
    assert driver.lease().asked_at is None


def test_nobody_waits_for_a_stash_that_has_gone(driver: SyncDriver, scenes: list[int]) -> None:
    plex_is(driver, RESET)
    edit(driver, scenes[0], "Nobody there")

    def lost() -> bool:
        if driver.now > NOW + 100:
            raise StashUnreachable("gone")
        return False

    driver.has_new_settings = lost
    with pytest.raises(SyncError, match="gone"):
        driver.sync()

    assert driver.now - NOW < 400
    assert driver.lease().asked_at is None


@pytest.mark.parametrize(
    "fault",
    chosen([{"action": "status", "status": 500}, {"action": "hang", "seconds": 1}], [RESET]),
)
def test_one_that_answers_all_but_items_is_asked_for_an_item_before_a_drain(
    driver: SyncDriver, scenes: list[int], fault: Fault
) -> None:
    driver.site.use(first_sync="mirror", max_clear_percent=100, read_timeout=0.1)
    driver.site.enqueue(*scenes[:6])
    items = {"match": "^GET /library/metadata/", "times": -1, **fault}
    driver.site.both.plex.faults([items])
    Script(driver).at(2 * MINUTE, lambda: plex_is(driver, None))

    driver.sync()

    assert 2 * MINUTE < driver.now - NOW <= 3 * MINUTE
    blames_nobody(driver)
    with driver.site.state() as state:
        assert len(state.outages.outages(0)) == 1
        (run,) = state.runs.latest("drain")  # one that failed, and the one that goes on with it
        assert run.figures["succeeded"] == 6


def test_one_that_answers_and_takes_no_edit_is_tried_less_and_less_often(
    driver: SyncDriver, scenes: list[int]
) -> None:
    for scene in scenes[:6]:
        driver.site.behind("edit_scene", scene_id=scene, values={"title": "Not taken"})
    driver.site.enqueue(*scenes[:6])
    fails = {"match": "^PUT ", "times": -1, "action": "status", "status": 500}
    driver.site.both.plex.faults([fails])
    tries: set[float] = set()
    driver.on_scene = lambda: tries.add(driver.now)
    Script(driver).at(8 * MINUTE, lambda: plex_is(driver, None))

    driver.sync()

    assert 5 <= len([at for at in tries if at < NOW + 8 * MINUTE]) <= 15
    assert 8 * MINUTE < driver.now - NOW <= 9 * MINUTE + LONGEST_STALL
    blames_nobody(driver)
    with driver.site.state() as state:
        (outage,) = state.outages.outages(0)
    assert outage.ended_at is not None
    assert outage.ended_at - outage.began_at > 7 * MINUTE


def test_a_clock_that_is_set_back_meanwhile_makes_nobody_wait_longer(
    driver: SyncDriver, scenes: list[int]
) -> None:
    plex_is(driver, RESET)
    edit(driver, scenes[0], "A year earlier")

    def set_back() -> None:
        driver.now -= 365 * 24 * HOUR
        plex_is(driver, None)

    Script(driver).at(100, set_back)

    driver.sync()

    assert titles(driver, scenes[:1]) == ["A year earlier"]
    assert sum(driver.slept) < 100 + MINUTE
