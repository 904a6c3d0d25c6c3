"""Laws of undo on any item, any scene and servers that add, replace, alter or refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.desired import fingerprint
from core.fields import BY_NAME
from core.models import Change, FullItem, Role, Scene, Value
from core.planning.item_plan import ItemPlan, plan_item, recorded, refused
from core.planning.three_way_merge import FieldOutcome, FirstSync, MergeRules
from core.records import Record
from plex.editing import edit_params
from storage.state_tables.journal import JournalEntry
from tests.core.builders import ALL_FIELDS, FEWER, desired, full, record, ref
from tests.core.planning.test_planning_laws import (
    any_server,
    honest,
    items,
    scenes,
    settings_of_first_sync,
)
from tests.core.plex_like import EMPTY, Server
from worker.executor.before_image import BeforeImage, field_entry, known_in, roles_in
from worker.plan import ItemEdit, ScenePlan
from worker.scene_sync.scene_plan import sync_edit
from worker.undo.item_undo_plan import (
    FieldHistory,
    ItemUndoPlan,
    UndoStatus,
    histories,
    is_same,
    item_undo_plan,
    our_locks,
)
from worker.undo.record import RestoredItem, after_undo

PLAIN = full("/m/a.mp4", values=EMPTY)
some_locks = st.sets(st.sampled_from(sorted(ALL_FIELDS)), max_size=3).map(frozenset)


@dataclass(frozen=True)
class Run:
    """One sync of one item: what Plex shows and is remembered then, and the journal of it."""

    item: FullItem
    known: Record
    entries: tuple[JournalEntry, ...]


def journal(edit: ItemEdit, known: Record | None, applied: str) -> list[JournalEntry]:
    """What the executor journals before it sends an edit."""
    plan = ScenePlan(1, "", (edit,), known, lambda _plan, _proof: None, applied=applied)
    return [field_entry(plan, edit, name, 0.0) for name in edit.names]


def synced(
    of: Scene, item: FullItem, known: Record | None, server: Server, first_sync: FirstSync
) -> Run:
    wanted = desired(of, ALL_FIELDS)
    base = known.items[0] if known is not None else None
    edit = sync_edit(wanted, item, base, MergeRules(first_sync))
    plan, entries = edit.plan, journal(edit, known, fingerprint(wanted))
    shown = server.apply(plan, item)
    # A server that refuses a field refuses its lock with it.
    taken = {change.field for change in plan.changes} - server.refuses
    shown = replace(shown, locked=item.locked | taken)
    left = {change.field: shown.values[change.field] for change in refused(plan, shown)}
    noted = [replace(e, after=left[e.field]) if e.field in left else e for e in entries]
    after = record(recorded(plan, shown, base), fingerprint=fingerprint(wanted))
    return Run(shown, after, tuple(noted))


def undone(run: Run, item: FullItem, server: Server, *, is_redo: bool = False) -> Run:
    """The run taken back from an item that may have changed since."""
    ours = our_locks(run.known.items[0], run.known.pictures)
    todo = item_undo_plan(item, histories(run.entries), {}, ours)
    edit = ItemEdit(todo.plan, todo.locks, tuple(todo.roles), todo.title_sort)
    entries = journal(edit, run.known, run.known.fingerprint)
    shown = server.apply(todo.plan, item)
    locks = {name for name in todo.locks if todo.locks[name]}
    unlocked = todo.locks.keys() - locks
    shown = replace(shown, locked=(item.locked | locks) - unlocked)
    known = after_undo(
        run.known, 1, [RestoredItem(todo, shown, frozenset(todo.work))], is_redo=is_redo
    )
    assert known is not None
    return Run(shown, known, tuple(entries))


def shows(item: FullItem) -> dict[str, object]:
    """What an item shows, lists without their order and spelling."""
    values: dict[str, object] = {}
    for name, field in ((each, BY_NAME[each]) for each in ALL_FIELDS):
        value = field.normal(item.values[name])
        values[name] = frozenset(map(str.casefold, value)) if isinstance(value, tuple) else value
    return {**values, "locked": item.locked}


@FEWER
@given(scenes, scenes, items, some_locks, honest, settings_of_first_sync)
def test_the_item_shows_what_it_showed(
    of: Scene,
    edited: Scene,
    item: FullItem,
    locked: frozenset[str],
    server: Server,
    first_sync: FirstSync,
) -> None:
    first = synced(of, replace(item, locked=locked), None, server, first_sync)
    second = synced(edited, first.item, first.known, server, first_sync)

    back = undone(second, second.item, server)
    assert shows(back.item) == shows(first.item)
    assert shows(undone(first, back.item, server).item) == {**shows(item), "locked": locked}


@FEWER
@given(scenes, scenes, items, any_server, settings_of_first_sync)
def test_an_undo_can_be_undone(
    of: Scene, edited: Scene, item: FullItem, server: Server, first_sync: FirstSync
) -> None:
    """Whatever a server makes of it: the second time leads to where the first had led, or stays."""
    first = synced(of, item, None, server, first_sync)
    second = synced(edited, first.item, first.known, server, first_sync)
    back = undone(second, second.item, server)

    again = undone(back, back.item, server, is_redo=True)

    if server.spells is str and not server.refuses:
        assert shows(again.item) == shows(second.item)
        assert again.known.undone is False
        assert again.known.items[0].fields == second.known.items[0].fields


@FEWER
@given(
    scenes,
    items,
    honest,
    settings_of_first_sync,
    st.dictionaries(st.sampled_from(sorted(ALL_FIELDS)), st.just("By hand"), max_size=4),
)
def test_what_somebody_changed_since_is_his(
    of: Scene,
    item: FullItem,
    server: Server,
    first_sync: FirstSync,
    by_hand: Mapping[str, str],
) -> None:
    run = synced(of, item, None, server, first_sync)
    values: dict[str, Value] = {
        name: (text,) if BY_NAME[name].is_list else 3.3 if name == "rating" else text
        for name, text in by_hand.items()
        if name != "date"
    }
    edited = replace(
        run.item, values={**run.item.values, **values}, locked=run.item.locked | values.keys()
    )

    back = undone(run, edited, server)

    for name in ALL_FIELDS:
        wanted = values[name] if name in values else item.values[name]
        assert is_same(name, back.item.values[name], wanted), name
        if name not in values:
            assert (name in back.item.locked) == (name in item.locked)


@FEWER
@given(scenes, scenes, scenes, items, honest, settings_of_first_sync)
def test_a_later_sync_judges_as_if_the_run_had_never_been(
    of: Scene,
    edited: Scene,
    later: Scene,
    item: FullItem,
    server: Server,
    first_sync: FirstSync,
) -> None:
    first = synced(of, item, None, server, first_sync)
    second = synced(edited, first.item, first.known, server, first_sync)
    back = undone(second, second.item, server)

    if second.entries:
        assert back.known.undone
        assert back.known.fingerprint == second.known.fingerprint
    wanted = desired(later, ALL_FIELDS)
    without = plan_item(wanted, first.item, first.known.items[0], first_sync)
    after = plan_item(wanted, back.item, back.known.items[0], first_sync)
    changed = {entry.field for entry in second.entries}
    for name in changed & wanted.values.keys():
        assert _outcome(after, name) == _outcome(without, name), name


def _outcome(plan: ItemPlan, name: str) -> tuple[bool, frozenset[str], frozenset[str]]:
    change = plan.outcomes[name].change
    return (
        change is not None,
        frozenset(map(str.casefold, change.added if change else ())),
        frozenset(map(str.casefold, change.removed if change else ())),
    )


@pytest.mark.parametrize(
    ("field", "now", "expected"),
    [
        ("title", "Before", UndoStatus.BACK),
        ("title", " Before ", UndoStatus.BACK),
        ("title", "After", UndoStatus.RESTORE),
        ("title", "Between", UndoStatus.CHANGED),
        ("title", "Other", UndoStatus.CHANGED),
        ("poster", "media://x", UndoStatus.BACK),
        ("poster", "upload://posters/" + "ab" * 20, UndoStatus.RESTORE),
        ("poster", "upload://elsewhere/posters/" + "AB" * 20, UndoStatus.RESTORE),
        ("poster", None, UndoStatus.CHANGED),
        ("no such field", "Before", UndoStatus.CHANGED),
    ],
)
def test_of_several_changes_the_ends_count(field: str, now: Value, expected: UndoStatus) -> None:
    picture = field == "poster"
    values = ("media://x", "media://y", "upload://posters/" + "ab" * 20)
    before, between, after = values if picture else ("Before", "Between", "After")
    entries = [
        JournalEntry(1, ref("7"), field, before, between, 1.0, False),
        JournalEntry(1, ref("7"), field, between, after, 2.0, True),
    ]

    (past,) = histories(entries).values()

    assert past.status_of(now) is expected
    if expected is UndoStatus.CHANGED and field != "no such field":
        assert past.status_of(now, ["Left", now]) is UndoStatus.RESTORE
    assert past.first.locked_before is False


def past_of(before: Value, after: Value, locked: bool | None) -> FieldHistory:
    entry = JournalEntry(1, ref("7"), "title", before, after, 1.0, locked)
    return FieldHistory(entry, entry)


@pytest.mark.parametrize(
    ("before", "locked_before", "now", "locked_now", "ours", "lock"),
    [
        ("A", False, "B", True, True, False),  # put back, with its lock
        ("A", False, "B", True, False, False),
        ("A", True, "B", False, False, True),  # an undo that is undone
        ("A", True, "B", True, False, None),
        ("A", None, "B", True, True, None),  # not known
        ("A", False, "A", True, True, False),  # the server took only the lock
        ("A", False, "A", True, False, None),  # set back by hand, with a lock of the user's
        ("A", True, "A", False, True, None),  # the user unlocked it
        ("B", True, "B", False, False, True),  # only the lock was taken off
        ("A", False, "C", True, True, None),  # changed since
    ],
)
def test_locks(
    before: str,
    locked_before: bool | None,
    now: str,
    locked_now: bool,
    ours: bool,
    lock: bool | None,
) -> None:
    item = replace(
        PLAIN, values={**EMPTY, "title": now}, locked=frozenset({"title"} if locked_now else ())
    )

    todo = item_undo_plan(
        item,
        {"title": past_of(before, "B", locked_before)},
        {},
        frozenset({"title"} if ours else ()),
    )

    assert todo.locks.get("title") is lock


def test_actors_come_back_with_their_parts_and_photos() -> None:
    shown = (Role("Ann", "Captain", "http://a"), Role("Bö", "Cook", ""))
    before = replace(PLAIN, values={**EMPTY, "performers": ("Ann", "Bö")}, roles=shown)
    change = Change("performers", ("Ann", "Bö"), ("Bö", "Cy"), ("Cy",), ("Ann",))
    outcomes = {"performers": FieldOutcome(change, change.after)}
    edit = ItemEdit(ItemPlan(before, outcomes), roles=before.roles)
    (entry,) = journal(edit, None, "print")
    now = replace(
        PLAIN,
        values={**EMPTY, "performers": ("Bö", "Cy")},
        roles=(Role("Bö", "Chef", ""), Role("Cy", "", "")),
    )

    todo = item_undo_plan(now, histories([entry]), {}, frozenset())

    assert roles_in(entry) == shown
    assert edit_params(todo.plan.changes, todo.roles, lock=False) == [
        ("actor[0].tag.tag", "Ann"),
        ("actor[0].tagging.text", "Captain"),
        ("actor[0].tag.thumb", "http://a"),
        ("actor[1].tag.tag", "Bö"),
        ("actor[1].tagging.text", "Chef"),
        ("actor[].tag.tag-", "Cy"),
    ]


def test_an_entry_without_what_was_known_is_read() -> None:
    assert known_in(JournalEntry(1, ref("7"), "title", "A", "B", 1.0)) == BeforeImage()
    assert roles_in(JournalEntry(1, ref("7"), "title", "A", "B", 1.0)) == ()


def test_nothing_to_put_back_is_no_work() -> None:
    todo: ItemUndoPlan = item_undo_plan(PLAIN, {}, {}, frozenset())

    assert not todo.work
    assert todo.plan.changes == ()
