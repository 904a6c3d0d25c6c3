"""What is remembered of automatic reconciles, and under which name."""

from __future__ import annotations

from core.reconcile_due import History
from storage.files.json_checks import Maybe
from storage.key_value import Key

HISTORY = Key(
    "reconcile_schedule",
    History(),
    {
        "since": Maybe(float),
        "ended": Maybe({str: float}),
        "tries": Maybe(int),
        "tried_at": Maybe(float),
        "is_stopped": Maybe(bool),
        "gave_way_at": Maybe(float),
    },
    History.from_dict,
    History.as_dict,
)
