"""How the items of queued scenes are found: what is asked for, what is believed, what it costs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.models import ItemRef, Scene
from core.paths import PathMap
from core.records import ItemRecord, Record
from plex.cache import MatchCache, PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexServerDown
from plex.library import list_snapshot, synced_libraries
from simulators.library.generate import generate
from stash.scenes import fetch_scenes
from tests.acceptance.conftest import Open
from tests.acceptance.faults import Fault
from tests.acceptance.site import TOKEN, Site
from tests.settings import parse_settings
from worker.locating.locator import LISTING_FROM, Locator

CASES = ("in_sync",) * 3 + ("same_name", "two_sections", "ambiguous_sizes", "missing_inside")
SCENES = 3 * len(CASES)


class Bench:
    """A locator, and everything around it."""

    def __init__(self, site: Site, cache: PlexCache, matches: MatchCache, plex: PlexClient) -> None:
        self.site = site
        self.cache = cache
        self.matches = matches
        self.plex = plex
        self.sections = synced_libraries(plex, ()).there

    def locator(self, *, guess: bool = False) -> Locator:
        rules = {"plex_url": "http://x", "plex_token": "x", "path_map": self.site.truth["path_map"]}
        path_map = PathMap(parse_settings(rules, {}).path_map)
        return Locator(
            self.plex,
            self.sections,
            self.cache,
            path_map,
            matches=self.matches,
            guess=guess,
            clock=lambda: 5.0,
        )

    def scenes(self, *cases: str) -> list[Scene]:
        ids = [scene for case in cases for scene in self.site.scenes(case)]
        with self.site.context() as context:
            return list(fetch_scenes(context.stash, ids).values())

    def remember(self) -> None:
        """Save the index that a reconcile leaves behind."""
        list_snapshot(self.plex, self.sections, self.cache, 1.0)

    def section_of(self, scene: Scene) -> str:
        return self.site.items(scene.id)[0].partition(":")[0]

    def right(self, scene: Scene) -> set[str]:
        return set(self.site.items(scene.id))


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=12, only=CASES))


@pytest.fixture
def bench(library: Site, data: Path) -> Iterator[Bench]:
    library.both.plex.load(library.both.seed)
    data.mkdir()
    plex = PlexClient(library.both.plex.url, TOKEN, read_timeout=5)
    with PlexCache(data) as cache, MatchCache(data) as matches, contextlib.closing(plex):
        yield Bench(library, cache, matches, plex)


def _names(refs: object) -> set[str]:
    assert isinstance(refs, dict)
    return set(map(str, refs))


def test_nothing_known_and_few_jobs_means_one_question_a_file(bench: Bench) -> None:
    scenes = bench.scenes("in_sync")[:5]
    before = bench.plex.requests_made

    found = bench.locator().locate(scenes, {})

    assert all(_names(found[scene.id].items) == bench.right(scene) for scene in scenes)
    # A file is looked for in the one library below whose folders it lies, where that is known.
    asked = bench.plex.requests_made - before
    assert asked <= len(scenes) * len(bench.sections) + 1


def test_what_was_looked_up_is_known_from_then_on(bench: Bench) -> None:
    scenes = bench.scenes("in_sync")[:5]
    bench.locator().locate(scenes, {})
    before = bench.plex.requests_made

    bench.locator().locate(scenes, {})

    assert bench.plex.requests_made - before == 1


def _looked_up(bench: Bench) -> int:
    """How often Plex was asked for a file since the last time."""
    log = bench.site.both.plex.counters()["log"]
    bench.site.both.plex.reset()
    return sum("file=" in line["path"] for line in log)


def test_when_the_index_is_lost_no_match_is_looked_up_again(bench: Bench) -> None:
    scenes = bench.scenes("in_sync")[:5]
    bench.site.both.plex.reset()
    bench.locator().locate(scenes, {})
    first = _looked_up(bench)
    bench.cache.clear()

    found = bench.locator().locate(scenes, {})

    assert all(_names(found[scene.id].items) == bench.right(scene) for scene in scenes)
    assert _looked_up(bench) <= first - len(scenes)


def test_a_match_that_is_remembered_wrongly_is_looked_up_again(bench: Bench) -> None:
    scene, other = bench.scenes("in_sync")[:2]
    (right,), (wrong,) = bench.right(scene), bench.right(other)
    section, _, key = right.partition(":")
    path = scene.files[0].path
    bench.matches.set_match(section, path, wrong.partition(":")[2])

    found = bench.locator().locate([scene], {})

    assert _names(found[scene.id].items) == {right}
    assert bench.matches.get_match(section, path) == key


def test_the_saved_index_costs_one_read_of_all(bench: Bench) -> None:
    bench.remember()
    scenes = bench.scenes("in_sync", "same_name", "two_sections")
    before = bench.plex.requests_made

    found = bench.locator().locate(scenes, {})

    assert bench.plex.requests_made - before == 1
    assert all(_names(found[scene.id].items) == bench.right(scene) for scene in scenes)


def test_an_index_that_is_out_of_date_is_not_believed(bench: Bench) -> None:
    """Two items have changed keys; the second key is another film's now."""
    bench.remember()
    one, two = bench.scenes("in_sync")[:2]
    (first,), (second,) = bench.right(one), bench.right(two)
    for item in (first, second):
        bench.site.drop_item(item.partition(":")[2])
    bench.site.put_item(first, rating_key=int(second.partition(":")[2]))
    bench.site.put_item(second, rating_key=910_000)

    bench.site.both.plex.reset()
    found = bench.locator().locate([one, two], {})

    keys = {scene.id: {ref.key for ref in found[scene.id].items} for scene in (one, two)}
    assert keys == {one.id: {second.partition(":")[2]}, two.id: {"910000"}}
    # Each item is read once, however often it is proposed.
    paths = [urlsplit(line["path"]).path for line in bench.site.both.plex.counters()["log"]]
    read = [key for path in paths for key in path.removeprefix("/library/metadata/").split(",")]
    assert read.count(second.partition(":")[2]) == 1


