"""A queue and a state of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.state import State
from sync_queue.queue import SyncQueue
from tests.worker.executor.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with State(tmp_path, print) as state, SyncQueue(tmp_path / "queue") as queue:
        yield Office(state, queue)
        assert queue.stats(4e9).working == 0
