"""Every combination of what was left, what Stash says and what Plex shows, as tables.

In the tables of scalars A and B are two values of the field, Z is what a server made of A, and ""
is nothing. In those of lists every letter is a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from core.desired import Desired
from core.models import Value
from core.planning.item_plan import plan_item
from core.planning.three_way_merge import FieldOutcome, FirstSync
from core.records import FieldRecord
from tests.core.builders import full, item_record
from tests.core.plex_like import EMPTY

MERGE, MIRROR = FirstSync.MERGE, FirstSync.MIRROR

# What the letters stand for.
LETTERS: Mapping[str, Mapping[str, Value]] = {
    "title": {"": None, "A": "One", "B": "Two", "Z": "ONE!"},
    "summary": {"": None, "A": "One.\n\nTwo.", "B": "Three.", "Z": "One. Two."},
    "studio": {"": None, "A": "Tideline", "B": "Northlight", "Z": "tideline"},
    "date": {"": None, "A": "2024-05-06", "B": "2023-01-01", "Z": "2024-05-05"},
    "rating": {"": None, "A": 7.3, "B": 4.0, "Z": 7.5},
}
# (sent, read back): what a field was left at; None: no base. "kept" was found by a merge.
LEFT: Mapping[str, tuple[str, str, bool] | None] = {
    "first sync": None,
    "in sync": ("A", "A", False),
    "both empty": ("", "", False),
    "altered": ("A", "Z", False),
    "refused": ("B", "A", False),
    "not cleared": ("", "B", False),
    "kept": ("", "B", True),
}
# left, Stash, Plex -> what becomes of a scalar: "-" stays, "!" is cleared, else the new value.
# Where a first sync depends on the setting: merge/mirror.
ORDINARY = """
    first sync   .  .   -        in sync      .  .   -        both empty   .  .   -
    first sync   .  A   -/!      in sync      .  A   !        both empty   .  A   !
    first sync   A  .   A        in sync      .  B   !        both empty   A  .   A
    first sync   A  A   -        in sync      A  .   A        both empty   A  A   -
    first sync   A  B   A        in sync      A  A   -        both empty   A  B   A
                                 in sync      A  B   A
    altered      .  .   -        in sync      B  .   B        not cleared  .  .   -
    altered      .  Z   !        in sync      B  A   B        not cleared  .  B   -
    altered      .  B   !        in sync      B  B   -        not cleared  .  A   !
    altered      A  .   A                                     not cleared  A  B   A
    altered      A  A   -        refused      .  A   !        not cleared  B  B   -
    altered      A  Z   -        refused      A  A   -
    altered      A  B   A        refused      B  A   -        kept         .  .   -
    altered      B  Z   B        refused      B  .   B        kept         .  B   -
    altered      B  A   B        refused      B  Z   B        kept         .  A   -
    altered      B  B   -        refused      B  B   -        kept         A  B   A
                                                              kept         B  B   -
