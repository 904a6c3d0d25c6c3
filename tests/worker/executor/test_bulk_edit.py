"""Laws of shared edits: who may share one, and that it comes to the same as one's own."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from core.fields import BY_NAME
from core.models import FullItem, ItemRef, Scene, Value
from core.planning.item_plan import ItemPlan, plan_item, refused
from core.planning.three_way_merge import FirstSync
from plex.editing import difference, lock_params
from tests.core.builders import ALL_FIELDS, FEWER, desired
from tests.core.planning.test_planning_laws import items, scenes, settings_of_first_sync, synced
from tests.core.plex_like import Server
from worker.executor.bulk_edit import _groups
from worker.executor.list_edit_probe import lost
from worker.plan import ItemEdit

ADDING, REPLACING = Server(replaces=False), Server(replaces=True)


def shared(plan: ItemPlan) -> ItemPlan:
    """The plan with its changes as a shared edit makes them."""
    outcomes = {
        name: replace(outcome, change=difference(outcome.change)) if outcome.change else outcome
        for name, outcome in plan.outcomes.items()
    }
    return replace(plan, outcomes=outcomes)


def listed(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def again(
    of: Scene, item: FullItem, then: Scene, first_sync: FirstSync
) -> tuple[FullItem, ItemPlan]:
    """An item that was synced with a scene, and the plan for what that scene says by now."""
    shown, base, _ = synced(of, item, None, ADDING, first_sync)
    return shown, plan_item(desired(then, ALL_FIELDS), shown, base, first_sync)


@given(scenes, items, scenes, settings_of_first_sync)
def test_on_a_server_that_adds_it_comes_to_the_same(
    of: Scene, item: FullItem, then: Scene, first_sync: FirstSync
) -> None:
    shown, plan = again(of, item, then, first_sync)

    alone, bulk_editor = ADDING.apply(plan, shown), ADDING.apply(shared(plan), shown)

    assert not lost(plan, bulk_editor)
    for name, field in ((each, BY_NAME[each]) for each in ALL_FIELDS):
        assert field.equal(alone.values[name], bulk_editor.values[name])


@given(scenes, items, scenes, settings_of_first_sync)
def test_a_server_that_replaces_is_found_out(
    of: Scene, item: FullItem, then: Scene, first_sync: FirstSync
) -> None:
    """Whatever such an edit takes away is seen, and an edit of one's own brings it back."""
    shown, plan = again(of, item, then, first_sync)

    damaged = REPLACING.apply(shared(plan), shown)

    missing = {
        change.field
        for change in plan.changes
        if set(listed(change.after)) - set(listed(damaged.values[change.field]))
    }
    assert bool(missing) == lost(plan, damaged)
    assert not missing or refused(plan, damaged)
    assert not refused(plan, REPLACING.apply(plan, damaged))


@FEWER
@given(
    scenes,
    scenes,
    st.lists(st.tuples(items, st.sampled_from(["1", "2"]), st.booleans()), max_size=8),
)
def test_only_the_very_same_change_in_one_section_is_shared(
    of: Scene, then: Scene, cases: list[tuple[FullItem, str, bool]]
) -> None:
    """With the same locks; what puts pictures or a sort title back is not shared at all."""
    edits = []
    for number, (item, section, lock) in enumerate(cases):
        shown, plan = again(of, item, then, FirstSync.MERGE)
        ref = ItemRef(section, str(number))
        locks = {change.field: lock for change in plan.changes}
        edits.append(ItemEdit(replace(plan, item=replace(shown, ref=ref)), locks))

    own = [replace(edit, title_sort="x") for edit in edits]
    own += [replace(edit, pictures={"poster": None}) for edit in edits]
    groups = _groups([*edits, *own])

    grouped = [edit.ref for group in groups for edit in group.edits]
    assert sorted(grouped) == sorted(edit.ref for edit in edits if edit.changes)
    for group in groups:
        first = group.edits[0]
        locks = {name: first.locks[name] for name in first.names}
        assert [each for each in group.params if ".locked" in each[0]] == lock_params(locks)
        for edit in group.edits:
            assert edit.ref.section == first.ref.section
            assert edit.item.item_type == first.item.item_type
            assert edit.locks == first.locks
            for one, other in zip(first.changes, edit.changes, strict=True):
                assert one.field == other.field
                assert set(one.added) == set(other.added)
                assert set(one.removed) == set(other.removed)
                assert isinstance(one.after, tuple) or one.after == other.after
