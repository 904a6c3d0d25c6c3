"""Whose fault it is that a cover does not come: its scene's, or that of all pictures of Stash."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from core.errors import PicturesUnavailable
from core.images import ImageFailed
from simulators.stash.sample_pictures import picture
from stash.client import StashClient
from stash.connection import StashConnection
from stash.images import Screenshot
from storage.state import State
from storage.state_tables.outages import PICTURES
from tests.contract.scripted import Asked, Reply, as_json, scripted
from transport.retrying import Retrying
from worker.pictures.covers_ahead import MOST
from worker.pictures.supply import PictureSupply, others_than

GOOD = Reply(body=picture("cover"), headers={"Content-Type": "image/jpeg"})
EMPTY = Reply(headers={"Content-Type": "image/jpeg"})
NOT_A_PICTURE = b"a text that somebody made a cover"
STORED = Reply(
    body=NOT_A_PICTURE,
    headers={
        "Content-Type": "image/jpeg",
        "ETag": f'"{hashlib.md5(NOT_A_PICTURE, usedforsecurity=False).hexdigest()}"',
    },
)
STAND_IN = Reply(body=b"<svg/>", headers={"Content-Type": "image/svg+xml"})
HUGE = Reply(body=bytes(11_000_000), headers={"Content-Type": "image/png"})


class Covers:
    """What each scene's cover is, and a supply of them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.of = dict.fromkeys(range(1, 7), GOOD)
        self.before: dict[int, Callable[[], object]] = {}
        self.asked: list[int] = []
        self.told: list[int] = []  # of which Stash says that they have covers
        self.supply: PictureSupply

    def __call__(self, asked: Asked) -> Reply:
        if asked.method == "POST":
            rows = [{"id": str(scene)} for scene in self.told]
            return as_json({"data": {"findScenes": {"count": 0, "scenes": rows}}})
        scene = int(asked.path.split("/")[2])
        self.asked.append(scene)
        self.before.get(scene, bool)()
        return self.of[scene]

    def is_out(self) -> bool:
        return self.state.outages.breaker(PICTURES, 1000.0).failures > 0


@pytest.fixture
def covers(tmp_path: Path) -> Iterator[Covers]:
    with State(tmp_path, print) as state:
        made = Covers(state)
        with scripted(by=made) as server:
            connection = StashConnection("http", "127.0.0.1", int(server.url.rpartition(":")[2]))
            client = StashClient(connection, retrying=Retrying(lambda _seconds: None))
            with contextlib.closing(client):
                made.supply = PictureSupply(
                    client,
                    state.outages,
                    lambda: others_than(client, lambda: made.of),
                    lambda: 1000.0,
                )
                yield made


@pytest.mark.parametrize(
    "bad", [EMPTY, STORED, HUGE, STAND_IN], ids=["empty", "stored", "huge", "unreadable"]
)
def test_one_among_others_is_its_scenes(covers: Covers, bad: Reply) -> None:
    covers.of[3] = bad
    with pytest.raises(ImageFailed):
        covers.supply.fetch(3, "")
    assert not covers.is_out()
    assert isinstance(covers.supply.fetch(4, ""), Screenshot)


def test_where_no_other_can_be_used_it_is_an_outage(covers: Covers) -> None:
    covers.of = dict.fromkeys(covers.of, EMPTY)
    with pytest.raises(PicturesUnavailable):
        covers.supply.fetch(3, "")
    assert covers.is_out()
    covers.of = dict.fromkeys(covers.of, GOOD)
    assert isinstance(covers.supply.fetch(3, ""), Screenshot)
    assert not covers.is_out()


def test_those_that_have_covers_tell_whether_it_is_an_outage(covers: Covers) -> None:
    covers.of |= dict.fromkeys([3, 5, 6], EMPTY)
    covers.told = [3, 5, 6]
    with pytest.raises(PicturesUnavailable):
        covers.supply.fetch(3, "")
    assert covers.asked[0] == 3
    assert {*covers.asked[1:]} == {5, 6}


@pytest.mark.parametrize("bad", [STORED, HUGE], ids=["stored", "huge"])
def test_what_stash_has_like_that_is_never_an_outage(covers: Covers, bad: Reply) -> None:
    covers.of = dict.fromkeys(covers.of, bad)
    for scene in covers.of:
        with pytest.raises(ImageFailed):
            covers.supply.fetch(scene, "")
    assert not covers.is_out()


def test_the_only_cover_that_there_is_tells_of_itself_alone(covers: Covers) -> None:
    covers.of = {3: EMPTY}
    with pytest.raises(ImageFailed):
        covers.supply.fetch(3, "")
    assert not covers.is_out()


def test_covers_ahead_come_at_once_and_are_asked_for_once(covers: Covers) -> None:
    is_asked = threading.Event()
    covers.before = {1: partial(is_asked.wait, 10), 2: is_asked.set}

    for scene in (1, 2):
        covers.supply.ahead.want(scene, "")
    found = [covers.supply.fetch(scene, "") for scene in (1, 2)]

    assert all(isinstance(each, Screenshot) for each in found)
    assert is_asked.is_set()
    assert sorted(covers.asked) == [1, 2]


def test_no_more_covers_are_ahead_than_may_be(covers: Covers) -> None:
    covers.of = dict.fromkeys(range(1, 3 * MOST), GOOD)
    for scene in covers.of:
        covers.supply.ahead.want(scene, "")
    covers.supply.fetch(3 * MOST - 1, "")
    covers.supply.ahead.close()
    assert set(covers.asked) <= {*range(1, MOST + 1), 3 * MOST - 1}


def test_a_cover_whose_turn_comes_before_it_is_fetched_is_asked_for_once(covers: Covers) -> None:
    covers.of = dict.fromkeys(range(1, MOST + 3), GOOD)
    for scene in covers.of:
        covers.supply.ahead.want(scene, "")
    for scene in reversed(covers.of):
        covers.supply.fetch(scene, "")
    assert sorted(covers.asked) == list(covers.of)


def test_a_cover_that_fails_ahead_is_judged_at_its_turn(covers: Covers) -> None:
    covers.of[3] = EMPTY
    for scene in (3, 4):
        covers.supply.ahead.want(scene, "")
    with pytest.raises(ImageFailed):
        covers.supply.fetch(3, "")
    assert covers.asked.count(3) == 2
    assert not covers.is_out()
    assert isinstance(covers.supply.fetch(4, ""), Screenshot)
    assert covers.asked.count(4) <= 2  # once as another one than 3


def test_nothing_is_fetched_ahead_in_an_outage(covers: Covers) -> None:
    covers.of = dict.fromkeys(covers.of, EMPTY)
    with pytest.raises(PicturesUnavailable):
        covers.supply.fetch(3, "")
    covers.asked.clear()
    covers.supply.ahead.want(4, "")
    covers.supply.ahead.close()
    assert covers.asked == []
