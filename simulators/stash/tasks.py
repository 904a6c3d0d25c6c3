"""Stash's own jobs: scan, clean, auto-tag, generate, identify.

They take queue time (`scan_seconds_per_file` per file or scene) and fire what Stash's do: a scan
runs the hooks of new files in its workers, several at once, before it makes their covers, which
announce nothing; auto-tag, which passes over organized scenes, and generate are silent.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from simulators.stash.jobs import Job
from simulators.stash.library import pick
from simulators.stash.model import Performer, Scene, Studio, Tag
from simulators.stash.scan import Scan, clean
from simulators.stash.scene_writes import UPDATED
from simulators.stash.state import RequestContext

Given = Mapping[str, Any]
EVERYTHING = "*"
N = TypeVar("N", Performer, Studio, Tag)


class JobMutations:
    """Method `metadata_scan` resolves the field `metadataScan`, and so on."""

    def metadata_scan(self, ctx: RequestContext, input_: Given) -> str:
        scan = Scan(ctx, input_)

        async def run(job: Job) -> None:
            scan.begin()
            paths = input_.get("paths") or ()
            files = [file for file in scan.wanted() if _below(file.path, paths)]
            await _in_parallel(ctx, job, files, scan.file, "Scanning {0.path}")
            job.progress = 1.0  # also of files that are as they were

        return ctx.sim.jobs.add("Scanning...", run).id

    def metadata_clean(self, ctx: RequestContext, input_: Given) -> str:
        async def run(job: Job) -> None:
            paths = input_.get("paths") or ()
            gone = [
                file
                for file in list(ctx.library.files.values())
                if file.path not in ctx.library.disk and _below(file.path, paths)
            ]
            job.progress = 1.0
            if input_["dryRun"] and gone:  # counts what it has found, and forgets the rest
                job.progress = len(gone) / (len(ctx.library.files) + len(ctx.library.folders))
                return
            for file in gone:
                await clean(ctx, file)

        return ctx.sim.jobs.add("Cleaning...", run).id

    def metadata_auto_tag(self, ctx: RequestContext, input_: Given) -> str:
        async def run(job: Job) -> None:
            performers = _Names(ctx.library.performers, input_.get("performers") or ())
            studios = _Names(ctx.library.studios, input_.get("studios") or ())
            tags = _Names(ctx.library.tags, input_.get("tags") or ())

            async def tag(scene: Scene) -> None:
                path = " ".join(file.path for file in scene.files)
                studio = next(iter(studios.within(path)), None)
                changes = ctx.sim.changes
                changes.auto_tag(scene, performers.within(path), tags.within(path), studio)

            scenes = [
                scene
                for scene in ctx.library.scenes.values()
                if not scene.organized
                and any(_below(file.path, input_.get("paths") or ()) for file in scene.files)
            ]
            await _in_parallel(ctx, job, scenes, tag, "Tagging scene {0.id}")

        return ctx.sim.jobs.add("Auto-tagging...", run).id

    def metadata_generate(self, ctx: RequestContext, input_: Given) -> str:
        """Covers only: all else leaves no trace that a client can see."""

        async def run(job: Job) -> None:
            async def generate(scene: Scene) -> None:
                if scene.cover is None or input_.get("overwrite"):
                    ctx.sim.changes.set_cover(scene, f"generated for {scene.num}")

            scenes = _wanted_scenes(ctx, input_) if input_.get("covers") else []
            await _in_parallel(ctx, job, scenes, generate, "Generating for scene {0.id}")

        return ctx.sim.jobs.add("Generating...", run).id

    def metadata_identify(self, ctx: RequestContext, input_: Given) -> str:
        """Applies what POST /_sim/identified has prepared, one scene at a time; what makes no
        difference is left alone."""

        async def run(job: Job) -> None:
            for scene in _wanted_scenes(ctx, input_):
                await _pause(ctx)
                found = ctx.sim.identified.get(scene.num)
                if not found or not ctx.sim.changes.differs(scene, found):
                    continue
                ctx.sim.changes.update_scene(scene, found)
                payload = ctx.sim.whole_input("SceneUpdateInput", {**found, "id": scene.id})
                await ctx.sim.fire(ctx.caller, UPDATED, scene.num, payload, found)
            job.progress = 1.0

        return ctx.sim.jobs.add("Identifying...", run).id


class _Names(Generic[N]):
    """Finds the entities whose names stand in a path, whatever separates the words.

    Args:
        ids: of the entities to look for, or "*" for all; those that opted out are left out.
    """

    def __init__(self, rows: Mapping[int, N], ids: Sequence[str]) -> None:
        wanted = rows.values() if EVERYTHING in ids else [rows[int(num)] for num in ids]
        self._entries: list[tuple[str, re.Pattern[str], N]] = [
            (row.name.split()[0].lower(), _pattern(row.name), row)
            for row in wanted
            if not row.ignore_auto_tag
        ]

    def within(self, path: str) -> list[N]:
        lowered = path.lower()
        return [
            row
            for first, pattern, row in self._entries
            if first in lowered and pattern.search(path)
        ]


def _pattern(name: str) -> re.Pattern[str]:
    words = r"[.\-_ ]*".join(re.escape(word) for word in name.split())
    return re.compile(rf"(?<![^\W_]){words}(?![^\W_])", re.IGNORECASE)


def _wanted_scenes(ctx: RequestContext, input_: Given) -> list[Scene]:
    ids = input_.get("sceneIDs")
    return pick(ctx.library.scenes, ids, "scene") if ids else list(ctx.library.scenes.values())


def _below(path: str, folders: Iterable[str]) -> bool:
    prefixes = tuple(folders)
    return not prefixes or path.startswith(prefixes)


async def _pause(ctx: RequestContext) -> None:
    await asyncio.sleep(float(ctx.sim.switches["scan_seconds_per_file"]))


async def _in_parallel(
    ctx: RequestContext,
    job: Job,
    entries: Sequence[Any],
    work: Callable[[Any], Awaitable[None]],
    label: str,
) -> None:
    """Works on several entries at once, as many as `parallel_tasks`; cancelling ends all."""
    slots = asyncio.Semaphore(int(ctx.sim.switches["parallel_tasks"]))
    done = 0

    async def one(entry: Any) -> None:
        nonlocal done
        async with slots:
            job.subTasks = [label.format(entry)]
            await _pause(ctx)
            await work(entry)
            done += 1
            job.progress = done / len(entries)

    await asyncio.gather(*(one(entry) for entry in entries))
