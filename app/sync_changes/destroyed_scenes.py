"""Scenes that were deleted in Stash: what they have left in Plex goes through the queue."""

from __future__ import annotations

from collections.abc import Iterable

from app.wiring import Context
from reconciliation.enqueueing import UPDATE_TYPE
from storage.sqlite import chunks
from sync_queue.operations import enqueue_all
from worker.finalizer.finalizer import added_fields

REASON = "destroyed: deleted in Stash, so what we added for it is to go"


def enqueue_destroyed(context: Context, scene_ids: Iterable[int]) -> int:
    """Queue scenes that have left something which `remove_on_destroy` takes back; how many.

    What is done about them is decided by the worker, which meets a job whose scene is gone.
    """
    if not context.settings.remove_on_destroy:
        return 0
    enabled = context.settings.synced_fields()
    queued = 0
    with context.open_state() as state, context.open_queue() as queue:
        for ids in chunks(scene_ids):
            records = state.records.get_many(ids).values()
            jobs = [
                {
                    "scene_id": record.scene_id,
                    "update_type": UPDATE_TYPE,
                    "reason": REASON,
                    "data": {"path": record.files[0].path if record.files else ""},
                }
                for record in records
                if added_fields(record, enabled)
            ]
            queued += enqueue_all(queue, jobs).new
    return queued
