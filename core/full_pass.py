"""When a reconcile takes nothing for granted that it has seen before. Pure."""

from __future__ import annotations

from core.scopes import DAY


def is_due(last: float | None, now: float, days: int) -> bool:
    """Whether a full pass is due.

    Args:
        last: when the last one began (epoch seconds); None: there was none.
        days: the most days between two of them.
    """
    return last is None or now < last or now - last >= days * DAY
