"""The journal, the history of runs with their confirmations, and facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.models import ItemRef, Value
from storage.state import SCHEMA, STATE_FILE, State
from storage.state_tables.journal import JournalEntry
from storage.state_tables.runs import Run
from tests.stored import journal_of, make_earlier, sql

ITEM = ItemRef("1", "77")


def entry(field: str, at: float = 1.0) -> JournalEntry:
    return JournalEntry(5, ITEM, field, "before", "after", at)


def test_the_journal_gives_a_run_back_newest_first(state: State) -> None:
    rich = JournalEntry(
        5, ITEM, "performers", ("Ann", "Bö"), None, 3.5, True, {"roles": [{"tag": "Ann"}]}
    )
    state.journal.write(1, [entry("title"), entry("rating")])
    state.journal.write(2, [entry("other run")])
    state.journal.write(1, [rich])

    assert journal_of(state, 1) == [rich, entry("rating"), entry("title")]
    assert journal_of(state, 3) == []


def test_a_long_run_is_read_while_the_journal_grows(state: State) -> None:
    state.journal.write(1, [entry(str(n)) for n in range(2500)])

    found = []
    for number, old in enumerate(journal_of(state, 1)):
        found.append(old.field)
        if number % 700 == 0:
            state.journal.write(2, [entry("undone")])

    assert found == [str(n) for n in reversed(range(2500))]


def test_values_of_the_journal_keep_their_types(state: State) -> None:
    values: list[Value] = ["", "text", 7.5, 7, ("a",), (), None]
    state.journal.write(1, [JournalEntry(5, ITEM, "f", v, v, 1.0, False) for v in values])

    assert [repr(e.before) for e in journal_of(state, 1)] == [repr(v) for v in reversed(values)]


def test_the_journal_is_on_disk_before_the_edit(state: State, tmp_path: Path) -> None:
    state.journal.write(1, [entry("title")])

    assert sql(tmp_path / STATE_FILE, "SELECT field FROM journal") == [("title",)]


def test_old_entries_are_pruned(state: State) -> None:
    state.journal.write(1, [entry("old", 1.0), entry("new", 9.0)])

    assert state.journal.prune(9.0) == 1
    assert journal_of(state, 1) == [entry("new", 9.0)]


def test_a_run_is_kept_with_its_figures(state: State) -> None:
    runs = state.runs
    first = runs.start("reconcile", 1.0)
    second = runs.start("drain", 2.0)
    runs.finish(first, "partial", {"total_gaps": 3, "errors": ["Plex went away"]}, 4.0)

    done = Run(
        first, "reconcile", "partial", 1.0, 4.0, {"total_gaps": 3, "errors": ["Plex went away"]}
    )
    assert runs.get(first) == done
    assert runs.latest("reconcile") == [done]
    assert [run.id for run in runs.latest()] == [second, first]
    assert [run.id for run in runs.latest(limit=1)] == [second]
    assert runs.get(99) is None


def test_runs_that_were_killed_are_closed(state: State) -> None:
    runs = state.runs
    killed, other = runs.start("drain", 1.0), runs.start("reconcile", 1.0)

    assert runs.close_abandoned("drain", 5.0) == 1
    assert runs.get(killed) == Run(killed, "drain", "failed", 1.0, 5.0, {})
    assert [run.status for run in runs.latest("reconcile")] == ["running"]
    assert runs.prune(5.0) == 1
    assert [run.id for run in runs.latest()] == [other]


def stop(state: State, guard: str, removed: int) -> int:
    run_id = state.runs.start("drain", 1.0)
    state.runs.finish(run_id, "stopped", {"removed": removed}, 2.0, guard=guard)
    return run_id


def test_a_confirmation_is_taken_once(state: State) -> None:
    run_id = stop(state, "clears", 70)
    runs = state.runs
    assert not runs.take_confirmation("clears", lambda figures: True)

    confirmed = runs.confirm_latest()
    assert confirmed is not None
    assert (confirmed.id, confirmed.guard, confirmed.confirmation) == (run_id, "clears", "given")

    assert not runs.take_confirmation("clears", lambda figures: figures["removed"] < 70)
    assert not runs.take_confirmation("empty side", lambda figures: True)
    assert runs.take_confirmation("clears", lambda figures: figures["removed"] <= 70)
    assert not runs.take_confirmation("clears", lambda figures: True)
    assert runs.confirm_latest() is None


def test_the_latest_stop_is_the_one_confirmed(state: State) -> None:
    stop(state, "clears", 70)
    stop(state, "empty side", 0)
    runs = state.runs
    runs.finish(runs.start("drain", 3.0), "done", {}, 4.0)

    latest = runs.confirm_latest()
    assert latest is not None
    assert latest.guard == "empty side"


def test_nothing_to_confirm(state: State) -> None:
    assert state.runs.confirm_latest() is None


def test_a_failing_question_takes_nothing(state: State) -> None:
    stop(state, "clears", 1)
    state.runs.confirm_latest()

    with pytest.raises(KeyError):
        state.runs.take_confirmation("clears", lambda figures: bool(figures["unknown"]))
    assert state.runs.take_confirmation("clears", lambda figures: True)


@pytest.mark.parametrize("version", range(len(SCHEMA.migrations)))
def test_a_state_of_every_earlier_version_is_migrated(version: int, tmp_path: Path) -> None:
    make_earlier(tmp_path / STATE_FILE, SCHEMA, version)

    warnings: list[str] = []
    with State(tmp_path, warnings.append) as migrated:
        migrated.save_timestamp(1, 5.0)
        assert migrated.timestamps() == {1: 5.0}
    assert warnings == []


def test_the_newest_run_of_every_kind(state: State) -> None:
    assert state.runs.latest_of_each_kind() == []
    for kind in ("drain", "reconcile", "drain", "undo", "drain"):
        state.runs.start(kind, 1.0)

    assert [(run.id, run.kind) for run in state.runs.latest_of_each_kind()] == [
        (5, "drain"),
        (4, "undo"),
        (2, "reconcile"),
    ]
