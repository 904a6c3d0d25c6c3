"""Stash answers and gives no pictures: all else is synced, and the pictures come by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.circuit_breaker import LONGEST_STALL, OPENS_AFTER
from core.models import Failure, Job
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.faults import Fault
from tests.acceptance.site import Site
from tests.acceptance.soak import chosen
from tests.acceptance.sync_driver import NOW, SyncDriver
from tests.acceptance.test_outages import Script, blames_nobody, edit, titles

BUSY: Fault = {"action": "status", "status": 500}
LOGIN: Fault = {"action": "status", "status": 302, "headers": {"Location": "/login"}}
PAGE: Fault = {"action": "status", "status": 200, "body": "<html>Log in</html>"}
EMPTY: Fault = {"action": "status", "status": 200, "content_type": "image/jpeg"}
LOGIN_AS_JPEG: Fault = {**EMPTY, "body": "<!DOCTYPE html><title>Log in</title>"}
LOST: Fault = {"action": "status", "status": 404}
UNUSABLE = {"empty": EMPTY, "login as jpeg": LOGIN_AS_JPEG, "404": LOST}
# What Stash sends of a scene without a cover, or whose cover lies in a folder that is away.
STAND_IN: Fault = {**EMPTY, "content_type": "image/svg+xml", "body": "<svg/>"}
HUGE: Fault = {**EMPTY, "body": "x", "size": 11_000_000, "headers": {"Content-Length": "11000000"}}
COUNT = 20


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    site = open_site(generate(COUNT, seed=4, only=("empty_agent",)))
    for scene in site.scenes("empty_agent"):
        site.behind("cover", scene_id=scene, cover=f"cover of {scene}")
    return site


@pytest.fixture
def driver(library: Site, data: Path) -> Iterator[SyncDriver]:
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(first_sync="mirror", sync_poster=True)
    library.reset_counters()
    yield SyncDriver(library)
    library.both.stash.faults([])


def covers_are(driver: SyncDriver, fault: Fault | None, of: str = r"\d+") -> None:
    match = rf"GET /scene/{of}/screenshot"
    faults = [{"match": match, "times": -1, **fault}] if fault else []
    driver.site.both.stash.faults(faults)


def jobs(driver: SyncDriver) -> list[Job]:
    with driver.site.queue() as queue:
        return queue.due(4e9)


def with_poster(driver: SyncDriver) -> int:
    items = driver.site.both.plex.state()["items"].values()
    return sum(any(map(_is_uploaded, item["posters"])) for item in items)


def _is_uploaded(image: dict[str, Any]) -> bool:
    return bool(image["selected"]) and str(image["name"]).startswith("upload")


def asked(driver: SyncDriver) -> int:
    routes: dict[str, int] = driver.site.both.stash.counters()["by_route"]
    return sum(count for route, count in routes.items() if "screenshot" in route)


ALL = {"busy": BUSY, "login": LOGIN, "page": PAGE, "stand-in": STAND_IN, **UNUSABLE}


# The fault matrix has the others.
@pytest.mark.parametrize("name", chosen(["busy", *UNUSABLE][::2], ["login", "page", "empty"]))
def test_all_but_the_pictures_is_synced_and_these_come_once_they_can(
    driver: SyncDriver, name: str
) -> None:
    scenes = driver.site.scenes("empty_agent")
    driver.site.enqueue(*scenes)
    covers_are(driver, ALL[name])
    shown: list[int] = []

    def recovers() -> None:
        assert {job.failure for job in jobs(driver)} == {Failure.NO_PICTURES}
        blames_nobody(driver)
        shown.append(with_poster(driver))
        covers_are(driver, None)

    Script(driver).at(300, recovers)
    first = titles(driver, scenes)

    figures = driver.sync()

    assert shown == [0]
    assert first != titles(driver, scenes)
    assert figures["uploads"] == with_poster(driver) == COUNT
    assert driver.now - NOW < 360
    assert driver.site.queued() == {}
    with driver.site.state() as state:
        (outage,) = state.outages.outages(0)
    assert (outage.service, outage.ended_at is None) == ("pictures", False)


def test_an_outage_costs_few_requests(driver: SyncDriver) -> None:
    driver.site.use(first_sync="mirror", sync_poster=True, outage_wait=0)
    driver.site.enqueue(*driver.site.scenes("empty_agent"))
    covers_are(driver, PAGE)

    driver.sync()

    assert asked(driver) <= OPENS_AFTER * 6
    before = asked(driver)
    driver.do("process_queue")
    assert asked(driver) - before <= 10


def test_edits_are_brought_to_plex_meanwhile(driver: SyncDriver) -> None:
    scenes = driver.site.scenes("empty_agent")
    driver.site.enqueue(*scenes[:10])
    covers_are(driver, BUSY)
    seen: list[str] = []
    script = Script(driver)
    script.at(100, lambda: edit(driver, scenes[0], "Meanwhile"))
    script.at(120, lambda: seen.extend(titles(driver, scenes[:1])))
    script.at(200, lambda: covers_are(driver, None))

    driver.sync()

    assert seen == ["Meanwhile"]
    assert driver.site.queued() == {}
    assert with_poster(driver) == 10
    assert driver.site.dead() == {}


@pytest.mark.parametrize("fault", [BUSY, EMPTY], ids=["busy", "empty"])
@pytest.mark.parametrize("first", [False, True], ids=["later", "at first"])
def test_a_cover_that_fails_while_others_come_is_its_own_trouble(
    driver: SyncDriver, fault: Fault, first: bool
) -> None:
    scenes = driver.site.scenes("empty_agent")
    if not first:
        driver.site.enqueue(*scenes[:10])
        driver.sync()
    bad = scenes[0] if first else scenes[12]
    driver.site.enqueue(*scenes if first else scenes[10:])
    covers_are(driver, fault, of=str(bad))

    driver.sync()

    (job,) = jobs(driver)
    assert (job.scene_id, job.failure, job.attempts) == (bad, Failure.PICTURE, 1)
    assert with_poster(driver) == COUNT - 1
    with driver.site.state() as state:
        assert state.outages.outages(0) == []


def test_a_cover_that_is_too_large_is_told_once_and_not_tried_again(driver: SyncDriver) -> None:
    scenes = driver.site.scenes("empty_agent")
    driver.site.reconcile()
    covers_are(driver, HUGE, of=str(scenes[1]))

    figures = driver.do("process_queue")

    assert (figures["succeeded"], figures["failed"], figures["retried"]) == (COUNT - 1, 1, 0)
    (error,) = driver.site.dead().values()
    assert "larger than 10 MB" in error
    assert driver.site.item(driver.site.key(scenes[1]))["summary"]  # all else of it is synced
    with driver.site.state() as state:
        assert state.outages.outages(0) == []
    assert driver.site.reconcile()["total_gaps"] == 1
    assert driver.site.queued() == {}
    edit(driver, scenes[1], "Edited since")
    driver.sync()
    assert titles(driver, scenes[1:2]) == ["Edited since"]
    assert list(driver.site.dead()) == [scenes[1]]
    driver.site.reconcile()
    assert driver.site.queued() == {}


def test_the_only_cover_of_all_is_charged_to_its_scene(driver: SyncDriver) -> None:
    scenes = driver.site.scenes("empty_agent")
    for scene in scenes[1:]:
        driver.site.behind("cover", scene_id=scene, cover=None)
    driver.site.enqueue(*scenes)
    covers_are(driver, BUSY, of=str(scenes[0]))

    driver.do("process_queue")

    (job,) = jobs(driver)
    assert (job.scene_id, job.failure, job.attempts) == (scenes[0], Failure.PICTURE, 1)
    with driver.site.state() as state:
        assert state.outages.outages(0) == []
    for scene in scenes[1:]:
        driver.site.behind("cover", scene_id=scene, cover=f"cover of {scene}")


def test_covers_that_stash_cannot_read_stay_in_plex(driver: SyncDriver) -> None:
    scenes = driver.site.scenes("empty_agent")
    driver.site.enqueue(*scenes)
    driver.sync()
    covers_are(driver, STAND_IN)
    for scene in scenes:
        driver.site.behind("cover", scene_id=scene, cover=f"a new one of {scene}")
    driver.site.enqueue(*scenes)

    driver.do("process_queue")

    assert with_poster(driver) == COUNT
    assert {job.failure for job in jobs(driver)} == {Failure.NO_PICTURES}
    blames_nobody(driver)
    covers_are(driver, None)
    assert driver.sync()["uploads"] == COUNT


def test_process_queue_leaves_pictures_to_sync_changes(driver: SyncDriver) -> None:
    driver.site.enqueue(*driver.site.scenes("empty_agent")[:3])
    covers_are(driver, BUSY)

    driver.do("process_queue")

    assert driver.lease().job_id is not None
    Script(driver).at(60, lambda: covers_are(driver, None))
    driver.sync()
    assert with_poster(driver) == 3


UPLOADS, LISTS = "^POST /library/metadata/", "^GET /library/metadata/\\d+/posters"
FULL_DISK: Fault = {"action": "status", "status": 500}
CUT: Fault = {"action": "reset"}


def in_plex(driver: SyncDriver, match: str, fault: Fault) -> None:
    driver.site.both.plex.faults([{"match": match, "times": -1, **fault}])


@pytest.mark.parametrize(("match", "fault"), chosen([(UPLOADS, FULL_DISK)], [(LISTS, CUT)]))
def test_a_plex_that_takes_no_pictures_gets_all_else_and_the_pictures_later(
    driver: SyncDriver, match: str, fault: Fault
) -> None:
    scenes = driver.site.scenes("empty_agent")
    driver.site.enqueue(*scenes)
    in_plex(driver, match, fault)
    shown: list[int] = []

    def recovers() -> None:
        assert {job.failure for job in jobs(driver)} == {Failure.NO_PICTURES}
        blames_nobody(driver)
        shown.append(with_poster(driver))
        driver.site.both.plex.faults([])

    Script(driver).at(120, recovers)
    first = titles(driver, scenes)

    driver.sync()

    assert shown == [0]
    assert all(one != other for one, other in zip(first, titles(driver, scenes), strict=True))
    assert with_poster(driver) == COUNT
    assert driver.now - NOW < 120 + LONGEST_STALL
    assert driver.site.queued() == {}
    with driver.site.state() as state:
        (outage,) = state.outages.outages(0)
        assert len(state.runs.latest("drain", limit=100)) < 20
    assert (outage.service, outage.ended_at is None) == ("plex_pictures", False)


@pytest.mark.parametrize("fault", chosen([CUT], [{"action": "status", "status": 403}]))
def test_pictures_of_one_item_that_plex_chokes_on_are_charged_to_its_scene(
    driver: SyncDriver, fault: Fault
) -> None:
    scenes = driver.site.scenes("empty_agent")
    driver.site.enqueue(*scenes)
    in_plex(driver, f"/library/metadata/{driver.site.key(scenes[3])}/posters", fault)

    driver.do("process_queue")

    (job,) = jobs(driver)
    assert (job.scene_id, job.failure, job.attempts) == (scenes[3], Failure.PICTURE, 1)
    assert with_poster(driver) == COUNT - 1
    driver.site.both.plex.faults([])


@pytest.mark.parametrize("has_synced", [False, True], ids=["nothing known", "others known"])
def test_a_few_covers_are_not_blamed_where_plex_takes_no_picture(
    driver: SyncDriver, has_synced: bool
) -> None:
    first, second, other = driver.site.scenes("empty_agent")[:3]
    if has_synced:
        driver.site.enqueue(other)
        driver.sync()
    driver.site.enqueue(first, second)
    in_plex(driver, UPLOADS, FULL_DISK)

    driver.do("process_queue")

    assert {job.failure for job in jobs(driver)} == {Failure.NO_PICTURES}
    blames_nobody(driver)
    driver.site.both.plex.faults([])
    driver.sync()
    assert with_poster(driver) == 2 + has_synced


def test_a_cover_that_plex_chokes_on_alone_is_charged_once_it_is_seen_to_take_others(
    driver: SyncDriver,
) -> None:
    bad, other = driver.site.scenes("empty_agent")[:2]
    driver.site.enqueue(other)
    driver.sync()
    before = driver.site.item(driver.site.key(other))["posters"]
    driver.site.enqueue(bad)
    in_plex(driver, f"POST /library/metadata/{driver.site.key(bad)}/", FULL_DISK)

    driver.do("process_queue")

    (job,) = jobs(driver)
    assert (job.scene_id, job.failure, job.attempts) == (bad, Failure.PICTURE, 1)
    assert driver.site.item(driver.site.key(other))["posters"] == before


def test_several_bad_covers_in_a_row_are_no_outage_while_plex_takes_others(
    driver: SyncDriver,
) -> None:
    scenes = driver.site.scenes("empty_agent")[:9]
    driver.site.enqueue(scenes[-1])
    driver.sync()
    driver.site.enqueue(*scenes)
    bad = [driver.site.key(scene) for scene in scenes[:5]]
    in_plex(driver, f"POST /library/metadata/({'|'.join(bad)})/", FULL_DISK)

    driver.do("process_queue")

    assert {(job.scene_id, job.attempts) for job in jobs(driver)} == {(n, 1) for n in scenes[:5]}
    assert with_poster(driver) == len(scenes) - len(bad)


def test_a_bad_cover_is_charged_where_no_other_was_synced_yet(driver: SyncDriver) -> None:
    """What another scene's cover shows, which waits for nothing but is not in Plex yet."""
    scenes = driver.site.scenes("empty_agent")
    driver.site.use(first_sync="mirror")
    driver.site.enqueue(*scenes)
    driver.sync()
    driver.site.use(first_sync="mirror", sync_poster=True)
    driver.site.enqueue(scenes[0])
    in_plex(driver, f"POST /library/metadata/{driver.site.key(scenes[0])}/", FULL_DISK)

    driver.sync()

    (job,) = jobs(driver)
    assert (job.scene_id, job.failure) == (scenes[0], Failure.PICTURE)
    assert with_poster(driver) > 0
    assert driver.now - NOW < 3600
    driver.site.both.plex.faults([])


def test_a_cover_that_stash_cannot_give_is_charged_where_nothing_else_is_known(
    driver: SyncDriver,
) -> None:
    bad = driver.site.scenes("empty_agent")[0]
    driver.site.enqueue(bad)
    covers_are(driver, BUSY, of=str(bad))

    driver.do("process_queue")

    (job,) = jobs(driver)
    assert (job.scene_id, job.failure, job.attempts) == (bad, Failure.PICTURE, 1)
