"""A Stash server for tests, demos and benchmarks: real HTTP on loopback, real plugin processes.

    python -m simulators.stash.server [--seed seed.json] [--port 0] [--plugin-dir DIR]...

Prints one line of JSON, {"url": ..., "port": ...}, once it answers. Besides Stash's own interface
it has the control surface of `simulators.control` and `simulators.stash.control` under /_sim/, and

POST /_sim/seed   {"stash": half of a seed, "arguments": [as on the command line]}: ends this
                  server, plugins included, and starts another in its process, at the address
                  {"url": ..., "port": ...}; for tests, which need many and a start costs a second
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from simulators.control import Control
from simulators.faults import Handler
from simulators.seed import StashSeed, read_seed
from simulators.stash.control import StashControl
from simulators.stash.http import GraphQLEndpoint
from simulators.stash.images import Images
from simulators.stash.jobs import JobQueue
from simulators.stash.library import load
from simulators.stash.plugins import ROOT, HostOptions, PluginHost, ServerLog
from simulators.stash.resolvers import schema_of
from simulators.stash.session import Sessions
from simulators.stash.state import Simulator, default_switches
from simulators.stash.times import Clock

MAX_BODY = 64 * 1024 * 1024  # covers are sent as base64 inside mutations
MUTATION = re.compile(rb'"query"\s*:\s*"(?:\\n|\\t|\\r|\s|#[^\\]*)*mutation\b')
LARGE = 5_000  # scenes, from where on the garbage collector is felt
# New objects between its looks, and looks before it takes older objects in. By default it would
# stop a server with so many for a quarter of a second at each second or third page, as no Stash
# does. The seldomer it takes them in, the longer that takes, and what a page holds on to just then
# is not freed before all are looked at.
SELDOM = (50_000, 5, 20)
NOTHING: StashSeed = {
    "studios": [],
    "performers": [],
    "tags": [],
    "scenes": [],
    "version": "v0.30.1",
}
LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Stash</title></head><body>Login</body></html>"


def main(argv: Sequence[str] | None = None) -> None:
    options = parse_arguments(argv)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options))


async def serve(options: argparse.Namespace) -> None:
    """Runs until it is told to terminate."""
    stop = asyncio.Event()
    wake = asyncio.get_running_loop().call_soon_threadsafe
    signal.signal(signal.SIGTERM, lambda *_: wake(stop.set))
    server = Server()
    seed = read_seed(options.seed)["stash"] if options.seed else NOTHING
    print(json.dumps(await server.start(seed, options)), flush=True)
    try:
        await stop.wait()
    finally:
        await server.end()


class Server:
    """One server after another; each has a library, sessions, jobs and an address of its own."""

    def __init__(self) -> None:
        self._sim: Simulator
        self._runner: web.AppRunner
        self._ending: set[asyncio.Task[None]] = set()
        self._thresholds = gc.get_threshold()

    async def start(self, seed: StashSeed, options: argparse.Namespace) -> dict[str, Any]:
        """Listens; the address."""
        large = len(seed["scenes"]) > LARGE
        gc.set_threshold(*(SELDOM if large else self._thresholds))
        gc.disable()  # looking through a library while it grows takes longer than loading it
        sim = self._sim = build_simulator(seed, options)
        if large:
            gc.freeze()  # it stays: later collections need not look through it either
        gc.enable()
        app = build_app(sim)
        app.router.add_post("/_sim/seed", self._reseed)
        runner = self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=1.0
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", options.port).start()
        sim.host.port = runner.addresses[0][1]
        sim.jobs.start()
        return {"url": f"http://127.0.0.1:{sim.host.port}", "port": sim.host.port}

    async def _reseed(self, request: web.Request) -> web.Response:
        given: dict[str, Any] = await request.json()
        options = parse_arguments(given.get("arguments", ()))
        before, runner = self._sim, self._runner
        await before.jobs.close()
        before.host.close()
        gc.unfreeze()
        ready = await self.start(given["stash"], options)
        # Only once this request is answered: it is one of those that the old server waits for.
        ending = asyncio.create_task(runner.cleanup())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return web.json_response(ready)

    async def end(self) -> None:
        """Ends the plugins, as the end of a container does, and stops to listen."""
        await self._sim.jobs.close()
        self._sim.host.close()
        await self._runner.cleanup()
        await asyncio.gather(*self._ending)


def build_simulator(seed: StashSeed, options: argparse.Namespace) -> Simulator:
    switches = default_switches(seed["version"])
    clock = Clock(switches)
    sessions = Sessions(switches, options.username, options.password, options.api_key)
    log = ServerLog(clock)
    folders = tuple(Path(folder).absolute() for folder in options.plugin_dir)
    host_options = HostOptions(
        folders=folders,
        python=options.python,
        env=dict(pair.split("=", 1) for pair in options.plugin_env),
        config_dir=folders[0].parent if folders else ROOT,
    )
    library = load(seed, clock.text())
    host = PluginHost(host_options, sessions, log, switches)
    jobs = JobQueue(clock, lambda text: log.add("error", text))
    sim = Simulator(switches, clock, library, sessions, log, host, jobs)
    sim.schema = schema_of(switches["version"])
    return sim


def build_app(sim: Simulator) -> web.Application:
    control = Control(sim.switches, is_write, sim.library.dump)

    def on_config(changes: dict[str, Any]) -> None:
        if "version" in changes:
            sim.schema = schema_of(changes["version"])

    control.on_config = on_config
    middlewares = [control.middleware, _authentication(sim.sessions)]
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
    control.add_routes(app)
    StashControl(sim).add_routes(app)
    endpoint = GraphQLEndpoint(sim)
    sim.host.ask = endpoint.ask
    app.router.add_route("*", "/graphql", endpoint.handle)
    Images(sim.library).add_routes(app)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/login", _login_page)
    app.router.add_post("/login", _login(sim.sessions))
    return app


def is_write(request: web.Request, body: bytes) -> bool:
    return request.path == "/graphql" and MUTATION.search(body) is not None


def _authentication(sessions: Sessions) -> Any:
    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/_sim/") or request.path == "/healthz":
            return await handler(request)
        known = sessions.authenticate(request)
        if isinstance(known, web.Response):
            return known
        request["caller"], fresh = known
        try:
            response = await handler(request)
        except web.HTTPMethodNotAllowed:
            response = web.Response(status=405, headers={"Allow": "GET"})
        except web.HTTPException as error:
            response = web.Response(status=error.status, text="404 page not found\n")
        response.headers["X-Content-Type-Options"] = "nosniff"
        if fresh is not None and "Set-Cookie" not in response.headers:
            response.headers["Set-Cookie"] = fresh
        return response

    return authenticate


async def _healthz(_request: web.Request) -> web.Response:
    return web.Response(body=b".", headers={"Content-Type": "text/plain"})


async def _login_page(_request: web.Request) -> web.Response:
    return web.Response(text=LOGIN_PAGE, content_type="text/html")


def _login(sessions: Sessions) -> Handler:
    async def login(request: web.Request) -> web.StreamResponse:
        form = await request.post()
        caller = sessions.login(str(form.get("username")), str(form.get("password")))
        if caller is None:
            return web.Response(status=401, text="Username or password is invalid\n")
        return web.Response(headers={"Set-Cookie": sessions.set_cookie(caller)})

    return login


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulators.stash.server")
    parser.add_argument("--seed", type=Path, help="none: an empty server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--plugin-dir", action="append", default=[], help="repeatable")
    parser.add_argument("--username", default="admin", help="counts with --password only")
    parser.add_argument("--password", default="")
    parser.add_argument("--api-key", default="")
    parser.add_argument("--python", default=sys.executable, help="runs python plugins")
    parser.add_argument("--plugin-env", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
