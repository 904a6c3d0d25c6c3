"""Weeks of activity at each interval and scope: each reconcile that nobody started runs at the
first event or task at or after its due time, never earlier, and never twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.soak import IS_SOAK, amount
from tests.acceptance.sync_driver import NOW, SyncDriver

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
# How long to look on, and how many reconciles that has to bring at least.
DAYS = {"never": amount(2, 4), "hourly": 5, "daily": 10, "weekly": 24}
LEAST = {"never": 0, "hourly": 3, "daily": 3, "weekly": 2}
INTERVALS = {"never": None, "hourly": HOUR, "daily": DAY, "weekly": 7 * DAY}
# What a task over each scope of the settings counts for.
COVERED_BY = {
    "all": {"reconcile_all"},
    "7days": {"reconcile_all", "reconcile_7days"},
    "24h": {"reconcile_all", "reconcile_7days", "reconcile_recent"},
}
GONE = 99_999  # no scene has this id, so an event for it costs next to nothing


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(6, seed=4, only=("in_sync",)))


class Month:
    """One driver through the days, and what is told of each occasion from the outside."""

    def __init__(self, driver: SyncDriver, interval: str, scope: str, seed: str) -> None:
        self.driver = driver
        self.interval = INTERVALS[interval]
        self.covered_by = COVERED_BY[scope]
        self.rng = random.Random(seed)
        self.end = NOW + DAYS[interval] * DAY
        self.due = NOW + min(self.interval or 0.0, DAY)
        self.ran = 0

    def live(self) -> None:
        acts = [self.event] * 5 + [self.click, self.task, self.task, self.look, self.reconcile]
        while self.driver.now < self.end:
            longest = self.rng.choice([20 * MINUTE, 3 * HOUR, 72 * HOUR])
            self.driver.now += self.rng.uniform(1, longest)
            self.rng.choice(acts)()

    def event(self) -> None:
        scene = GONE if self.rng.random() < 0.8 else self.driver.site.scenes("in_sync")[0]
        self.driver.note(scene, by_user=self.rng.random() < 0.5)
        self.click()

    def click(self) -> None:
        """Sync Changes, whoever asked for it."""
        started = self.driver.now
        said = self.driver.sync()
        self.check("reconcile" in said, started)

    def task(self) -> None:
        """Another task runs none; it asks for Sync Changes, which Stash starts when it can."""
        started = self.driver.now
        self.driver.do(self.rng.choice(["process_queue", "clear_queue"]))
        self.runs_after_another_task(started)

    def reconcile(self) -> None:
        """By hand: what it has seen need not be looked at again so soon."""
        started = self.driver.now
        mode = self.rng.choice(["reconcile_all", "reconcile_7days", "reconcile_recent"])
        self.driver.do(mode)
        if mode in self.covered_by and self.interval is not None:
            self.due = self.driver.now + self.interval
        self.runs_after_another_task(started)

    def runs_after_another_task(self, started: float) -> None:
        assert len(self.driver.automatic()) == self.ran
        asked = self.driver.lease().asked_at is not None
        assert asked == self.is_due()
        if asked:
            self.driver.now += self.rng.uniform(0, 10 * MINUTE)
            self.click()

    def look(self) -> None:
        status = self.driver.do("queue_status")["reconcile"]
        assert len(self.driver.automatic()) == self.ran
        assert self.driver.lease().asked_at is None
        if self.interval is None:
            assert status["next_due_at"] is None
        elif status["next_due_at_epoch"] is not None:  # an event or task has been there
            assert status["next_due_at_epoch"] == self.due

    def is_due(self) -> bool:
        return self.interval is not None and self.driver.now >= self.due

    def check(self, ran: bool, started: float) -> None:
        assert ran == self.is_due()
        if ran:
            self.ran += 1
            last = self.driver.automatic()[-1]
            assert started <= last.started_at
            assert self.due <= last.started_at <= self.driver.now
            assert last.finished_at is not None
            assert self.interval is not None
            self.due = last.finished_at + self.interval
        assert len(self.driver.automatic()) == self.ran


ALL = [(interval, scope) for interval in ("hourly", "daily", "weekly") for scope in COVERED_BY]
# Each interval and each scope; every pair of them is for the soak.
SAMPLE = [("hourly", "24h"), ("daily", "7days"), ("weekly", "all")]


@pytest.mark.parametrize(
    ("interval", "scope"),
    [
        ("never", "all"),  # of what none runs over makes no difference
        *(ALL if IS_SOAK else SAMPLE),
    ],
)
def test_each_run_is_at_the_first_event_or_task_from_its_due_time_on(
    library: Site, data: Path, interval: str, scope: str
) -> None:
    library.forget(data)
    library.use(
        first_sync="mirror",
        max_clear_percent=100,
        reconcile_interval=interval,
        reconcile_scope=scope,
    )
    driver = SyncDriver(library)
    driver.sync()  # the first occasion of all
    month = Month(driver, interval, scope, f"{interval} {scope}")

    month.live()

    assert {run.status for run in driver.automatic()} <= {"done"}
    assert month.ran >= LEAST[interval]
