"""What both simulators share: request counters, latency and faults on demand, under `/_sim/`.

    GET  /_sim/health            {"ok": true}
    GET  /_sim/counters          {"total": n, "reads": n, "writes": n, "by_route": {...},
                                  "in_hand": n, "bytes_out": n,
                                  "log": [{"method","path","status","write"}]}
    POST /_sim/counters/reset
    GET  /_sim/config            the switches now in force
    POST /_sim/config            JSON object: changes the named switches, answers all of them
    POST /_sim/faults            JSON list of faults (replaces the list; [] clears it)
    GET  /_sim/state             full dump of the simulated server's data

Requests under /_sim/ are never counted, delayed or broken. A request is counted on arrival, before
any latency; `in_hand` says how many have arrived and not been answered yet.

What a fault can be is told in `simulators.faults`.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from simulators.faults import Fault, Handler, broken

LOG_LIMIT = 20_000


@dataclass(slots=True)
class Control:
    """Counters, switches and faults of one simulator.

    Args:
        switches: the switches this simulator knows, with their initial values. `latency`
            (seconds added to every counted request) is always among them.
        is_write: tells a write from a read for the counters.
    """

    switches: dict[str, Any]
    is_write: Callable[[web.Request, bytes], bool]
    dump: Callable[[], dict[str, Any]]
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    faults: list[Fault] = field(default_factory=list)
    routes: Counter[str] = field(default_factory=Counter)
    reads: int = 0
    writes: int = 0
    in_hand: int = 0
    bytes_out: int = 0
    log: list[dict[str, Any]] = field(default_factory=list)
    on_config: Callable[[dict[str, Any]], None] | None = None

    def __post_init__(self) -> None:
        self.switches.setdefault("latency", 0.0)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/_sim/health", self._health)
        app.router.add_get("/_sim/counters", self._counters)
        app.router.add_post("/_sim/counters/reset", self._reset)
        app.router.add_get("/_sim/config", self._config)
        app.router.add_post("/_sim/config", self._configure)
        app.router.add_post("/_sim/faults", self._set_faults)
        app.router.add_get("/_sim/state", self._state)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/_sim/"):
            return await handler(request)
        body = await request.read()
        write = self.is_write(request, body)
        if write:
            self.writes += 1
        else:
            self.reads += 1
        self.routes[f"{request.method} {request.path}"] += 1
        self.in_hand += 1
        try:
            return await self._answered(request, body, handler, write=write)
        finally:
            self.in_hand -= 1

    async def _answered(
        self, request: web.Request, body: bytes, handler: Handler, *, write: bool
    ) -> web.StreamResponse:
        if self.switches["latency"]:
            await asyncio.sleep(float(self.switches["latency"]))
        fault = self._due_fault(request, body)
        response = await (broken(fault, request, handler) if fault else handler(request))
        if isinstance(response, web.Response) and isinstance(response.body, bytes):
            self.bytes_out += len(response.body)
        if len(self.log) < LOG_LIMIT:
            self.log.append(
                {
                    "method": request.method,
                    "path": request.raw_path,
                    "status": response.status,
                    "write": write,
                }
            )
        return response

    def _due_fault(self, request: web.Request, body: bytes) -> Fault | None:
        text = f"{request.method} {request.raw_path} {body.decode('utf-8', 'replace')}"
        return next((fault for fault in self.faults if fault.meets(text, self.rng)), None)

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def _counters(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "total": self.reads + self.writes,
                "reads": self.reads,
                "writes": self.writes,
                "by_route": dict(self.routes),
                "in_hand": self.in_hand,
                "bytes_out": self.bytes_out,
                "log": self.log,
            }
        )

    async def _reset(self, _request: web.Request) -> web.Response:
        self._reset_counters()
        return web.json_response({"ok": True})

    def _reset_counters(self) -> None:
        self.reads = self.writes = self.bytes_out = 0
        self.routes.clear()
        self.log.clear()

    def forget(self) -> None:
        """No faults, and counters at zero."""
        self.faults = []
        self._reset_counters()

    async def _config(self, _request: web.Request) -> web.Response:
        return web.json_response(self.switches)

    async def _configure(self, request: web.Request) -> web.Response:
        changes: dict[str, Any] = await request.json()
        unknown = sorted(set(changes) - set(self.switches))
        if unknown:
            return web.json_response({"error": f"unknown switches: {unknown}"}, status=400)
        self.switches.update(changes)
        if self.on_config is not None:
            self.on_config(changes)
        return web.json_response(self.switches)

    async def _set_faults(self, request: web.Request) -> web.Response:
        self.faults = [Fault.from_json(raw) for raw in await request.json()]
        return web.json_response({"faults": len(self.faults)})

    async def _state(self, _request: web.Request) -> web.Response:
        return web.json_response(self.dump())
