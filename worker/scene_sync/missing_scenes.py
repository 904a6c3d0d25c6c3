"""Resolves the jobs whose scenes Plex does not have, once all others are done."""

from __future__ import annotations

from collections.abc import Sequence

from core.models import Failure
from sync_queue.queue import SyncQueue
from worker.executor.acknowledge import Acknowledger
from worker.executor.figures import Figures
from worker.locating.scan_wait import ScanWaiting
from worker.plan import Absent


def resolve_absent(
    scans: ScanWaiting,
    queue: SyncQueue,
    absent: Sequence[Absent],
    acknowledger: Acknowledger,
    figures: Figures,
) -> None:
    """Let jobs wait for scans of Plex; the others have failed an attempt.

    Raises:
        PlexError: none of these jobs is resolved then.
    """
    if not absent:
        return
    waits = scans.judge(absent)
    waiting = [each.job for each in absent if each.job.job_id in waits]
    queue.postpone(
        (job, waits[job.job_id].not_before, Failure.AWAITS_SCAN, waits[job.job_id].why)
        for job in waiting
    )
    figures.processed += len(absent)
    figures.retried += len(waiting)
    figures.awaiting += len(waiting)
    for each in absent:
        if each.job.job_id not in waits:
            acknowledger.failed.missing(each.job, each.path)
    figures.scans_asked += scans.asked
