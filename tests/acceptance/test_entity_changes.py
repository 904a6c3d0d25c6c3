"""Performers, studios and tags that change in Stash, told by its hooks: their scenes follow."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from core.errors import StashError
from simulators.dumps import stash_seed
from simulators.library.generate import generate
from sync_queue.lock import DrainLock
from tests.acceptance.hook_driver import DEAF, HookDriver, hook_driver
from tests.acceptance.soak import chosen
from tests.acceptance.test_shared_edits import LIST_EDITS
from tests.pool import Pool
from tests.stored import forget_records

KINDS = ("performer", "studio", "tag")
EDITS = ("additive", "replacing")
CASES = ("in_sync", "two_sections", "two_files_two_items")


@pytest.fixture(scope="module")
def library(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HookDriver]:
    """All of it synced; every test has things of its own, since Stash keeps what is done to it."""
    with hook_driver(
        pool, generate(60, seed=4, only=CASES), tmp_path_factory.mktemp("hooks")
    ) as driver:
        driver.site.use(first_sync="mirror", reconcile_interval="never", max_clear_percent=100)
        driver.site.reconcile()
        driver.site.drain()
        yield driver


@pytest.fixture
def driver(library: HookDriver) -> Iterator[HookDriver]:
    library.site.use(first_sync="mirror", reconcile_interval="never")
    library.site.both.plex.configure(edit_section="additive")
    yield library
    library.site.both.stash.faults([DEAF])
    library.site.use(first_sync="mirror", reconcile_interval="never")
    library.sync()
    assert library.wrong() == []


def teach(driver: HookDriver, edits: str) -> None:
    """Let Plex edit lists like that, as the plugin has found out before."""
    driver.site.both.plex.configure(edit_section=edits)
    identity = driver.site.both.plex.get("/identity")
    server = [identity["machineIdentifier"], identity["version"]]
    lists = "adds" if edits == "additive" else "replaces"
    with driver.site.state() as state:
        state.set_value(LIST_EDITS, {"server": server, "lists": lists})


def is_for(driver: HookDriver, scenes: set[int]) -> None:
    """One event brings exactly these scenes to Plex, with at most one write for each item."""
    figures, _, _ = driver.sync_counted()

    assert (figures["events"], figures["enqueued_count"]) == (1, len(scenes))
    assert (figures["processed"], figures["failed"]) == (len(scenes), 0)
    assert driver.written() == dict.fromkeys(driver.items_of(scenes), 1)
    assert driver.wrong() == []
    assert driver.left() == []


ALTERNATELY = [(kind, EDITS[number % 2]) for number, kind in enumerate(KINDS)]
OTHERWISE = [(kind, EDITS[(number + 1) % 2]) for number, kind in enumerate(KINDS)]


@pytest.mark.parametrize(("kind", "edits"), chosen(ALTERNATELY, OTHERWISE))
def test_a_new_name_reaches_its_scenes_and_no_other(
    driver: HookDriver, kind: str, edits: str
) -> None:
    num = driver.pick(kind, least=2)
    teach(driver, edits)

    driver.rename(kind, num, f"Another {kind}, renamed, {edits}")

    is_for(driver, driver.showing(kind, num))


@pytest.mark.parametrize(("kind", "edits"), chosen(OTHERWISE, ALTERNATELY))
def test_what_is_destroyed_leaves_its_scenes(driver: HookDriver, kind: str, edits: str) -> None:
    """Stash has no link any more; the records know."""
    num = driver.pick(kind, least=2)
    teach(driver, edits)
    scenes = driver.showing(kind, num)

    driver.destroy(kind, num)

    is_for(driver, scenes)


@pytest.mark.parametrize("edits", chosen(EDITS[:1], EDITS[1:]))
def test_a_tag_takes_over_the_scenes_of_those_that_are_merged_into_it(
    driver: HookDriver, edits: str
) -> None:
    teach(driver, edits)
    stays, first, second = (driver.pick("tag", least=2) for _ in range(3))
    moved = driver.showing("tag", first) | driver.showing("tag", second)
    before = driver.showing("tag", stays)

    sources = [str(first), str(second)]
    driver.mutate("tagsMerge", "TagsMergeInput", source=sources, destination=str(stays))

    assert driver.showing("tag", stays) == before | moved
    figures, asked, _ = driver.sync_counted()
    assert (figures["enqueued_count"], figures["processed"]) == (len(moved), len(moved))
    assert figures["nothing_new"] == len(before - moved)
    assert driver.written() == dict.fromkeys(driver.items_of(moved), 1)
    assert driver.wrong() == []
    assert asked["total"] == 2  # a page of scenes, and those of the drain


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_that_changes_no_name_costs_one_question(driver: HookDriver, kind: str) -> None:
    num = driver.pick(kind)
    told = {"description" if kind == "tag" else "details": "More about it."}

    driver.mutate(f"{kind}Update", f"{kind.capitalize()}UpdateInput", id=str(num), **told)
    figures, asked, plex = driver.sync_counted()

    assert (figures["events"], figures["enqueued_count"], figures["nothing_new"]) == (1, 0, 0)
    # Of a performer also whether somebody else has the name.
    assert (asked["total"], plex["total"]) == (2 if kind == "performer" else 1, 0)
    assert driver.left() == []


def test_scenes_that_want_nothing_else_get_no_job(driver: HookDriver) -> None:
    """A blocked tag shows nowhere, so its new name is nowhere either: told without Plex."""
    num = driver.pick("tag", least=3)
    driver.site.use(
        first_sync="mirror", reconcile_interval="never", tag_blocklist="nothing,Not to Be Seen"
    )
    driver.rename("tag", num, "Not to Be Seen")
    driver.sync()
    driver.rename("tag", num, "Nothing")

    figures, asked, plex = driver.sync_counted()

    assert figures["nothing_new"] == len(driver.showing("tag", num))
    assert (figures["enqueued_count"], asked["total"], plex["total"]) == (0, 2, 0)
    driver.rename("tag", num, "To Be Seen")
    driver.site.use(first_sync="mirror", reconcile_interval="never")


def test_a_burst_queues_each_scene_once(driver: HookDriver) -> None:
    nums = {kind: [driver.pick(kind) for _ in range(2)] for kind in KINDS}
    scenes: set[int] = set()
    for kind, some in nums.items():
        for num in some:
            driver.rename(kind, num, f"In a burst, {kind} {num}")
            scenes |= driver.showing(kind, num)

    figures, asked, _ = driver.sync_counted()

    assert (figures["events"], figures["enqueued_count"]) == (6, len(scenes))
    assert figures["refreshed"] == 0
    # Of each kind: the names, and a page of the scenes of both. Then who shares a name, and the
    # scenes of the drain.
    assert asked["total"] == 2 * 3 + 2
    assert max(driver.written().values()) == 1
    assert driver.wrong() == []


def test_what_shows_in_no_synced_field_concerns_nobody(driver: HookDriver) -> None:
    num = driver.pick("performer")
    driver.site.use(first_sync="mirror", reconcile_interval="never", sync_performers=False)
    driver.rename("performer", num, "Nobody Looks")

    figures, asked, plex = driver.sync_counted()

    assert (figures["events"], figures["enqueued_count"]) == (1, 0)
    assert (asked["total"], plex["total"]) == (0, 0)
    # What was not synced then is found when it is switched on again.
    driver.site.use(first_sync="mirror", reconcile_interval="never")
    assert driver.site.reconcile()["drift_count"] == len(driver.showing("performer", num))


def test_an_event_stays_until_all_its_pages_are_queued(driver: HookDriver) -> None:
    num = driver.pick("tag")
    driver.rename("tag", num, "After All")
    broken = {"match": "FindScenes", "action": "status", "status": 200, "times": -1}
    broken["body"] = '{"errors": []}'
    driver.site.both.stash.faults([DEAF, broken])

    with pytest.raises(StashError):
        driver.sync()

    assert driver.left() == [num]
    driver.site.both.stash.faults([DEAF])
    is_for(driver, driver.showing("tag", num))


def test_one_for_which_stash_fails_keeps_no_other(
    driver: HookDriver, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = driver.pick("tag"), driver.pick("tag")
    for num in (good, bad):
        driver.rename("tag", num, f"One of two {num}")
    spoilt = {"match": rf"EntityNames.*\bs{bad}:", "action": "status", "status": 200, "times": -1}
    spoilt["body"] = '{"errors": [{"message": "sql: Scan error"}], "data": null}'
    driver.site.both.stash.faults([DEAF, spoilt])

    figures = driver.sync()

    assert (figures["events"], driver.left()) == (2, [])
    assert figures["processed"] == len(driver.showing("tag", good))
    assert f"tag {bad} is left to the next reconcile" in caplog.text
    driver.site.both.stash.faults([DEAF])
    driver.site.reconcile()  # finds it


def test_a_name_that_was_changed_back_needs_nothing(driver: HookDriver) -> None:
    num = driver.pick("tag")
    rows = stash_seed(driver.site.both.stash.state())["tags"]
    name = next(row["name"] for row in rows if row["id"] == num)
    driver.rename("tag", num, "For a Moment")
    driver.rename("tag", num, name)

    figures, asked, plex = driver.sync_counted()

    assert (figures["events"], figures["enqueued_count"]) == (1, 0)
    assert (asked["total"], plex["total"]) == (1, 0)


def test_what_another_drain_has_in_hand_is_looked_at_once_more(driver: HookDriver) -> None:
    """It has read the new name and has written it, but no record says so yet."""
    num = driver.pick("tag")
    rows = stash_seed(driver.site.both.stash.state())["tags"]
    name = next(row["name"] for row in rows if row["id"] == num)
    scene = min(driver.showing("tag", num))
    driver.site.enqueue(scene)
    driver.rename("tag", num, "Read by the Other")
    with DrainLock(driver.site.data), driver.site.queue() as queue:
        queue.claim(1, driver.now)
        driver.rename("tag", num, name)
        assert driver.sync()["enqueued_count"] == 1

    assert driver.sync()["processed"] == 1


def test_scenes_that_were_never_synced_are_taken_as_well(driver: HookDriver) -> None:
    num = driver.pick("tag", least=3)
    scenes = driver.showing("tag", num)
    forget_records(driver.site.data, scenes)
    driver.rename("tag", num, "Never Seen")

    is_for(driver, scenes)


def test_parents_do_not_matter(driver: HookDriver) -> None:
    parent, child = driver.pick("studio"), driver.pick("studio")
    driver.mutate("studioUpdate", "StudioUpdateInput", id=str(child), parent_id=str(parent))
    driver.sync()
    driver.rename("studio", parent, "A Parent's New Name")

    figures = driver.sync()

    assert figures["enqueued_count"] == len(driver.showing("studio", parent))


@pytest.mark.parametrize("number", chosen([1], [2]))
def test_whatever_happens_in_a_burst_plex_agrees_in_the_end(
    driver: HookDriver, number: int
) -> None:
    """In any order, with things that change, go, and change again, and scenes among them."""
    driver.site.use(first_sync="mirror", reconcile_interval="never", max_clear_percent=100)
    driver.site.both.plex.configure(edit_section=EDITS[number % 2])
    chance = random.Random(number)
    for step in range(14):
        happen(driver, chance, f"{number}.{step}")
        if chance.random() < 0.2:
            driver.sync()

    driver.sync()

    assert driver.left() == []
    assert driver.wrong() == []
    found = driver.site.reconcile()
    assert (found["drift_count"], found["stale_sync_count"]) == (0, 0)


def happen(driver: HookDriver, chance: random.Random, name: str) -> None:
    """One thing that users do."""
    stash = stash_seed(driver.site.both.stash.state())
    known = {
        "performer": [row["id"] for row in stash["performers"]],
        "studio": [row["id"] for row in stash["studios"]],
        "tag": [row["id"] for row in stash["tags"]],
    }
    kind = chance.choice(KINDS)
    what = chance.choice(["rename", "rename", "rename", "destroy", "merge", "edit", "delete"])
    if what == "rename":
        driver.rename(kind, chance.choice(known[kind]), f"{kind} {name}")
    elif what == "destroy":
        driver.destroy(kind, chance.choice(known[kind]))
    elif what == "merge":
        destination, *sources = map(str, chance.sample(known["tag"], 3))
        driver.mutate("tagsMerge", "TagsMergeInput", source=sources, destination=destination)
    else:
        scene = chance.choice(stash["scenes"])["id"]
        if what == "edit":
            tags = [str(each) for each in chance.sample(known["tag"], 4)]
            driver.site.edit_scene(scene, tag_ids=tags)
        else:
            driver.destroy("scene", scene)
