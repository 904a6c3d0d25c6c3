"""How far Stash's own changes are known, and under which name that is remembered."""

from __future__ import annotations

from core.watermark import Watermark
from storage.files.json_checks import Maybe
from storage.key_value import Key

WATERMARK: Key[Watermark | None] = Key(
    "watermark",
    None,
    Maybe({"at": float, "last_id": int, "seen": [(int, float)]}),
    lambda told: told and Watermark.from_dict(told),
    lambda mark: mark and mark.as_dict(),
)
