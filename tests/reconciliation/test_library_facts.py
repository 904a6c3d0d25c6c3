"""What is asked of Stash's library as a whole, when, and what tasks go by meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciliation.library_facts import ASKED_FOR, LibraryPolicy, moved
from storage.state import State
from tests.settings import parse_settings

NAMES = {"1": ("Ana", "cook"), "2": ("Ana", "guide")}


class Library:
    """A Stash that has two performers of one name and a tag below another."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.uses = 3

    def find_scenes(self, *_args: Any, **_named: Any) -> Any:
        raise AssertionError

    def call_GQL(self, query: str, _variables: Any = None) -> Any:  # noqa: N802 - its name
        kind = query.partition("listed: find")[2].partition("(")[0]
        self.asked.append(kind)
        found: list[dict[str, Any]] = []
        if kind == "Performers":
            found = [{"id": i, "name": n, "disambiguation": d} for i, (n, d) in NAMES.items()]
        if kind == "Tags":
            found = [
                {"id": "1", "name": "Places", "scene_count": 0, "parents": []},
                {"id": "2", "name": "Park", "scene_count": self.uses, "parents": [{"id": "1"}]},
            ]
        return {"listed": {"count": len(found), "found": found}}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path, lambda _message: None) as opened:
        yield opened


def policy(state: State, stash: Library, **settings: Any) -> LibraryPolicy:
    given = {"plex_url": "http://plex:32400", "plex_token": "x", **settings}
    return LibraryPolicy(stash, parse_settings(given, {}), state)


def test_drains_go_by_what_a_reconcile_has_found(state: State) -> None:
    stash = Library()
    assert policy(state, stash).fresh().disambiguations == {1: "cook", 2: "guide"}
    assert stash.asked == ["Performers"]

    assert policy(state, stash).known().disambiguations == {1: "cook", 2: "guide"}
    assert stash.asked == ["Performers"]


def test_other_settings_ask_only_for_what_is_lacking(state: State) -> None:
    stash = Library()
    off = {"sync_performers": False, "sync_tags": False}
    policy(state, stash, tag_rules="use < 5 => label", **off).fresh()
    assert stash.asked == []


def test_what_shows_otherwise_by_now_is_named(state: State) -> None:
    stash = Library()
    library = policy(state, stash, tag_rules="use < 3 => nothing")
    before = library.fresh()
    stash.uses = 2

    now = library.by(library.ask(library.remembered(), ["tag"]))

    assert stash.asked == ["Performers", "Tags", "Tags"]
    assert moved(before, now) == {"performer": set(), "tag": {2}}
    assert moved(before, before) == {"performer": set()}


def test_facts_that_make_no_sense_are_asked_for_anew(state: State) -> None:
    stash = Library()
    policy(state, stash).fresh()
    assert state.get_value(ASKED_FOR) != {}
    with state._database.transaction() as connection:
        connection.execute("UPDATE facts SET value = '[]' WHERE key = 'library_asked'")

    assert policy(state, stash).known().disambiguations == {1: "cook", 2: "guide"}
    assert stash.asked == ["Performers", "Performers"]


def test_a_fact_that_makes_no_sense_costs_nothing_but_itself(state: State) -> None:
    stash = Library()
    policy(state, stash).fresh()
    with state._database.transaction() as connection:
        connection.execute("UPDATE library SET above = 'x' WHERE id = 1")

    names = policy(state, stash).known().disambiguations
    assert (names.get(1), names.get(2), dict(names)) == (None, "guide", {2: "guide"})
