"""The status: how things stand, whatever else goes on, and nothing is started by it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import StateError
from core.models import Change, ItemRef
from simulators.library.generate import generate
from storage.state import STATE_FILE
from storage.state_tables.plans import PlannedChange
from sync_queue.inbox import INBOX_FILE, UNANSWERED_SECONDS, HookInbox
from sync_queue.inbox_reader import Inbox
from sync_queue.reader import QUEUE_FILE
from sync_queue.schema import TABLE
from tests.acceptance.always_on import jobs, until
from tests.acceptance.conftest import Open
from tests.acceptance.entry import Ended
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import SyncDriver
from tests.stored import spoil, sql

HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(40, seed=4, only=("in_sync", "missing_inside", "stale")))


@pytest.fixture
def site(library: Site, data: Path) -> Iterator[Site]:
    library.forget(data)
    library.use(first_sync="mirror", max_clear_percent=100)
    library.reset_counters()
    yield library
    library.both.plex.faults([])


@pytest.fixture
def driver(site: Site) -> SyncDriver:
    return SyncDriver(site)


def look(site: Site) -> Ended:
    """The status, with Plex out of reach and nothing asked of either server but the settings."""
    site.both.plex.faults([{"match": "", "action": "reset", "times": -1}])
    site.reset_counters()
    before = len(jobs(site, ""))
    ended = site.run("queue_status")
    assert site.both.plex.counters()["total"] == 0
    assert site.both.stash.counters()["total"] <= 2
    assert len(jobs(site, "")) == before
    site.both.plex.faults([])
    return ended


def working(site: Site) -> int:
    with site.queue() as queue:
        return queue.stats(time.time()).working


def test_before_anything_has_happened(site: Site) -> None:
    ended = look(site)

    status = ended.output
    assert status["inbox"]["changes"] == status["waiting"] == status["working"] == 0
    assert (status["dead_letters"], status["runs"], status["problems"]) == ({}, [], [])
    assert status["reconcile"]["last_run_at"] is status["reconcile"]["next_due_at"] is None
    assert "inbox: empty" in ended.log
    assert "never run so far; the first change or task decides" in ended.log
    # To look is no beginning: the time to look around is still to come.
    assert look(site).output["reconcile"]["next_due_at"] is None


def test_all_that_there_is_to_know(driver: SyncDriver) -> None:
    site, scenes = driver.site, driver.site.scenes("in_sync")
    site.use(first_sync="mirror", max_clear_percent=100, max_retries=1)
    driver.do("reconcile_all")
    driver.now += HOUR
    driver.do("process_queue")  # what is missing in Plex waits, and then is given up on
    driver.now += HOUR
    driver.do("process_queue")
    site.use(first_sync="mirror", max_clear_percent=100)
    site.behind("set", kind="scene", id=scenes[0], attributes={"details": "Of late."})
    driver.do("reconcile_recent")
    driver.note(scenes[1])
    driver.note(scenes[2])
    driver.now += 60

    status = driver.do("queue_status")

    assert status["now_epoch"] == driver.now
    assert status["inbox"]["by_kind"] == {"scene": 2}
    assert status["inbox"]["sync_changes"] == "asked for"
    assert status["inbox"]["asked_at_epoch"] == driver.now - 60
    assert sum(status["dead_letters"].values()) == len(site.scenes("missing_inside"))
    assert list(status["dead_letters"]) == ["PlexNotFound"]
    assert set(status["last_runs"]) == {"drain", "reconcile"}
    last = status["last_runs"]["reconcile"]
    assert (last["status"], last["partial"], last["seconds"]) == ("done", False, 0.0)
    assert last["figures"]["scope"] == "recent"
    assert [run["kind"] for run in status["runs"]] == ["reconcile", "drain", "drain", "reconcile"]
    gone = len(site.scenes("missing_inside"))
    assert status["last_runs"]["drain"]["figures"] == {"processed": gone, "failed": gone}
    reconcile = status["reconcile"]
    assert (reconcile["interval"], reconcile["scope"], reconcile["tries"]) == ("daily", "all", 0)
    assert reconcile["next_due_at_epoch"] == reconcile["last_run_at_epoch"] + DAY
    assert reconcile["next_due_in"] == DAY - 2 * HOUR - 60


def test_times_are_in_utc_and_in_seconds(driver: SyncDriver) -> None:
    driver.do("reconcile_all")
    status = driver.do("queue_status")

    def check(part: Any) -> None:
        for name, value in part.items() if isinstance(part, dict) else ():
            if f"{name}_epoch" in part and value is not None:
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value)
            check(value)

    check(status)
    assert status["now"] == "2030-03-17T17:46:40Z"
    assert status["reconcile"]["next_due_at"] == "2030-03-18T17:46:40Z"


def test_the_log_is_for_people(site: Site) -> None:
    site.run("reconcile_all")
    site.run("process_queue")
    log = look(site).log

    gone = len(site.scenes("missing_inside"))
    assert re.search(rf"queue: {gone} scenes waiting \({gone} to be tried later, the next in", log)
    assert re.search(r"last sync: (just now|\d s ago), took \d+ s: 40 processed, ", log)
    assert re.search(r"last reconcile: .*: 40 scenes checked, 40 with gaps, 40 scenes queued", log)
    assert re.search(
        r"automatic reconcile: daily, over all scenes; last run .*; next due in 24 h", log
    )
    assert "Plex: no outage that is known of" in log


@pytest.mark.parametrize(
    ("interval", "said"), [("never", "automatic reconcile: is off"), ("hourly", "hourly, over all")]
)
def test_it_says_when_nothing_is_to_come(site: Site, interval: str, said: str) -> None:
    site.use(reconcile_interval=interval)
    assert said in look(site).log


def test_while_the_plugin_is_switched_off(site: Site) -> None:
    site.use(enabled=False)

    ended = look(site)

    assert ended.output["enabled"] is False
    assert "switched off" in ended.output["problems"][0]
    assert "rests while nothing is synced" in ended.log


def test_while_a_drain_runs(site: Site) -> None:
    site.run("reconcile_all")
    site.look()
    site.both.plex.configure(latency=0.2)
    try:
        process = site.start("process_queue")
        until(lambda: working(site) > 0)
        status = site.run("queue_status")
        assert process.poll() is None
        process.kill()
        with process:
            process.communicate()
    finally:
        site.both.plex.configure(latency=0)

    assert status.output["working"] > 0
    assert status.output["last_runs"]["drain"]["finished_at"] is None
    assert "not ended: it runs, or was killed" in status.log


def test_a_task_that_was_killed_is_told(driver: SyncDriver) -> None:
    driver.note(1)
    with Inbox(driver.site.data) as inbox:
        inbox.begin()
        assert driver.do("queue_status")["inbox"]["sync_changes"] == "running"

    assert driver.do("queue_status")["inbox"]["sync_changes"] == "killed"


def test_a_request_that_came_to_nothing_is_no_request(driver: SyncDriver) -> None:
    hook = HookInbox(str(driver.site.data))
    hook.note("scene", 1, "update", by_user=True, now=driver.now)
    hook.close()
    assert driver.do("queue_status")["inbox"]["sync_changes"] == "asked for"

    driver.now += UNANSWERED_SECONDS + 1
    assert driver.do("queue_status")["inbox"]["sync_changes"] == "none"


@pytest.mark.parametrize("name", [STATE_FILE, INBOX_FILE, "queue"])
def test_a_damaged_file_is_told_by_its_name(site: Site, name: str) -> None:
    driver = SyncDriver(site)
    driver.do("reconcile_all")
    driver.note(1)
    path = site.data / name
    if path.is_dir():
        (path,) = path.glob("*.db")
    for each in path.parent.glob(f"{path.name}*"):
        each.write_bytes(b"This is no database. " * 500)

    ended = look(site)

    (problem,) = ended.output["problems"]
    assert path.name in problem
    assert "was moved to" in problem
    assert path.name in ended.log
    assert look(site).output["problems"] == []


def test_jobs_that_make_no_sense_spoil_neither_status_nor_drain(driver: SyncDriver) -> None:
    driver.do("reconcile_all")
    waiting = driver.do("queue_status")["waiting"]
    queue = driver.site.data / "queue" / QUEUE_FILE
    faults = {
        "data": f"CAST('{'[' * 100_000}' AS BLOB)",
        "attempts": "'many'",
        "error": "x'ff'",
        "scene_id": "NULL",
        "not_before": "'soon'",
    }
    for row, (column, value) in enumerate(faults.items(), start=1):
        spoil(queue, f"{TABLE}.{column}", value, f"_id = {row}")

    assert driver.do("queue_status")["waiting"] == waiting
    done = driver.do("process_queue")

    absent = len(driver.site.scenes("missing_inside"))
    assert waiting - len(faults) - absent <= done["succeeded"] <= waiting - len(faults)
    assert len(sql(queue, "SELECT 1 FROM set_aside")) == len(faults) - 1
    driver.now += HOUR  # a due time can be put right
    driver.do("process_queue")
    assert driver.do("queue_status")["waiting"] <= absent


def test_held_jobs_are_told(driver: SyncDriver) -> None:
    driver.do("reconcile_all")
    with driver.context() as context, context.open_queue() as queue:
        waiting = queue.stats(driver.now).waiting
        change = Change("details", "Old", None)
        losses = [PlannedChange(1, "Title", ItemRef("1", "7"), change)]
        queue.hold((job, losses) for job in queue.claim(2, driver.now))

    ended = look(driver.site)

    assert (ended.output["waiting"], ended.output["held"]) == (waiting - 2, 2)
    assert "2 held by a guard" in ended.log
    assert re.search("held by the clear guard: scene [0-9]+ “Title”: details cleared", ended.log)


def test_a_file_of_a_newer_version_is_an_error(driver: SyncDriver) -> None:
    driver.do("reconcile_all")
    sql(driver.site.data / STATE_FILE, "PRAGMA user_version = 999")

    with pytest.raises(StateError, match="newer Stash2Plex"):
        driver.do("queue_status")


def test_an_overdue_reconcile_is_told(driver: SyncDriver) -> None:
    driver.now = time.time() - 3 * DAY
    driver.do("reconcile_all")

    ended = look(driver.site)

    assert ended.output["reconcile"]["next_due_in"] == 0
    assert "due now: it runs at the next change or task" in ended.log
    assert "last run 3 days ago" in ended.log
