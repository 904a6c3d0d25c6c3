"""Runs every row of every table in docs/merge.md, so that the page and the code cannot part."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.fields import BY_NAME, Desired
from core.merge import FieldOutcome, FirstSync, MergeRules, Sides, merge
from core.models import FieldRecord, Value
from core.planning import plan_item
from tests.core.builders import full, item_record
from tests.core.plex_like import EMPTY

PAGE = Path(__file__).resolve().parents[2] / "docs" / "merge.md"
OFF, ON = MergeRules(FirstSync.MERGE), MergeRules(FirstSync.MERGE, preserve=True)

Row = Mapping[str, str]

# What the letters stand for. Z is what a server may make of A.
LETTERS: Mapping[str, Mapping[str, Value]] = {
    "title": dict(zip("ABCDZ", ("One", "Two", "Three", "Four", "ONE!"), strict=True)),
    "summary": dict(zip("ABCDZ", ("One.\n\nTwo.", "B.", "C.", "D.", "One. Two."), strict=True)),
    "studio": dict(zip("ABCDZ", ("Tideline", "North", "South", "West", "tideline"), strict=True)),
    "date": dict(zip("ABCDZ", (f"202{n}-05-0{n + 1}" for n in range(5)), strict=True)),
    "rating": dict(zip("ABCDZ", (7.3, 4.0, 1.0, 9.9, 7.5), strict=True)),
}
TEXTS = ("summary", "studio", "date")


def tables() -> dict[str, list[Row]]:
    """The rows of the page's tables, by the heading that they stand under."""
    found: dict[str, list[Row]] = {}
    heading, header = "", None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if not line.startswith("|"):
            header = None
        elif header is None:
            header = [cell.strip("` ") for cell in line.strip("|").split("|")]
        elif not re.fullmatch(r"[|\- ]+", line) or "–" in line:
            cells = [cell.strip() for cell in line[1:-1].split("|")]
            plain = [name.replace("`", "") for name in header]
            found.setdefault(heading, []).append(dict(zip(plain, cells, strict=True)))
    return found


TABLES = tables()
LEGENDS = ("How to read the tables",)
VALUES = (
    "Both were in step",
    "The value was yours",
    "Plex altered or refused what was sent",
    "A first sync kept what it found",
    "A rating that is not ours",
    "A field that you locked later",
    "Dates that Stash knows in part",
)
FIRST_VALUE, FIRST_LIST = "First sync", "First sync of a list"
STEM, REWRITTEN = "A scene without a title", "Somebody else keeps rewriting a field"
LISTS, LOCKED_LIST = "Later syncs of a list", "A list that you locked"


@dataclass(frozen=True)
class Cell:
    """A value of a table, and the words behind it."""

    value: str
    words: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Cell:
        value, *words = text.split(", ")
        return cls(value, frozenset(words))


def fields_of(row: Row) -> list[str]:
    names: list[str] = []
    for word in row["field"].split(", "):
        names += {"any": list(LETTERS), "text": list(TEXTS)}.get(word, [word])
    return names


def value_of(field: str, letter: str) -> Value:
    return None if letter == "–" else LETTERS[field].get(letter, letter)


def told(field: str, outcome: FieldOutcome, now: Value, *, kept: bool = True) -> Cell:
    """An outcome in the page's notation, with or without the word "kept"."""
    after = now if outcome.change is None else outcome.change.after
    names = {value: letter for letter, value in LETTERS[field].items()} | {None: "–"}
    words = {
        "yours": outcome.held,
        "kept": kept and bool(outcome.kept) and not outcome.held,
        "taken out": bool(outcome.withheld),
        "reported": bool(outcome.note),
    }
    shown = names.get(after, str(after)) if not isinstance(after, tuple) else "?"
    return Cell(shown, frozenset(word for word, so in words.items() if so))


def scalar_cases() -> Iterator[tuple[str, Row]]:
    for heading in (FIRST_VALUE, *VALUES):
        for row in TABLES[heading]:
            for field in fields_of(row):
                yield field, row


def base_of(field: str, row: Row) -> FieldRecord | None:
    if "Stash then" not in row:
        return None
    sent, then = value_of(field, row["Stash then"]), Cell.of(row["Plex then"])
    read_back = value_of(field, then.value)
    kept = (str(read_back),) if "kept" in then.words else ()
    # Whether it was we who locked it makes no difference but under "locked".
    return FieldRecord(sent, read_back, kept, held="yours" in then.words)


def rules_of(column: str) -> tuple[MergeRules, bool]:
    """The settings that a column stands for, and whether it says that the user locked the field."""
    words = column.split(", ")
    first_sync = FirstSync(words[0]) if words[0] in ("merge", "mirror") else FirstSync.MERGE
    locked = "locked" in words
    return MergeRules(first_sync, preserve=locked or words[0] in ("on", "collections on")), locked


