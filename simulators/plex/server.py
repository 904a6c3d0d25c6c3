"""A Plex Media Server on loopback, made of a seed: `python -m simulators.plex.server --help`.

It prints one line of JSON when it listens, `{"url": "http://127.0.0.1:PORT", "port": PORT}`, and
runs until it is stopped. What it does and does not do follows public evidence on the real
server; where that conflicts there is a switch (`simulators.plex.switches`).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from simulators.control import Control
from simulators.plex.access import Gate, is_write
from simulators.plex.browse import BrowseRoutes
from simulators.plex.context import World
from simulators.plex.control import BackstageRoutes
from simulators.plex.edits import EditRoutes
from simulators.plex.images import ImageRoutes
from simulators.plex.scan import Scanner, ScanRoutes
from simulators.plex.sections import SectionRoutes
from simulators.plex.state import dump
from simulators.plex.switches import first_switches

# aiohttp refuses addresses above 8 KB by default; the limit of this server is a switch.
MAX_LINE = 4 * 1024 * 1024
MAX_BODY = 64 * 1024 * 1024


def build_app(seed: dict[str, Any], token: str) -> web.Application:
    """The application; `seed` is the whole seed or just its `plex` half."""
    switches = first_switches()
    world = World(token, switches, time.time, random.Random(0), seed.get("plex", seed))
    control = Control(switches, is_write, lambda: dump(world))
    app = web.Application(
        client_max_size=MAX_BODY, middlewares=[control.middleware, Gate(world).middleware]
    )
    control.add_routes(app)
    scanner = Scanner(world)
    for routes in (
        BackstageRoutes(world, scanner, control.forget),
        SectionRoutes(world),
        BrowseRoutes(world),
        EditRoutes(world),
        ImageRoutes(world),
        ScanRoutes(world, scanner),
    ):
        routes.add_routes(app)
    return app


async def serve(app: web.Application, port: int) -> None:
    """Listens on loopback until cancelled or asked to end."""
    runner = web.AppRunner(
        app, access_log=None, max_line_size=MAX_LINE, max_field_size=MAX_LINE, shutdown_timeout=0.5
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    bound = runner.addresses[0][1]
    stopped = asyncio.Event()
    with suppress(NotImplementedError):  # Windows ends the process itself
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    print(json.dumps({"url": f"http://127.0.0.1:{bound}", "port": bound}), flush=True)
    try:
        await stopped.wait()
    finally:
        await runner.cleanup()


def _read(path: Path) -> dict[str, Any]:
    """The `plex` half of a seed file, read without the collector walking millions of objects."""
    gc.disable()
    try:
        seed: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    finally:
        gc.enable()
    half: dict[str, Any] = seed.get("plex", seed)
    return half


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="simulators.plex.server", description=__doc__)
    parser.add_argument("--seed", type=Path, help="seed file; none: an empty server")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--token", required=True, help="what X-Plex-Token must be")
    options = parser.parse_args(arguments)
    app = build_app(_read(options.seed) if options.seed else {}, options.token)
    try:
        asyncio.run(serve(app, options.port))
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
