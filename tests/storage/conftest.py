"""A state in a folder of its own, closed after the test, that has nothing to warn about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.state import State


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    warnings: list[str] = []
    with State(tmp_path, warnings.append) as opened:
        yield opened
    assert warnings == []
