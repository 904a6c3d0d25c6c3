"""A queue and a state of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.state import State
from sync_queue.queue import SyncQueue
from tests.worker.executor.run_harness import RunHarness


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[RunHarness]:
    with State(tmp_path, print) as state, SyncQueue(tmp_path / "queue") as queue:
        yield RunHarness(state, queue)
        assert queue.stats(4e9).working == 0
