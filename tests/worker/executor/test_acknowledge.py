"""What becomes of a job, and what is counted, for each end that a scene can come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from core.models import Failure
from sync_queue.queue import SyncQueue
from tests.worker.builders import change, edit, plan
from tests.worker.executor.run_harness import LOSS, SET, RunHarness
from worker.executor.acknowledge import PICTURES_PAUSE, Acknowledger
from worker.executor.clear_guard import losses_of
from worker.executor.failed_jobs import RetryRules
from worker.executor.figures import Figures, Listing
from worker.executor.outcome import Outcome, Status
from worker.plan import ScenePlan

NOW, LATER = 1_000.0, 4e9
WRITTEN = {"items_edited": 1, "scenes": 1, "restored": 1, "values_touched": 1}
LOST = plan(edit(LOSS))


def counted(figures: Figures) -> dict[str, int]:
    """All that are not 0, of listings their counts."""
    values = {each.name: getattr(figures, each.name) for each in fields(figures)}
    numbers = {n: v.count if isinstance(v, Listing) else v for n, v in values.items()}
    return {name: number for name, number in numbers.items() if number}


def outcome(of: ScenePlan, **said: Any) -> Outcome:
    """All of the plan shows, but for what is said."""
    back = {each.ref: frozenset(each.names) for each in of.edits if each.names}
    return Outcome(of, **{"status": Status.PROVEN, "back": back, **said})


def state_of(queue: SyncQueue) -> str:
    """Where the job is by now."""
    if held := queue.held():
        return f"held, {len(held[0].losses)} losses"
    if dead := queue.dead_letters():
        return f"dead: {dead[0].failure.name}"
    for job in queue.due(LATER):
        return f"waits: {job.failure.name}, {job.attempts}"
    return "gone"


CASES: list[tuple[str, Mapping[str, Any], Mapping[str, Any], Mapping[str, int], str]] = [
    ("shown", {}, {}, {"succeeded": 1, "scenes_done": 1, **WRITTEN}, "gone"),
    (
        "nothing to write",
        {"edits": (edit(),)},
        {},
        {"succeeded": 1, "scenes_done": 1, "unchanged": 1},
        "gone",
    ),
    (
        "something taken away, and pictures",
        {"edits": LOST.edits},
        {"uploads": 2, "selects": 3, "conflicts": ["it stays"]},
        {"succeeded": 1, "scenes_done": 1, **WRITTEN, "values_cleared": 1}
        | {"uploads": 2, "selects": 3, "conflicts": 1},
        "gone",
    ),
    (
        "a field that Plex alters",
        {},
        {"refused": [(SET, "Other")]},
        {"succeeded": 1, "scenes_done": 1, **WRITTEN, "refused": 1},
        "gone",
    ),
    (
        "pictures cannot be had",
        {},
        {"pictures_wait": "Stash sends none"},
        {"retried": 1, **WRITTEN},
        "waits: NO_PICTURES, 0",
    ),
    (
        "a picture failed",
        {},
        {"failures": ["poster: no", "background: no"]},
        {"retried": 1, "failures": 2, **WRITTEN},
        "waits: PICTURE, 1",
    ),
    (
        "a picture that cannot be one",
        {},
        {"failures": ["poster: no"], "is_final": True},
        {"failed": 1, "failures": 1, **WRITTEN},
        "dead: PICTURE",
    ),
    ("a part", {"is_whole": False}, {}, {"scenes_partly": 1, **WRITTEN}, "waits: NONE, 0"),
    (
        "all but what is held back",
        {"is_whole": False, "held": losses_of(LOST)},
        {},
        {"scenes_partly": 1, "succeeded": 1, **WRITTEN},
        "held, 1 losses",
    ),
    (
        "refused",
        {},
        {"status": Status.REJECTED, "back": {}, "why": "HTTP 400"},
        {"failed": 1, "failures": 1},
        "dead: REJECTED",
    ),
    (
        "a bad item",
        {},
        {"status": Status.ITEM_FAILED, "back": {}, "why": "HTTP 500"},
        {"retried": 1, "failures": 1},
        "waits: ITEM_FAILED, 1",
    ),
    (
        "gone from Plex",
        {},
        {"status": Status.VANISHED, "back": {}, "why": "it went away"},
        {"retried": 1, "failures": 1},
        "waits: NOT_FOUND, 1",
    ),
]
WITHOUT_JOB = {"succeeded", "retried", "failed"}


@pytest.mark.parametrize(
    ("made", "said", "figures", "left"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_what_becomes_of_a_job(
    harness: RunHarness,
    made: Mapping[str, Any],
    said: Mapping[str, Any],
    figures: Mapping[str, int],
    left: str,
) -> None:
    (of,) = (replace(each, **made) for each in harness.plans(1))
    without = replace(of, job=None)
    seen: dict[int, str] = {}

    found, bare = Figures(), Figures()
    _acknowledger(harness, found, seen).outcomes([outcome(of, **said)])
    assert counted(found) == {"processed": 1, **figures}
    assert state_of(harness.queue) == left
    assert seen == ({1: "Night"} if "scenes_done" in figures else {})

    _acknowledger(harness, bare).outcomes([outcome(without, **said)])
    told = counted(bare)
    told.pop("failures", None)
    assert told == {n: c for n, c in figures.items() if n not in {*WITHOUT_JOB, "failures"}}


def _acknowledger(
    harness: RunHarness, figures: Figures, seen: dict[int, str] | None = None, **rules: Any
) -> Acknowledger:
    told = RetryRules(
        **{"max_retries": 3, "skip_not_found": False, **rules},
        clock=lambda: NOW,
        jitter=lambda: 0.5,
    )
    return Acknowledger(harness.queue, told, figures, ({} if seen is None else seen).update)


def test_a_job_is_given_up_on_after_its_last_try_and_a_scene_that_plex_lacks_may_be_done(
    harness: RunHarness,
) -> None:
    rejected = {"status": Status.ITEM_FAILED, "back": {}}
    (of,) = harness.plans(1)
    figures = Figures()
    _acknowledger(harness, figures, max_retries=0).outcomes([outcome(of, **rejected)])
    assert (figures.failed, figures.retried) == (1, 0)
    assert state_of(harness.queue) == "dead: ITEM_FAILED"

    (gone,) = harness.plans(2)
    vanished = {"status": Status.VANISHED, "back": {}}
    figures = Figures()
    _acknowledger(harness, figures, skip_not_found=True).outcomes([outcome(gone, **vanished)])
    assert counted(figures) == {"processed": 1, "succeeded": 1, "skipped": 1, "failures": 1}
    assert harness.waiting() == set()


def test_pictures_that_cannot_be_had_are_waited_for_by_a_job(harness: RunHarness) -> None:
    (of,) = harness.plans(1)
    waiting = outcome(of, pictures_wait="Stash sends none")
    _acknowledger(harness, Figures()).outcomes([waiting])
    (job,) = harness.queue.due(LATER)
    assert (job.not_before, job.why) == (NOW + PICTURES_PAUSE, "Stash sends none")

    for number, said in ((2, {"pictures_wait": "none"}), (3, {"failures": ["poster: no"]})):
        bare = plan(edit(SET), scene_id=number, cover=frozenset({"poster"}))
        figures = Figures()
        _acknowledger(harness, figures).outcomes([outcome(bare, **said)])
        assert figures.failures.count == 1
        assert number in harness.waiting()
    bare = plan(edit(SET), scene_id=4)
    _acknowledger(harness, Figures()).outcomes([outcome(bare, failures=["title: no lock"])])
    assert 4 not in harness.waiting()  # the next reconcile finds it
    assert {job.failure for job in harness.queue.due(LATER)} == {Failure.NO_PICTURES, Failure.NONE}


def test_what_is_taken_up_again_counts_once_and_what_is_new_of_it_counts(
    harness: RunHarness,
) -> None:
    figures = Figures()
    acknowledger = _acknowledger(harness, figures)
    first, second = edit(SET, key="7"), edit(change("title", "Old", "New"), key="8")
    for edits in ((edit(),), (first,), (first, second), (first,)):
        acknowledger.outcomes([outcome(plan(*edits))])
    assert (figures.items_edited, figures.scenes, figures.scenes_done) == (2, 1, 4)
    assert figures.values_touched == 4


def test_what_has_nothing_to_do_is_done_and_told_by_its_title(harness: RunHarness) -> None:
    harness.queue.put_many([{"scene_id": 1, "data": {"title": "Night"}}, {"scene_id": 2}])
    figures, seen = Figures(), dict[int, str]()
    jobs = harness.queue.claim(2, LATER)
    _acknowledger(harness, figures, seen).without_write((job, "no file") for job in jobs)
    assert counted(figures) == {"processed": 2, "succeeded": 2, "skipped": 2}
    assert seen == {1: "Night", 2: ""}
    assert state_of(harness.queue) == "gone"
