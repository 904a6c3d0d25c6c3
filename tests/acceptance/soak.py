"""How much a test does: a little in the suite, more in `make soak`, which also writes figures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

IS_SOAK = bool(os.environ.get("SOAK"))


def amount(suite: int, soak: int) -> int:
    """One or the other."""
    return soak if IS_SOAK else suite


def chosen(suite: Iterable[T], others: Iterable[T]) -> list[T]:
    """What a test is tried with: in `make soak` with the others as well."""
    return [*suite, *others] if IS_SOAK else [*suite]


def figure(line: str) -> None:
    """Add a row to the figures that docs/reliability.md shows."""
    path = os.environ.get("SOAK_FIGURES")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
