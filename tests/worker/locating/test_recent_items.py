"""What the newest items of a section spare: look-ups, but never the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from core.models import Failure, Job, Scene
from core.paths import PathMap
from core.scans import places
from plex.library import list_snapshot
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.settings import parse_settings
from tests.worker.locating.test_locator import Bench, bench
from worker.locating.locator import LISTING_FROM
from worker.locating.recent_items import FEW, TRUSTED, EarlierSearch, sought_before

__all__ = ["bench"]

CASES = ("in_sync",) * 2 + ("missing_inside",) * 3
SETTINGS = {"plex_url": "http://x", "plex_token": "x"}
WAITED = EarlierSearch(since=2.0, waited=True)


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(20, seed=12, only=CASES))


@pytest.fixture
def missing(bench: Bench) -> list[Scene]:
    bench.remember()
    scenes = bench.scenes("missing_inside")[: FEW + 5]
    assert len(scenes) > FEW
    bench.site.both.plex.reset()
    return scenes


def asked(bench: Bench) -> tuple[int, int]:
    """The look-ups of single files, and the pages of newest items."""
    log = bench.site.both.plex.counters()["log"]
    lines = [line["path"] for line in log]
    return sum("file=" in line for line in lines), sum("sort=addedAt%3Adesc" in x for x in lines)


def all_of(scenes: Sequence[Scene], sought: EarlierSearch) -> Mapping[int, EarlierSearch]:
    return {scene.id: sought for scene in scenes}


def arrive(bench: Bench, scene: Scene) -> str:
    """The scene's file is in Plex now, as an item of the library where it should be; its key."""
    settings = parse_settings(SETTINGS | {"path_map": bench.site.truth["path_map"]}, {})
    path_map = PathMap(settings.path_map)
    place = places(scene.files[0].path, path_map, None, bench.sections)[0]
    file = path_map.to_plex(scene.files[0].path)[0]
    media = [[{"file": file, "size": scene.files[0].size, "duration": None, "deleted_at": None}]]
    told = {"section": int(place.section), "item": {"title": "New", "media": media}}
    return str(bench.site.both.plex.control("POST", "items", told)["ratingKey"])


def test_many_unknown_scenes_cost_a_page_of_each_library(
    bench: Bench, missing: list[Scene]
) -> None:
    key = arrive(bench, missing[0])

    found = bench.locator().locate(missing, {})

    assert asked(bench) == (0, len(bench.sections))
    assert [ref.key for ref in found[missing[0].id].items] == [key]
    assert not [1 for scene in missing[1:] if found[scene.id].items]


def test_few_are_looked_up(bench: Bench, missing: list[Scene]) -> None:
    locator = bench.locator()

    locator.locate(missing[: FEW - 1], {})
    assert asked(bench)[1] == 0
    locator.locate(missing[FEW - 1 : FEW + 1], {})  # by now they are many
    assert asked(bench)[1] == len(bench.sections)


@pytest.mark.parametrize("saved_at", [None, 5.0 - TRUSTED - 1, 5.0 + TRUSTED + 1])
def test_without_a_recent_index_every_file_is_looked_up(
    bench: Bench, missing: list[Scene], saved_at: float | None
) -> None:
    bench.cache.clear()
    if saved_at is not None:
        list_snapshot(bench.plex, bench.sections, bench.cache, saved_at)

    bench.locator().locate(missing, {})

    assert asked(bench)[0] >= len(missing)
    assert asked(bench)[1] == 0


def test_the_last_look_is_for_the_file_alone(bench: Bench, missing: list[Scene]) -> None:
    key = arrive(bench, missing[0])
    bench.cache.clear()
    last = all_of(missing[:2], EarlierSearch(since=2.0, waited=True, is_last=True))

    found = bench.locator().locate(missing[:2], {}, last)

    assert [ref.key for ref in found[missing[0].id].items] == [key]
    assert asked(bench)[0] >= 2
    assert asked(bench)[1] == 0


def test_what_waited_for_a_scan_costs_a_page_of_the_likely_library(
    bench: Bench, missing: list[Scene]
) -> None:
    bench.cache.clear()
    scene = missing[0]
    key = arrive(bench, scene)

    found = bench.locator().locate([scene], {}, {scene.id: WAITED})

    assert asked(bench) == (0, 1)
    assert [ref.key for ref in found[scene.id].items] == [key]


def test_once_looked_for_in_vain_it_is_not_looked_up_again_among_many(
    bench: Bench, missing: list[Scene]
) -> None:
    bench.cache.clear()

    bench.locator().locate(missing, {}, all_of(missing, EarlierSearch(since=2.0)))

    assert asked(bench) == (0, len(bench.sections))


def test_an_item_that_is_gone_does_not_hide_the_new_one(bench: Bench, missing: list[Scene]) -> None:
    scene = bench.scenes("in_sync")[0]
    record = bench.site.items(scene.id)[0]
    bench.site.drop_item(record.partition(":")[2])
    key = bench.site.put_item(record, rating_key=930_001)
    bench.site.both.plex.reset()

    found = bench.locator().locate([scene], {}, {scene.id: WAITED})

    assert [ref.key for ref in found[scene.id].items] == [key] == ["930001"]
    assert asked(bench) == (0, 1)


def test_a_server_that_does_not_list_by_age_is_asked_for_each_file(
    bench: Bench, missing: list[Scene]
) -> None:
    refusal = {"match": "sort=addedAt%3Adesc", "action": "status", "status": 400, "times": -1}
    bench.site.both.plex.faults([refusal])

    bench.locator().locate(missing, {})

    assert asked(bench)[0] >= len(missing)
    bench.site.both.plex.faults([])


def test_a_large_drain_with_an_index_lists_nothing_whole(
    bench: Bench, missing: list[Scene]
) -> None:
    locator = bench.locator()
    locator.expect(LISTING_FROM)

    locator.locate(missing, {})

    assert asked(bench) == (0, len(bench.sections))
    log = bench.site.both.plex.counters()["log"]
    assert not [1 for line in log if "sort=addedAt%3Aasc" in line["path"]]


@pytest.mark.parametrize(
    ("failure", "attempts", "expected"),
    [
        (Failure.NONE, 0, EarlierSearch()),
        (Failure.AWAITS_SCAN, 0, EarlierSearch(70.0, waited=True)),
        (Failure.NOT_FOUND, 4, EarlierSearch(70.0)),
        (Failure.NOT_FOUND, 5, EarlierSearch(70.0, is_last=True)),
        (Failure.PICTURE, 1, EarlierSearch()),
    ],
)
def test_what_a_job_tells_of_earlier_looks(
    failure: Failure, attempts: int, expected: EarlierSearch
) -> None:
    job = Job(1, 1, "metadata", {}, 70.0, "", attempts, 0.0, "", failure)

    assert sought_before(job, 5) == expected
