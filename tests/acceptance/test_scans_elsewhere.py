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
from tests.acceptance.handmade import FILMS, Handmade, part, plex_item
from tests.acceptance.scanned import ROOT, Disk, ScanShop, library, shop, site
from tests.acceptance.site import Site
from tests.pool import Pool

__all__ = ["shop", "site"]  # fixtures

CINEMA = "/mnt/cinema"


def arrange(site: Site, seed: Seed) -> None:
    """Another library on both servers."""
    for raw in seed["stash"]["scenes"]:
        site.behind("import_scene", scene=raw)
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
    shop: ScanShop, stash: str, plex: str, path_map: str, asked: str
) -> None:
    arrange(shop.site, library(stash, plex))
    shop.site.use(trigger_plex_scan=True, reconcile_interval="never", path_map=path_map)
    shop.disk.put(101, root=plex)

    figures = shop.edited(101)

    assert shop.disk.asked() == [("1", asked)]
    assert shop.synced() == {101}
    assert (figures["scans_asked"], figures["failed"], figures["remaining"]) == (1, 0, 0)


def test_learned_folders_lead_to_it_without_a_path_map(shop: ScanShop) -> None:
    arrange(shop.site, library(ROOT, CINEMA))
    with shop.context() as context:
        assert reconcile_all(context)["suggested_path_map"]
    with shop.site.queue() as queue:
        queue.clear_waiting()
    shop.disk.put(101, root=CINEMA)

    shop.edited(101)

    assert shop.disk.asked() == [("1", f"{CINEMA}/New 1")]
    assert shop.synced() == {101}


def test_a_folder_is_asked_for_as_the_disk_has_it(shop: ScanShop) -> None:
    """A Mac writes the letter and its dots; Plex knows no other spelling of that folder."""
    folder = unicodedata.normalize("NFD", f"{ROOT}/Übung")
    made = Handmade({FILMS: [ROOT]})
    made.scene(101, made.file(f"{folder}/1.mp4", 501))
    arrange(shop.site, made.seed())
    item = plex_item(5101, part(f"{folder}/1.mp4", 501))
    shop.disk.plex.control("POST", "unscanned", item)

    shop.edited(101)

    assert shop.disk.asked() == [("1", folder)]
    assert shop.synced() == {101}


# Refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "asked"), [(404, 3), (400, 3), (403, 1)])
def test_a_plex_that_refuses_is_told_of_once_and_nobody_waits(
    shop: ScanShop, caplog: pytest.LogCaptureFixture, status: int, asked: int
) -> None:
    refusal = {"match": "/refresh", "action": "status", "status": status, "times": -1}
    shop.disk.plex.faults([refusal])
    shop.disk.put(101, 102, 103)

    with caplog.at_level(logging.WARNING):
        figures = shop.edited(101, 102, 103)
        for _ in range(5):
            shop.now += 3600
            shop.drain()

    assert len(shop.disk.asked()) == asked
    told = [record.getMessage() for record in caplog.records if "scan" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("trigger_plex_scan has no effect on some scenes")
    assert f"HTTP {status}" in told[0]
    assert (figures["retried"], figures["awaiting"], figures["scans_asked"]) == (3, 0, 0)
    assert set(shop.site.dead()) == {101, 102, 103}


def test_one_refused_folder_does_not_hold_up_the_others(shop: ScanShop) -> None:
    refusal = {"match": "/refresh.*New%202", "action": "status", "status": 404, "times": -1}
    shop.disk.plex.faults([refusal])
    shop.disk.put(101, 102)

    figures = shop.edited(101, 102)

    assert shop.synced() == {101}
    assert shop.attempts() == {102: 1}
    assert (figures["scans_asked"], figures["awaiting"]) == (1, 1)


def test_if_plex_goes_away_when_it_is_asked_nobody_has_failed(shop: ScanShop) -> None:
    """And what it has accepted before is not asked for again."""
    broken = {"match": "/refresh", "action": "reset", "times": 6, "after": 1}
    shop.disk.plex.faults([broken])
    shop.site.enqueue(1, 101, 102)
    shop.disk.put(101, 102)

    with pytest.raises(PlexServerDown, match="dropped the connection"):
        shop.drain()

    assert shop.synced() == {1}
    assert shop.attempts() == {101: 0, 102: 0}
    shop.drain()
    shop.sync()
    assert shop.synced() == {1, 101, 102}
    folders = [folder for _, folder in shop.disk.asked()]
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
