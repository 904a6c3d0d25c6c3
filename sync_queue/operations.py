"""The contract's names for outsiders: thin faces over `SyncQueue` and `State`.

Whoever holds a queue or a data directory for longer should use those directly: each call with a
path opens the file, does one thing and closes it.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from storage.state import STATE_FILE, State
from storage.timestamps import LEGACY_FILE
from sync_queue.ackqueue import QUEUE_FILE
from sync_queue.jobs import BULK
from sync_queue.queue import SyncQueue

log = logging.getLogger(__name__)

AnyPath = str | os.PathLike[str]


class Puttable(Protocol):
    """Anything that takes a job object and answers with its id: `SyncQueue`, or persist-queue's."""

    def put(self, item: Any) -> int | None: ...


def enqueue(
    queue: Puttable | AnyPath,
    scene_id: int,
    update_type: str,
    data: Mapping[str, object],
    reason: str = "",
    *,
    not_before: float = 0.0,
    now: float | None = None,
    priority: int = BULK,
) -> dict[str, Any]:
    """Orders a sync of one scene, or refreshes the order that waits already.

    Args:
        queue: a queue, or the path of its directory.
        data: the snapshot for people.
        not_before: epoch seconds before which the job is not due; 0 means at once.
        now: epoch seconds, this moment by default.
        priority: EDIT or BULK, of `sync_queue.jobs`.

    Returns:
        The job object; `job_id` is the row that stands for it.
    """
    if isinstance(queue, (str, os.PathLike)):
        with SyncQueue(queue) as opened:
            return enqueue(
                opened,
                scene_id,
                update_type,
                data,
                reason,
                not_before=not_before,
                now=now,
                priority=priority,
            )
    job: dict[str, Any] = {
        "scene_id": int(scene_id),
        "update_type": update_type,
        "data": dict(data),
        "enqueued_at": time.time() if now is None else now,
        "reason": reason,
        "attempts": 0,
        "not_before": not_before,
        "error": "",
        "priority": priority,
    }
    return {"job_id": queue.put(job), **job}


def get_queued_scene_ids(queue_path: AnyPath) -> set[int]:
    """The scenes that wait or are being worked on; makes no file where there is none."""
    if not _has_queue(queue_path):
        return set()
    with SyncQueue(queue_path) as queue:
        return queue.queued_scene_ids()


def get_stats(queue_path: AnyPath) -> dict[str, int]:
    """Counts of jobs: pending (due and backing_off), in_progress, completed, failed."""
    if not _has_queue(queue_path):
        return dict.fromkeys(
            ("pending", "due", "backing_off", "in_progress", "completed", "failed"), 0
        )
    with SyncQueue(queue_path) as queue:
        stats = queue.stats(time.time())
    return {
        "pending": stats.waiting,
        "due": stats.due,
        "backing_off": stats.backing_off,
        "in_progress": stats.working,
        "completed": stats.completed,
        "failed": sum(stats.dead.values()),
    }


def load_sync_timestamps(data_dir: AnyPath) -> dict[int, float]:
    """When each scene was last in agreement (epoch seconds); makes no file where there is none."""
    directory = Path(data_dir)
    if not any((directory / name).exists() for name in (STATE_FILE, LEGACY_FILE)):
        return {}
    with State(directory, log.warning) as state:
        return state.timestamps()


def save_sync_timestamp(data_dir: AnyPath, scene_id: int, timestamp: float) -> None:
    """Notes when a scene was in agreement: the `updated_at` of what was sent, never 'now'."""
    with State(Path(data_dir), log.warning) as state:
        state.save_timestamp(scene_id, timestamp)


def _has_queue(queue_path: AnyPath) -> bool:
    return (Path(queue_path) / QUEUE_FILE).exists()
