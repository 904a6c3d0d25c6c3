"""Laws of what a server did not do: a change of which nothing shows, and the mark of a refusal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.desired import fingerprint
from core.fields import BY_NAME
from core.models import Change, FullItem, Scene, Value
from core.planning.drift import drift_of, refused_fields
from core.planning.item_plan import is_incomplete, is_untouched, plan_item, refused
from core.planning.three_way_merge import FirstSync
from core.records import FieldRecord
from tests.core.builders import ALL_FIELDS, FEWER, desired, file, full, item_record, record, scene
from tests.core.planning.test_planning_laws import (
    NAMES,
    any_server,
    honest,
    items,
    scenes,
    settings_of_first_sync,
    some_names,
    synced,
)
from tests.core.plex_like import EMPTY, Server

some_fields = st.frozensets(st.sampled_from(sorted(ALL_FIELDS)))
ALWAYS = Server(refuses=ALL_FIELDS)


@FEWER
@given(scenes, scenes, items, honest, settings_of_first_sync, some_fields)
def test_a_change_is_untouched_where_the_server_left_the_field_alone(
    of: Scene,
    edited: Scene,
    item: FullItem,
    server: Server,
    first_sync: FirstSync,
    left: frozenset[str],
) -> None:
    item, base, _ = synced(of, item, None, server, first_sync)
    plan = plan_item(desired(edited, ALL_FIELDS), item, base, first_sync)

    after = replace(server, refuses=left).apply(plan, item)

    untouched = {c.field for c in plan.changes if is_untouched(c, after.values[c.field])}
    assert untouched == left & {change.field for change in plan.changes}


@FEWER
@given(scenes, items, any_server, settings_of_first_sync)
def test_what_is_untouched_is_refused_as_well(
    of: Scene, item: FullItem, server: Server, first_sync: FirstSync
) -> None:
    plan = plan_item(desired(of, ALL_FIELDS), item, None, first_sync)

    after = server.apply(plan, item)

    untouched = [c for c in plan.changes if is_untouched(c, after.values[c.field])]
    assert set(untouched) <= set(refused(plan, after))


@given(st.lists(st.sampled_from("ABCDEF"), unique=True, min_size=1), st.data(), some_names)
def test_of_a_list_any_entry_that_came_or_went_shows(
    names: list[str], data: st.DataObject, others: list[str]
) -> None:
    """What somebody else did to other entries of it says nothing."""
    cut = data.draw(st.integers(0, len(names)))
    there, wanted = tuple(names[:cut]), tuple(names[cut:])
    change = Change("tags", (*there, "Stays"), ("Stays", *wanted), wanted, there)

    assert is_untouched(change, (*there, "Stays", *others))
    for name in wanted:
        assert not is_untouched(change, (*there, name.lower(), "Stays", *others))
    for name in there:
        assert not is_untouched(change, (*(n for n in there if n != name), "Stays", *others))


@pytest.mark.parametrize(
    ("field", "before", "after", "now", "untouched"),
    [
        ("title", "Old", "New", "Old", True),
        ("title", "Old", "New", " Old\u200b", True),
        ("title", "Old", "New", "New", False),
        ("title", "Old", "New", "NEW", False),  # altered
        ("title", "Old", "New", "By hand", False),
        ("summary", None, "New", "", True),
        ("summary", "Old", None, "Old", True),
        ("summary", "Old", None, "", False),
        ("date", "2023-12-31", "2024-01-01", "2023-12-31", True),
        ("rating", None, 7.0, None, True),
        ("rating", 5.0, 7.0, 5.0, True),
        ("rating", 5.0, 7.0, 7.02, False),
        ("rating", 5.0, None, None, False),
    ],
)
def test_of_one_value(field: str, before: Value, after: Value, now: Value, untouched: bool) -> None:
    assert is_untouched(Change(field, before, after), now) is untouched
    assert is_incomplete(Change(field, before, after), now) is untouched


@pytest.mark.parametrize(
    ("now", "incomplete"),
    [
        ("Old Gone Stays", True),  # nothing
        ("Gone Stays New", True),  # an entry is still there
        ("Stays", True),  # one lacks
        ("STAYS New", False),
        ("Stays new", False),
        ("Stays New Other", False),  # another one is somebody else's
        ("Stays Altered", False),  # the server has its own name for it
    ],
)
def test_of_a_part_of_a_list(now: str, incomplete: bool) -> None:
    change = Change("tags", ("Old", "Gone", "Stays"), ("Stays", "New"), ("New",), ("Old", "Gone"))

    assert is_incomplete(change, tuple(now.split())) is incomplete


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_shows_whatever_its_spelling(name: str) -> None:
    (clean,) = BY_NAME["tags"].names((name,))
    change = Change("tags", (), (clean, "Refused"), (clean, "Refused"))

    assert not is_untouched(change, (name,))
    assert not is_untouched(change, (name.upper(),))


# The mark of a refusal -------------------------------------------------------------------------


@FEWER
@given(scenes, items, any_server, settings_of_first_sync)
def test_a_refusal_is_marked_as_long_as_nothing_changes_and_is_no_drift(
    of: Scene, item: FullItem, server: Server, first_sync: FirstSync
) -> None:
    item, base, plan = synced(of, item, None, server, first_sync)
    wanted = fingerprint(desired(of, ALL_FIELDS))
    marked = refused_fields(record(base), ALL_FIELDS)
    left = {change.field for change in refused(plan, item)}
    untouched = {c.field for c in plan.changes if is_untouched(c, item.values[c.field])}
    # What the server made something else of is taken, but of a list that cannot be told.
    assert untouched <= set(marked) <= left
    assert left - set(marked) <= {name for name in left if not BY_NAME[name].is_list}

    for _ in range(2):
        item, base, plan = synced(of, item, base, server, first_sync)
        assert plan.changes == ()
        assert refused_fields(record(base), ALL_FIELDS) == marked
        kept = record(base, fingerprint=wanted)
        assert drift_of(kept, wanted, {item.ref: item}, ALL_FIELDS) is None


@FEWER
@given(scenes, items, honest, settings_of_first_sync)
def test_an_honest_server_refuses_nothing(
    of: Scene, item: FullItem, server: Server, first_sync: FirstSync
) -> None:
    _, base, _ = synced(of, item, None, server, first_sync)

    assert refused_fields(record(base), ALL_FIELDS) == []


@pytest.mark.parametrize(
    ("field", "old", "wish", "newer"),
    [
        ("title", "Old", {"title": "New"}, {"title": "Newer"}),
        ("rating", 5.0, {"rating100": 70}, {"rating100": 80}),
        ("tags", ("Old",), {"tags": ["New"]}, {"tags": ["Newer"]}),
    ],
)
@pytest.mark.parametrize("how", ["by hand", "another wish"])
def test_a_mark_goes_once_it_is_true_no_more(
    field: str, old: Value, wish: dict[str, object], newer: dict[str, object], how: str
) -> None:
    of = scene(file("/d/a.mp4"), **wish)  # type: ignore[arg-type]
    item = full("/m/a.mp4", values={**EMPTY, field: old})
    item, base, _ = synced(of, item, None, ALWAYS, FirstSync.MIRROR, frozenset({field}))
    assert item.values[field] == old
    assert refused_fields(record(base), ALL_FIELDS) == [field]
    assert refused_fields(record(base), ALL_FIELDS - {field}) == []

    if how == "by hand":
        value = desired(of, ALL_FIELDS).values[field]
        item = replace(item, values={**item.values, field: value})
    else:
        of = scene(file("/d/a.mp4"), **newer)  # type: ignore[arg-type]
    item, base, _ = synced(of, item, base, Server(), FirstSync.MIRROR, frozenset({field}))

    assert refused_fields(record(base), ALL_FIELDS) == []


def test_the_mark_is_of_any_item_and_of_synced_fields_alone() -> None:
    taken, not_taken = FieldRecord("A", "A"), FieldRecord("A", "", refused=True)
    known = record(
        item_record(key="1", fields={"title": taken, "studio": not_taken}),
        item_record(key="2", fields={"title": not_taken, "summary": taken}),
    )

    assert refused_fields(known, ALL_FIELDS) == ["studio", "title"]
    assert refused_fields(known, frozenset({"summary", "title"})) == ["title"]
