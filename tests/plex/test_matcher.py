"""The matcher as a function over a live section, and what it remembers."""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.tasks.queue import clear_match_cache
from core.paths import PathMap, base_key
from plex.cache import MatchCache, PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexNotFound, PlexServerDown
from plex.library import list_snapshot
from plex.matcher import MatchConfidence, PlexLibrary, find_plex_items_with_confidence
from tests.acceptance.conftest import open_site
from tests.acceptance.site import TOKEN, Site
from tests.acceptance.small_library import FILMS, SmallLibrary, part, restore
from transport.retrying import Retrying

__all__ = ["open_site"]  # a fixture

HIGH, LOW = MatchConfidence.HIGH, MatchConfidence.LOW
CAFE = "café.mp4"
ITEMS = {
    11: part("/m/films/Shoot 1/scene.mp4", 500),
    12: part("/m/films/Shoot 2/scene.mp4", 600),
    13: part("/m/films/one of its kind.mp4", 700),
    14: part("/m/films/Copies A/twin.mp4", 800),
    15: part("/m/films/Copies B/twin.mp4", 800),
    16: part("M:\\Films\\Tour\\Harbour.MP4", 900),
    17: part(f"/m/films/{unicodedata.normalize('NFD', CAFE)}", 950),
    18: part("/m/films/Unmeasured/odd.mp4", None, None),
}


@dataclass
class Bench:
    """A live section, and what is remembered of it."""

    site: Site
    plex: PlexClient
    library: PlexLibrary
    index: PlexCache
    matches: MatchCache

    def find(self, path: str, **known: Any) -> tuple[MatchConfidence, str | None, set[str]]:
        """The keys of the match and of the candidates."""
        confidence, item, candidates = find_plex_items_with_confidence(
            self.library,
            path,
            library_cache=self.index,
            match_cache=self.matches,
            **known,
        )
        keys = {candidate.ref.key for candidate in candidates}
        return confidence, None if item is None else item.ref.key, keys

    def reads(self) -> int:
        asked: int = self.site.both.plex.counters()["total"]
        self.site.both.plex.reset()
        return asked


@pytest.fixture(scope="module")
def library(open_site: Any) -> Site:
    made = SmallLibrary({FILMS: ["/m/films", "M:\\Films"]})
    for key, file in ITEMS.items():
        made.item(FILMS, key, file)
    site: Site = open_site(made.seed())
    return site


@pytest.fixture
def bench(library: Site, tmp_path: Path) -> Iterator[Bench]:
    restore(library)
    plex = PlexClient(
        library.both.plex.url, TOKEN, read_timeout=5, retrying=Retrying(lambda _seconds: None)
    )
    with (
        contextlib.closing(plex),
        PlexCache(tmp_path) as index,
        MatchCache(tmp_path) as matches,
    ):
        (section,) = plex.sections()
        library.both.plex.reset()
        yield Bench(library, plex, PlexLibrary(plex, section), index, matches)


@pytest.mark.parametrize(
    ("path", "known", "expected"),
    [
        ("/m/films/Shoot 2/scene.mp4", {}, 12),
        ("/d/Shoot 2/scene.mp4", {}, 12),
        ("/d/elsewhere/scene.mp4", {"size": 500}, 11),
        ("/d/elsewhere/one of its kind.mp4", {"size": 700}, 13),
        ("D:\\clips\\tour\\harbour.mp4", {}, 16),
        ("/d/Tour/Harbour.MP4", {"size": 900}, 16),
        (f"/m/films/{CAFE}", {}, 17),
        ("/d/Unmeasured/odd.mp4", {"size": 5}, 18),
        ("/s/a/scene.mp4", {"path_map": PathMap((("/s/a", "/m/films/Shoot 1"),))}, 11),
    ],
)
def test_evidence_leaves_one(
    bench: Bench, path: str, known: Mapping[str, Any], expected: int
) -> None:
    assert bench.find(path, **known) == (HIGH, str(expected), {str(expected)})


