"""Scenes that were deleted in Stash: what they have left in Plex goes through the queue."""

from __future__ import annotations

from collections.abc import Iterable

from app.wiring import Context
from core.records import Record
from reconciliation.enqueueing import UPDATE_TYPE
from storage.files.database import chunks
from sync_queue.operations import enqueue_all
from worker.destroyed_scenes.plan_source import added_fields

REASON = "destroyed: deleted in Stash, so what we added for it is to go"


def enqueue_destroyed(context: Context, scene_ids: Iterable[int]) -> int:
    """Queue scenes that have left something which `remove_on_destroy` takes back, but for those
    that the user ignores; how many.

    What is done about them is decided by the worker, which meets a job whose scene is gone.
    """
    if not context.settings.remove_on_destroy:
        return 0
    enabled = context.settings.synced_fields()
    queued = 0
    with context.open_state() as state, context.open_queue() as queue:
        for ids in chunks(each for each in scene_ids if each not in state.ignored):
            records = state.records.get_many(ids)
            leaving = [i for i in ids if i in records and added_fields(records[i], enabled)]
            is_cut_off = state.journal.has_unrecorded
            leaving += [i for i in ids if i not in leaving and is_cut_off(i)]
            jobs = [
                {
                    "scene_id": scene_id,
                    "update_type": UPDATE_TYPE,
                    "reason": REASON,
                    "data": {"path": _path(records.get(scene_id))},
                }
                for scene_id in leaving
            ]
            queued += enqueue_all(queue, jobs).new
    return queued


def _path(record: Record | None) -> str:
    """The primary file of a scene, for people; "" where nothing is known of it."""
    return record.files[0].path if record is not None and record.files else ""
