"""Runs every row of the tables of values in docs/merge.md, so that page and code cannot part."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import pytest

from core.desired import Desired
from core.fields import BY_NAME
from core.models import Value
from core.planning.item_plan import plan_item
from core.planning.three_way_merge import FieldOutcome, FirstSync, Sides, merge
from core.records import FieldRecord
from tests.core.builders import full, item_record
from tests.core.planning.merge_page import (
    FIRST_LIST,
    FIRST_VALUE,
    LEGENDS,
    LETTERS,
    LISTS,
    LOCKED_LIST,
    OFF,
    REWRITTEN,
    STEM,
    TABLES,
    TEXTS,
    THEN_AND_NOW,
    VALUES,
    Cell,
    Pattern,
    Row,
    fields_of,
    rules_of,
    value_of,
)
from tests.core.plex_like import EMPTY


def told(field: str, outcome: FieldOutcome, now: Value, *, kept: bool = True) -> Cell:
    """An outcome in the page's notation, with or without the word "kept"."""
    after = now if outcome.change is None else outcome.change.after
    names = {value: letter for letter, value in LETTERS[field].items()} | {None: "–"}
    words = {
        "yours": outcome.user_owned,
        "kept": kept and bool(outcome.kept) and not outcome.user_owned,
        "taken out": bool(outcome.suppressed),
        "reported": bool(outcome.note),
    }
    shown = names.get(after, str(after)) if not isinstance(after, tuple) else "?"
    return Cell(shown, frozenset(word for word, so in words.items() if so))


def base_of(field: str, row: Row) -> FieldRecord | None:
    if "Stash then" not in row:
        return None
    sent, then = value_of(field, row["Stash then"]), Cell.of(row["Plex then"])
    read_back = value_of(field, then.value)
    kept = (str(read_back),) if "kept" in then.words else ()
    # Whether it was we who locked it makes no difference but under "locked".
    return FieldRecord(sent, read_back, kept, user_owned="yours" in then.words)


@pytest.mark.parametrize(
    "row",
    [row for heading in (FIRST_VALUE, *VALUES) for row in TABLES[heading]],
    ids=lambda row: " ".join(row.values()),
)
def test_values(row: Row) -> None:
    columns = [column for column in row if column.split(",")[0] in ("off", "on", "merge", "mirror")]
    assert len(columns) in (2, 4)
    for name, column in itertools.product(fields_of(row), columns):
        field, base = BY_NAME[name], base_of(name, row)
        want = value_of(name, row.get("Stash now") or row["Stash"])
        shown = Cell.of(row.get("Plex now") or row["Plex"])
        now = value_of(name, shown.value)
        rules, locked = rules_of(column)
        locked |= "locked" in shown.words
        outcome = merge(Sides(field, want, now, base, locked), rules)
        # Only the table of ratings says which of them are ours.
        kept = name != "rating" or row["field"] == "rating"
        assert told(name, outcome, now, kept=kept) == Cell.of(row[column]), (name, column)
        assert outcome.sent == want
        assert outcome.kept == () or outcome.kept == (str(now),)


def canonical(*values: str) -> Pattern:
    """Which of some values are equal, and which are nothing: the pattern of a row."""
    seen = {"–": 0}
    return tuple(seen.setdefault(value, len(seen)) for value in values)


def as_in_step(pattern: Pattern) -> bool:
    return pattern[0] == pattern[1]


def parted(pattern: Pattern) -> bool:
    return pattern[0] != pattern[1]


def only_in_plex(pattern: Pattern) -> bool:
    return pattern[:2] == (0, 1)


@pytest.mark.parametrize(
    ("heading", "columns", "belongs", "fields"),
    [
        (FIRST_VALUE, ("Stash", "Plex"), lambda _: True, LETTERS),
        ("Both were in step", THEN_AND_NOW, as_in_step, LETTERS),
        ("The value was yours", THEN_AND_NOW, lambda _: True, LETTERS),
        ("Plex altered or refused what was sent", THEN_AND_NOW, parted, LETTERS),
        ("A first sync kept what it found", THEN_AND_NOW, only_in_plex, TEXTS),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_no_combination_of_values_is_left_out(
    heading: str, columns: Sequence[str], belongs: Callable[[Pattern], bool], fields: Sequence[str]
) -> None:
    every = {canonical(*values) for values in itertools.product("–ABCD", repeat=len(columns))}
    for field in fields:
        rows = [row for row in TABLES[heading] if field in fields_of(row)]
        found = [canonical(*(Cell.of(row[column]).value for column in columns)) for row in rows]
        assert sorted(found) == sorted(filter(belongs, every)), field


def test_every_table_is_run() -> None:
    run = {FIRST_VALUE, *VALUES, STEM, REWRITTEN, FIRST_LIST, LISTS, LOCKED_LIST, *LEGENDS}
    assert set(TABLES) == run
    assert all(len(rows) > 3 for rows in TABLES.values())


# Titles and rewriting ---------------------------------------------------------------------


@pytest.mark.parametrize("column", ["off", "on"])
@pytest.mark.parametrize("row", TABLES[STEM], ids=lambda row: " ".join(row.values()))
def test_a_scene_without_a_title(row: Row, column: str) -> None:
    base = None
    if row["Stash then"] != "never synced":
        known = base_of("title", row)
        assert known is not None
        base = item_record(fields={"title": known})
    now = value_of("title", row["Plex now"])
    item = full("/m/Night Walk.mp4", values={**EMPTY, "title": now or ""})
    wanted = Desired({"title": None}, "Night Walk")
    plan = plan_item(wanted, item, base, FirstSync.MERGE, preserve=column == "on")
    assert told("title", plan.outcomes["title"], now) == Cell.of(row[column])


def replay(
    field: str, of: Callable[[str], Value], rows: list[Row], base: FieldRecord | None
) -> None:
    for row in rows:
        want, now = of(row["Stash"]), of(row["Plex before"])
        outcome = merge(Sides(BY_NAME[field], want, now, base), OFF)
        expected = Cell.of(row["Plex after"])
        after = now if outcome.change is None else outcome.change.after
        assert after == of(expected.value), row
        assert bool(outcome.note) == ("reported" in expected.words), row
        base = FieldRecord(want, after, rewrites=outcome.rewrites)


@pytest.mark.parametrize("field", LETTERS)
def test_a_value_that_somebody_rewrites(field: str) -> None:
    replay(field, lambda letter: value_of(field, letter), TABLES[REWRITTEN], None)


def test_a_list_that_somebody_rewrites() -> None:
    replay("tags", lambda letter: () if letter == "–" else (letter,), TABLES[REWRITTEN], None)
