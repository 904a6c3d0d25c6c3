"""Edits that fail one after the other: bad items are told from a server that takes none."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from plex.exceptions import PlexServerDown, PlexUnauthorized
from simulators.launch import PlexHandle
from simulators.stash.sample_pictures import picture
from stash.images import Screenshot
from storage.state_tables.outages import PLEX_PICTURES
from tests.plex_seeds import plex_item, plex_section, plex_seed
from tests.worker.executor.test_executor import EDIT, Bench, bench
from worker.executor.outcome import Status
from worker.plan import ScenePlan

__all__ = ["bench"]
BAD = range(1, 8)
Fault = dict[str, Any]
FAILS: Fault = {"action": "status", "status": 500, "times": -1}
REFUSES: Fault = {"action": "status", "status": 400, "times": -1}
FORBIDS: Fault = {"action": "status", "status": 403, "times": -1}
DENIES: Fault = {"action": "status", "status": 401, "times": -1}
OF_BAD = f"{EDIT}.*[?&]id=[1-7]&"
IN_FIRST, ANYWHERE = "PUT /library/sections/1/", "PUT /library/sections/"


@pytest.fixture
def plans(process: PlexHandle, bench: Bench) -> Callable[..., list[ScenePlan]]:
    """Two libraries: items 1 to 12 in the first, 21 and 22 in the second."""
    first = plex_section([plex_item(n) for n in range(1, 13)])
    second = plex_section([plex_item(n) for n in (21, 22)], key=2, title="Others")
    process.load(plex_seed(first, second))
    return lambda numbers: [bench.plan(bench.wanted(n, title=f"Own {n}")) for n in numbers]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (FAILS, Status.ITEM_FAILED),
        ({"action": "reset", "times": -1}, Status.ITEM_FAILED),
        (REFUSES, Status.REJECTED),
        (FORBIDS, Status.ITEM_FAILED),
    ],
    ids=["500", "cut", "400", "403"],
)
@pytest.mark.parametrize("others", [[], [8, 9]], ids=["alone", "before others"])
def test_however_many_are_bad_each_is_charged_and_others_go_on(
    bench: Bench,
    plans: Callable[..., list[ScenePlan]],
    fault: Fault,
    status: Status,
    others: list[int],
) -> None:
    made = plans([*BAD, *others])
    bench.faults({"match": OF_BAD, **fault})

    bench.run(*made)

    assert bench.told() == {**dict.fromkeys(BAD, status), **dict.fromkeys(others, Status.PROVEN)}


@pytest.mark.parametrize("fault", [FAILS, REFUSES], ids=["500", "400"])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_where_no_item_takes_an_edit_nobody_is_to_blame(
    bench: Bench, plans: Callable[..., list[ScenePlan]], fault: Fault, count: int
) -> None:
    made = plans(BAD[:count])
    bench.faults({"match": ANYWHERE, **fault})

    with pytest.raises(PlexServerDown) as caught:
        bench.run(*made)

    assert bench.told() == {}
    assert ("refuses every edit" in str(caught.value)) is (fault is REFUSES)


@pytest.mark.parametrize("count", [2, 3])
def test_where_there_is_no_other_item_it_takes_three_that_fail_to_blame_plex(
    bench: Bench, process: PlexHandle, count: int
) -> None:
    numbers = range(1, count + 1)
    process.load(plex_seed(plex_section([plex_item(n) for n in numbers])))
    made = [bench.plan(bench.wanted(n, title=f"Own {n}")) for n in numbers]
    bench.faults({"match": ANYWHERE, **FAILS})
    is_down = pytest.raises(PlexServerDown) if count == 3 else contextlib.nullcontext()

    with is_down:
        bench.run(*made)

    assert bench.told() == ({} if count == 3 else dict.fromkeys(numbers, Status.ITEM_FAILED))


@pytest.mark.parametrize("fault", [FORBIDS, DENIES], ids=["403", "401"])
def test_a_library_that_may_not_be_edited_is_charged_and_the_others_go_on(
    bench: Bench, plans: Callable[..., list[ScenePlan]], fault: Fault
) -> None:
    made = plans([*BAD, 21, 22])
    bench.faults({"match": IN_FIRST, **fault})

    bench.run(*made)

    failed, proven = Status.ITEM_FAILED, Status.PROVEN
    assert bench.told() == {**dict.fromkeys(BAD, failed), 21: proven, 22: proven}
    assert "the Plex token was refused" in bench.outcomes[0].why


def test_edits_in_a_library_that_takes_none_are_not_tried_for_long(
    bench: Bench, plans: Callable[..., list[ScenePlan]]
) -> None:
    made = plans(range(1, 13))
    bench.faults({"match": IN_FIRST, **FAILS})
    bench.process.reset()

    bench.run(*made)

    assert set(bench.told().values()) == {Status.ITEM_FAILED}
    assert bench.process.counters()["total"] < 4 * 9 + 8 * 6 + 20


@pytest.mark.parametrize("fault", [FORBIDS, DENIES], ids=["403", "401"])
def test_a_token_that_may_edit_nothing_is_refused(
    bench: Bench, plans: Callable[..., list[ScenePlan]], fault: Fault
) -> None:
    made = plans(BAD)
    bench.faults({"match": ANYWHERE, **fault})

    with pytest.raises(PlexUnauthorized, match="token was refused"):
        bench.run(*made)

    assert bench.told() == {}


@pytest.mark.parametrize("may_edit", [True, False])
def test_a_token_that_is_refused_for_a_picture_ends_the_run_if_it_may_edit_nothing(
    bench: Bench, may_edit: bool
) -> None:
    """The scene has no edit of its own that would tell."""
    bench.run(bench.plan(bench.wanted(1)))
    made = replace(bench.plan(bench.wanted(1)), cover=frozenset({"poster"}))
    pictures: Fault = {"match": "POST /library/metadata/1/posters", **FORBIDS}
    bench.faults(pictures, *([] if may_edit else [{"match": ANYWHERE, **FORBIDS}]))
    ends = contextlib.nullcontext() if may_edit else pytest.raises(PlexUnauthorized)

    with ends:
        bench.run(made, fetch=lambda _scene, _etag: Screenshot(picture("cover"), ""))

    assert len(bench.outcomes) == may_edit


def test_a_picture_that_was_shown_before_another_failed_blames_nobody(bench: Bench) -> None:
    made = [replace(bench.plan(bench.wanted(n)), cover=frozenset({"poster"})) for n in (1, 2, 3)]
    has_no_room = threading.Event()

    def fetch(scene: int, _etag: str) -> Screenshot:
        if scene == 1:
            assert has_no_room.wait(10)
        elif scene == 3:  # the second one is shown by now
            bench.faults({"match": "POST /library/metadata/.*/posters", **FAILS})
            has_no_room.set()
        return Screenshot(picture(f"cover {scene}"), "")

    bench.run(*made, fetch=fetch)

    waits = {outcome.plan.scene_id: bool(outcome.pictures_wait) for outcome in bench.outcomes}
    assert waits == {1: True, 2: False, 3: True}


def test_while_plex_took_no_pictures_one_is_tried_at_a_time(
    bench: Bench, plans: Callable[..., list[ScenePlan]]
) -> None:
    known, *made = [replace(each, cover=frozenset({"poster"})) for each in plans(range(1, 7))]
    tried: list[int] = []

    def fetch(scene: int, _etag: str) -> Screenshot:
        tried.append(scene)
        return Screenshot(picture(f"cover {scene}"), "")

    bench.run(known, fetch=fetch)
    bench.state.outages.failed(PLEX_PICTURES, 0.0, 0.0, "a full disk")
    bench.faults({"match": "POST /library/metadata/.*/posters", **FAILS})

    bench.run(*made, fetch=fetch)

    assert tried == [1, 2, 1]  # the last one to see whether it is a matter of the item
    assert all(outcome.pictures_wait for outcome in bench.outcomes)
