"""Scans where the two servers see other folders, where Plex refuses, and by real processes."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator

import pytest

from app.tasks.reconcile import reconcile_all
from plex.exceptions import PlexServerDown
from simulators.seed import Seed
from tests.acceptance.always_on import always_on, at_rest, has_no_secret, jobs, until
from tests.acceptance.site import Site
from tests.acceptance.small_library import FILMS, SmallLibrary, part, plex_item
from tests.acceptance.unscanned_library import ROOT, Disk, ScanDriver, driver, library, site
from tests.pool import Pool

__all__ = ["driver", "site"]  # fixtures

CINEMA = "/mnt/cinema"


def arrange(site: Site, seed: Seed) -> None:
    """Another library on both servers."""
    site.behind("import_scenes", scenes=seed["stash"]["scenes"])
    site.both.plex.load(seed)


@pytest.mark.parametrize(
    ("stash", "plex", "path_map", "asked"),
    [
        (ROOT, CINEMA, f"{ROOT}=>{CINEMA}", f"{CINEMA}/New 1"),
        (ROOT, "M:\\Media\\Films", f"{ROOT}=>m:/media/films", "M:\\Media\\Films\\New 1"),
        (ROOT, "\\\\nas\\films", f"{ROOT}=>\\\\NAS\\films\\", "\\\\nas\\films\\New 1"),
        ("D:\\Films", CINEMA, f"d:\\films=>{CINEMA}/", f"{CINEMA}/New 1"),
        ("D:\\Films", "M:\\", "D:\\Films=>M:\\", "M:\\New 1"),
    ],
)
def test_the_folder_is_the_one_that_plex_sees(
    driver: ScanDriver, stash: str, plex: str, path_map: str, asked: str
) -> None:
    arrange(driver.site, library(stash, plex))
    driver.site.use(trigger_plex_scan=True, reconcile_interval="never", path_map=path_map)
    driver.disk.put(101, root=plex)

    figures = driver.edited(101)

    assert driver.disk.asked() == [("1", asked)]
    assert driver.synced() == {101}
    assert (figures["scans_asked"], figures["failed"], figures["remaining"]) == (1, 0, 0)


def test_learned_folders_lead_to_it_without_a_path_map(driver: ScanDriver) -> None:
    arrange(driver.site, library(ROOT, CINEMA))
    with driver.context() as context:
        assert reconcile_all(context)["suggested_path_map"]
    with driver.site.queue() as queue:
        queue.clear_waiting()
    driver.disk.put(101, root=CINEMA)

    driver.edited(101)

    assert driver.disk.asked() == [("1", f"{CINEMA}/New 1")]
    assert driver.synced() == {101}


def test_a_folder_is_asked_for_as_the_disk_has_it(driver: ScanDriver) -> None:
    """A Mac writes the letter and its dots; Plex knows no other spelling of that folder."""
    folder = unicodedata.normalize("NFD", f"{ROOT}/Übung")
    made = SmallLibrary({FILMS: [ROOT]})
    made.scene(101, made.file(f"{folder}/1.mp4", 501))
    arrange(driver.site, made.seed())
    item = plex_item(5101, part(f"{folder}/1.mp4", 501))
    driver.disk.plex.control("POST", "unscanned", item)

    driver.edited(101)

    assert driver.disk.asked() == [("1", folder)]
    assert driver.synced() == {101}


# Refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "asked"), [(404, 3), (400, 3), (403, 1)])
def test_a_plex_that_refuses_is_told_of_once_and_nobody_waits(
    driver: ScanDriver, caplog: pytest.LogCaptureFixture, status: int, asked: int
) -> None:
    refusal = {"match": "/refresh", "action": "status", "status": status, "times": -1}
    driver.disk.plex.faults([refusal])
    driver.disk.put(101, 102, 103)

    with caplog.at_level(logging.WARNING):
        figures = driver.edited(101, 102, 103)
        for _ in range(5):
            driver.now += 3600
            driver.drain()

    assert len(driver.disk.asked()) == asked
    told = [record.getMessage() for record in caplog.records if "scan" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("no scan of Plex could be asked for")
    assert f"HTTP {status}" in told[0]
    assert (figures["retried"], figures["awaiting"], figures["scans_asked"]) == (3, 0, 0)
    assert set(driver.site.dead()) == {101, 102, 103}


def test_one_refused_folder_does_not_hold_up_the_others(driver: ScanDriver) -> None:
    refusal = {"match": "/refresh.*New%202", "action": "status", "status": 404, "times": -1}
    driver.disk.plex.faults([refusal])
    driver.disk.put(101, 102)

    figures = driver.edited(101, 102)

    assert driver.synced() == {101}
    assert driver.attempts() == {102: 1}
    assert (figures["scans_asked"], figures["awaiting"]) == (1, 1)


def test_if_plex_goes_away_when_it_is_asked_nobody_has_failed(driver: ScanDriver) -> None:
    """And what it has accepted before is not asked for again."""
    broken = {"match": "/refresh", "action": "reset", "times": 6, "after": 1}
    driver.disk.plex.faults([broken])
    driver.site.enqueue(1, 101, 102)
    driver.disk.put(101, 102)

    with pytest.raises(PlexServerDown, match="dropped the connection"):
        driver.drain()

    assert driver.synced() == {1}
    assert driver.attempts() == {101: 0, 102: 0}
    driver.drain()
    driver.sync()
    assert driver.synced() == {1, 101, 102}
    folders = [folder for _, folder in driver.disk.asked()]
    assert folders == [f"{ROOT}/New 1", *[f"{ROOT}/New 2"] * 7]


# Real processes ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with always_on(pool, library(ROOT, CINEMA), tmp_path_factory.mktemp("scans")) as found:
        found.use(
            trigger_plex_scan=True,
            reconcile_interval="never",
            path_map=f"{ROOT}=>{CINEMA}",
            obfuscate_paths=True,
        )
        yield found


def test_a_file_that_stash_finds_is_in_plex_seconds_after_its_first_edit(running: Site) -> None:
    """Its scan fires hooks, an edit gives it something to say, Plex is asked, and has it."""
    disk, name = Disk(running), "Brand New/film.mp4"
    running.both.plex.configure(scan_seconds=0.6)
    disk.plex.control("POST", "unscanned", plex_item(9000, part(f"{CINEMA}/{name}", 4321, None)))
    file = {"path": f"{ROOT}/{name}", "size": 4321}
    running.both.stash.control("POST", "disk", {"add": [file]})
    running.both.stash.graphql("mutation { metadataScan(input: {}) }")
    until(lambda: at_rest(running))
    scene = max(
        int(each["id"])
        for each in running.both.stash.graphql(
            "{ findScenes(filter: {per_page: -1}) { scenes { id } } }"
        )["findScenes"]["scenes"]
    )
    before = len(jobs(running))
    assert disk.asked() == []  # nothing to say yet

    running.edit_scene(scene, title="Brand New", details="Told at once.")
    until(lambda: at_rest(running) and running.record(scene) is not None)

    assert title_of(running, scene) == "Brand New"
    assert disk.asked() == [("1", f"{CINEMA}/Brand New")]
    (job,) = jobs(running)[before:]
    assert job["plugin_error"] is None
    figures = job["output"]
    assert (figures["scans_asked"], figures["awaiting"], figures["items_edited"]) == (1, 1, 1)
    assert (figures["failed"], figures["remaining"]) == (0, 0)
    assert running.dead() == {}
    has_no_secret(running)
    log = " ".join(line["message"] for line in running.both.stash.control("GET", "plugin_log"))
    assert "Plex was asked to scan path-" in log
    assert "Brand New" not in log


def title_of(site: Site, scene: int) -> str:
    record = site.record(scene)
    assert record is not None
    shown: str = site.item(record.items[0].ref.key)["title"]
    return shown
