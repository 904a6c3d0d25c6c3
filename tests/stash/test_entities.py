"""What is asked of Stash about performers as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.errors import StashError
from core.performer_names import Disambiguate
from stash import entities
from stash.client import StashClient
from stash.connection import StashConnection
from stash.entities import disambiguations, list_entities
from tests.acceptance.small_library import FILMS, SmallLibrary
from tests.contract.servers import Simulated
from tests.pool import Pool

VERSIONS = ("v0.24.0", "v0.30.1")


@pytest.fixture
def server(pool: Pool) -> Iterator[Simulated]:
    seed: Any = SmallLibrary({FILMS: ["/films"]}).seed()
    seed["stash"]["performers"] = [
        {"id": number, "name": name, "disambiguation": more, "gender": None}
        for number, name, more in (
            (1, "Ana Lind", "1990"),
            (2, "Ana Lind", "blonde"),
            (3, "Jo Vale", "Prague"),
            (4, "JO VALE", ""),
            (5, "Kim", "alone"),
            (6, "Nobody else", ""),
        )
    ]
    with pool.stash(seed) as started:
        yield started


def client(server: Simulated) -> StashClient:
    return StashClient(StashConnection("http", "127.0.0.1", int(server.url.rpartition(":")[2])))


@pytest.mark.parametrize("version", VERSIONS)
def test_whose_name_is_not_enough(server: Simulated, version: str) -> None:
    server.configure(version=version)
    stash = client(server)

    needed = {1: "1990", 2: "blonde", 3: "Prague"}
    assert disambiguations(stash, Disambiguate.NEEDED) == needed
    assert disambiguations(stash, Disambiguate.ALWAYS) == {**needed, 5: "alone"}
    before = stash.requests_made
    assert disambiguations(stash, Disambiguate.NEVER) == {}
    assert stash.requests_made == before


def test_a_listing_goes_on_to_its_end(server: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entities, "PAGE", 2)
    stash = client(server)

    listed = list_entities(stash, "performer", "name")

    assert sorted(int(each["id"]) for each in listed) == [1, 2, 3, 4, 5, 6]
    assert stash.requests_made == 4


class Sliding:
    """Its first page is told before one is deleted, so that the second lacks what slid."""

    def __init__(self, *pages: tuple[int | None, list[int]]) -> None:
        self.pages, self.asked = iter(pages), 0

    def find_scenes(self, *_args: Any, **_named: Any) -> Any:
        raise AssertionError

    def call_GQL(self, _query: str, _variables: Any = None) -> Any:  # noqa: N802 - its name
        self.asked += 1
        count, page = next(self.pages)
        return {"listed": {"count": count, "found": [{"id": str(each)} for each in page]}}


def test_a_listing_that_slid_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entities, "PAGE", 2)
    stash = Sliding((4, [1, 2]), (3, [4]), (3, [2, 3]), (3, [4]))

    assert [each["id"] for each in list_entities(stash, "tag", "name")] == ["2", "3", "4"]
    assert stash.asked == 4


@pytest.mark.parametrize("count", [9, None])
def test_what_is_not_told_whole_is_unknown(
    monkeypatch: pytest.MonkeyPatch, count: int | None
) -> None:
    """Nor is a listing that never goes on asked for for ever."""
    monkeypatch.setattr(entities, "PAGE", 2)
    stash = Sliding(*[(count, [1, 2])] * 20)

    with pytest.raises(StashError, match="lists 2 of"):
        list_entities(stash, "tag", "name")


def test_no_answer_tells_no_disambiguation() -> None:
    class Silent(Sliding):
        def call_GQL(self, _query: str, _variables: Any = None) -> Any:  # noqa: N802 - its name
            return {}

    with pytest.raises(StashError):
        disambiguations(Silent(), Disambiguate.NEEDED)
