"""What was an outage, what it left behind, and what is tried again on demand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.schedule.history import HISTORY
from core.errors import ConfigError
from core.models import Failure
from core.reconcile_due import History
from simulators.library.generate import generate
from storage.state_tables.outages import PICTURES, PLEX
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import NOW, SyncDriver

HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(12, seed=4, only=("in_sync",)))


@pytest.fixture
def driver(library: Site, data: Path) -> SyncDriver:
    library.forget(data)
    library.use(first_sync="mirror")
    return SyncDriver(library)


def outage(driver: SyncDriver, began: float, seconds: float | None, service: str = PLEX) -> None:
    with driver.site.state() as state:
        state.outages.failed(service, began, 0.0, "Plex refused the connection")
        if seconds is not None:
            state.outages.succeeded(service, began + seconds)


def test_the_summary_of_ten_days_is_as_worked_out_by_hand(driver: SyncDriver) -> None:
    """Ten days watched, 240 h: 4 h and 8 h away, so 228 h up, 114 h for each; 95 % available."""
    with driver.site.state() as state:
        state.set_value(HISTORY, History(since=NOW - 10 * DAY))
    outage(driver, NOW - 9 * DAY, 4 * HOUR)
    outage(driver, NOW - 3 * DAY, 8 * HOUR)

    told = driver.do("outage_summary")

    plex, pictures = told["services"]["plex"], told["services"]["pictures"]
    assert (plex["count"], plex["downtime"]) == (2, 12 * HOUR)
    assert (plex["mttr"], plex["mtbf"]) == (6 * HOUR, 114 * HOUR)
    assert plex["availability"] == pytest.approx(0.95)
    assert [each["seconds"] for each in plex["outages"]] == [8 * HOUR, 4 * HOUR]
    assert (pictures["count"], pictures["mttr"], pictures["availability"]) == (0, None, 1.0)
    assert told["since_epoch"] == NOW - 10 * DAY


def test_the_summary_in_words(driver: SyncDriver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with driver.site.state() as state:
        state.set_value(HISTORY, History(since=NOW - 40 * DAY))
    outage(driver, NOW - 35 * DAY, 2 * HOUR)  # too long ago
    outage(driver, NOW - 6 * HOUR, None)

    told = driver.do("outage_summary")

    lines = [each.getMessage() for each in caplog.records]
    assert (
        "Plex, in the last 30 days: 1 outage, 6 h in all; 30 days from one to the next (MTBF); "
        "available for 99.17 % of the time."
    ) in lines
    assert "the pictures of Stash, in the last 30 days: no outage." in lines
    assert any("away since" in line and "refused the connection" in line for line in lines)
    assert told["services"]["plex"]["is_away"] is True


def test_an_outage_that_lasts_counts_though_the_clock_was_set_back(driver: SyncDriver) -> None:
    outage(driver, NOW + DAY, 0, PICTURES)
    outage(driver, NOW + DAY, None)

    services = driver.do("outage_summary")["services"]

    plex, pictures = services["plex"], services["pictures"]
    assert (plex["is_away"], plex["count"], plex["downtime"]) == (True, 1, 0)
    assert [each["seconds"] for each in plex["outages"]] == [0]
    assert (pictures["is_away"], pictures["count"], pictures["outages"]) == (False, 0, [])


def test_the_summary_of_nothing(driver: SyncDriver) -> None:
    plex = driver.do("outage_summary")["services"]["plex"]
    assert (plex["count"], plex["availability"], plex["outages"]) == (0, 1.0, [])


def test_the_status_shows_an_outage(driver: SyncDriver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for number in range(5):
        with driver.site.state() as state:
            state.outages.failed(PLEX, NOW - HOUR + number, 0.0, f"failed {number}")

    told = driver.do("queue_status")["services"]

    assert (told["plex"]["breaker"], told["plex"]["failures"]) == ("half-open", 5)
    assert (told["plex"]["error"], told["plex"]["away_since_epoch"]) == ("failed 0", NOW - HOUR)
    assert (told["pictures"]["breaker"], told["pictures"]["away_since"]) == ("closed", None)
    assert (
        "Plex: away for 60 min, 5 tries in vain (circuit breaker half-open): failed 0"
        in caplog.messages
    )


# Jobs --------------------------------------------------------------------------------------


def dead(driver: SyncDriver, scene: int, failure: Failure, at: float, why: str = "failed") -> None:
    driver.now = at
    with driver.context() as context, context.open_queue() as queue:
        queue.put({"scene_id": scene})
        (job,) = queue.claim(1, at)
        queue.park(job, failure, why)
    driver.now = NOW


def waiting(driver: SyncDriver) -> list[int]:
    with driver.site.queue() as queue:
        return sorted(job.scene_id for job in queue.due(NOW))


def test_what_an_outage_left_is_tried_again(driver: SyncDriver, scenes: list[int]) -> None:
    outage(driver, NOW - 5 * HOUR, HOUR)
    dead(driver, scenes[0], Failure.ITEM_FAILED, NOW - 4.5 * HOUR)
    dead(driver, scenes[1], Failure.ITEM_FAILED, NOW - 2 * HOUR)  # of its own
    dead(driver, scenes[2], Failure.NOT_FOUND, NOW - 4.5 * HOUR)
    with driver.site.queue() as queue:
        queue.put({"scene_id": scenes[3]})
        queue.postpone(
            (job, NOW + HOUR, Failure.NO_PICTURES, "none") for job in queue.claim(1, NOW)
        )

    told = driver.do("recover_outage_jobs")

    assert told == {"due": 1, "retried": 1}
    assert waiting(driver) == [scenes[0], scenes[3]]
    assert driver.lease().job_id is not None  # Sync Changes is asked for
    assert driver.sync()["processed"] == 2


@pytest.mark.parametrize(
    ("args", "chosen"),
    [
        ({}, [0, 1, 2, 3]),
        ({"failure": "PlexNotFound"}, [0, 1]),
        ({"failure": "plexrejected"}, [2]),
        ({"error": "TEAPOT"}, [2]),
        ({"error": "PlexNotFound"}, [0, 1]),
        ({"scene_id": "5"}, None),
        ({"filter": "PlexNotFound"}, None),
        ({"filter": {"error": "PlexNotFound", "text": ""}}, [0, 1]),
        ({"filter": {"failure": "PlexNotFound"}}, None),
        ({"ids": "{0}, {3}"}, [0, 3]),
        ({"ids": ["{1}"], "failure": "PlexNotFound"}, [1]),
        ({"ids": []}, []),  # names none, which is not all
        ({"since": str(NOW - 2.5 * DAY)}, [2, 3]),
        ({"until": "2030-03-15T17:46:40Z"}, [0, 1, 2]),
        ({"since": "2030-03-14", "until": "2030-03-16"}, [1, 2]),
        ({"failure": "PlexNotTaken"}, None),
        ({"ids": "all"}, None),
        ({"since": "yesterday"}, None),
    ],
)
def test_dead_letters_are_chosen_by_failure_error_scene_and_time(
    driver: SyncDriver, scenes: list[int], args: dict[str, Any], chosen: list[int] | None
) -> None:
    dead(driver, scenes[0], Failure.NOT_FOUND, NOW - 4 * DAY)
    dead(driver, scenes[1], Failure.NOT_FOUND, NOW - 3 * DAY)
    dead(driver, scenes[2], Failure.REJECTED, NOW - 2 * DAY, "418, a teapot")
    dead(driver, scenes[3], Failure.PICTURE, NOW - DAY)
    given = json.loads(json.dumps(args))
    for key in given.keys() & {"ids"}:
        numbers = [scenes[0], scenes[1], scenes[2], scenes[3]]
        told = given[key]
        given[key] = (
            told.format(*numbers) if isinstance(told, str) else [e.format(*numbers) for e in told]
        )

    if chosen is None:
        with pytest.raises(ConfigError, match=r"(is|are) allowed"):
            driver.do("retry_dlq", **given)
        assert waiting(driver) == []
    else:
        assert driver.do("retry_dlq", **given)["retried"] == len(chosen)
        assert waiting(driver) == sorted(scenes[number] for number in chosen)


def test_an_outage_of_pictures_is_told_apart(driver: SyncDriver) -> None:
    outage(driver, NOW - HOUR, 60, PICTURES)
    services = driver.do("outage_summary")["services"]
    assert (services["plex"]["count"], services["pictures"]["count"]) == (0, 1)
