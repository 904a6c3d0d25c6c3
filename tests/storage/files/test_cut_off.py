"""What is kept of runs that were cut off: writes without a record, and the run to go on with."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core.models import ItemRef
from storage.state import SCHEMA, STATE_FILE, State
from storage.state_tables.journal import JournalEntry
from storage.state_tables.runs import Figures, Run, RunStatus
from tests.stored import journal_of

ONE, TWO, NONE = ItemRef("1", "77"), ItemRef("2", "77"), ItemRef("3", "77")


def entry(scene_id: int, field: str = "title", ref: ItemRef = ONE, at: float = 1.0) -> JournalEntry:
    return JournalEntry(scene_id, ref, field, "before", "after", at, False, {"next": None})


# Writes without a record -----------------------------------------------------------------------


def test_what_was_written_is_unsettled_until_a_record_says_so(state: State) -> None:
    state.journal.write(1, [entry(5), entry(6, ref=TWO)])
    state.journal.write(2, [entry(5, "tags")])

    assert state.journal.unrecorded([ONE, TWO, NONE]) == {
        ONE: [entry(5), entry(5, "tags")],
        TWO: [entry(6, ref=TWO)],
    }
    assert state.journal.unrecorded([NONE]) == {}
    assert state.journal.unrecorded_scene_ids() == {5, 6}

    state.remember([], [ONE, NONE])

    assert state.journal.unrecorded([ONE, TWO]) == {TWO: [entry(6, ref=TWO)]}
    assert state.journal.unrecorded_scene_ids() == {6}
    # What a run changed can be undone all the same.
    assert len(journal_of(state, 1)) == 2
    assert state.journal.items(2) == [(5, ONE)]


def test_a_later_write_is_unsettled_again(state: State) -> None:
    state.journal.write(1, [entry(5)])
    state.remember([], [ONE])
    state.journal.write(2, [entry(5, "tags")])

    assert state.journal.unrecorded([ONE]) == {ONE: [entry(5, "tags")]}


def test_what_the_server_made_of_a_value_counts_for_what_is_unsettled_too(state: State) -> None:
    state.journal.write(1, [entry(5)])
    state.journal.note_left(1, [(ONE, "title", "before")])

    ((known,),) = state.journal.unrecorded([ONE]).values()
    assert known.after == "before"


def test_what_is_unsettled_outlives_the_process_but_not_the_journal(tmp_path: Path) -> None:
    with State(tmp_path, print) as state:
        state.journal.write(1, [entry(5), entry(6, at=9.0)])
    with State(tmp_path, print) as state:
        assert state.journal.unrecorded_scene_ids() == {5, 6}
        state.journal.prune(9.0)
        assert state.journal.unrecorded_scene_ids() == {6}


def test_what_was_written_before_this_was_known_is_settled_by_records(tmp_path: Path) -> None:
    (number,) = [
        n for n, steps in enumerate(SCHEMA.migrations) if any("settled" in s for s in steps)
    ]
    old = sqlite3.connect(tmp_path / STATE_FILE)
    for statements in SCHEMA.migrations[:number]:
        for statement in statements:
            old.execute(statement)
    for key in ("77", "78"):
        old.execute(
            "INSERT INTO journal (run_id, scene_id, section, key, field, before, after, extra, at)"
            " VALUES (1, 5, '1', ?, 'title', '\"before\"', '\"after\"', '{}', 1.0)",
            (key,),
        )
    old.execute("INSERT INTO records VALUES (5, 1.0, '', '[null,[],[]]', '[[],[],[]]')")
    old.execute("INSERT INTO record_items VALUES ('1', '77', 5, NULL)")
    old.execute(f"PRAGMA user_version = {number}")
    old.commit()
    old.close()

    with State(tmp_path, lambda message: pytest.fail(message)) as state:
        other = ItemRef("1", "78")
        assert state.journal.unrecorded([ONE, other]).keys() == {other}
        state.journal.write(1, [entry(5)])
        assert state.journal.unrecorded([ONE]) == {ONE: [entry(5)]}


# The run to go on with -------------------------------------------------------------------------


def always(_figures: Figures) -> bool:
    return True


def ended(state: State, status: RunStatus, at: float = 10.0, **figures: Any) -> int:
    run_id = state.runs.start("drain", at)
    state.runs.note(run_id, figures)
    if status != "running":
        state.runs.finish(run_id, status, figures, at + 1)
    return run_id


def statuses(state: State, kind: str = "drain") -> dict[int, str]:
    return {run.id: run.status for run in state.runs.latest(kind)}


@pytest.mark.parametrize("status", ["running", "failed", "partial"])
def test_a_run_that_did_not_come_to_its_end_goes_on(state: State, status: RunStatus) -> None:
    run_id = ended(state, status, succeeded=3)

    run = state.runs.resume("drain", 10.0, lambda figures: figures["succeeded"] == 3)

    assert run is not None
    assert (run.id, run.figures) == (run_id, {"succeeded": 3})
    assert state.runs.get(run_id) == Run(run_id, "drain", "running", 10.0, None, {"succeeded": 3})


@pytest.mark.parametrize("status", ["done", "stopped"])
def test_a_run_that_came_to_its_end_does_not(state: State, status: RunStatus) -> None:
    run_id = ended(state, status)

    assert state.runs.resume("drain", 0.0, always) is None
    assert statuses(state) == {run_id: status}


def test_nothing_goes_on_where_nothing_was(state: State) -> None:
    assert state.runs.resume("drain", 0.0, always) is None
    assert state.runs.latest() == []


@pytest.mark.parametrize("status", ["running", "failed", "partial"])
@pytest.mark.parametrize(("since", "fits"), [(10.5, True), (0.0, False)])
def test_an_old_run_or_another_one_is_closed_and_not_gone_on_with(
    state: State, status: RunStatus, since: float, fits: bool
) -> None:
    run_id = ended(state, status)

    assert state.runs.resume("drain", since, lambda _figures: fits) is None
    assert statuses(state) == {run_id: "failed" if status == "running" else status}


def test_only_the_newest_goes_on_and_the_others_are_closed(state: State) -> None:
    first, second, third = (ended(state, "running", at) for at in (10.0, 20.0, 30.0))
    other = state.runs.start("undo", 40.0)

    run = state.runs.resume("drain", 0.0, always)

    assert run is not None
    assert run.id == third
    assert statuses(state) == {first: "failed", second: "failed", third: "running"}
    assert statuses(state, "undo") == {other: "running"}
    closed = state.runs.get(first)
    assert closed is not None
    assert closed.finished_at == 10.0


def test_what_came_before_a_run_that_ended_does_not_go_on(state: State) -> None:
    killed, done = ended(state, "running", 10.0), ended(state, "done", 20.0)

    assert state.runs.resume("drain", 0.0, always) is None
    assert statuses(state) == {killed: "failed", done: "done"}


def test_a_question_that_fails_changes_nothing(state: State) -> None:
    run_id = ended(state, "running")

    with pytest.raises(KeyError):
        state.runs.resume("drain", 0.0, lambda figures: bool(figures["unknown"]))
    assert statuses(state) == {run_id: "running"}
