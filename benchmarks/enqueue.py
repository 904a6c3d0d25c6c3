"""Bulk enqueueing into a real queue file, empty at first and then with as many jobs in it."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.amounts import Plan, Say
from benchmarks.result_tables import Goal, Report, Sheet, figure
from sync_queue.queue import SyncQueue

MOST_SECONDS = 0.5  # for 2,000 jobs
FACTOR = 10  # how many more jobs show whether time grows in step


def measure_enqueueing(plan: Plan, say: Say) -> Report:
    """Enqueue the plan's jobs, the same jobs again, and ten times as many."""
    say(f"enqueueing {plan.jobs:,} jobs")
    few, many = jobs(plan.jobs), jobs(plan.jobs * FACTOR)
    fresh = median(_seconds(few) for _ in range(plan.rounds))
    refreshed = median(_seconds(few, before=few) for _ in range(plan.rounds))
    large = median(_seconds(many) for _ in range(plan.rounds))
    rows = (
        ("into an empty queue", f"{len(few):,}", figure(fresh, "s"), _rate(few, fresh)),
        ("the same once more", f"{len(few):,}", figure(refreshed, "s"), _rate(few, refreshed)),
        ("into an empty queue", f"{len(many):,}", figure(large, "s"), _rate(many, large)),
    )
    sheet = Sheet("Enqueueing in bulk", ("what", ">jobs", ">time", ">jobs/s"), rows)
    limit = MOST_SECONDS * plan.jobs / 2_000
    return Report((sheet,), (Goal(f"enqueueing {len(few):,} jobs", fresh, limit, "s"),))


def jobs(count: int) -> list[dict[str, Any]]:
    """Jobs as reconcile makes them, of an average size."""
    return [
        {
            "scene_id": number,
            "update_type": "metadata",
            "reason": "drift: never synced",
            "data": {
                "path": f"/data/library/Harbour/2019/Quiet Harbour Walk {number}.mp4",
                "title": f"Quiet Harbour Walk {number}",
                "details": "The boats leave before the sun is over the roofs. " * 6,
                "date": "2019-05-04",
                "rating100": 80,
                "studio": "Old Mill Films",
                "performers": ["Ana Lind", "Boris Marsh", "Gülay Fjord"],
                "tags": ["Coastal Birds", "Urban Boats", "Slow Travel", "Night Trains"],
                "poster_url": None,
                "background_url": None,
            },
        }
        for number in range(1, count + 1)
    ]


def _seconds(wanted: list[dict[str, Any]], before: list[dict[str, Any]] | None = None) -> float:
    with (
        TemporaryDirectory(prefix="queue-", ignore_cleanup_errors=True) as folder,
        SyncQueue(Path(folder) / "queue") as queue,
    ):
        if before is not None:
            queue.put_many(before)
        start = time.perf_counter()
        queue.put_many(wanted)
        return time.perf_counter() - start


def _rate(done: list[dict[str, Any]], seconds: float) -> str:
    return f"{len(done) / seconds:,.0f}"
