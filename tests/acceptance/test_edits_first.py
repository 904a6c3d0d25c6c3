"""What a user has just edited goes to Plex before the bulk work that runs, whoever drains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.sync_changes.process_queue import process_queue
from core.errors import GuardStopped
from simulators.library.generate import generate
from tests.acceptance.always_on import jobs, others_wait
from tests.acceptance.always_on_shop import NOW, Shop
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site

BULK = 150  # more than a batch


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(BULK + 30, seed=4, only=("in_sync",)))


@pytest.fixture
def shop(library: Site, data: Path) -> Iterator[Shop]:
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(first_sync="mirror")
    yield Shop(library)
    library.both.stash.faults([])


@pytest.fixture
def scenes(library: Site) -> list[int]:
    return library.scenes("in_sync")


def process(shop: Shop) -> dict[str, Any]:
    with shop.context() as context:
        return process_queue(context)


DRAINS: list[Callable[[Shop], dict[str, Any]]] = [process, Shop.sync]


def wanted(shop: Shop, scene: int, seconds: float, shows: Callable[[], bool]) -> list[float]:
    """Let each scene take some time, and note an edit in the midst; when Plex was seen to show it.

    Of bulk work, so many scenes are looked at that a second batch is under way by then.
    """
    seen: list[float] = []
    done = 0

    def after_a_scene() -> None:
        nonlocal done
        done += 1
        shop.now += seconds
        if done == BULK // 2:
            shop.note(scene)
        elif done > BULK // 2 and not seen and shows():
            seen.append(shop.now)

    shop.on_scene = after_a_scene
    return seen


@pytest.mark.parametrize("drain", DRAINS)
def test_an_edit_overtakes_bulk_work(
    shop: Shop, scenes: list[int], drain: Callable[[Shop], dict[str, Any]]
) -> None:
    shop.site.enqueue(*scenes[:BULK])
    edited = scenes[BULK]
    shop.site.edit_scene(edited, title="Edited meanwhile")
    key = shop.site.key(edited)
    seen = wanted(shop, edited, 0.5, lambda: shop.site.item(key)["title"] == "Edited meanwhile")

    figures = drain(shop)

    assert seen[0] - NOW - BULK / 4 <= 2 + 3 * 0.5
    assert figures["processed"] == BULK + 1
    assert shop.left() == []
    assert shop.site.queued() == {}


@pytest.mark.parametrize("drain", DRAINS)
def test_an_edit_of_a_scene_that_waits_among_bulk_work_is_one_job(
    shop: Shop, scenes: list[int], drain: Callable[[Shop], dict[str, Any]]
) -> None:
    shop.site.enqueue(*scenes[:BULK])
    last = scenes[BULK - 1]
    shop.site.edit_scene(last, details="The last one.")
    key = shop.site.key(last)
    seen = wanted(shop, last, 0.5, lambda: shop.site.item(key)["summary"] == "The last one.")

    figures = drain(shop)

    assert seen[0] - NOW - BULK / 4 <= 2 + 3 * 0.5
    assert figures["processed"] == BULK


def test_what_an_edit_takes_away_does_not_wait_for_the_weighing_of_bulk_work(
    shop: Shop, scenes: list[int]
) -> None:
    shop.site.enqueue(*scenes[:BULK])
    edited = scenes[BULK + 1]
    shop.site.edit_scene(edited, tag_ids=[])
    key = shop.site.key(edited)
    assert shop.site.item(key)["genre"]
    seen = wanted(shop, edited, 0.5, lambda: not shop.site.item(key)["genre"])

    process(shop)

    assert seen[0] - NOW - BULK / 4 <= 2 + 3 * 0.5


def test_a_bulk_edit_that_takes_much_away_is_held_back_as_a_whole(
    shop: Shop, scenes: list[int]
) -> None:
    cleared = scenes[-25:]
    before = {scene: shop.site.item(shop.site.key(scene))["genre"] for scene in cleared}
    for scene in cleared:
        shop.site.edit_scene(scene, tag_ids=[], performer_ids=[])
        shop.note(scene)
    shop.now += 60

    with pytest.raises(GuardStopped):
        shop.sync()

    assert {scene: shop.site.item(shop.site.key(scene))["genre"] for scene in cleared} == before


def test_what_a_scan_tells_meanwhile_waits(shop: Shop, scenes: list[int]) -> None:
    shop.site.enqueue(*scenes[:10])
    waiting = [scenes[20]]

    def scanned() -> None:
        shop.now += 3
        while waiting:
            shop.note(waiting.pop(), by_user=False)

    shop.on_scene = scanned

    assert process(shop)["processed"] == 10
    assert shop.left() == [scenes[20]]


def test_process_queue_lets_others_work_and_sync_changes_carries_on(
    shop: Shop, scenes: list[int]
) -> None:
    shop.site.enqueue(*scenes[:40])

    def work() -> None:
        shop.now += 2

    shop.on_scene = work
    before = len(jobs(shop.site))
    with others_wait(shop.site):
        first = shop.do("process_queue")

    assert 30 <= shop.now - NOW <= 34
    assert first["processed"] == 40 - first["remaining"]
    assert "other tasks of Stash wait" in first["note"]
    (asked,) = jobs(shop.site)[before:]
    assert first["carried_on_by_job"] == asked["id"] == shop.lease().job_id
    assert shop.sync()["processed"] == first["remaining"]


def test_process_queue_that_has_done_all_hands_nothing_over(shop: Shop, scenes: list[int]) -> None:
    shop.site.enqueue(scenes[0])

    def work() -> None:
        shop.now += 60

    shop.on_scene = work
    with others_wait(shop.site):
        assert "carried_on_by_job" not in shop.do("process_queue")
