"""A verdict is kept until its scene's record or timestamp is touched in any way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.matching.match_outcome import Claim, Evidence
from core.models import ItemRef, MediaFile
from core.records import ItemRecord, Record
from storage.state import State
from storage.state_tables.records import MovedFiles
from storage.state_tables.verdicts import GapOutcome, Verdict
from tests.stored import verdict_count

ONE, TWO = ItemRef("1", "7"), ItemRef("2", "9")
VERDICT = Verdict(
    b"0123456789abcdef",
    (
        Claim(ONE, Evidence.VERIFIED, 0, 3, Evidence.PATH),
        Claim(TWO, Evidence.VERIFIED, 1, 0, Evidence.SIZE),
    ),
)


def record(scene_id: int, *refs: ItemRef) -> Record:
    items = tuple(ItemRecord(ref, ("/plex/a.mp4",), 5, {}) for ref in refs)
    return Record(scene_id, 10.0, "print", (MediaFile("/a.mp4", 1),), None, (), (), items)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path, pytest.fail) as opened:
        opened.records.save_many([record(1, ONE, TWO), record(2), record(3)])
        opened.verdicts.save({1: VERDICT, 2: VERDICT, 3: VERDICT}, ())
        yield opened


def test_verdicts_come_back_as_they_were(state: State) -> None:
    assert state.verdicts.get_many([1, 2, 4]) == {1: VERDICT, 2: VERDICT}
    assert verdict_count(state) == 3


def test_only_scenes_with_a_record_have_one(state: State) -> None:
    state.verdicts.save({4: VERDICT}, ())

    assert state.verdicts.get_many([4]) == {}


def test_scenes_that_are_not_in_order_lose_theirs(state: State) -> None:
    state.verdicts.save({1: Verdict(b"new", ())}, [2])

    assert state.verdicts.get_many([1, 2, 3]) == {1: Verdict(b"new", ()), 3: VERDICT}


TOUCHES: list[Callable[[State], object]] = [
    lambda state: state.records.save_many([record(1, ONE)]),
    lambda state: state.records.save_many([record(9, TWO)]),  # takes an item of scene 1
    lambda state: state.records.touch_items([(1, ONE, 6)]),
    lambda state: state.records.note_files([MovedFiles(1, (MediaFile("/b.mp4", 1),), {})]),
    lambda state: state.save_timestamp(1, 3.0),
]


@pytest.mark.parametrize("touch", TOUCHES)
def test_what_touches_a_record_drops_its_verdict_alone(
    state: State, touch: Callable[[State], object]
) -> None:
    touch(state)

    assert state.verdicts.get_many([1, 2, 3]) == {2: VERDICT, 3: VERDICT}


@pytest.mark.parametrize("touch", TOUCHES)
def test_what_it_claimed_is_still_known(state: State, touch: Callable[[State], object]) -> None:
    touch(state)

    assert state.verdicts.left([1, 4]) == {1: VERDICT._replace(stands=False)}
    assert set(state.verdicts.looked_at(1, 9)) == {2, 3}


def test_of_others_it_is_noted_that_they_were_looked_at(state: State) -> None:
    taught = (("1", "/a", "/b"),)
    other = Verdict(b"", VERDICT.claims, b"it", taught, GapOutcome.QUEUED, 5)
    in_doubt = other._replace(stands=False)

    # Scene 2 got a record meanwhile.
    state.verdicts.save({1: other, 2: other, 3: in_doubt, 4: other}, recorded={1, 3})

    assert list(state.verdicts.with_outcome(GapOutcome.QUEUED)) == [[1, 4]]
    assert state.verdicts.looked_at(1, 9) == {1: b"it", 2: b"", 4: b"it"}
    assert state.verdicts.in_order(1, 9) == {2}
    assert state.verdicts.left([1, 3]) == {1: other, 3: in_doubt}
    assert state.verdicts.get_many([1, 3, 4]) == {}
    state.verdicts.forget_others({4})
    assert state.verdicts.count() == 1


def test_a_timestamp_that_gives_way_drops_it_too(state: State) -> None:
    state.save_timestamp(2, 3.0)
    state.verdicts.save({2: VERDICT}, ())

    state.records.save_many([record(2)])

    assert state.verdicts.get_many([2]) == {}
