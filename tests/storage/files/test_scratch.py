"""A spool is a dict by ids on the disk, whatever is in memory of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.files.scratch import Scratch
from tests.examples import examples

IDS = st.lists(st.integers(1, 600) | st.integers(1, 2**40), max_size=8)
STEPS = st.lists(st.tuples(st.sampled_from(["put", "discard", "of", "batches"]), IDS), max_size=25)


@given(STEPS, st.sampled_from([1, 3, 500]))
@examples(60)
def test_a_spool_keeps_what_was_put_last_in_order_of_the_ids(
    steps: list[tuple[str, list[int]]], size: int
) -> None:
    known: dict[int, tuple[int, str]] = {}
    with Scratch() as scratch:
        spool = scratch.spool("some", tuple[int, str])
        for number, (step, ids) in enumerate(steps):
            if step == "put":
                values = {each: (number, str(each)) for each in ids}
                spool.put(values)
                known |= values
            elif step == "discard":
                spool.discard(ids)
                known = {each: value for each, value in known.items() if each not in ids}
            elif step == "of":
                among = known.keys() & set(ids)
                assert spool.of(ids) == {each: known[each] for each in among}
                assert spool.among(ids) == among
            else:
                batches = []
                for batch in spool.batches(size):
                    batches.append(batch)
                    spool.of(ids)  # may have another row in memory
                assert all(len(batch) <= size for batch in batches)
                assert [e for batch in batches for e in batch.items()] == sorted(known.items())
        assert (list(spool), len(spool), bool(spool)) == (sorted(known), len(known), bool(known))
        assert [each in spool for each in (1, 2, "1")] == [1 in known, 2 in known, False]
