"""Requests that Plex leaves unanswered while it answers others: who else has to wait for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import app.patience
import app.sync_changes.outage_wait
import app.sync_changes.probes
import app.sync_changes.process_queue
import transport.pacing
from app import task_runner
from app.health_check.task import look_after_change
from app.schedule.automatic import AutoReconcile
from app.schedule.history import HISTORY
from app.sync_changes.handover import MOST_IN_VAIN
from app.sync_changes.process_queue import process_queue
from app.wiring import Timeouts
from core.circuit_breaker import LONGEST_PAUSE, OPENS_AFTER
from core.errors import RunStopped
from core.reconcile_due import HOUR, History
from core.timestamps import DAY
from plex.exceptions import PlexServerDown
from simulators.library.generate import generate
from storage.state_tables.outages import PLEX
from tests.acceptance.always_on import jobs, others_wait
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import NOW, SyncDriver

ITEMS = "^GET /library/metadata/"
LISTING = r"^GET /library/sections/\d+/all"
HANG = {"action": "hang", "seconds": 20, "times": -1}
READ = 15  # seconds, `read_timeout`


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(3, seed=4, only=("in_sync",)))


@pytest.fixture
def driver(library: Site, data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SyncDriver]:
    for where, name, seconds in (
        (app.patience, "SLOW", 0.2),
        (app.patience, "LOOK", 0.1),
        (app.sync_changes.process_queue, "BY_BUTTON", 0.8),
        (app.patience, "BY_BUTTON", 0.8),
        (app.patience, "STEP", 0.05),
        (transport.pacing, "STEP", 0.05),
    ):
        monkeypatch.setattr(where, name, seconds)
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(first_sync="mirror", read_timeout=READ)
    library.enqueue(*library.scenes("in_sync"))
    yield SyncDriver(library)
    library.both.plex.faults([])


def failures(driver: SyncDriver) -> int:
    with driver.site.state() as state:
        return state.outages.breaker(PLEX, NOW).failures


def all_wait(driver: SyncDriver) -> bool:
    with driver.site.queue() as queue:
        waiting = list(queue.due(4e9))
    return len(waiting) == 3 and not any(job.attempts for job in waiting)


@pytest.mark.parametrize("hangs", [ITEMS, "^GET /library/sections[? ]"], ids=["items", "libraries"])
def test_a_drain_by_a_button_is_soon_handed_over(driver: SyncDriver, hangs: str) -> None:
    driver.site.both.plex.faults([{"match": hangs, **HANG}])
    began = time.monotonic()

    with pytest.raises(PlexServerDown, match="3 changes wait for Plex; Sync Changes sends"):
        driver.do("process_queue")

    assert time.monotonic() - began < READ / 2
    assert driver.lease().job_id == jobs(driver.site)[-1]["id"]
    assert failures(driver) == 1
    assert all_wait(driver)
    driver.site.both.plex.faults([])
    assert driver.sync()["processed"] == 3


@pytest.mark.parametrize(
    ("mode", "hangs"),
    [("sync_changes", ITEMS), ("process_queue", ITEMS), ("process_queue", LISTING)],
    ids=["hooks", "button", "after a change of settings"],
)
def test_others_need_not_wait_for_an_answer(
    driver: SyncDriver, mode: str, hangs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_runner, "look_after_change", look_after_change)
    driver.site.both.plex.faults([{"match": hangs, **HANG}])
    began = time.monotonic()

    with others_wait(driver.site):
        figures = driver.do(mode) if mode == "process_queue" else driver.sync()
        assert figures["carried_on_by_job"] == jobs(driver.site)[-1]["id"]

    assert time.monotonic() - began < READ / 2
    assert failures(driver) == 0  # that nobody waited for it says nothing of Plex
    assert all_wait(driver)
    driver.site.both.plex.faults([])
    assert driver.sync()["processed"] == 3


def test_an_automatic_reconcile_gives_way_but_not_for_ever(driver: SyncDriver) -> None:
    slow = {"match": LISTING, "action": "delay", "seconds": 0.4, "times": -1}
    driver.site.both.plex.faults([slow])
    with driver.site.state() as state:
        state.set_value(HISTORY, History(since=NOW - 9 * DAY))
    gave_way = []

    for hours in (0, 1, 23):
        driver.now += hours * HOUR
        with driver.context() as context:
            auto = AutoReconcile(context, lambda: True)
            auto.look()
            assert auto.run()
            gave_way.append("note" in auto.figures)

    assert gave_way == [True, True, False]
    assert [run.status for run in driver.automatic()] == ["partial", "partial", "done"]
    assert failures(driver) == 0


@pytest.mark.parametrize(("mode", "hangs"), [("reconcile_all", LISTING), ("undo_last_run", ITEMS)])
def test_a_task_that_nobody_carries_on_says_soon_that_plex_does_not_answer(
    driver: SyncDriver, mode: str, hangs: str
) -> None:
    site = driver.site
    for scene in site.scenes("in_sync"):
        site.hand_edit(site.key(scene), title=f"By hand {scene}")
    site.drain()
    site.enqueue(*site.scenes("in_sync"))
    site.both.plex.faults([{"match": hangs, **HANG}])
    began = time.monotonic()

    assert "Plex did not answer for" in site.run(mode).error

    assert time.monotonic() - began < READ / 2
    assert all_wait(driver)
    site.both.plex.faults([])
    assert "error" not in site.run(mode).reply


@pytest.mark.parametrize("is_silent", [False, True], ids=["slow", "silent"])
def test_slow_answers_do_not_keep_changes_waiting_for_ever(
    driver: SyncDriver, monkeypatch: pytest.MonkeyPatch, is_silent: bool
) -> None:
    """Where one was waited for long before others came, they need not wait for another one."""
    if is_silent:
        monkeypatch.setattr(app.sync_changes.handover, "BY_BUTTON", 0)
    slow = {"match": ITEMS, "action": "delay", "seconds": 0.4, "times": -1}
    driver.site.both.plex.faults([slow])

    with others_wait(driver.site):
        runs = [driver.sync()["processed"] for _ in range(MOST_IN_VAIN + 1)]

    assert runs == [*[0] * MOST_IN_VAIN, 0 if is_silent else 3]


def test_a_trial_that_gives_way_is_soon_followed_by_another_one(
    driver: SyncDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.site.both.plex.faults([{"match": ITEMS, **HANG}])
    with driver.site.state() as state:
        for _ in range(OPENS_AFTER):
            state.outages.failed(PLEX, NOW - 1000, 0.5, "")
    # As if the other job came only while the trial is under way.
    monkeypatch.setattr(app.sync_changes.outage_wait, "others_wait", lambda _context: False)

    with others_wait(driver.site):
        assert "carried_on_by_job" in driver.sync()

    with driver.site.state() as state:
        assert state.outages.breaker(PLEX, NOW).retry_at <= driver.now + LONGEST_PAUSE


def test_others_need_not_wait_for_a_cover(driver: SyncDriver) -> None:
    driver.site.use(first_sync="mirror", sync_poster=True)
    driver.site.both.stash.faults([{"match": "/screenshot", **HANG}])
    began = time.monotonic()

    with others_wait(driver.site):
        assert driver.sync()["carried_on_by_job"] == jobs(driver.site)[-1]["id"]

    driver.site.both.stash.faults([])
    assert time.monotonic() - began < READ / 2
    assert all_wait(driver)
    assert driver.sync()["processed"] == 3


def test_slow_servers_are_waited_for(driver: SyncDriver) -> None:
    driver.site.use(first_sync="mirror", sync_poster=True)
    slow = {"action": "delay", "times": -1}
    driver.site.both.plex.faults([{"match": "^(GET|PUT) /library", "seconds": 0.3, **slow}])
    driver.site.both.stash.faults([{"match": "/screenshot", "seconds": 1.2, **slow}])

    assert driver.do("process_queue")["processed"] == 3

    driver.site.both.stash.faults([])
    assert failures(driver) == 0


def test_a_plex_that_is_slow_is_looked_for_with_more_patience_each_time(
    driver: SyncDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.site.use(first_sync="mirror", outage_wait=1)
    monkeypatch.setattr(app.sync_changes.probes, "BRIEF", Timeouts(2, 0.1, 0.1))
    slow = {"match": ITEMS, "action": "delay", "seconds": 0.3, "times": -1}
    driver.site.both.plex.faults([slow])
    with driver.site.state() as state:
        state.outages.failed(PLEX, NOW - 1000, 0.5, "")

    assert driver.sync()["processed"] == 3

    assert failures(driver) == 0


def test_a_task_that_is_stopped_waits_for_no_answer(driver: SyncDriver) -> None:
    driver.site.both.plex.faults([{"match": ITEMS, **HANG}])
    began = time.monotonic()

    with driver.context() as context, pytest.raises(RunStopped, match="as you asked"):
        process_queue(replace(context, is_stopped=lambda: time.monotonic() > began + 0.3))

    assert time.monotonic() - began < READ / 2
    assert all_wait(driver)


def test_an_item_that_hangs_is_no_plex_that_is_away(driver: SyncDriver) -> None:
    scenes = driver.site.scenes("in_sync")
    bad = driver.site.key(scenes[0])
    for scene in scenes:
        driver.site.hand_edit(driver.site.key(scene), title=f"By hand {scene}")
    driver.site.both.plex.faults([{"match": rf"^PUT /library/.*\b{bad}\b", **HANG}])

    figures = driver.do("process_queue")

    assert (figures["succeeded"], figures["retried"]) == (2, 1)
    assert failures(driver) == 0
