"""Performers, studios and tags that change in Stash, told by its hooks: their scenes follow."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from core.errors import StashError
from simulators.dumps import stash_seed
from simulators.library.generate import generate
from sync_queue.lock import DrainLock
from tests.acceptance.noting import DEAF, Office, noting
from tests.acceptance.test_shared_edits import LIST_EDITS
from tests.pool import Pool
from tests.stored import forget_records

KINDS = ("performer", "studio", "tag")
EDITS = ("additive", "replacing")
CASES = ("in_sync", "two_sections", "two_files_two_items")


@pytest.fixture(scope="module")
def library(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """All of it synced; every test has things of its own, since Stash keeps what is done to it."""
    with noting(
        pool, generate(90, seed=4, only=CASES), tmp_path_factory.mktemp("noting")
    ) as office:
        office.site.use(first_sync="mirror", reconcile_interval="never", max_clear_percent=100)
        office.site.reconcile()
        office.site.drain()
        yield office


@pytest.fixture
def office(library: Office) -> Iterator[Office]:
    library.site.use(first_sync="mirror", reconcile_interval="never")
    library.site.both.plex.configure(edit_section="additive")
    yield library
    library.site.both.stash.faults([DEAF])
    library.site.use(first_sync="mirror", reconcile_interval="never")
    library.sync()
    assert library.wrong() == []


def teach(office: Office, edits: str) -> None:
    """Let Plex edit lists like that, as the plugin has found out before."""
    office.site.both.plex.configure(edit_section=edits)
    identity = office.site.both.plex.get("/identity")
    server = [identity["machineIdentifier"], identity["version"]]
    lists = "adds" if edits == "additive" else "replaces"
    with office.site.state() as state:
        state.set_value(LIST_EDITS, {"server": server, "lists": lists})


def is_for(office: Office, scenes: set[int]) -> None:
    """One event brings exactly these scenes to Plex, with at most one write for each item."""
    figures, _, _ = office.sync_counted()

    assert (figures["events"], figures["enqueued_count"]) == (1, len(scenes))
    assert (figures["processed"], figures["failed"]) == (len(scenes), 0)
    assert office.written() == dict.fromkeys(office.items_of(scenes), 1)
    assert office.wrong() == []
    assert office.left() == []


@pytest.mark.parametrize("edits", EDITS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_name_reaches_its_scenes_and_no_other(office: Office, kind: str, edits: str) -> None:
    num = office.pick(kind, least=2)
    teach(office, edits)

    office.rename(kind, num, f"Another {kind}, renamed, {edits}")

    is_for(office, office.showing(kind, num))


@pytest.mark.parametrize("edits", EDITS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_destroyed_leaves_its_scenes(office: Office, kind: str, edits: str) -> None:
    """Stash has no link any more; the records know."""
    num = office.pick(kind, least=2)
    teach(office, edits)
    scenes = office.showing(kind, num)

    office.destroy(kind, num)

    is_for(office, scenes)


@pytest.mark.parametrize("edits", EDITS)
def test_a_tag_takes_over_the_scenes_of_those_that_are_merged_into_it(
    office: Office, edits: str
) -> None:
    teach(office, edits)
    stays, first, second = (office.pick("tag", least=2) for _ in range(3))
    moved = office.showing("tag", first) | office.showing("tag", second)
    before = office.showing("tag", stays)

    sources = [str(first), str(second)]
    office.mutate("tagsMerge", "TagsMergeInput", source=sources, destination=str(stays))

    assert office.showing("tag", stays) == before | moved
    figures, asked, _ = office.sync_counted()
    assert (figures["enqueued_count"], figures["processed"]) == (len(moved), len(moved))
    assert figures["nothing_new"] == len(before - moved)
    assert office.written() == dict.fromkeys(office.items_of(moved), 1)
    assert office.wrong() == []
    assert asked["total"] == 2  # a page of scenes, and those of the drain


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_that_changes_no_name_costs_one_question(office: Office, kind: str) -> None:
    num = office.pick(kind)
    told = {"description" if kind == "tag" else "details": "More about it."}

    office.mutate(f"{kind}Update", f"{kind.capitalize()}UpdateInput", id=str(num), **told)
    figures, asked, plex = office.sync_counted()

    assert (figures["events"], figures["enqueued_count"], figures["nothing_new"]) == (1, 0, 0)
    assert (asked["total"], plex["total"]) == (1, 0)
    assert office.left() == []


def test_scenes_that_want_nothing_else_get_no_job(office: Office) -> None:
    """A blocked tag shows nowhere, so its new name is nowhere either: told without Plex."""
    num = office.pick("tag", least=3)
    office.site.use(
        first_sync="mirror", reconcile_interval="never", tag_blocklist="nothing,Not to Be Seen"
    )
    office.rename("tag", num, "Not to Be Seen")
    office.sync()
    office.rename("tag", num, "Nothing")

    figures, asked, plex = office.sync_counted()

    assert figures["nothing_new"] == len(office.showing("tag", num))
    assert (figures["enqueued_count"], asked["total"], plex["total"]) == (0, 2, 0)
    office.rename("tag", num, "To Be Seen")
    office.site.use(first_sync="mirror", reconcile_interval="never")


def test_a_burst_queues_each_scene_once(office: Office) -> None:
    nums = {kind: [office.pick(kind) for _ in range(2)] for kind in KINDS}
    scenes: set[int] = set()
    for kind, some in nums.items():
        for num in some:
            office.rename(kind, num, f"In a burst, {kind} {num}")
            scenes |= office.showing(kind, num)

    figures, asked, _ = office.sync_counted()

    assert (figures["events"], figures["enqueued_count"]) == (6, len(scenes))
    assert figures["refreshed"] == 0
    # Of each kind: the names, and a page of the scenes of both. Then those of the drain.
    assert asked["total"] == 2 * 3 + 1
    assert max(office.written().values()) == 1
    assert office.wrong() == []


def test_what_shows_in_no_synced_field_concerns_nobody(office: Office) -> None:
    num = office.pick("performer")
    office.site.use(first_sync="mirror", reconcile_interval="never", sync_performers=False)
    office.rename("performer", num, "Nobody Looks")

    figures, asked, plex = office.sync_counted()

    assert (figures["events"], figures["enqueued_count"]) == (1, 0)
    assert (asked["total"], plex["total"]) == (0, 0)
    # What was not synced then is found when it is switched on again.
    office.site.use(first_sync="mirror", reconcile_interval="never")
    assert office.site.reconcile()["drift_count"] == len(office.showing("performer", num))


def test_an_event_stays_until_all_its_pages_are_queued(office: Office) -> None:
    num = office.pick("tag")
    office.rename("tag", num, "After All")
    broken = {"match": "FindScenes", "action": "status", "status": 200, "times": -1}
    broken["body"] = '{"errors": []}'
    office.site.both.stash.faults([DEAF, broken])

    with pytest.raises(StashError):
        office.sync()

    assert office.left() == [num]
    office.site.both.stash.faults([DEAF])
    is_for(office, office.showing("tag", num))


def test_a_name_that_was_changed_back_needs_nothing(office: Office) -> None:
    num = office.pick("tag")
    rows = stash_seed(office.site.both.stash.state())["tags"]
    name = next(row["name"] for row in rows if row["id"] == num)
    office.rename("tag", num, "For a Moment")
    office.rename("tag", num, name)

    figures, asked, plex = office.sync_counted()

    assert (figures["events"], figures["enqueued_count"]) == (1, 0)
    assert (asked["total"], plex["total"]) == (1, 0)


def test_what_another_drain_has_in_hand_is_looked_at_once_more(office: Office) -> None:
    """It has read the new name and has written it, but no record says so yet."""
    num = office.pick("tag")
    rows = stash_seed(office.site.both.stash.state())["tags"]
    name = next(row["name"] for row in rows if row["id"] == num)
    scene = min(office.showing("tag", num))
    office.site.enqueue(scene)
    office.rename("tag", num, "Read by the Other")
    with DrainLock(office.site.data), office.site.queue() as queue:
        queue.claim(1, office.now)
        office.rename("tag", num, name)
        assert office.sync()["enqueued_count"] == 1

    assert office.sync()["processed"] == 1


def test_scenes_that_were_never_synced_are_taken_as_well(office: Office) -> None:
    num = office.pick("tag", least=3)
    scenes = office.showing("tag", num)
    forget_records(office.site.data, scenes)
    office.rename("tag", num, "Never Seen")

    is_for(office, scenes)


def test_parents_do_not_matter(office: Office) -> None:
    parent, child = office.pick("studio"), office.pick("studio")
    office.mutate("studioUpdate", "StudioUpdateInput", id=str(child), parent_id=str(parent))
    office.sync()
    office.rename("studio", parent, "A Parent's New Name")

    figures = office.sync()

    assert figures["enqueued_count"] == len(office.showing("studio", parent))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_whatever_happens_in_a_burst_plex_agrees_in_the_end(office: Office, number: int) -> None:
    """In any order, with things that change, go, and change again, and scenes among them."""
    office.site.use(first_sync="mirror", reconcile_interval="never", max_clear_percent=100)
    office.site.both.plex.configure(edit_section=EDITS[number % 2])
    chance = random.Random(number)
    for step in range(14):
        happen(office, chance, f"{number}.{step}")
        if chance.random() < 0.2:
            office.sync()

    office.sync()

    assert office.left() == []
    assert office.wrong() == []
    found = office.site.reconcile()
    assert (found["drift_count"], found["stale_sync_count"]) == (0, 0)


def happen(office: Office, chance: random.Random, name: str) -> None:
    """One thing that users do."""
    stash = stash_seed(office.site.both.stash.state())
    known = {
        "performer": [row["id"] for row in stash["performers"]],
        "studio": [row["id"] for row in stash["studios"]],
        "tag": [row["id"] for row in stash["tags"]],
    }
    kind = chance.choice(KINDS)
    what = chance.choice(["rename", "rename", "rename", "destroy", "merge", "edit", "delete"])
    if what == "rename":
        office.rename(kind, chance.choice(known[kind]), f"{kind} {name}")
    elif what == "destroy":
        office.destroy(kind, chance.choice(known[kind]))
    elif what == "merge":
        destination, *sources = map(str, chance.sample(known["tag"], 3))
        office.mutate("tagsMerge", "TagsMergeInput", source=sources, destination=destination)
    else:
        scene = chance.choice(stash["scenes"])["id"]
        if what == "edit":
            tags = [str(each) for each in chance.sample(known["tag"], 4)]
            office.site.edit_scene(scene, tag_ids=tags)
        else:
            office.destroy("scene", scene)
