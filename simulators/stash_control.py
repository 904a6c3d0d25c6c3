"""The Stash simulator's own endpoints under /_sim/, besides those of `control.py`.

GET  /_sim/plugin_log   [{"time", "level", "message", "plugin"}]: what the server logged
GET  /_sim/jobs         every job since the start: GraphQL's fields and, for plugin tasks,
                        "output", "plugin_error" and "stdout"
GET  /_sim/hooks        every hook process: "plugin", "hook", "args", "status" (running, done,
                        killed, not started), "output", "error"
"""

from __future__ import annotations

from aiohttp import web

from simulators.stash_state import Simulator


class StashControl:
    """The handlers."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/_sim/plugin_log", self._plugin_log)
        app.router.add_get("/_sim/jobs", self._jobs)
        app.router.add_get("/_sim/hooks", self._hooks)

    async def _plugin_log(self, _request: web.Request) -> web.Response:
        return web.json_response(self._sim.log.entries)

    async def _jobs(self, _request: web.Request) -> web.Response:
        return web.json_response(self._sim.jobs.dump())

    async def _hooks(self, _request: web.Request) -> web.Response:
        return web.json_response(self._sim.host.hook_runs)
