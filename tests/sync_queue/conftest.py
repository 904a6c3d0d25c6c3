"""A queue, or both sides of an inbox, in a folder of its own and with nothing to warn about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_queue.jobs import JOBS, job_from
from sync_queue.queue import SyncQueue
from sync_queue.schema import TABLE
from tests.sync_queue.hook_and_task import HookAndTask

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


def rows(queue: SyncQueue) -> list[dict[str, Any]]:
    """Every row by its id: the job, and its status as a number."""
    found = queue.database.rows(f"SELECT {JOBS.columns}, status FROM {TABLE} ORDER BY _id")
    return [{"id": row[0], "job": job_from(row[:-1]), "status": row[-1]} for row in found]


@pytest.fixture
def both(tmp_path: Path) -> Iterator[HookAndTask]:
    both = HookAndTask(tmp_path / "data")
    yield both
    both.close()
    assert both.warnings == []
