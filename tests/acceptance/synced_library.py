"""A library that has been synced once; each test takes scenes that no other test uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulators.library.generate import generate
from simulators.library.oracle_text import name_keys
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site

CASES = ("in_sync_lists",) * 8 + ("two_sections", "merged", "handmade")
SCENES = 2 * (len(CASES) + 1)  # merged is a case of two scenes
Take = Callable[[str], int]


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    found = open_site(generate(SCENES, seed=3, only=CASES))
    found.use(first_sync="mirror", max_clear_percent=100)
    found.reconcile()
    drained = found.drain()
    assert drained["failed"] + drained["retried"] == 0
    return found


@pytest.fixture(scope="module")
def unused(library: Site) -> dict[str, Iterator[int]]:
    names = sorted(set(library.truth["cases"].values()))
    return {name: iter(library.scenes(name)) for name in names}


@pytest.fixture
def take(unused: dict[str, Iterator[int]]) -> Take:
    """A scene of a case that no other test has."""
    return lambda case: next(unused[case])


@pytest.fixture
def site(library: Site) -> Iterator[Site]:
    """The library, at rest before a test and after it."""
    yield library
    library.reset_counters()
    library.reconcile()
    if library.queued():
        library.drain()
    assert library.writes() == 0
    assert library.queued() == {}


def sync_again(site: Site) -> tuple[dict[str, Any], dict[str, Any]]:
    """Reconcile and drain; what each of them says."""
    return site.reconcile(), site.drain()


def shows(site: Site, key: str) -> dict[str, Any]:
    """What an item shows, its lists by the identity of their names."""
    row = site.item(key)
    return {
        "title": row["title"],
        "summary": row.get("summary"),
        "studio": row.get("studio"),
        "tags": name_keys(row["genre"]),
        "performers": name_keys(actor["tag"] for actor in row["actor"]),
    }


def raw_scene(site: Site, scene_id: int) -> Any:
    """A scene as the library was generated with it."""
    scenes = site.both.seed["stash"]["scenes"]
    return next(scene for scene in scenes if scene["id"] == scene_id)