@pytest.mark.parametrize(
    ("path", "known", "candidates"),
    [
        ("/d/scene.mp4", {}, {"11", "12"}),
        ("/d/takes/twin.mp4", {"size": 800}, {"14", "15"}),
        ("/d/one of its kind.mp4", {}, {"13"}),  # only the name is equal
    ],
)
def test_what_evidence_cannot_decide_is_low(
    bench: Bench, path: str, known: Mapping[str, Any], candidates: set[str]
) -> None:
    assert bench.find(path, **known) == (LOW, None, candidates)


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/m/films/nowhere.mp4", {}),
        ("/m/films/ones of its kind.mp4", {}),
        ("/d/elsewhere/scene.mp4", {"size": 5}),  # another size is a veto
        ("/m/films/scene", {}),
    ],
)
def test_what_is_not_there_is_said(bench: Bench, path: str, known: Mapping[str, Any]) -> None:
    with pytest.raises(PlexNotFound, match="no item of library 'Films' has the file"):
        bench.find(path, **known)


def test_an_item_that_comes_later_is_found(bench: Bench) -> None:
    """Nothing is remembered of what was not there."""
    bench.site.drop_item("13")
    with pytest.raises(PlexNotFound):
        bench.find("/m/films/one of its kind.mp4")

    bench.site.put_item(f"{FILMS}:13")

    assert bench.find("/m/films/one of its kind.mp4")[0] is HIGH


def test_a_match_is_remembered(bench: Bench) -> None:
    first = bench.find("/m/films/Shoot 2/scene.mp4")
    bench.reads()

    assert bench.find("/m/films/Shoot 2/scene.mp4") == first
    assert bench.reads() == 1  # the item itself, to see that it still has the file


@pytest.mark.parametrize("file", [ITEMS[11], part("/m/films/Shoot 9/scene.mp4")])
def test_a_key_that_names_another_film_by_now_is_not_trusted(bench: Bench, file: Any) -> None:
    path = "/m/films/Shoot 2/scene.mp4"
    assert bench.find(path)[1] == "12"
    bench.site.drop_item("12")
    bench.site.put_item(f"{FILMS}:11", rating_key=12, media=[[file]])

    confidence, item, _candidates = bench.find(path)

    assert (confidence, item) == (LOW, None)
    assert bench.matches.get_match(str(FILMS), path) is None


def test_a_server_that_does_not_answer_is_no_reason_to_forget(bench: Bench) -> None:
    path = "/m/films/Shoot 2/scene.mp4"
    bench.find(path)
    bench.site.both.plex.faults([{"match": "", "times": -1, "action": "reset"}])

    with pytest.raises(PlexServerDown):
        bench.find(path)
    with pytest.raises(PlexServerDown):
        bench.find("/m/films/one of its kind.mp4")

    bench.site.both.plex.faults([])
    assert bench.matches.get_match(str(FILMS), path) == "12"


def test_the_saved_index_spares_the_search_and_never_decides_alone(bench: Bench) -> None:
    list_snapshot(bench.plex, [bench.library.section], bench.index, 1.0)
    bench.reads()
    assert bench.find("/m/films/Shoot 1/scene.mp4")[1] == "11"
    assert bench.reads() == 1

    bench.site.drop_item("13")

    with pytest.raises(PlexNotFound):
        bench.find("/m/films/one of its kind.mp4")


def test_it_works_without_any_memory(bench: Bench) -> None:
    confidence, item, candidates = find_plex_items_with_confidence(
        bench.library, "/m/films/Shoot 2/scene.mp4"
    )

    assert confidence is HIGH
    assert item is not None
    assert item.files == candidates[0].files
    assert isinstance(candidates, Sequence)
    assert [found.ref.key for found in candidates] == ["12"]


def test_one_task_clears_all_that_is_remembered_of_matches(bench: Bench, tmp_path: Path) -> None:
    bench.find("/m/films/Shoot 2/scene.mp4")
    assert bench.index.items_named([base_key("scene.mp4")]) != {}

    bench.site.data = tmp_path
    bench.site.do(clear_match_cache)

    assert bench.index.items_named([base_key("scene.mp4")]) == {}
    assert bench.matches.get_match(str(FILMS), "/m/films/Shoot 2/scene.mp4") is None
