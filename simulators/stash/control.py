"""The Stash simulator's own endpoints under /_sim/, besides those of `control.py`.

GET  /_sim/plugin_log   [{"time", "level", "message", "plugin"}]: what the server logged
GET  /_sim/jobs         every job since the start: GraphQL's fields and, for plugin tasks,
                        "output", "plugin_error" and "stdout"
GET  /_sim/hooks        every hook process: "plugin", "hook", "args", "status" (running, done,
                        killed, not started), "output", "error"
POST /_sim/edit         a change that fires no hook, see `silent_changes.py`
POST /_sim/disk         changes the disk that the next scan will see:
                        {"add": [{"path", "size", "duration", "oshash"}], "modify": [path],
                        "move": [{"from", "to"}], "rename_folders": [{"from", "to"}],
                        "remove": [path]}; a list alone adds. A moved file leaves its folder behind
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from simulators.stash.library import StashError
from simulators.stash.model import DiskFile
from simulators.stash.silent_changes import SilentEdits
from simulators.stash.state import Simulator


class StashControl:
    """The handlers."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._edits = SilentEdits(sim)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/_sim/plugin_log", self._plugin_log)
        app.router.add_get("/_sim/jobs", self._jobs)
        app.router.add_get("/_sim/hooks", self._hooks)
        app.router.add_post("/_sim/edit", self._edit)
        app.router.add_post("/_sim/disk", self._disk)

    async def _plugin_log(self, _request: web.Request) -> web.Response:
        return web.json_response(self._sim.log.entries)

    async def _jobs(self, _request: web.Request) -> web.Response:
        return web.json_response(self._sim.jobs.dump())

    async def _hooks(self, _request: web.Request) -> web.Response:
        return web.json_response(self._sim.host.hook_runs)

    async def _edit(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(self._edits.edit(await request.json()))
        except (StashError, KeyError) as error:
            return web.json_response({"error": repr(error)}, status=400)

    async def _disk(self, request: web.Request) -> web.Response:
        given: Any = await request.json()
        changes: Mapping[str, Any] = {"add": given} if isinstance(given, list) else given
        library = self._sim.library
        disk = library.disk
        try:
            for raw in changes.get("add", ()):
                library.put_on_disk(_disk_file(raw))
            for path in changes.get("modify", ()):
                disk[path] = replace(disk[path], modified=True)
            for move in changes.get("move", ()):
                library.put_on_disk(replace(disk.pop(move["from"]), path=move["to"]))
            for move in changes.get("rename_folders", ()):
                library.rename_on_disk(move["from"], move["to"])
            for path in changes.get("remove", ()):
                del disk[path]
        except KeyError as error:
            return web.json_response({"error": repr(error)}, status=400)
        return web.json_response({"files": len(disk)})


def _disk_file(raw: Mapping[str, Any]) -> DiskFile:
    digest = hashlib.sha256(raw["path"].encode()).hexdigest()[:16]
    return DiskFile(
        path=raw["path"],
        size=raw.get("size", 1_000_000),
        duration=raw.get("duration", 60.0),
        oshash=raw.get("oshash", digest),
    )
