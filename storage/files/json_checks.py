"""What decoded JSON has to look like before anything is believed of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.files.row_checks import NonsenseError

# A shape is one of:
# - a type: `str`, `int`, `bool`, `float` (any finite number), or `object` for anything;
# - `[shape]`, a list of such values, and `(shape, shape)`, a list of just these;
# - `{str: shape}`, an object with any keys, and `{"key": shape}`, one with these keys at least;
# - `Maybe(shape)`, such a value, null, or a key that is missing.
Shape = Any


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value of this shape, or none."""

    shape: Shape


def check(value: Any, shape: Shape) -> None:
    """Makes sure that a value has a shape.

    Raises:
        NonsenseError: it has not; the text says where, without any content.
    """
    _check(value, shape, "the value")


def _check(value: Any, shape: Shape, place: str) -> None:
    if isinstance(shape, Maybe):
        if value is not None:
            _check(value, shape.shape, place)
    elif isinstance(shape, list):
        for each in _of(list, value, place):
            _check(each, shape[0], f"an entry of {place}")
    elif isinstance(shape, tuple):
        if len(_of(list, value, place)) != len(shape):
            raise NonsenseError(f"{place} has {len(value)} entries")
        for each, inner in zip(value, shape, strict=True):
            _check(each, inner, f"an entry of {place}")
    elif isinstance(shape, Mapping):
        _check_object(_of(dict, value, place), shape, place)
    elif shape is float:
        if type(value) not in (int, float) or not math.isfinite(value):
            raise NonsenseError(f"{place} is no number")
    elif shape is not object:
        _of(shape, value, place)


def _check_object(value: dict[str, Any], shape: Mapping[Any, Shape], place: str) -> None:
    if str in shape:
        for each in value.values():
            _check(each, shape[str], f"an entry of {place}")
        return
    for key, inner in shape.items():
        if key in value or not isinstance(inner, Maybe):
            _check(value.get(key), inner, f"{key!r} of {place}")


def _of(kind: type, value: Any, place: str) -> Any:
    if type(value) is not kind:
        raise NonsenseError(f"{place} is no {kind.__name__}")
    return value
