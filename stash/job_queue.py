"""Stash's job queue, as tasks ask for it: one global line, one job at a time."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import StashError
from stash.answers import objects
from stash.scenes import StashApi, query_data
from stash.task_request import FIND_JOB, PLUGIN, RUN_TASK, TASK, is_waiting

_QUEUE = "query JobQueue { jobQueue { id status description } }"


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job that has not begun; `is_ours`: it is our task."""

    id: str
    is_ours: bool


def waiting_jobs(stash: StashApi) -> list[WaitingJob]:
    """The jobs that wait for the running one to end. Raises StashError: or its kinds."""
    return [
        WaitingJob(str(job.get("id")), is_waiting(job))
        for job in objects(query_data(stash, _QUEUE, {}).get("jobQueue"))  # null when empty
        if job.get("status") == "READY"
    ]


def queue_sync_changes(stash: StashApi) -> str:
    """Have Stash queue our task behind all that waits; the job's id.

    Raises:
        StashError: or its kinds.
    """
    queued = query_data(stash, RUN_TASK, {"plugin": PLUGIN, "task": TASK}).get("runPluginTask")
    if not isinstance(queued, str):
        raise StashError("Stash answered without a job")
    return queued


def is_pending(stash: StashApi, job_id: str) -> bool:
    """Whether that job is our task, and waits or runs. Raises StashError: or its kinds."""
    return is_waiting(query_data(stash, FIND_JOB, {"id": job_id}).get("findJob"))
