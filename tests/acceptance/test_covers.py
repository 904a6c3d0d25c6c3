"""Covers from an edit in Stash to what Plex shows: each goes up once, however often it comes."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import requests

from simulators.library.generate import generate
from simulators.stash.sample_pictures import picture
from tests.acceptance.conftest import Open
from tests.acceptance.faults import WRONG
from tests.acceptance.oracle_check import picture as shown
from tests.acceptance.site import Site
from tests.acceptance.soak import amount

CASES = ("two_sections", "in_sync", "empty_agent", "merged")
CHANGES = amount(5, 10)
COVERS = ("one", "png:two")
KINDS = {"thumb": "posters", "art": "arts"}


@pytest.fixture(scope="module")
def site(open_site: Open) -> Site:
    site = open_site(generate(2 * len(CASES), seed=5, only=CASES))
    site.use(first_sync="mirror", max_clear_percent=100, sync_poster=True, sync_background=True)
    return site


def _cover(site: Site, number: int) -> str:
    """Give every scene another cover, as a scan or a plugin does without a hook; its digest."""
    # Stash's times are whole seconds; each change is some time after the last.
    site.both.stash.configure(now=f"2030-01-01T00:{number:02d}:00Z")
    for scene in set(site.rightful().values()):
        site.behind("cover", scene_id=scene, cover=COVERS[number % 2])
    return hashlib.sha1(picture(COVERS[number % 2])).hexdigest()


def _uploads(site: Site) -> int:
    routes = site.both.plex.counters()["by_route"]
    return sum(count for route, count in routes.items() if route.startswith("POST "))


def _downloads(site: Site) -> int:
    routes = site.both.stash.counters()["by_route"]
    return sum(count for route, count in routes.items() if "screenshot" in route)


def test_changes_back_and_forth_between_two_covers_upload_each_of_them_once(site: Site) -> None:
    items = sorted(site.rightful())
    uploads = []
    for number in range(CHANGES):
        digest = _cover(site, number)
        site.reset_counters()

        site.reconcile()
        drained = site.drain()

        plex = site.both.plex.state()["items"]
        rows = [plex[item.partition(":")[2]] for item in items]
        assert {shown(row, kind) for row in rows for kind in KINDS} == {digest}
        assert drained["uploads"] == _uploads(site)
        assert _downloads(site) == len(set(site.rightful().values()))
        uploads.append(drained["uploads"])
        site.reset_counters()
        assert site.reconcile()["total_gaps"] == 0
        assert (site.drain()["processed"], site.writes()) == (0, 0)
    # Plex keeps the pictures of each item by themselves, and those of its two kinds as well.
    every = len(items) * len(KINDS)
    assert uploads == [every, every] + [0] * (CHANGES - 2)
    offered = [
        [each for each in row[KINDS[kind]] if each["sha1"]] for row in rows for kind in KINDS
    ]
    sent = {hashlib.sha1(picture(cover)).hexdigest() for cover in COVERS}
    assert all(sum(each["sha1"] in sent for each in shelf) == len(sent) for shelf in offered)


BROKEN = [
    ("stash", {"match": r"GET /scene/\d+/screenshot", **WRONG}),
    ("plex", {"match": "POST /library/metadata/.*/posters", "action": "status", "status": 500}),
]


@pytest.mark.parametrize(("where", "fault"), BROKEN, ids=["no answer", "no upload"])
def test_a_reconcile_knows_of_a_picture_that_failed(
    site: Site, where: str, fault: dict[str, Any]
) -> None:
    """Also when the job that was to try it again is gone."""
    scene = site.scene("two_sections")
    digest = hashlib.sha1(picture(f"{where} failed once")).hexdigest()
    site.reconcile()
    site.drain()
    site.behind("cover", scene_id=scene, cover=f"{where} failed once")
    site.enqueue(scene)
    server = site.both.stash if where == "stash" else site.both.plex
    server.faults([{**fault, "times": -1}])

    assert site.drain()["retried"] == 1
    server.faults([])
    with site.queue() as queue:
        queue.clear_waiting()
    found = site.reconcile()

    assert site.queued().keys() == {scene}
    assert found["total_gaps"] == 1
    site.drain()
    rows = [site.item(item.partition(":")[2]) for item in site.items(scene)]
    assert {shown(row, kind) for row in rows for kind in KINDS} == {digest}
    assert site.reconcile()["total_gaps"] == 0


def test_a_poster_chosen_in_plex_is_found_until_it_is_set_back(site: Site) -> None:
    scene = site.scene("in_sync")
    digest = _cover(site, CHANGES)
    site.reconcile()
    site.drain()
    key = site.key(scene)
    offered = site.both.plex.get(f"/library/metadata/{key}/posters")["Metadata"]
    another = next(each["ratingKey"] for each in offered if not each["selected"])
    site.both.plex.configure(clock_offset=5)  # Plex's times are whole seconds
    requests.put(
        f"{site.both.plex.url}/library/metadata/{key}/poster",
        params={"url": another},
        headers={"X-Plex-Token": site.both.plex.token},
        timeout=10,
    ).raise_for_status()

    for _ in range(2):
        site.reconcile()
        assert site.queued().keys() == {scene}
        with site.queue() as queue:
            queue.clear_waiting()
    site.reconcile()
    drained = site.drain()

    assert (drained["uploads"], drained["selects"]) == (0, 1)
    assert shown(site.item(key), "thumb") == digest
    assert site.reconcile()["total_gaps"] == 0
