"""A library of copies is read as if each of them stood in the seed."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from benchmarks.million import measure
from benchmarks.simulated_servers import stage
from simulators.copies import Copies
from simulators.library.copies import copied
from simulators.library.generate import generate
from tests.examples import examples
from tests.pool import Pool
from tests.stages import lent_stage

SIZE = 40
GAPS = ("items_listed", "missing_count", "stale_sync_count", "empty_metadata_count")


@examples(200)
@given(
    st.lists(st.integers(0, 9), max_size=5, unique=True),
    st.integers(1, 4),
    st.booleans(),
    st.integers(0, 9),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=3),
)
def test_a_listing_of_copies_is_the_list_of_all_of_them(
    patterns: list[int], number: int, by_copy: bool, least: int, cuts: list[tuple[int, int]]
) -> None:
    every = [(pattern, copy) for copy in range(number) for pattern in patterns]
    if not by_copy:
        every.sort(key=lambda row: patterns.index(row[0]))
    rows = Copies.all_of(patterns, number, lambda row, copy: row + 100 * copy, by_copy=by_copy)
    for start, stop in cuts:
        every, rows = every[start:stop], rows[start:stop]
    whole = [pattern + 100 * copy for pattern, copy in every]
    assert list(rows) == whole
    assert [rows[place] for place in range(len(rows))] == whole
    passing = rows.where(lambda row: row >= least)
    assert list(passing) == [row for row in whole if row % 100 >= least]
    assert len(passing) == len(list(passing))


def test_a_reconcile_finds_in_each_copy_what_the_pattern_has(pool: Pool) -> None:
    found = []
    for copies in (2, 4):  # a folder that few scenes vote for is not believed to be another's
        with lent_stage(pool), stage(SIZE, copied(generate(SIZE), copies)) as here:
            told = measure(here) if copies > 2 else None
            output = here.task("reconcile_all").output
        found.append({name: output[name] for name in GAPS})
    twice, fourth = found
    assert told is not None
    assert [row[:2] for row in told.rows] == [
        (str(4 * SIZE), name) for name in ("first", "again", "once more")
    ]
    assert fourth == {name: 2 * number for name, number in twice.items()}
