"""Scenes that are deleted in Stash: remembered, reported, and on request taken back from shared
lists of their items."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from app.tasks.pins import pin
from app.tasks.undo import undo_last_run
from core.errors import SyncError
from simulators.dumps import stash_seed
from simulators.library.generate import generate
from tests.acceptance.always_on import at_rest, until
from tests.acceptance.always_on_shop import NOW
from tests.acceptance.faults import BUSY, CUT, RESET, Fault
from tests.acceptance.noting import DEAF, Office, noting
from tests.acceptance.standing import Standing, differing, now
from tests.pool import Pool

SETTINGS = {
    "first_sync": "mirror",
    "max_clear_percent": 100,
    "reconcile_interval": "never",
    "sync_collection": True,
}
BY_HAND = "Favourites of Mine"


@pytest.fixture(scope="module")
def library(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """All of it synced with collections; every item is in one of the user's as well."""
    seed = generate(70, seed=4, only=("in_sync", "two_sections"))
    for section in seed["plex"]["sections"]:
        for item in section["items"]:
            item["collections"].append(BY_HAND)
    with noting(pool, seed, tmp_path_factory.mktemp("noting")) as office:
        office.site.use(**SETTINGS)
        office.site.reconcile()
        office.site.drain()
        yield office


@pytest.fixture
def office(library: Office) -> Iterator[Office]:
    library.site.use(**SETTINGS, remove_on_destroy=True)
    yield library
    library.site.both.stash.faults([DEAF])
    library.site.both.plex.faults([])
    library.site.both.plex.configure(edit_section="additive", latency=0)
    library.sync()
    assert (library.left(), library.site.queued()) == ([], {})


def victims(office: Office, case: str = "in_sync") -> list[int]:
    """The scenes with a studio that are still there."""
    rows = stash_seed(office.site.both.stash.state())["scenes"]
    there = {row["id"] for row in rows if row["studio_id"]}
    return [scene for scene in office.site.scenes(case) if scene in there]


def files(office: Office) -> dict[int, str]:
    """The path of each scene's first file."""
    rows = stash_seed(office.site.both.stash.state())["scenes"]
    return {row["id"]: row["files"][0]["path"] for row in rows if row["files"]}


def victim(office: Office, case: str = "in_sync") -> int:
    """One of them."""
    return victims(office, case)[0]


def collections(office: Office, scene: int) -> list[list[str]]:
    """Of each item that the scene had."""
    keys = sorted(office.items_of([scene]))
    return [sorted(office.site.item(key)["collection"]) for key in keys]


def whole(office: Office, scene: int) -> Standing:
    """All that the scene's items show."""
    items = office.site.items(scene)
    return {ref: shown for ref, shown in now(office.site).items() if ref in items}


def test_what_is_deleted_is_remembered_and_reported(office: Office) -> None:
    office.site.use(**SETTINGS)
    scene = victim(office, "two_sections")
    before, known = whole(office, scene), office.site.record(scene)
    orphans = office.site.reconcile()["orphan_count"]

    office.destroy("scene", scene)
    figures, asked, plex = office.sync_counted()

    assert (figures["events"], figures["gone"], figures["processed"]) == (1, 1, 0)
    assert (asked["total"], plex["total"]) == (0, 0)
    assert whole(office, scene) == before
    assert office.site.record(scene) == known is not None
    assert office.site.reconcile()["orphan_count"] == orphans + 2


@pytest.mark.parametrize("edits", ["additive", "replacing"])
@pytest.mark.parametrize("case", ["in_sync", "two_sections"])
def test_what_we_added_goes_and_all_else_stays(office: Office, case: str, edits: str) -> None:
    scene = victim(office, case)
    office.site.both.plex.configure(edit_section=edits)
    count = len(office.items_of([scene]))
    assert all(len(names) == 2 for names in collections(office, scene))
    standing = whole(office, scene)

    office.destroy("scene", scene)
    figures, _, _ = office.sync_counted()

    assert (figures["gone"], figures["processed"], figures["items_edited"]) == (1, 1, count)
    assert office.written() == dict.fromkeys(office.items_of([scene]), 1)
    assert collections(office, scene) == [[BY_HAND]] * count
    changed = differing(standing, whole(office, scene))
    assert {name for fields in changed.values() for name in fields} == {"collection"}
    assert office.site.record(scene) is not None
    office.site.enqueue(scene)
    assert office.sync_counted()[0]["items_edited"] == 0

    # It is a run like any other: taken back, and that is respected.
    undone = office.site.do(undo_last_run)
    assert (undone["restored"], undone["changed_since"]) == (count, 0)
    assert whole(office, scene) == standing
    office.site.enqueue(scene)
    assert office.sync()["items_edited"] == 0
    assert whole(office, scene) == standing


