"""Sync Changes lets others work after thirty seconds, whatever it does just then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from app.sync_changes import intake
from simulators.library.generate import generate
from stash.scenes import Fetched, StashApi, fetch_readable
from tests.acceptance.always_on import others_wait
from tests.acceptance.always_on_shop import NOW, Shop
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(40, seed=4, only=("in_sync",)))


@pytest.fixture
def shop(library: Site, data: Path) -> Iterator[Shop]:
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(first_sync="mirror", max_clear_percent=100)
    yield Shop(library)
    library.both.stash.faults([])


@pytest.fixture
def scenes(library: Site) -> list[int]:
    return library.scenes("in_sync")


def work(shop: Shop, seconds: float) -> None:
    """Let each scene take so long."""

    def take() -> None:
        shop.now += seconds

    shop.on_scene = take


def test_it_ends_in_the_midst_of_a_batch(shop: Shop, scenes: list[int]) -> None:
    work(shop, 2)
    shop.site.enqueue(*scenes)

    with others_wait(shop.site):
        first = shop.sync()

    assert 30 <= shop.now - NOW <= 34
    assert first["processed"] == first["succeeded"] == len(scenes) - first["remaining"]
    with shop.site.queue() as queue:
        assert queue.stats(shop.now).working == 0
    assert shop.sync()["processed"] == first["remaining"]
    assert shop.site.queued() == {}


def test_it_does_not_read_the_whole_of_a_long_inbox(
    shop: Shop, scenes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan of everything, say, has noted every scene."""
    cost = 20.0

    def slowly(stash: StashApi, ids: Sequence[int]) -> Fetched:
        shop.now += cost
        return fetch_readable(stash, ids)

    monkeypatch.setattr(intake, "MAX_IDS", 10)
    monkeypatch.setattr(intake, "fetch_readable", slowly)
    for scene in scenes:
        shop.note(scene, by_user=False)
    shop.now += 5

    with others_wait(shop.site):
        first = shop.sync()

    assert (first["events"], first["processed"]) == (20, 0)
    assert len(shop.left()) == len(scenes) - 20
    assert shop.lease().job_id == first["carried_on_by_job"]
    cost = 0.0
    second = shop.sync()
    assert (second["events"], second["processed"]) == (len(scenes) - 20, len(scenes))
    assert shop.left() == []
