"""A set of ids in bits is a set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.id_set import DENSE, IdSet, KeySet

# Such as share a byte, stand at both of its ends or far apart, or are kept one by one.
NUMBERS = st.one_of(st.integers(-2, 40), st.sampled_from([255, 256, 1000, DENSE, DENSE + 1]))


@given(
    st.lists(NUMBERS, max_size=12),
    st.lists(st.tuples(st.booleans(), NUMBERS), max_size=20),
    NUMBERS,
)
def test_it_is_what_a_set_would_be(
    first: list[int], steps: list[tuple[bool, int]], asked: int
) -> None:
    ids, model = IdSet(first), set(first)
    for is_added, number in steps:
        (ids.add if is_added else ids.discard)(number)
        (model.add if is_added else model.discard)(number)

    dense = sorted(number for number in model if 0 <= number < DENSE)
    assert list(ids) == dense + sorted(model.difference(dense))
    assert len(ids) == len(model)
    assert (asked in ids) == (asked in model)
    assert all(number in ids for number in model)


def test_the_greatest_that_costs_a_bit_is_held_apart_from_its_neighbours() -> None:
    ids = IdSet([DENSE - 1, DENSE])

    assert len(ids) == 2
    assert [number in ids for number in range(DENSE - 2, DENSE + 2)] == [False, True, True, False]
    assert [each in IdSet([7]) for each in (7, -1, "7")] == [True, False, False]
    assert list(IdSet([7, -1])) == [7, -1]


def test_keys_are_told_apart_by_their_spelling_however_long() -> None:
    spelled = ["7", "07", "007", "", "a", "\u0667", "9" * 19, "9" * 5000]
    keys = KeySet()

    assert [keys.put(key) for key in spelled * 2] == [True] * 8 + [False] * 8
    assert len(keys) == 8
    assert keys.put("8")
    assert len(keys) == 9