def test_a_scene_that_a_scan_made_of_the_same_file_keeps_it_all(office: Office) -> None:
    scene = victim(office)
    before = whole(office, scene)
    stash = office.site.both.stash
    path = files(office)[scene]
    office.destroy("scene", scene)
    stash.graphql("mutation { metadataScan(input: {}) }")
    until(lambda: at_rest(office.site))
    (new,) = (each for each, known in files(office).items() if known == path)
    assert new != scene

    figures = office.sync()

    assert (figures["gone"], figures["processed"], figures["items_edited"]) == (1, 1, 0)
    assert whole(office, scene) == before
    office.site.edit_scene(new, details="Again, and without a studio.")
    office.sync()
    assert collections(office, scene) == [[BY_HAND]]


def test_an_item_that_was_given_to_another_scene_is_not_touched(office: Office) -> None:
    scene = victim(office)
    before = whole(office, scene)
    (key,) = office.items_of([scene])
    office.destroy("scene", scene)
    other = victim(office)
    with office.site.context(scene_id=other, rating_key=key) as context:
        pin(context)
    with office.site.queue() as queue:
        queue.clear_waiting()

    figures = office.sync()

    assert (figures["gone"], figures["skipped"], figures["items_edited"]) == (1, 1, 0)
    assert whole(office, scene) == before
    with office.site.state() as state:
        state.pins.release(other)


def test_an_old_key_of_another_film_is_not_touched(office: Office) -> None:
    scene = victim(office)
    (item,) = office.site.items(scene)
    key = item.partition(":")[2]
    raw = office.site.raw_item(key)
    (studio,) = set(collections(office, scene)[0]) - {BY_HAND}
    office.site.drop_item(key)
    other = {**raw["media"][0][0], "file": "/x/y.mp4", "size": 5}
    office.site.put_item(item, media=[[other]], collections=[studio])

    office.destroy("scene", scene)

    assert office.sync()["items_edited"] == 0
    assert collections(office, scene) == [[studio]]


def test_an_item_that_is_gone_as_well_is_no_failure(office: Office) -> None:
    scene = victim(office)
    office.site.drop_item(office.site.key(scene))
    office.destroy("scene", scene)

    figures = office.sync()

    assert (figures["processed"], figures["skipped"], figures["retried"]) == (1, 1, 0)


def test_a_switched_off_field_is_left_as_it_is(office: Office) -> None:
    office.site.use(**{**SETTINGS, "sync_collection": False}, remove_on_destroy=True)
    scene = victim(office)
    before = whole(office, scene)
    office.destroy("scene", scene)

    figures, _, plex = office.sync_counted()

    assert (figures["processed"], plex["total"]) == (0, 0)
    assert whole(office, scene) == before


def test_many_scenes_cost_pages(office: Office) -> None:
    scenes = victims(office)[-8:]
    ids = [str(scene) for scene in scenes]
    office.mutate("scenesDestroy", "ScenesDestroyInput", ids=ids)

    figures, asked, plex = office.sync_counted()

    assert (figures["events"], figures["items_edited"]) == (8, 8)
    assert asked["total"] == 2  # the scenes, and those with files of these names
    assert plex["reads"] <= 6
    assert {tuple(c[0]) for c in (collections(office, scene) for scene in scenes)} == {(BY_HAND,)}


@pytest.mark.parametrize("fault", [RESET, CUT, BUSY], ids=["reset", "cut", "busy"])
def test_whatever_request_fails_it_is_done_in_the_end(office: Office, fault: Fault) -> None:
    """Each request to Plex fails in its turn; an edit that is cut off was carried out."""
    scene = victim(office)
    before = collections(office, scene)
    office.destroy("scene", scene)
    for turn in range(20):
        office.site.both.plex.faults([{"match": "", "after": turn, "times": -1, **fault}])
        try:
            office.sync()
        except SyncError:
            assert office.site.record(scene) is not None
        else:
            break
    office.site.both.plex.faults([])
    assert turn >= 3
    assert collections(office, scene) == [[BY_HAND]]
    assert office.site.queued() == {}
    assert office.site.dead() == {}

    office.site.do(undo_last_run)

    assert collections(office, scene) == before


def test_a_killed_task_is_taken_up_again(office: Office) -> None:
    scene = victim(office)
    before = collections(office, scene)
    office.destroy("scene", scene)
    office.site.both.plex.configure(latency=0.05)
    office.site.reset_counters()
    process = office.site.start("process_queue")
    until(lambda: office.site.writes() > 0)
    process.kill()
    process.communicate(timeout=30)
    time.sleep(0.1)  # what the server has in hand
    office.site.both.plex.configure(latency=0)

    office.now = time.time()  # the killed task was no test's, and its journal is kept for a month
    figures = office.sync()
    office.now = NOW

    assert figures["processed"] == 1
    assert collections(office, scene) == [[BY_HAND]]
    office.site.do(undo_last_run)
    assert collections(office, scene) == before
