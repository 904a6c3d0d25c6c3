"""How far Stash's own changes are known, and under which name that is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.watermark import Watermark
from storage.files.json_checks import Maybe
from storage.key_value import Key


def _decoded(told: Mapping[str, Any] | None) -> Watermark | None:
    return None if told is None else Watermark.from_dict(told)


def _encoded(mark: Watermark | None) -> object:
    return None if mark is None else mark.as_dict()


WATERMARK: Key[Watermark | None] = Key(
    "watermark",
    None,
    Maybe({"at": float, "last_id": int, "seen": [(int, float)]}),
    _decoded,
    _encoded,
)
