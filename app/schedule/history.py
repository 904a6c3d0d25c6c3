"""What is remembered of automatic reconciles, and under which name."""

from __future__ import annotations

from core.reconcile_due import History
from storage.key_value import key_of_fields

HISTORY = key_of_fields(
    "reconcile_schedule",
    History(),
    {
        "since": float,
        "ended": {str: float},
        "tries": int,
        "tried_at": float,
        "is_stopped": bool,
        "gave_way_at": float,
    },
)
