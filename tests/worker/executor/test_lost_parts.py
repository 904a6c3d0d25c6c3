"""Parts of edits that are lost: tried again, and told apart from what is refused."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from plex.exceptions import PlexItemFailed, PlexRejected
from plex.full_items import FullItems
from simulators.launch import PlexHandle
from tests.worker.executor.altered_edits import AlteringPlex, Params
from tests.worker.executor.test_executor import Bench, bench
from worker.executor.outcome import Status

__all__ = ["bench"]


class Losing(AlteringPlex):
    """A Plex that answers edits and forgets the summary of some items: of item 1 `often` times, of
    the others once.

    Attributes:
        refuses: the items that refuse a summary by itself.
    """

    often = 1
    refuses: Collection[str] = ()

    def __init__(self, process: PlexHandle) -> None:
        super().__init__(process)
        self.lost = dict.fromkeys("123", 0)

    def altered(self, key: str, params: Params) -> Params:
        names = {name for name, _ in params}
        if "summary.value" in names:
            if "title.value" not in names and key in self.refuses:
                raise PlexRejected("too long", 414)
            if self.lost[key] < (self.often if key == "1" else 1):
                self.lost[key] += 1
                return [each for each in params if each[0] != "summary.value"]
        return params


@pytest.fixture
def losing(process: PlexHandle, bench: Bench) -> Iterator[tuple[Bench, Losing]]:
    """With a clock by which each scene is read back by itself."""
    with contextlib.closing(Losing(process)) as plex:
        yield replace(bench, plex=plex, clock=itertools.count(0, 5).__next__), plex


def test_what_one_item_never_takes_is_no_reason_not_to_try_another(
    losing: tuple[Bench, Losing],
) -> None:
    bench, plex = losing
    plex.often = 1000

    bench.run(*(bench.plan(bench.wanted(n)) for n in (1, 2)))

    assert bench.told() == {1: Status.PROVEN, 2: Status.PROVEN}
    assert [len(outcome.refused) for outcome in bench.outcomes] == [1, 0]


def test_what_is_refused_by_itself_is_not_lost(losing: tuple[Bench, Losing]) -> None:
    """Though another try has helped this server before."""
    bench, plex = losing
    plex.refuses = ("2",)

    bench.run(*(bench.plan(bench.wanted(n)) for n in (1, 2)))

    assert bench.told() == {1: Status.PROVEN, 2: Status.PROVEN}
    assert [len(outcome.refused) for outcome in bench.outcomes] == [0, 1]


class Failing(Losing):
    """It forgets the tags of item 1 as well, and fails for it once it gets these by themselves."""

    is_failing = False

    def edit(
        self, section_key: str, item_type: int, key: str, params: Sequence[Any], **more: Any
    ) -> int:
        names = {name for name, _ in params}
        if "title.value" in names:
            params = [each for each in params if not each[0].startswith("genre")]
        elif "summary.value" not in names:
            self.is_failing = True
            raise PlexItemFailed("it fails")
        return super().edit(section_key, item_type, key, params, **more)

    def full_items(self, keys: Iterable[str]) -> FullItems:
        found = super().full_items(keys)
        if self.is_failing:
            found.unreadable = dict.fromkeys(found, "it fails")
            found.clear()
        return found


def test_what_arrived_before_its_item_failed_counts_as_ours(
    process: PlexHandle, bench: Bench
) -> None:
    with contextlib.closing(Failing(process)) as plex:
        failing = replace(bench, plex=plex)
        failing.run(failing.plan(bench.wanted(1)))
        assert failing.told() == {1: Status.ITEM_FAILED}

    known = bench.plan(bench.wanted(1)).record

    assert known is not None
    assert known.items[0].fields["summary"].sent == "Ours."