@pytest.mark.parametrize(
    "case", list(scalar_cases()), ids=lambda c: " ".join((c[0], *c[1].values()))
)
def test_values(case: tuple[str, Row]) -> None:
    name, row = case
    field, base = BY_NAME[name], base_of(name, row)
    want = value_of(name, row.get("Stash now") or row["Stash"])
    shown = Cell.of(row.get("Plex now") or row["Plex"])
    now = value_of(name, shown.value)
    columns = [column for column in row if column.split(",")[0] in ("off", "on", "merge", "mirror")]
    assert len(columns) in (2, 4)
    for column in columns:
        rules, locked = rules_of(column)
        locked |= "locked" in shown.words
        outcome = merge(Sides(field, want, now, base, locked), rules)
        # Only the table of ratings says which of them are ours.
        kept = name != "rating" or row["field"] == "rating"
        assert told(name, outcome, now, kept=kept) == Cell.of(row[column]), column
        assert outcome.sent == want
        assert outcome.kept == () or outcome.kept == (str(now),)


def canonical(*values: str) -> tuple[int, ...]:
    """Which of some values are equal, and which are nothing: the pattern of a row."""
    seen = {"–": 0}
    return tuple(seen.setdefault(value, len(seen)) for value in values)


@pytest.mark.parametrize("field", LETTERS)
def test_no_combination_of_values_is_left_out(field: str) -> None:
    for heading, columns in (
        (FIRST_VALUE, ("Stash", "Plex")),
        (VALUES[0], ("Stash then", "Stash now", "Plex now")),
    ):
        rows = [row for row in TABLES[heading] if field in fields_of(row)]
        patterns = [canonical(*(row[column] for column in columns)) for row in rows]
        every = {canonical(*v) for v in itertools.product("–ABC", repeat=len(columns))}
        assert sorted(patterns) == sorted(every)


def test_no_combination_of_list_entries_is_left_out() -> None:
    names = ("Stash then", "Plex then", "Stash now", "Plex now")
    rows = [tuple(row[name] for name in names) for row in TABLES[LISTS]]
    in_plex = ["–", "in", "in, yours", "–, taken out"]
    every = set(itertools.product(("–", "in"), in_plex, ("–", "in"), ("–", "in")))
    assert set(rows) == every
    assert len(rows) == len(every)


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


# Lists ------------------------------------------------------------------------------------

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
    words += ["taken out"] if "Jazz" in outcome.withheld else []
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
        withheld = entry("in") if "taken out" in plex else ()
        read_back = entry(plex, *others[1]) or None
        base = FieldRecord(entry(then, *others[0]), read_back, kept, withheld)
    want = entry(row.get("Stash now") or row["Stash"], *others[2]) or None
    now = entry(row.get("Plex now") or row["Plex"], *others[3])
    return Sides(BY_NAME[field], want, now, base, locked)


ALONE = ((), (), (), ())
AMONG_OTHERS = (("Sea", "Bread"),) * 4
EDITED_IN_PLEX = (("Sea",), ("Sea",), ("Sea",), ("SEA",))
CONTEXTS = {"alone": ALONE, "among others": AMONG_OTHERS, "in another case": EDITED_IN_PLEX}


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("row", TABLES[LISTS], ids=lambda row: " ".join(row.values()))
def test_later_lists(row: Row, context: str) -> None:
    was_in = row["Plex now"] == "in"
    for column in ("off", "on", "collections off", "collections on"):
        rules, _ = rules_of(column)
        for field in ("collection",) if column.startswith("collections") else ALIKE:
            outcome = merge(list_sides(field, row, CONTEXTS[context]), rules)
            assert told_entry(outcome, was_in) == row[column], (field, column)


STUBBORN: Mapping[tuple[str, ...], str] = {
    ("in", "–", "in", "–"): "in",
    ("–", "in", "–", "in"): "–",
}


@pytest.mark.parametrize("row", TABLES[LISTS], ids=lambda row: " ".join(row.values()))
def test_another_change_of_the_list_makes_no_difference_but_for_what_plex_refused(row: Row) -> None:
    others = (("Sea",), ("Sea",), ("Sea", "Bread"), ("Sea",))
    names = ("Stash then", "Plex then", "Stash now", "Plex now")
    again = STUBBORN.get(tuple(row[name] for name in names))
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
            assert (outcome.held, outcome.lock_void) == (not agreed, agreed)


@pytest.mark.parametrize("row", TABLES[LISTS], ids=lambda row: " ".join(row.values()))
def test_lists_locked_by_an_edit_of_theirs(row: Row) -> None:
    """Plex locks what it edits; an edit of an entry is no reason to leave the others alone."""
    others = (("Sea",), ("Sea",), ("Sea", "Bread"), ("Sea", "Mine"))
    outcome = merge(list_sides("tags", row, others, locked=True), ON)
    assert outcome.change is not None
    assert "Bread" in outcome.change.added
    assert "Mine" in outcome.kept
    names = ("Stash then", "Plex then", "Stash now", "Plex now")
    key = tuple(row[name] for name in names)
    assert told_entry(outcome, row["Plex now"] == "in") == STUBBORN.get(key, row["on"])
    assert outcome.lock_void
