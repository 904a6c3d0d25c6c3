"""Planning one item: titles and stems, dates, spellings, switches, and what is remembered."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from core.desired import Desired
from core.models import Change, Value
from core.planning.item_plan import ItemPlan, field_recorded, only, plan_item, recorded, refused
from core.planning.three_way_merge import FieldOutcome, FirstSync
from core.records import FieldRecord
from tests.core.builders import ALL_FIELDS, desired, file, full, item_record, scene
from tests.core.plex_like import EMPTY

MERGE, MIRROR = FirstSync.MERGE, FirstSync.MIRROR


def changes(
    wanted: Mapping[str, Value],
    shown: Mapping[str, Value],
    left: Mapping[str, FieldRecord] | None = None,
    first_sync: FirstSync = MIRROR,
) -> tuple[Change, ...]:
    base = None if left is None else item_record(fields=left)
    item = full("/m/x/Night Walk.mp4", values={**EMPTY, **shown})
    return plan_item(Desired(wanted, "Night Walk"), item, base, first_sync).changes


STEM = "Night Walk"


@pytest.mark.parametrize("first_sync", FirstSync)
@pytest.mark.parametrize(
    ("shown", "sent_before", "after"),
    [
        ("", None, STEM),
        ("Night Walk.mp4", None, STEM),
        ("night walk", None, STEM),
        ("Night  Walk\u200b", None, "-"),
        (STEM, None, "-"),
        ("Written by hand", None, "-"),
        ("Night Walk (2024)", None, "-"),
        ("The old title", "The old title", STEM),  # we wrote it, and Stash has none any more
        ("An Old Stem", "An Old Stem", STEM),  # the file was renamed
        (STEM, STEM, "-"),
    ],
)
def test_an_untitled_scene(
    first_sync: FirstSync, shown: str, sent_before: str | None, after: str
) -> None:
    left = None if sent_before is None else {"title": FieldRecord(sent_before, shown)}
    made = changes({"title": None}, {"title": shown}, left, first_sync)
    if after == "-":
        assert made == ()
    else:
        assert made == (Change("title", shown or None, after),)


@pytest.mark.parametrize("shown", ["", "Written by hand"])
def test_an_untitled_scene_without_a_file_changes_no_title(shown: str) -> None:
    item = full(values={**EMPTY, "title": shown})
    for base in (None, item_record(fields={"title": FieldRecord("Old", shown)})):
        plan = plan_item(Desired({"title": None}, ""), item, base, MIRROR)
        assert plan.changes == ()
        assert plan.outcomes["title"].sent is None


def test_any_part_of_an_item_may_have_given_it_its_name() -> None:
    item = full("/m/cd1.avi", "D:\\Videos\\CD2.avi", values={**EMPTY, "title": "CD2.avi"})
    plan = plan_item(Desired({"title": None}, "The Walk"), item, None, MERGE)
    assert plan.changes == (Change("title", "CD2.avi", "The Walk"),)


@pytest.mark.parametrize(
    ("wanted", "shown", "after"),
    [
        ("2024", "2024-07-08", None),
        ("2024", "", "2024-01-01"),
        ("2024-05", "2024-07-08", "2024-05-01"),
        ("2024-05", "2024-05-31", None),
        ("2024-05-06", "2024-05-07", "2024-05-06"),
    ],
)
def test_a_date_is_never_sent_raw(wanted: str, shown: str, after: str | None) -> None:
    made = changes({"date": wanted}, {"date": shown})
    assert [change.after for change in made] == ([] if after is None else [after])


def test_a_date_that_plex_refused_is_sent_again_once_stash_says_another() -> None:
    left = {"date": FieldRecord("2024-05-06", "2019-01-01")}
    shown = {"date": "2019-01-01"}
    assert changes({"date": "2024-05-06"}, shown, left) == ()
    (change,) = changes({"date": "2024"}, shown, left)  # the old date lies inside the new one
    assert change.after == "2024-01-01"


def test_a_change_names_what_plex_shows_to_the_letter() -> None:
    """Undo writes `before` back, and a removal finds an entry only by its own spelling."""
    decomposed = unicodedata.normalize("NFD", "Café")
    long_text = "x" * 12_000 + "\r\n "
    shown: Mapping[str, Value] = {
        "title": "Two  blanks ",
        "summary": long_text,
        "tags": ("Sea\u200b", decomposed, "Café", " Bread", "  ", "Bread", "Bread"),
    }
    wanted: Mapping[str, Value] = {"title": "Another", "summary": None, "tags": ("sea", "Boats")}
    title, summary, tags = changes(wanted, shown)
    assert title.before == "Two  blanks "
    assert summary.before == long_text
    assert tags.before == ("Sea\u200b", decomposed, "Café", " Bread", "Bread")
    assert tags.after == ("Sea\u200b", "Boats")
    assert tags.added == ("Boats",)
    assert tags.removed == (decomposed, "Café", " Bread", "Bread")


def test_spelling_order_and_duplicates_are_no_change() -> None:
    shown: Mapping[str, Value] = {
        "title": "A  Title\u200b",
        "summary": "One.\r\nTwo. ",
        "studio": unicodedata.normalize("NFD", "Žižka"),
        "rating": 7.3000001,
        "tags": ("BREAD", "sea", "Sea"),
    }
    wanted: Mapping[str, Value] = {
        "title": "A Title",
        "summary": "One.\nTwo.",
        "studio": "Žižka",
        "rating": 7.3,
        "tags": ("Sea", "Bread"),
    }
    assert changes(wanted, shown) == ()


def test_only_wanted_fields_are_planned_and_the_base_of_the_others_is_kept() -> None:
    left = {
        "title": FieldRecord("Old", "Old"),
        "tags": FieldRecord(("a",), ("a", "k"), ("k",)),
    }
    base = item_record("/m/old.mp4", fields=left, updated_at=5)
    shown = full("/m/a.mp4", "/m/b.mp4", values={**EMPTY, "title": "Old", "tags": ()}, updated_at=9)
    plan = plan_item(Desired({"title": "New"}, ""), shown, base, MIRROR)
    assert [change.field for change in plan.changes] == ["title"]
    after = recorded(plan, full("/m/a.mp4", values={**EMPTY, "title": "New "}, updated_at=9), base)
    assert after.fields == {"title": FieldRecord("New", "New", locked=True), "tags": left["tags"]}
    assert (after.ref, after.files, after.updated_at) == (plan.ref, ("/m/a.mp4",), 9)


def test_a_field_on_demand_is_planned_only_where_it_is_or_was_wanted() -> None:
    item = full(values={**EMPTY, "label": ("theirs",)})
    wanted = Desired({"label": None, "title": "A"}, "")
    assert set(plan_item(wanted, item, None, MIRROR).outcomes) == {"title"}
    known = item_record(fields={"label": FieldRecord(("ours",), ("ours",))})
    assert set(plan_item(wanted, item, known, MIRROR).outcomes) == {"label", "title"}
    again = Desired({"label": ("ours",)}, "")
    assert set(plan_item(again, item, None, MIRROR).outcomes) == {"label"}


def test_an_unreadable_date_keeps_its_base() -> None:
    base = item_record(fields={"date": FieldRecord("2024", "2024-01-01")})
    item = full(values={**EMPTY, "date": "2024-01-01"})
    plan = plan_item(desired(scene(date="rubbish"), ALL_FIELDS), item, base, MIRROR)
    assert plan.changes == ()
    assert recorded(plan, item, base).fields["date"] == base.fields["date"]


def test_a_field_that_is_switched_on_later_has_a_first_sync_of_its_own() -> None:
    base = item_record(fields={"title": FieldRecord("A", "A")})
    item = full(values={**EMPTY, "title": "A", "summary": "by hand", "tags": ("by hand",)})
    wanted = Desired({"title": "A", "summary": None, "tags": ("ours",)}, "")
    assert [c.after for c in plan_item(wanted, item, base, MERGE).changes] == [("by hand", "ours")]
    assert [c.after for c in plan_item(wanted, item, base, MIRROR).changes] == [None, ("ours",)]


def test_a_record_says_what_was_sent_beside_what_came_back() -> None:
    wanted = desired(scene(file("/d/a.mp4"), title="A", date="2024", tags=["x", "y"]), ALL_FIELDS)
    item = full("/m/a.mp4", values={**EMPTY, "tags": ("hand",)})
    plan = plan_item(wanted, item, None, MERGE)
    assert [change.field for change in plan.changes] == ["title", "date", "tags"]
    back = {**EMPTY, "title": "A!", "date": "2024-01-01", "tags": ("hand", "X")}
    after = recorded(plan, full("/m/a.mp4", values=back), None)
    assert after.fields == {
        "title": FieldRecord("A", "A!", locked=True),
        "summary": FieldRecord(None, None),
        "studio": FieldRecord(None, None),
        "date": FieldRecord("2024", "2024-01-01", locked=True),
        "rating": FieldRecord(None, None),
        "performers": FieldRecord((), None),
        "tags": FieldRecord(("x", "y"), ("hand", "X"), ("hand",), locked=True, refused=True),
        "director": FieldRecord((), None),
        "collection": FieldRecord((), None),
    }


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        *[(name, ("a",), ("b",)) for name in ("sent", "kept", "suppressed")],
        ("user_owned", False, True),
        ("rewrites", 1, 2),
    ],
)
def test_whatever_changed_of_a_field_is_recorded_also_where_plex_is_left_alone(
    name: str, first: Any, second: Any
) -> None:
    for before, after in ((first, second), (second, first)):
        known = replace(FieldRecord(("z",), ("z",)), **{name: before})
        outcome = replace(FieldOutcome(None, ("z",)), **{name: after})
        plan = ItemPlan(full("/a"), {"tags": outcome})

        noted = field_recorded(plan, "tags", ("z",), known)

        assert noted == replace(known, **{name: after})


def test_a_field_whose_lock_is_ignored_stays_so() -> None:
    for before, after in ((False, True), (True, False), (True, True)):
        known = FieldRecord("A", "A", lock_ignored=before)
        plan = ItemPlan(full("/a"), {"title": FieldOutcome(None, "A", lock_ignored=after)})
        assert field_recorded(plan, "title", "A", known).lock_ignored
        assert field_recorded(plan, "title", "B", known).read_back == "B"


def test_what_a_server_did_not_take() -> None:
    wanted = Desired({"title": "A", "date": "2024", "tags": ("x", "y"), "studio": "S"}, "")
    item = full("/m/a.mp4", values={**EMPTY, "studio": "S"})
    plan = plan_item(wanted, item, None, MIRROR)
    taken = full(values={**EMPTY, "title": "A ", "date": "2024-01-01", "tags": ("Y", "X")})
    assert refused(plan, taken) == ()
    altered = full(values={**EMPTY, "title": "a", "date": "2024-01-02", "tags": ("x",)})
    assert [change.field for change in refused(plan, altered)] == ["title", "date", "tags"]
    part = only(plan, {"tags", "studio", "summary"})
    assert (part.ref, set(part.outcomes)) == (plan.ref, {"tags", "studio"})
    assert [change.field for change in part.changes] == ["tags"]


@pytest.mark.parametrize("field", ["title", "tags"])
def test_whoever_rewrites_again_and_again_wins_until_stash_changes(field: str) -> None:
    """Two rewriters would otherwise fight for ever; what the other one writes is told once."""
    ours: Mapping[str, Value] = {"title": "Ours", "tags": ("ours",)}
    theirs: Mapping[str, Value] = {"title": "Theirs", "tags": ("theirs",)}
    newer: Mapping[str, Value] = {"title": "Newer", "tags": ("newer",)}
    shown = full(values={**EMPTY, field: ours[field]})
    wanted = Desired({field: ours[field]}, "")
    base = recorded(plan_item(wanted, shown, None, MIRROR), shown, None)
    rewritten = full(values={**EMPTY, field: theirs[field]})
    writes, notes = [], []
    for _ in range(5):
        plan = plan_item(wanted, rewritten, base, MIRROR)
        writes.append(len(plan.changes))
        notes.append(len(plan.notes))
        base = recorded(plan, shown if plan.changes else rewritten, base)
    assert writes == [1, 1, 0, 0, 0]
    assert notes == [0, 0, 1, 0, 0]
    later = plan_item(Desired({field: newer[field]}, ""), rewritten, base, MIRROR)
    assert len(later.changes) == 1
