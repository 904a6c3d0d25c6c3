"""Plans of previews, what the journal knows of single items, and what is forgotten when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.models import Change, ChangeKind, ItemRef, Value
from core.records import CoverRecord, FieldRecord, ItemRecord, PictureRecords, Record
from core.timestamps import DAY
from storage.record_codec import field_body, field_from
from storage.state import KEPT_DAYS, KEPT_RUNS, SCHEMA, STATE_FILE, State
from storage.state_tables import journal, records
from storage.state_tables.journal import JournalEntry
from storage.state_tables.plans import KEPT, PlannedChange
from tests.stored import journal_of, make_earlier, plan_of

ONE, TWO = ItemRef("1", "77"), ItemRef("2", "77")
LIST = Change("tags", ("Night",), ("Jazz", "Sea"), ("Jazz", "Sea"), ("Night",))


def planned(scene_id: int, change: Change = LIST, ref: ItemRef = ONE) -> PlannedChange:
    return PlannedChange(scene_id, f"Scene „{scene_id}“", ref, change)


def entry(ref: ItemRef, field: str, scene_id: int = 5, after: Value = "after") -> JournalEntry:
    return JournalEntry(scene_id, ref, field, "before", after, 1.0, False)


# Plans ---------------------------------------------------------------------------------------


def test_a_plan_comes_back_as_it_was(state: State) -> None:
    changes = [
        planned(9),
        planned(3, Change("title", None, "New “title” 🎬")),
        planned(3, Change("rating", 7.5, 8.0), TWO),
        planned(3, Change("summary", "Old\n\nlines", None)),
        planned(9, Change("performers", (), ("Ann",), ("Ann",))),
    ]
    state.plans.add(4, changes[:2])
    state.plans.add(4, changes[2:])
    state.plans.add(5, [planned(1)])

    assert state.plans.scene_ids(4) == [3, 9]
    assert state.plans.of_scenes(4, [3, 9, 10]) == {3: changes[1:4], 9: [changes[0], changes[4]]}
    assert plan_of(state, 4) == [changes[0], changes[4], *changes[1:4]]
    assert state.plans.of_scenes(4, [1]) == {}
    assert state.plans.scene_ids(6) == []


def test_a_plan_of_many_scenes(state: State) -> None:
    state.plans.add(1, (planned(number) for number in range(1, 1201)))

    assert len(state.plans.of_scenes(1, range(1, 1201))) == 1200
    assert sorted(each.scene_id for each in plan_of(state, 1)) == list(range(1, 1201))


def test_a_plan_of_an_earlier_version_is_found_by_its_kinds(tmp_path: Path) -> None:
    made = [
        "INSERT INTO plans (run_id, scene_id, title, section, key, field, kinds, before, after,"
        f" added, removed) VALUES (1, {scene_id}, '', '1', '77', '{field}', '{kinds}', 'null',"
        " 'null', '[]', '[]')"
        for scene_id, field, kinds in (
            *((1, "tags", "add,remove"), (2, "title", "set"), (3, "title", "change")),
            *((4, "title", "clear"), (5, "poster", "change")),
        )
    ]
    make_earlier(tmp_path / STATE_FILE, SCHEMA, 15, *made)

    with State(tmp_path, lambda message: pytest.fail(message)) as state:
        found = {kind: state.plans.page(1, [kind], "", 0, 9)[1] for kind in ChangeKind}
        assert found == {
            ChangeKind.SET: [2],
            ChangeKind.CHANGE: [3],
            ChangeKind.CLEAR: [4],
            ChangeKind.ADD: [1],
            ChangeKind.REMOVE: [1],
        }
        assert state.plans.page(1, (), "", 0, 9)[1] == [5]


def test_only_the_newest_plans_are_kept(state: State) -> None:
    for run_id in range(1, KEPT + 3):
        state.plans.add(run_id, [planned(1)])

    state.plans.drop_old()

    kept = [run_id for run_id in range(1, KEPT + 3) if state.plans.scene_ids(run_id)]
    assert kept == list(range(3, KEPT + 3))


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (LIST, ["add", "remove"]),
        (Change("tags", (), ("A",), ("A",)), ["add"]),
        (Change("tags", ("A",), (), (), ("A",)), ["remove"]),
        (Change("title", None, "A"), ["set"]),
        (Change("title", "A", "B"), ["change"]),
        (Change("title", "A", None), ["clear"]),
        (Change("poster", "media://x", "media://x"), ["change"]),
    ],
)
def test_the_kinds_of_a_change(change: Change, kinds: list[str]) -> None:
    assert [kind.value for kind in change.kinds] == kinds


# The journal, item by item -------------------------------------------------------------------


def test_the_items_of_a_run_stand_by_scene(state: State) -> None:
    state.journal.write(1, [entry(TWO, "title", 9), entry(ONE, "title", 4), entry(ONE, "tags", 7)])
    state.journal.write(2, [entry(ItemRef("1", "5"), "title", 1)])

    assert state.journal.items(1) == [(7, ONE), (9, TWO)]
    assert state.journal.items(3) == []


def test_what_a_run_did_to_some_items_oldest_first(state: State) -> None:
    first, second = entry(ONE, "title", after="one"), entry(ONE, "title", after="two")
    state.journal.write(1, [first, entry(TWO, "title")])
    state.journal.write(2, [entry(ONE, "title")])
    state.journal.write(1, [second])

    assert state.journal.of_items(1, [ONE]) == {ONE: [first, second]}
    assert state.journal.of_items(1, [ItemRef("1", "7")]) == {ItemRef("1", "7"): []}


@pytest.mark.parametrize("left", [None, 7.0, ("A",), "", "altered"])
def test_what_the_server_made_of_a_value_counts(state: State, left: Value) -> None:
    of_other_run, earlier = entry(ONE, "rating"), entry(ONE, "rating", after="earlier")
    state.journal.write(1, [earlier])
    state.journal.write(1, [entry(ONE, "rating"), entry(ONE, "title"), entry(TWO, "rating")])
    state.journal.write(2, [of_other_run])

    state.journal.note_left(1, [(ONE, "rating", left)])

    assert state.journal.of_items(1, [ONE])[ONE] == [
        earlier,
        entry(ONE, "rating", after=left),
        entry(ONE, "title"),
    ]
    assert [each.after for each in journal_of(state, 1)] == ["after", "after", left, "earlier"]
    assert journal_of(state, 2) == [of_other_run]


def test_the_last_run_that_changed_anything(state: State) -> None:
    kinds = ("drain", "undo")
    assert state.journal.last_runs(kinds) == []
    ids = [state.runs.start(kind, 1.0) for kind in ("drain", "drain", "preview", "undo")]
    for run_id in ids[:3]:
        state.journal.write(run_id, [entry(ONE, "title")])

    assert state.journal.last_runs(kinds) == [ids[1]]
    state.journal.write(ids[3], [entry(ONE, "title")])
    assert state.journal.last_runs(kinds, 2) == [ids[3], ids[1]]
    assert state.journal.last_runs(("drain",)) == [ids[1]]


# What is forgotten ---------------------------------------------------------------------------


def test_old_runs_are_forgotten_with_what_they_changed(state: State) -> None:
    """But the last ones stay: the clock may have been wrong, then or now."""
    now = 1_000 * DAY
    for age in (KEPT_DAYS + 1, KEPT_DAYS - 1, *[10 * KEPT_DAYS] * KEPT_RUNS):
        at = now - age * DAY
        run_id = state.runs.start("drain", at)
        state.journal.write(run_id, [replace(entry(ONE, "title"), at=at)])
        state.plans.add(run_id, [planned(5)])
        state.runs.finish(run_id, "done", {}, at)
    abandoned = state.runs.start("drain", now - 100 * DAY)

    state.forget_old(now)

    there = [*range(KEPT_RUNS + 2, 1, -1)]
    assert [run.id for run in state.runs.latest()] == [abandoned, *there]
    assert journal_of(state, 1) == []
    assert all(len(journal_of(state, run_id)) == 1 for run_id in there)
    assert [len(plan_of(state, run_id)) for run_id in (1, 2)] == [0, 1]
    state.runs.close_abandoned("drain", now)
    state.forget_old(now)
    assert [run.id for run in state.runs.latest()] == there


def test_a_run_may_say_at_its_start_what_it_is_about(state: State) -> None:
    run_id = state.runs.start("undo", 1.0, {"undone_run": 3})

    run = state.runs.get(run_id)
    assert run is not None
    assert (run.status, run.figures) == ("running", {"undone_run": 3})


# Records and older files ---------------------------------------------------------------------


def test_a_record_keeps_that_it_was_undone(state: State) -> None:
    fields = {"title": FieldRecord("A", "B", ("C",), ("D",), True, 2, True)}
    items = (ItemRecord(ONE, ("/a",), 5, fields),)
    plain = Record(5, 10.0, "print", (), None, (), (), items, PictureRecords(CoverRecord("e")))

    state.records.save_many([plain, replace(plain, scene_id=6, items=(), undone=True)])

    kept = state.records.get_many([5, 6])
    assert kept[5] == plain
    assert kept[6].undone


@pytest.mark.parametrize(
    "field", [None, FieldRecord(None, 7.0), FieldRecord(("A",), (), ("B",), ("C",), True, 1, True)]
)
def test_one_field_of_a_record_on_its_own(field: FieldRecord | None) -> None:
    assert field_from(field_body(field)) == field


def test_a_state_of_the_first_version_is_carried_over(tmp_path: Path) -> None:
    old = '[[["/a",5,1.5]],[["1","77",["/b"],{},{}]],{}]'
    make_earlier(
        tmp_path / STATE_FILE,
        SCHEMA,
        1,
        f"INSERT INTO records VALUES (5, 10.0, 'print', '[null,[],[]]', '{old}')",
        "INSERT INTO record_items VALUES ('1', '77', 5, 9)",
        "INSERT INTO journal (run_id, scene_id, section, key, field, before, after, extra, at)"
        " VALUES (1, 5, '1', '77', 'title', '\"A\"', '\"B\"', '{}', 1.0)",
    )

    with State(tmp_path, lambda message: pytest.fail(message)) as state:
        record = state.records.get_many([5])[5]
        assert (record.undone, record.items[0].ref) == (False, ONE)
        assert [each.after for each in journal_of(state, 1)] == ["B"]
        state.plans.add(1, [planned(5)])
        state.journal.note_left(1, [(ONE, "title", "C")])
        assert [each.after for each in journal_of(state, 1)] == ["C"]


def test_no_step_of_the_schema_was_edited() -> None:
    """A file that was made by an earlier version must come to the same tables as a new one."""
    first = SCHEMA.migrations[0]

    assert first[: len(records.TABLES)] == records.TABLES
    assert not [s for s in first if "left_at" in s or "plans" in s]
    assert set(journal.TABLES) <= set(first)
