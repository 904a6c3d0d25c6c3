"""A queue in a folder of its own, with a clock that stands still and nothing to warn about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.queue import SyncQueue

NOW = 1_700_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue"


@pytest.fixture
def queue(path: Path) -> Iterator[SyncQueue]:
    warnings: list[str] = []
    with SyncQueue(path, warn=warnings.append, clock=lambda: NOW) as opened:
        yield opened
    assert warnings == []
