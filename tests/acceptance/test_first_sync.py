"""The main job: reconcile, drain, and Plex agrees with Stash, and stays so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests

from simulators.library.generate import generate
from simulators.library.oracle_fields import SYNCED, WITH_COLLECTIONS, FirstSync
from simulators.library.places import Mounts
from tests.acceptance.conftest import Open
from tests.acceptance.oracle_check import picture, verdict
from tests.acceptance.site import Site

ADDITIVE: dict[str, Any] = {}
REPLACING = {"edit_section": "replacing"}
PECULIAR = {
    "shuffle_metadata": True,
    "removal_last": True,
    "single_removal": True,
    "strip_text": True,
    "round_rating": True,
}
STRICT = {
    "edit_section": "replacing",
    "honour_excludes": False,
    "over_cap": "400",
    "missing_size": "400",
    "metadata_page_cap": 20,
    "gzip": False,
}


@dataclass(frozen=True)
class Way:
    """One way in which the plugin and the server may be set up."""

    first_sync: FirstSync
    switches: dict[str, Any]
    pictures: bool = False
    collections: bool = False
    mounts: Mounts = "mixed"

    @property
    def fields(self) -> frozenset[str]:
        return WITH_COLLECTIONS if self.collections else SYNCED


WAYS = {
    "mirror, additive": Way("mirror", ADDITIVE, pictures=True),
    "mirror, replacing": Way("mirror", STRICT, collections=True),
    "merge, additive": Way("merge", PECULIAR),
    "merge, replacing, on Windows": Way(
        "merge", REPLACING, pictures=True, collections=True, mounts="windows"
    ),
}


@pytest.fixture(scope="module")
def libraries(open_site: Open) -> Callable[[Mounts], Site]:
    return cache(lambda mounts: open_site(generate(90, mounts=mounts)))


@pytest.fixture(params=list(WAYS.values()), ids=list(WAYS))
def way(request: pytest.FixtureRequest) -> Way:
    found: Way = request.param
    return found


@pytest.fixture
def site(libraries: Callable[[Mounts], Site], way: Way, data: Path) -> Iterator[Site]:
    """A library as it was generated, in Plex and, once a test has ended, in Stash."""
    library = libraries(way.mounts)
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.both.plex.configure(**way.switches)
    library.use(
        first_sync=way.first_sync,
        max_clear_percent=100,
        sync_poster=way.pictures,
        sync_background=way.pictures,
        sync_collection=way.collections,
    )
    library.inherit_timestamps()
    yield library
    for raw in library.both.seed["stash"]["scenes"]:
        if raw["id"] in _changed(library):
            library.edit_scene(raw["id"], **_texts(raw))


def _changed(site: Site) -> list[int]:
    """Scenes from which something is taken away in Stash, once they have been synced."""
    cases = ("in_sync", "in_sync_lists", "extra_genre", "empty_agent", "two_sections", "same_name")
    return [scene for case in cases for scene in site.scenes(case)[:4]]


def _texts(raw: Any) -> dict[str, Any]:
    names = ("title", "details", "date", "rating100", "studio_id", "performer_ids", "tag_ids")
    return {name: raw[name] for name in names}


def _take_away(site: Site) -> None:
    """A tag, a performer, and one whole field of each scene."""
    scenes = {raw["id"]: raw for raw in site.both.seed["stash"]["scenes"]}
    for number, scene_id in enumerate(_changed(site)):
        raw = scenes[scene_id]
        less: dict[str, Any] = {
            "tag_ids": raw["tag_ids"][1:],
            "performer_ids": raw["performer_ids"][:-1],
        }
        gone: list[dict[str, Any]] = [{"studio_id": None}, {"details": ""}, {"date": None}]
        if site.truth["cases"][str(scene_id)] == "empty_agent":
            gone = [{"rating100": None}]  # that it had from us and from nobody else
        site.edit_scene(scene_id, **less, **gone[number % len(gone)])


def _covers(site: Site, items: dict[str, Any]) -> list[str]:
    """The items that do not show the cover of their scene, byte by byte."""
    scenes = {raw["id"]: raw for raw in site.both.seed["stash"]["scenes"]}
    wrong = []
    for item, scene in site.rightful().items():
        if scenes[scene]["cover"] is None:
            continue
        url = f"{site.both.stash.url}/scene/{scene}/screenshot"
        digest = hashlib.sha1(requests.get(url, timeout=30).content).hexdigest()
        row = items[item.partition(":")[2]]
        wrong += [f"{item}: {name}" for name in ("thumb", "art") if picture(row, name) != digest]
    return wrong


def test_plex_agrees_with_stash_and_stays_so(site: Site, way: Way) -> None:
    plex, truth = site.both.plex, site.truth
    before, stash = plex.state(), site.both.stash.state()

    found = site.run("reconcile_all").output
    drained = site.run("process_queue").output

    after = plex.state()
    kept: Any = {"whole_points": "round_rating" in way.switches, "fields": way.fields}
    assert verdict(stash, truth, before, after, way.first_sync, **kept) == []
    assert not way.pictures or _covers(site, after["items"]) == []
    assert found["enqueued_count"] == drained["processed"]
    assert drained["failed"] == 0
    assert site.recorded() == site.rightful()
    if way.first_sync == "merge":
        assert drained["values_cleared"] == 0

    site.reset_counters()
    again = site.reconcile()
    site.drain()

    absent = again["missing_count"] + again["vanished_count"]
    assert again["total_gaps"] == absent
    assert (site.writes(), again["enqueued_count"]) == (0, 0)
    assert plex.state()["items"] == after["items"]

    _take_away(site)
    less = site.both.stash.state()
    site.reconcile()
    site.drain()

    final = plex.state()
    assert verdict(less, truth, after, final, way.first_sync, synced=stash, **kept) == []
    assert not way.pictures or _covers(site, final["items"]) == []
    site.reset_counters()
    last = site.reconcile()
    assert last["total_gaps"] == absent
