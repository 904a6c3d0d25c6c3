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

A fault is {"match": regex on "METHOD rawpath?query body", "times": n or -1, "after": n to let pass,
"share": 0..1, "action": "status" | "reset" | "hang" | "delay" | "truncate",
"status": 500, "body": "...", "content_type": "...", "seconds": s}.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOG_LIMIT = 20_000


@dataclass(slots=True)
class Fault:
    match: re.Pattern[str]
    action: str
    times: int = 1
    after: int = 0
    share: float = 1.0
    status: int = 500
    body: str = ""
    content_type: str = "text/html"
    seconds: float = 0.0

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Fault:
        known = {**raw, "match": re.compile(raw.get("match", ""), re.DOTALL)}
        return cls(**known)


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
        response = await (self._broken(fault, request, handler) if fault else handler(request))
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
        for fault in self.faults:
            if fault.times == 0 or not fault.match.search(text):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.share < 1 and self.rng.random() >= fault.share:
                continue
            if fault.times > 0:
                fault.times -= 1
            return fault
        return None

    async def _broken(
        self, fault: Fault, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        if fault.action == "delay":
            await asyncio.sleep(fault.seconds)
            return await handler(request)
        if fault.action == "hang":
            await asyncio.sleep(fault.seconds or 3600)
            return web.Response(status=504)
        if fault.action == "status":
            return web.Response(
                status=fault.status, body=fault.body.encode(), content_type=fault.content_type
            )
        # "reset" drops the connection before any answer; "truncate" after half of the true one,
        # which is what a proxy or a dying server does.
        if fault.action == "truncate":
            whole = await handler(request)
            sent = whole.body if isinstance(whole, web.Response) else b""
            half = bytes(sent)[: len(sent) // 2] if isinstance(sent, bytes) else b""
            cut = web.StreamResponse(status=whole.status, headers=whole.headers.copy())
            cut.content_length = len(half) * 2 + 2
            await cut.prepare(request)
            await cut.write(half)
        if request.transport is not None:
            request.transport.close()
        return web.Response(status=500)

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
        self.reads = self.writes = self.bytes_out = 0
        self.routes.clear()
        self.log.clear()
        return web.json_response({"ok": True})

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
