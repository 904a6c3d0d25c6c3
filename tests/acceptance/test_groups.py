"""`sync_groups`: Stash's groups become collections, of every version of Stash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.tasks.undo import undo_last_run
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.small_library import FILMS, SmallLibrary, part, restore
from tests.acceptance.sync_driver import SyncDriver

KEYS = ("101", "102", "103")


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    films = SmallLibrary({FILMS: ["/films"]})
    for number in (1, 2, 3):
        films.scene(number, films.file(f"/films/{number}.mp4", 1000 + number))
        films.item(FILMS, 100 + number, part(f"/films/{number}.mp4", 1000 + number))
    seed: Any = films.seed()
    seed["stash"]["groups"] = [
        {"id": 1, "name": "A Series", "scene_ids": [1, 2]},
        {"id": 2, "name": "Of one", "scene_ids": [2]},
    ]
    return open_site(seed)


@pytest.fixture
def site(library: Site, data: Path) -> Site:
    library.both.stash.configure(version="v0.30.1")
    restore(library)
    for number, groups in ((1, [1]), (2, [1, 2]), (3, [])):
        join(library, number, *groups)
    library.forget(data)
    return library


def join(site: Site, scene: int, *groups: int) -> None:
    site.edit_scene(scene, groups=[{"group_id": str(each)} for each in groups])


def sync(site: Site, **settings: Any) -> int:
    """Reconcile and drain with these settings; how many items were edited."""
    site.use(sync_groups=True, **settings)
    site.reconcile()
    drained = site.drain()
    assert drained["failed"] + drained["retried"] == 0
    edited: int = drained["items_edited"]
    return edited


def collections(site: Site) -> list[list[str]]:
    return [sorted(site.item(key)["collection"]) for key in KEYS]


@pytest.mark.parametrize("version", ["v0.24.0", "v0.26.2", "v0.27.0", "v0.30.1"])
def test_groups_make_collections_by_any_name(site: Site, version: str) -> None:
    site.both.stash.configure(version=version)
    site.hand_edit("101", collection=["Mine"], lock=False)

    assert sync(site) == 3

    assert collections(site) == [["A Series", "Mine"], ["A Series", "Of one"], []]
    assert sync(site) == 0
    assert sync(site, collection_min_items=2) == 1
    assert collections(site) == [["A Series", "Mine"], ["A Series"], []]


def test_they_follow_scenes_and_new_names_and_can_be_undone(site: Site) -> None:
    sync(site)
    mutation = 'mutation { groupUpdate(input: {id: "1", name: "The Series"}) { id } }'
    site.both.stash.graphql(mutation)
    join(site, 3, 1)

    assert sync(site) == 3
    assert collections(site) == [["The Series"], ["Of one", "The Series"], ["The Series"]]
    site.do(undo_last_run)
    assert collections(site) == [["A Series"], ["A Series", "Of one"], []]


def test_a_new_name_comes_with_its_event(site: Site) -> None:
    sync(site, reconcile_interval="never")
    driver = SyncDriver(site)
    mutation = 'mutation { groupUpdate(input: {id: "1", name: "Renamed"}) { id } }'
    site.both.stash.graphql(mutation)
    driver.note(1, kind="group")

    figures = driver.sync()

    assert figures["processed"] == 2
    assert collections(site) == [["Renamed"], ["Of one", "Renamed"], []]
    driver.note(2, "destroy", kind="group")
    assert driver.sync()["processed"] == 0


def test_they_are_left_alone_unless_they_are_wanted(site: Site) -> None:
    site.reconcile()
    site.drain()
    assert collections(site) == [[], [], []]
