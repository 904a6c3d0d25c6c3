"""The contract's names for enqueueing and sync timestamps.

They take what is open, a `SyncQueue` or a `State`. Whoever is outside names the directory instead:
then the file is opened for the one call, and questions make none where none is. The product itself
calls `enqueue`, `enqueue_all` and `load_sync_timestamps`; docs/queue.md says why it has no use for
the others. `open_queue` is for whoever wants the queue as persist-queue has it.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from storage.state import STATE_FILE, State
from storage.state_tables.sync_timestamps import LEGACY_FILE
from sync_queue.jobs import BULK, EnqueueOutcome, QueueStats, scene_number
from sync_queue.queue import SyncQueue
from sync_queue.reader import QUEUE_FILE

log = logging.getLogger(__name__)

AnyPath = str | os.PathLike[str]


class Puttable(Protocol):
    """Anything that takes a job object and answers with its id: `SyncQueue`, or persist-queue's."""

    def put(self, item: Any) -> int | None: ...


class BareQueue(Protocol):
    """persist-queue's own class, or what else lies in a directory."""

    path: str


def enqueue(
    queue: Puttable | AnyPath,
    scene_id: int,
    update_type: str,
    data: Mapping[str, object] | None,
    reason: str = "",
    *,
    not_before: float = 0.0,
    now: float | None = None,
    priority: int = BULK,
) -> dict[str, Any]:
    """Orders a sync of one scene, or refreshes the order that waits already.

    Args:
        data: the snapshot for people.
        not_before: epoch seconds before which the job is not due; 0 means at once.
        now: epoch seconds, this moment by default.
        priority: EDIT or BULK, of `sync_queue.jobs`.

    Returns:
        The job object; `job_id` is its row.

    Raises:
        ValueError: this is no number of a scene.
    """
    job: dict[str, Any] = {
        "scene_id": scene_number(scene_id),
        "update_type": update_type,
        "data": dict(data or {}),
        "enqueued_at": time.time() if now is None else now,
        "reason": reason,
        "attempts": 0,
        "not_before": not_before,
        "error": "",
        "priority": priority,
    }
    if not isinstance(queue, (str, os.PathLike)):
        return {"job_id": queue.put(job), **job}
    with SyncQueue(queue) as opened:
        return {"job_id": opened.put(job), **job}


def enqueue_all(
    queue: SyncQueue, items: Iterable[Mapping[str, object]], *, priority: int = BULK
) -> EnqueueOutcome:
    """Orders syncs of many scenes in one transaction; see `SyncQueue.put_many`."""
    return queue.put_many(items, priority=priority)


def get_queued_scene_ids(queue: SyncQueue | AnyPath) -> set[int]:
    """The scenes that wait, are held or are being worked on."""
    with _queue(queue) as opened:
        return set() if opened is None else opened.queued_scene_ids()


def get_stats(queue: SyncQueue | AnyPath) -> dict[str, int]:
    """Counts of jobs: pending (due and backing_off), in_progress, completed, failed, held."""
    with _queue(queue) as opened:
        stats = QueueStats(0, 0, 0, {}, 0) if opened is None else opened.stats(time.time())
    return {
        "pending": stats.waiting,
        "due": stats.due,
        "backing_off": stats.backing_off,
        "in_progress": stats.working,
        "completed": stats.completed,
        "failed": sum(stats.dead.values()),
        "held": stats.held,
    }


def load_sync_timestamps(
    state: State | AnyPath, scene_ids: Collection[int] | None = None
) -> dict[int, float]:
    """When each scene, or each of some, was last in agreement, in epoch seconds."""
    if isinstance(state, State):
        return state.timestamps() if scene_ids is None else state.timestamps_of(scene_ids)
    directory = Path(state)
    if not any((directory / name).exists() for name in (STATE_FILE, LEGACY_FILE)):
        return {}
    with State(directory, log.warning) as opened:
        return load_sync_timestamps(opened, scene_ids)


def save_sync_timestamp(state: State | AnyPath, scene_id: int, timestamp: float) -> None:
    """Notes when a scene was in agreement: the `updated_at` of what was sent, never 'now'.

    Raises:
        ValueError: this is no number of a scene, or no time.
    """
    if isinstance(state, State):
        if not math.isfinite(timestamp):
            raise ValueError(f"{timestamp} is no time")
        state.save_timestamp(scene_number(scene_id), timestamp)
        return
    with State(Path(state), log.warning) as opened:
        save_sync_timestamp(opened, scene_id, timestamp)


def open_queue(queue_path: AnyPath) -> Any:
    """The queue as persist-queue's own class, a `SQLiteAckQueue`.

    The table's triggers and indexes keep our promises for it as well: what it puts is merged with
    the job that waits for the scene, what is no job is refused, what it acknowledges is gone. Of
    due times and priorities it knows nothing.
    """
    import persistqueue
    from persistqueue.serializers import json

    SyncQueue(queue_path).close()
    # Garbage collection closes it once more, in whichever thread that runs.
    return persistqueue.SQLiteAckQueue(
        str(queue_path), serializer=json, auto_resume=False, multithreading=True
    )


@contextmanager
def full_queue(queue: SyncQueue | BareQueue | AnyPath | None) -> Iterator[SyncQueue | None]:
    """The queue with all that we ask of it, be it given as persist-queue has it, or by its
    directory, where it is made if there is none."""
    if queue is None or isinstance(queue, SyncQueue):
        yield queue
        return
    place = queue if isinstance(queue, (str, os.PathLike)) else queue.path
    with SyncQueue(place) as opened:
        yield opened


@contextmanager
def _queue(queue: SyncQueue | AnyPath) -> Iterator[SyncQueue | None]:
    if isinstance(queue, SyncQueue):
        yield queue
    elif (Path(queue) / QUEUE_FILE).exists():
        with SyncQueue(queue) as opened:
            yield opened
    else:
        yield None
