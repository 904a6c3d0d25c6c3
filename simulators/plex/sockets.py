"""The websocket of notifications."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from simulators.plex.context import World
from simulators.plex.events import Listener
from simulators.plex.query import Query


class SocketRoutes:
    def __init__(self, world: World) -> None:
        self._world = world
        self._open: set[web.WebSocketResponse] = set()

    def add_routes(self, app: web.Application) -> None:
        # All clients use the plural, the documentation writes the singular.
        app.router.add_get("/:/websockets/notifications", self.listen, allow_head=False)
        app.router.add_get("/:/websocket/notifications", self.listen, allow_head=False)
        app.on_shutdown.append(self._close_all)

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """Sends what the listener's filters let through until the client leaves."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        listener = Listener.of(Query.of(request.raw_path).get("filters"))
        hub = self._world.hub
        hub.listeners.add(listener)
        self._open.add(socket)
        pump = asyncio.get_running_loop().create_task(_pump(socket, listener))
        try:
            async for _ in socket:
                pass
        finally:
            hub.listeners.discard(listener)
            self._open.discard(socket)
            pump.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await pump
        return socket

    async def _close_all(self, _app: web.Application) -> None:
        for socket in list(self._open):
            await socket.close()


async def _pump(socket: web.WebSocketResponse, listener: Listener) -> None:
    while True:
        await socket.send_str(await listener.frames.get())
