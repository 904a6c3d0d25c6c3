"""When a listing is too empty to be believed."""

from __future__ import annotations

import pytest

from reconciliation.listing_guard import suddenly_empty


@pytest.mark.parametrize(
    ("before", "now", "stops"),
    [
        (0, 0, False),
        (9, 0, False),  # never was full
        (10, 0, True),
        (10, 1, True),
        (10, 2, False),
        (10_000, 1_000, True),
        (10_000, 1_001, False),
        (10_000, 20_000, False),
    ],
)
def test_a_side_that_is_suddenly_empty(before: int, now: int, stops: bool) -> None:
    assert suddenly_empty(before, now) is stops
