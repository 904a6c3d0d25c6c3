"""Stash's own scan.

It takes queue time (`scan_seconds_per_file` per file) and fires what Stash's does: it runs the
hooks of new files in its workers, several at once, before it makes their covers, which announce
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from simulators.stash.jobs import WORKERS, Job
from simulators.stash.model import DiskFile
from simulators.stash.scan import Scan
from simulators.stash.state import RequestContext

Given = Mapping[str, Any]


class JobMutations:
    """Method `metadata_scan` resolves the field `metadataScan`, and so on."""

    def metadata_scan(self, ctx: RequestContext, input_: Given) -> str:
        scan = Scan(ctx, input_)

        async def run(job: Job) -> None:
            scan.begin()
            paths = input_.get("paths") or ()
            files = [file for file in scan.wanted() if _below(file.path, paths)]
            await _in_parallel(ctx, job, files, scan.file)
            job.progress = 1.0  # also of files that are as they were

        return ctx.sim.jobs.add("Scanning...", run).id


def _below(path: str, folders: Iterable[str]) -> bool:
    prefixes = tuple(folders)
    return not prefixes or path.startswith(prefixes)


async def _in_parallel(
    ctx: RequestContext,
    job: Job,
    files: Sequence[DiskFile],
    work: Callable[[DiskFile], Awaitable[None]],
) -> None:
    """Works on several files at once, as many as there are workers; cancelling ends all."""
    slots = asyncio.Semaphore(WORKERS)
    done = 0

    async def one(file: DiskFile) -> None:
        nonlocal done
        async with slots:
            job.subTasks = [f"Scanning {file.path}"]
            await asyncio.sleep(float(ctx.sim.switches["scan_seconds_per_file"]))
            await work(file)
            done += 1
            job.progress = done / len(files)

    await asyncio.gather(*map(one, files))
