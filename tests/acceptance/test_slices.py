"""Sync Changes lets others work after thirty seconds, whatever it does just then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from app.sync_changes import intake
from core.models import Scene
from simulators.library.generate import generate
from stash.scenes import Fetched, StashApi, fetch_readable
from tests.acceptance.always_on import others_wait
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import NOW, SyncDriver


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(24, seed=4, only=("in_sync",)))


@pytest.fixture
def driver(library: Site, data: Path) -> Iterator[SyncDriver]:
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(first_sync="mirror", max_clear_percent=100)
    yield SyncDriver(library)
    library.both.stash.faults([])


def work(driver: SyncDriver, seconds: float) -> None:
    """Let each scene take so long."""

    def take() -> None:
        driver.now += seconds

    driver.on_scene = take


def test_it_ends_in_the_midst_of_a_batch(driver: SyncDriver, scenes: list[int]) -> None:
    work(driver, 2)
    driver.site.enqueue(*scenes)

    with others_wait(driver.site):
        first = driver.sync()

    assert 30 <= driver.now - NOW <= 34
    assert first["processed"] == first["succeeded"] == len(scenes) - first["remaining"]
    with driver.site.queue() as queue:
        assert queue.stats(driver.now).working == 0
    assert driver.sync()["processed"] == first["remaining"]
    assert driver.site.queued() == {}


def test_it_does_not_read_the_whole_of_a_long_inbox(
    driver: SyncDriver, scenes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan of everything, say, has noted every scene."""
    cost = 20.0

    def slowly(stash: StashApi, ids: Sequence[int]) -> Fetched[Scene]:
        driver.now += cost
        return fetch_readable(stash, ids)

    monkeypatch.setattr(intake, "MAX_IDS", 10)
    monkeypatch.setattr(intake, "fetch_readable", slowly)
    for scene in scenes:
        driver.note(scene, by_user=False)
    driver.now += 5

    with others_wait(driver.site):
        first = driver.sync()

    assert (first["events"], first["processed"]) == (20, 0)
    assert len(driver.left()) == len(scenes) - 20
    assert driver.lease().job_id == first["carried_on_by_job"]
    cost = 0.0
    second = driver.sync()
    assert (second["events"], second["processed"]) == (len(scenes) - 20, len(scenes))
    assert driver.left() == []