def test_an_item_that_is_gone_hides_no_new_one_where_the_scene_has_others(bench: Bench) -> None:
    scene = bench.scenes("two_sections")[0]
    gone, other = sorted(bench.right(scene))
    known = []
    for item in (gone, other):
        section, _, key = item.partition(":")
        file = bench.site.raw_item(key)["media"][0][0]["file"]
        known.append(ItemRecord(ItemRef(section, key), (file,), 1, {}))
    record = Record(scene.id, 1.0, "", scene.files, None, (), (), tuple(known))
    bench.site.drop_item(gone.partition(":")[2])
    new = bench.site.put_item(gone, rating_key=920_000)
    bench.remember()

    found = bench.locator().locate([scene], {scene.id: record})

    assert _names(found[scene.id].items) == {other, f"{gone.partition(':')[0]}:{new}"}


def test_an_item_in_the_trash_is_not_found(bench: Bench) -> None:
    bench.remember()
    scene = bench.scenes("in_sync")[0]
    bench.site.both.plex.control("POST", "trash", {"key": bench.site.key(scene.id)})

    assert bench.locator().locate([scene], {})[scene.id].items == {}


def test_absent_is_empty_and_undecided_says_between_what(bench: Bench) -> None:
    missing, doubtful = bench.scenes("missing_inside")[0], bench.scenes("ambiguous_sizes")[0]

    found = bench.locator().locate([missing, doubtful], {})

    assert (found[missing.id].items, found[missing.id].undecided) == ({}, ())
    assert found[doubtful.id].items == {}
    (low,) = found[doubtful.id].undecided
    assert len(low.refs) == 2


def test_without_strict_matching_one_of_equals_is_taken_each_time(bench: Bench) -> None:
    doubtful = bench.scenes("ambiguous_sizes")[0]

    taken = [bench.locator(guess=True).locate([doubtful], {})[doubtful.id] for _ in range(2)]

    assert len(taken[0].items) == 1
    assert taken[0].items.keys() == taken[1].items.keys()


def test_many_unknown_scenes_are_worth_one_listing(bench: Bench) -> None:
    scenes = bench.scenes("in_sync", "same_name", "two_sections", "missing_inside")
    locator = bench.locator()
    locator.expect(LISTING_FROM)
    before = bench.plex.requests_made

    found = locator.locate(scenes, {})
    again = locator.locate(scenes, {})

    # Of each library how many items it has and one page, and twice the read of all that was found.
    assert bench.plex.requests_made - before == 2 * len(bench.sections) + 2
    for scene in scenes:
        assert _names(found[scene.id].items) == bench.right(scene)
        assert found[scene.id].items.keys() == again[scene.id].items.keys()


def test_few_jobs_are_never_worth_a_listing(bench: Bench) -> None:
    locator = bench.locator()
    locator.expect(LISTING_FROM - 1)
    bench.site.both.plex.reset()

    locator.locate(bench.scenes("missing_inside", "in_sync"), {})

    log = bench.site.both.plex.counters()["log"]
    listings = [line for line in log if "/all?" in line["path"] and "file=" not in line["path"]]
    assert listings == []


def test_a_listing_that_breaks_off_decides_nothing(bench: Bench) -> None:
    locator = bench.locator()
    locator.expect(LISTING_FROM)
    scenes = bench.scenes("in_sync", "same_name")
    broken = {"action": "reset", "times": -1}
    section = bench.section_of(scenes[0])
    bench.site.both.plex.faults([{"match": f"GET /library/sections/{section}/all", **broken}])

    found = locator.locate(scenes, {})

    lost = {i for i, each in found.items() if each.failure}
    assert lost == {s.id for s in scenes if not found[s.id].items}
    assert 0 < len(lost) < len(scenes)
    assert all("could not be read whole" in found[i].failure for i in lost)
    bench.site.both.plex.faults([{"match": "GET /library/sections/.*/all", **broken}])
    bench.cache.clear()
    fresh = bench.locator()
    fresh.expect(LISTING_FROM)
    with pytest.raises(PlexServerDown, match="were not read whole"):
        fresh.locate(scenes, {})


@pytest.mark.parametrize(
    "fault", [{"action": "reset"}, {"action": "status", "status": 403}], ids=["cut", "403"]
)
def test_a_library_that_cannot_be_searched_keeps_no_other_scene_from_being_found(
    bench: Bench, fault: Fault
) -> None:
    scenes = bench.scenes("in_sync", "same_name")
    match = f"GET /library/sections/{bench.section_of(scenes[0])}/all"
    bench.site.both.plex.faults([{"match": match, "times": -1, **fault}])

    found = bench.locator().locate(scenes, {})

    lost = {i for i, each in found.items() if each.failure}
    assert 0 < len(lost) < len(scenes)
    assert lost == {s.id for s in scenes if not found[s.id].items}
    assert all("could not be searched" in found[i].failure for i in lost)


def test_a_library_that_is_not_synced_is_not_looked_into(bench: Bench) -> None:
    scene = bench.scenes("two_sections")[0]
    bench.remember()
    bench.sections = [section for section in bench.sections if section.key == "7"]

    found = bench.locator().locate([scene], {})

    assert [ref.section for ref in found[scene.id].items] == ["7"]
    assert all(isinstance(ref, ItemRef) for ref in found[scene.id].items)
