"""When a reconcile takes nothing for granted."""

from __future__ import annotations

import pytest

from core.reconcile_due import is_full_pass_due

DAY = 86_400.0
NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("last", "is_full"),
    [
        (None, True),  # there was none
        (NOW, False),
        (NOW - 7 * DAY + 1, False),
        (NOW - 7 * DAY, True),
        (NOW + 1, True),  # somebody has put the clock back
    ],
)
def test_a_full_pass_is_due(last: float | None, is_full: bool) -> None:
    assert is_full_pass_due(last, NOW, 7) is is_full
