"""The job queue: one FIFO, one job at a time, the last ten finished ones remembered.

Rules from Stash's pkg/job/manager.go: stopping a waiting job removes it, stopping the running one
ends it at once as CANCELLED; stopping all passes over some; a job fails only through its own start,
never through what a plugin answers; progress is 0 until it is first set, never null, and keeps its
last value.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from simulators.stash.times import Clock

WORKERS = 2  # of a scan; a new Stash has one, with which no hooks would meet each other
GRAVEYARD = 10


class JobError(Exception):
    """The job could not be done: it ends as FAILED with this text."""


@dataclass(slots=True, eq=False)
class Job:
    """A job; the attributes are the GraphQL fields. `outcome` is for /_sim/jobs alone."""

    id: str
    description: str
    addTime: str  # noqa: N815
    run: Callable[[Job], Awaitable[None]]
    status: str = "READY"
    subTasks: list[str] | None = None  # noqa: N815
    progress: float = 0.0
    startTime: str | None = None  # noqa: N815
    endTime: str | None = None  # noqa: N815
    error: str | None = None
    outcome: dict[str, Any] = field(default_factory=dict)

    def dump(self) -> dict[str, Any]:
        names = ("id", "status", "description", "progress", "startTime", "endTime", "addTime")
        return {**{name: getattr(self, name) for name in (*names, "error")}, **self.outcome}


class JobQueue:
    """Runs jobs one after the other on the running event loop.

    Args:
        complain: is told when a job fails.
    """

    def __init__(self, clock: Clock, complain: Callable[[str], None]) -> None:
        self._clock = clock
        self._complain = complain
        self._waiting: list[Job] = []  # the running one included
        self._all: list[Job] = []
        self._finished: list[Job] = []
        self._running: asyncio.Task[None] | None = None
        self._more = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._worker = asyncio.create_task(self._work())

    async def close(self) -> None:
        for task in (self._worker, self._running):  # or the worker would start the next one
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def add(self, description: str, run: Callable[[Job], Awaitable[None]]) -> Job:
        job = Job(str(len(self._all) + 1), description, self._clock.fine_text(), run)
        self._all.append(job)
        self._waiting.append(job)
        self._more.set()
        return job

    def listed(self) -> list[Job] | None:
        """None when empty: a nil slice of a nullable list."""
        return list(self._waiting) or None

    def find(self, job_id: str) -> Job | None:
        return next((job for job in self._waiting + self._finished if job.id == job_id), None)

    def dump(self) -> list[dict[str, Any]]:
        return [job.dump() for job in self._all]

    def stop(self, job_id: str) -> None:
        job = next((job for job in self._waiting if job.id == job_id), None)
        if job is None:
            return
        if job.status == "READY":
            job.status = "CANCELLED"
            self._remove(job)
        elif job.status == "RUNNING" and self._running is not None:
            job.status = "STOPPING"
            self._running.cancel()

    def stop_all(self) -> None:
        """Not all: Stash walks through a list that it shortens on the way, so behind each waiting
        job that it removes it passes over one; what the list's old end still holds comes last."""
        old, length = list(self._waiting), len(self._waiting)
        for index in range(length):
            job = old[index]
            self.stop(job.id)
            if job.status == "CANCELLED" and job in old[:length]:
                at = old.index(job)
                old[at : length - 1] = old[at + 1 : length]
                length -= 1

    def _remove(self, job: Job) -> None:
        self._waiting.remove(job)
        job.subTasks = None
        self._finished = [*self._finished, job][-GRAVEYARD:]

    async def _work(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                await self._execute(self._waiting[0])

    async def _execute(self, job: Job) -> None:
        job.status, job.startTime = "RUNNING", self._clock.fine_text()
        self._running = asyncio.ensure_future(_call(job))
        await asyncio.wait([self._running])
        error = None if self._running.cancelled() else self._running.exception()
        if job.status == "STOPPING" or self._running.cancelled():
            job.status = "CANCELLED"
        elif error is not None:
            # Stash also turns a panic into FAILED, so any error ends here.
            job.status, job.error = "FAILED", str(error)
            self._complain(f"task failed due to error: {error}")
        else:
            job.status = "FINISHED"
        job.endTime = self._clock.fine_text()
        self._running = None
        self._remove(job)


async def _call(job: Job) -> None:
    await job.run(job)