"""
# Where nothing is wanted, a title always stays, and a rating goes only if it is what we left there.
OURS: Mapping[str, Mapping[str, str]] = {"title": {}, "rating": {"in sync": "A", "altered": "Z"}}
NOT_FOR = {"title": ("kept",), "rating": ("kept", "refused")}  # states that they do not come to

Row = tuple[str, str, str, str]


def rows(table: str) -> Iterator[Row]:
    """The rows of a table with several rows in a line; the state may be two words."""
    for line in table.splitlines():
        words = line.split()
        while words:
            state = words.pop(0) if words[0] in LEFT else f"{words.pop(0)} {words.pop(0)}"
            want, now, result, *words = words
            yield state, want.strip("."), now.strip("."), result


def scalar_cases(field: str) -> Iterator[tuple[str, str, str, str]]:
    for state, want, now, result in rows(ORDINARY):
        if field in OURS and not want:
            if state in NOT_FOR[field]:
                continue
            result = "!" if now and OURS[field].get(state) == now else "-"
        yield state, want, now, result


def scalar(field: str, state: str, want: str, now: str, first_sync: FirstSync) -> FieldOutcome:
    values = LETTERS[field]
    left = LEFT[state]
    base = None
    if left is not None:
        kept = (str(values[left[1]]),) if left[2] else ()
        known = FieldRecord(values[left[0]], values[left[1]], kept)
        base = item_record(fields={field: known})
    item = full("/m/file.mp4", values={**EMPTY, field: values[now] if now else EMPTY[field]})
    plan = plan_item(Desired({field: values[want]}, ""), item, base, first_sync)
    assert plan.ref == item.ref
    assert plan.outcomes.keys() == {field}
    assert plan.changes == tuple(filter(None, [plan.outcomes[field].change]))
    return plan.outcomes[field]


@pytest.mark.parametrize("field", LETTERS)
@pytest.mark.parametrize("first_sync", [MERGE, MIRROR])
def test_scalars(field: str, first_sync: FirstSync) -> None:
    values = LETTERS[field]
    for case in scalar_cases(field):
        state, want, now, result = case
        expected = result.split("/")[-1 if first_sync is MIRROR else 0]
        outcome = scalar(field, state, want, now, first_sync)
        assert outcome.sent == values[want]
        if expected == "-":
            assert outcome.change is None, case
            continue
        assert outcome.change is not None, case
        assert outcome.change.before == values[now]
        assert outcome.change.after == (None if expected == "!" else values[expected])
        assert outcome.change.added == outcome.change.removed == ()
        assert outcome.kept == ()


@pytest.mark.parametrize("field", ["summary", "studio", "date"])
@pytest.mark.parametrize(
    ("state", "want", "now", "first_sync", "kept"),
    [
        ("first sync", "", "A", MERGE, "A"),
        ("first sync", "", "", MERGE, ""),
        ("first sync", "B", "A", MERGE, ""),
        ("first sync", "", "A", MIRROR, ""),
        ("kept", "", "B", MIRROR, "B"),
        ("kept", "", "A", MIRROR, "A"),  # the user went on with it
        ("kept", "", "", MERGE, ""),
        ("kept", "A", "B", MERGE, ""),
        ("in sync", "", "A", MERGE, ""),
        ("not cleared", "", "B", MERGE, ""),
    ],
)
def test_what_a_merge_keeps_of_a_scalar(
    field: str, state: str, want: str, now: str, first_sync: FirstSync, kept: str
) -> None:
    value = LETTERS[field][kept]
    assert scalar(field, state, want, now, first_sync).kept == (() if value is None else (value,))


# Stash, Plex -> what Plex is to show ("-" if it stays) and what is kept, by merge and by mirror.
FIRST_LISTS = [
    ("", "", ("-", ""), ("-", "")),
    ("ab", "", ("ab", ""), ("ab", "")),
    ("ab", "ba", ("-", ""), ("-", "")),
    ("ab", "BA", ("-", ""), ("-", "")),
    ("ab", "bc", ("bca", "c"), ("ba", "")),
    ("ab", "abc", ("-", "c"), ("ab", "")),
    ("", "c", ("-", "c"), ("", "")),
]
# (sent, read back, kept), Stash, Plex -> the same, whatever the setting.
LATER_LISTS = [
    # In sync so far.
    (("ab", "ab", ""), "ab", "ab", ("-", "")),
    (("ab", "ab", ""), "ba", "ab", ("-", "")),
    (("ab", "ab", ""), "a", "ab", ("a", "")),  # removed in Stash
    (("ab", "ab", ""), "", "ab", ("", "")),
    (("ab", "ab", ""), "abc", "ab", ("abc", "")),
    (("ab", "ab", ""), "bc", "ab", ("bc", "")),
    (("ab", "ab", ""), "ab", "a", ("ab", "")),  # removed in Plex
    (("ab", "ab", ""), "ab", "", ("ab", "")),
    (("ab", "ab", ""), "ab", "abz", ("ab", "")),  # added in Plex
    (("ab", "ab", ""), "a", "a", ("-", "")),
    (("", "", ""), "", "z", ("", "")),
    # A merge found k there.
    (("ab", "abk", "k"), "ab", "abk", ("-", "k")),
    (("ab", "abk", "k"), "a", "abk", ("ak", "k")),
    (("ab", "abk", "k"), "", "abk", ("k", "k")),
    (("ab", "abk", "k"), "ab", "abK", ("-", "K")),
    (("ab", "abk", "k"), "ab", "ab", ("-", "")),  # the user took it out
    (("ab", "abk", "k"), "ab", "abkz", ("abk", "k")),
    (("ab", "abk", "k"), "c", "k", ("kc", "k")),
    (("", "k", "k"), "", "k", ("-", "k")),
    (("ab", "abk", "k"), "abk", "abk", ("-", "k")),  # Stash has it too by now
    (("abk", "abk", "k"), "ab", "abk", ("ab", "")),  # ... and then not any more
    (("abk", "abk", ""), "ab", "abk", ("ab", "")),
    # A server that does not take b, or does not let go of z.
    (("ab", "a", ""), "ab", "a", ("-", "")),
    (("ab", "a", ""), "abc", "a", ("abc", "")),
    (("ab", "a", ""), "a", "a", ("-", "")),
    (("ab", "a", ""), "ab", "", ("ab", "")),
    (("a", "az", ""), "a", "az", ("-", "")),
    (("a", "az", ""), "ab", "az", ("ab", "")),
    (("a", "azk", "k"), "a", "azk", ("-", "k")),
]
ListCase = tuple[tuple[str, str, str] | None, str, str, tuple[str, str], FirstSync]


def list_cases() -> list[ListCase]:
    cases: list[ListCase] = []
    for want, now, merge, mirror in FIRST_LISTS:
        cases += [(None, want, now, merge, MERGE), (None, want, now, mirror, MIRROR)]
    for left, want, now, result in LATER_LISTS:
        cases += [(left, want, now, result, first_sync) for first_sync in FirstSync]
    return cases


@pytest.mark.parametrize("field", ["tags", "performers"])
def test_lists(field: str) -> None:
    for case in list_cases():
        shows_as_told(field, case)


def shows_as_told(field: str, case: ListCase) -> None:
    left, want, now, (target, kept), first_sync = case
    base = None
    if left is not None:
        sent, read_back, found = map(tuple, left)
        base = item_record(fields={field: FieldRecord(sent, read_back or None, found)})
    item = full(values={**EMPTY, field: tuple(now)})
    plan = plan_item(Desired({field: tuple(want) or None}, ""), item, base, first_sync)
    outcome = plan.outcomes[field]
    assert outcome.sent == tuple(want)
    assert outcome.kept == tuple(kept)
    change = outcome.change
    if target == "-":
        assert change is None
        return
    assert change is not None
    assert (change.before, change.after) == (tuple(now), tuple(target))
    assert change.added == tuple(name for name in target if name not in now)
    assert change.removed == tuple(name for name in now if name not in target)
