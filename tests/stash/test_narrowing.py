"""Scenes that spoil each answer which holds them, and lists that are shorter than they say."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StashError, StashIncomplete, StashUnauthorized, StashUnreachable
from stash import scenes

IDS = st.sets(st.integers(1, 400), max_size=60)


@dataclass
class Stash:
    """A Stash of bare scenes. Asked for a spoiling one, it answers with nothing but an error.

    Attributes:
        hidden: scenes that it counts, but does not list.
        junk: added to each list.
        down: what it raises for anything.
    """

    ids: Sequence[int]
    spoiling: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()
    junk: list[object] = field(default_factory=list)
    down: StashError | None = None
    asked: int = 0

    def find_scenes(self, f: Any = None, filter: Any = None, *, fragment: Any = None) -> Any:  # noqa: A002
        self._ask()
        page = self._between(f)[: filter["per_page"]]
        self._spoil(page)
        shown = [{"id": str(each), "title": "x"} for each in page if each not in self.hidden]
        return [*shown, *self.junk]

    def call_GQL(self, query: str, variables: Any = None) -> Any:  # noqa: N802
        self._ask()
        if "version" in query:
            return {"version": {"version": "v0.30.1"}}
        asked = [int(each) for each in re.findall(r"s\d+: findScene\(id: (\d+)\)", query)]
        if not asked:
            wanted = (variables or {}).get("scene_filter")
            return {"findScenes": {"count": len(self._between(wanted))}}
        self._spoil(asked)
        there = set(self.ids)
        return {f"s{each}": {"id": str(each)} if each in there else None for each in asked}

    def _between(self, wanted: Any) -> list[int]:
        if not wanted:
            return sorted(self.ids)
        given = wanted["id"]
        if given["modifier"] == "BETWEEN":
            return [i for i in sorted(self.ids) if given["value"] <= i <= given["value2"]]
        return [i for i in sorted(self.ids) if i > given["value"]]

    def _ask(self) -> None:
        self.asked += 1
        if self.down is not None:
            raise self.down

    def _spoil(self, page: Sequence[int]) -> None:
        if self.spoiling & set(page):
            raise StashError("Stash answered with an error: boom")


def listed(stash: Stash, size: int) -> Iterator[int]:
    for page in scenes.iter_scene_pages(stash, page_size=size):
        yield from (scene.id for scene in page)


def whole(stash: Stash, size: int) -> tuple[list[int], str]:
    found: list[int] = []
    try:
        found.extend(listed(stash, size))
    except StashIncomplete as error:
        return found, str(error)
    return found, ""


@given(IDS, st.integers(1, 50))
def test_a_list_that_is_whole_costs_its_pages_and_a_count(ids: set[int], size: int) -> None:
    stash = Stash(sorted(ids))
    assert whole(stash, size) == (sorted(ids), "")
    assert stash.asked == len(ids) // size + 2


@given(IDS, st.integers(1, 50), st.data())
def test_what_spoils_is_passed_over_and_named(
    ids: set[int], size: int, data: st.DataObject
) -> None:
    ordered = sorted(ids)
    spoiling = frozenset(data.draw(st.sets(st.sampled_from(ordered or [1]), max_size=4))) & ids
    stash = Stash(ordered, spoiling=spoiling)
    found, error = whole(stash, size)
    assert found == [each for each in ordered if each not in spoiling]
    assert all(f"scene {each} (" in error for each in spoiling)
    assert bool(error) == bool(spoiling)


def test_searching_costs_few_requests() -> None:
    stash = Stash(range(1, 5001), spoiling=frozenset({1234}))
    found, error = whole(stash, 500)
    assert len(found) == 4999
    assert "passed over: scene 1234 (Stash answered with an error: boom)" in error
    assert stash.asked <= 12 + 3 * log2(500) + 5


@pytest.mark.parametrize("down", [StashError("no"), StashUnreachable("no")])
def test_an_outage_is_no_matter_of_scenes(down: StashError) -> None:
    stash = Stash(range(1, 1001))
    pages = listed(stash, 100)
    assert next(pages) == 1
    stash.down, before = down, stash.asked
    with pytest.raises(type(down)) as caught:
        list(pages)
    assert caught.value is down
    assert stash.asked - before == 2  # the page, and something else
    with pytest.raises(type(down)):
        scenes.fetch_readable(stash, range(50))
    assert stash.asked - before == 4


def test_if_every_scene_spoils_it_is_no_matter_of_scenes() -> None:
    stash = Stash(range(1, 1001), spoiling=frozenset(range(1, 1001)))
    with pytest.raises(StashError, match="boom"):
        list(listed(stash, 500))
    assert stash.asked < 100
    before = stash.asked
    with pytest.raises(StashError, match="boom"):
        scenes.fetch_readable(stash, range(1, 101))
    assert stash.asked - before < 20


def test_refused_credentials_are_not_searched_for() -> None:
    stash = Stash(range(1, 9), down=StashUnauthorized("no"))
    with pytest.raises(StashUnauthorized):
        list(listed(stash, 5))
    with pytest.raises(StashUnauthorized):
        scenes.fetch_readable(stash, [1, 2])
    assert stash.asked == 2


@given(st.sets(st.integers(1, 300), min_size=1), st.sets(st.integers(1, 300)), st.integers(0, 3))
def test_scenes_that_are_counted_but_not_listed_are_told(
    ids: set[int], hidden: set[int], junk: int
) -> None:
    stash = Stash(sorted(ids), hidden=frozenset(hidden & ids))
    found, error = whole(stash, 400)
    assert found == sorted(ids - hidden)
    assert bool(error) == bool(hidden & ids)
    odd: list[object] = [None, {"id": "9" * 30}, {"id": "x"}]
    stash = Stash(sorted(ids), junk=odd[:junk])
    found, error = whole(stash, 400)
    assert found == sorted(ids)
    assert (f"{junk} entries of its list" in error) == bool(junk)


@pytest.mark.parametrize("size", [3, 10])
def test_scenes_told_twice_do_not_stand_for_those_not_told(size: int) -> None:
    stash = Stash(range(1, 7), hidden=frozenset({5, 6}), junk=[{"id": "1"}, {"id": "1"}])
    seen, told = whole(stash, size)
    assert seen == [1, 2, 3, 4]
    assert "2 scenes that it counts, but does not list" in told


def test_a_server_with_smaller_pages_is_read_whole() -> None:
    class Small(Stash):
        def find_scenes(self, f: Any = None, filter: Any = None, *, fragment: Any = None) -> Any:  # noqa: A002
            return super().find_scenes(f, {"per_page": 7}, fragment=fragment)

    assert whole(Small(range(1, 101)), 50) == (list(range(1, 101)), "")


@given(IDS, IDS, IDS)
def test_by_id_those_gone_are_absent_and_those_that_spoil_are_named(
    ids: set[int], asked: set[int], spoiling: set[int]
) -> None:
    spoils = frozenset(sorted(spoiling & asked)[:3])
    stash = Stash(sorted(ids), spoiling=spoils)
    found = None
    with contextlib.suppress(StashError):
        found = scenes.fetch_readable(stash, asked)
    if found is None:
        assert spoils == asked  # and no other could be had
        return
    assert found.scenes.keys() == (ids & asked) - spoils
    assert found.unreadable.keys() == spoils
    if spoils:
        with pytest.raises(StashIncomplete, match=rf"scene {min(spoils)} \("):
            scenes.fetch_scenes(stash, asked)


@pytest.mark.parametrize("count", [1, 2, 20, 100])
def test_however_many_spoil_a_stash_that_gives_another_is_not_down(count: int) -> None:
    asked = range(10, 10 + count)
    stash = Stash(range(1, 200), spoiling=frozenset(asked))
    found = scenes.fetch_readable(stash, asked)
    assert found.scenes == {}
    assert found.unreadable.keys() == set(asked)
    assert stash.asked < 2 * count + 10
    with pytest.raises(StashError, match="boom"):
        scenes.fetch_readable(Stash(range(1, 200), spoiling=frozenset(range(1, 200))), asked)


class Partly(Stash):
    """Says null, or half of it, where a scene always has a list."""

    lacking: Mapping[int, Mapping[str, object]]

    def find_scenes(self, f: Any = None, filter: Any = None, *, fragment: Any = None) -> Any:  # noqa: A002
        found = super().find_scenes(f, filter, fragment=fragment)
        return [{**each, **self.lacking.get(int(each["id"]), {})} for each in found]

    def call_GQL(self, query: str, variables: Any = None) -> Any:  # noqa: N802
        told = super().call_GQL(query, variables)
        return {
            alias: {**raw, **self.lacking.get(int(raw["id"]), {})} if alias[0] == "s" else raw
            for alias, raw in told.items()
        }


@pytest.mark.parametrize(
    "told",
    [
        {"files": None},
        {"files": "none"},
        {"tags": None},
        {"performers": None},
        {"files": [None]},
        {"files": [{"size": 5}]},
        {"tags": [None, {"id": "1", "name": "A"}]},
        {"performers": [{"id": "3", "name": None}]},
        {"studio": {"id": "5", "name": None}},
        {"details": 5},
        {"title": ["x"]},
        {"rating100": "many"},
    ],
    ids=str,
)
def test_what_is_not_told_whole_is_unknown_and_not_empty(told: Mapping[str, object]) -> None:
    stash = Partly(range(1, 10))
    stash.lacking = {4: told}

    found = scenes.fetch_readable(stash, [3, 4, 5])

    assert found.scenes.keys() == {3, 5}
    assert found.unreadable.keys() == {4}
    assert next(iter(told)) in str(found.unreadable[4])
    seen, error = whole(stash, 4)
    # All else is looked at where it counts.
    if "files" in told or None in told.values():
        assert seen == [1, 2, 3, 5, 6, 7, 8, 9]
        assert "scene 4 (" in error
    stash.lacking = dict.fromkeys(range(1, 10), told)
    with pytest.raises(StashError, match="does not say"):
        scenes.fetch_readable(stash, [3, 4, 5])


class Silent(Stash):
    def call_GQL(self, query: str, variables: Any = None) -> Any:  # noqa: N802
        answer = super().call_GQL(query, variables)
        answer.pop("s2", None)
        return answer


def test_a_scene_of_which_nothing_is_said_is_not_gone() -> None:
    found = scenes.fetch_readable(Silent([1, 2, 3]), [1, 2, 3])
    assert found.scenes.keys() == {1, 3}
    assert found.unreadable.keys() == {2}
