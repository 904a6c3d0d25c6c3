"""Runs every row of the tables of lists in docs/merge.md, so that page and code cannot part."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest

from core.fields import BY_NAME
from core.planning.three_way_merge import FieldOutcome, FirstSync, MergeRules, Sides, merge
from core.records import FieldRecord
from tests.core.planning.merge_page import (
    FIRST_LIST,
    LISTS,
    LOCKED_LIST,
    ON,
    TABLES,
    THEN_AND_NOW,
    Row,
    rules_of,
)

ALIKE = ("performers", "tags", "director")


def entry(there: str, *others: str) -> tuple[str, ...]:
    return (*(["Jazz"] if there.startswith("in") else []), *others)


def told_entry(outcome: FieldOutcome, was_in: bool) -> str:
    """What became of the entry "Jazz", in the page's notation."""
    change = outcome.change
    is_in = was_in
    if change is not None:
        assert not (was_in and "Jazz" in change.added)
        is_in = ("Jazz" in change.added) or (was_in and "Jazz" not in change.removed)
        assert isinstance(change.after, tuple)
        assert ("Jazz" in change.after) == is_in
    words = ["in" if is_in else "–"]
    words += ["yours"] if "Jazz" in outcome.kept else []
    words += ["taken out"] if "Jazz" in outcome.suppressed else []
    words += ["reported"] if outcome.note else []
    return ", ".join(words)


def list_sides(
    field: str,
    row: Row,
    others: tuple[tuple[str, ...], ...],
    *,
    locked: bool = False,
) -> Sides:
    """A row as a merge of a whole list.

    Args:
        others: more entries of the list in Stash then, Plex then, Stash now and Plex now.
    """
    then = row.get("Stash then", "never synced")
    base = None
    if then != "never synced":
        plex = row["Plex then"]
        kept = entry("in") if "yours" in plex else ()
        suppressed = entry("in") if "taken out" in plex else ()
        read_back = entry(plex, *others[1]) or None
        base = FieldRecord(entry(then, *others[0]), read_back, kept, suppressed)
    want = entry(row.get("Stash now") or row["Stash"], *others[2]) or None
    now = entry(row.get("Plex now") or row["Plex"], *others[3])
    return Sides(BY_NAME[field], want, now, base, locked)


ALONE = ((), (), (), ())
AMONG_OTHERS = (("Sea", "Bread"),) * 4
EDITED_IN_PLEX = (("Sea",), ("Sea",), ("Sea",), ("SEA",))
CONTEXTS = {"alone": ALONE, "among others": AMONG_OTHERS, "in another case": EDITED_IN_PLEX}


@pytest.mark.parametrize("context", CONTEXTS)
def test_later_lists(context: str) -> None:
    for row, column in itertools.product(
        TABLES[LISTS], ("off", "on", "collections off", "collections on")
    ):
        rules, _ = rules_of(column)
        for field in ("collection",) if column.startswith("collections") else ALIKE:
            outcome = merge(list_sides(field, row, CONTEXTS[context]), rules)
            assert told_entry(outcome, row["Plex now"] == "in") == row[column], (row, field, column)


STUBBORN: Mapping[tuple[str, ...], str] = {
    ("in", "–", "in", "–"): "in",
    ("–", "in", "–", "in"): "–",
}


@pytest.mark.parametrize("row", TABLES[LISTS], ids=lambda row: " ".join(row.values()))
def test_another_change_of_the_list_makes_no_difference_but_for_what_plex_refused(row: Row) -> None:
    others = (("Sea",), ("Sea",), ("Sea", "Bread"), ("Sea",))
    again = STUBBORN.get(tuple(row[name] for name in THEN_AND_NOW))
    for column in ("off", "on"):
        outcome = merge(list_sides("tags", row, others), rules_of(column)[0])
        assert outcome.change is not None
        assert "Bread" in outcome.change.added
        assert told_entry(outcome, row["Plex now"] == "in") == (again or row[column])


@pytest.mark.parametrize("row", TABLES[LISTS], ids=lambda row: " ".join(row.values()))
def test_an_edit_of_another_entry_in_plex_is_no_reason_to_write_this_one(row: Row) -> None:
    others = (("Sea",), ("Sea",), ("Sea",), ("Sea", "Mine"))
    outcome = merge(list_sides("tags", row, others), ON)
    assert told_entry(outcome, row["Plex now"] == "in") == row["on"]
    assert "Mine" in outcome.kept


@pytest.mark.parametrize("row", TABLES[FIRST_LIST], ids=lambda row: " ".join(row.values()))
def test_first_lists(row: Row) -> None:
    for first_sync in FirstSync:
        for preserve in (False, True):
            rules = MergeRules(first_sync, preserve)
            for field in (*ALIKE, "collection"):
                outcome = merge(list_sides(field, row, ALONE), rules)
                expected = row["collections" if field == "collection" else first_sync.value]
                assert told_entry(outcome, row["Plex"] == "in") == expected, field


@pytest.mark.parametrize("row", TABLES[LOCKED_LIST], ids=lambda row: " ".join(row.values()))
def test_lists_locked_as_a_whole(row: Row) -> None:
    for field in ALIKE:
        for others in (ALONE, AMONG_OTHERS):
            outcome = merge(list_sides(field, row, others, locked=True), ON)
            assert told_entry(outcome, row["Plex now"] == "in") == row["on"]
            assert outcome.change is None
            before_us = row["Stash then"] == "never synced"
            agreed = before_us and not outcome.note
            assert (outcome.user_owned, outcome.lock_ignored) == (not agreed, agreed)


@pytest.mark.parametrize("row", TABLES[LISTS], ids=lambda row: " ".join(row.values()))
def test_lists_locked_by_an_edit_of_theirs(row: Row) -> None:
    """Plex locks what it edits; an edit of an entry is no reason to leave the others alone."""
    others = (("Sea",), ("Sea",), ("Sea", "Bread"), ("Sea", "Mine"))
    outcome = merge(list_sides("tags", row, others, locked=True), ON)
    assert outcome.change is not None
    assert "Bread" in outcome.change.added
    assert "Mine" in outcome.kept
    key = tuple(row[name] for name in THEN_AND_NOW)
    assert told_entry(outcome, row["Plex now"] == "in") == STUBBORN.get(key, row["on"])
    assert outcome.lock_ignored


def test_no_combination_of_list_entries_is_left_out() -> None:
    rows = [tuple(row[name] for name in THEN_AND_NOW) for row in TABLES[LISTS]]
    in_plex = ["–", "in", "in, yours", "–, taken out"]
    every = set(itertools.product(("–", "in"), in_plex, ("–", "in"), ("–", "in")))
    assert set(rows) == every
    assert len(rows) == len(every)
