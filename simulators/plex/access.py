"""What stands before every request: start-up, load, address length, token, and errors' pages."""

from __future__ import annotations

import asyncio

from aiohttp import web

from simulators.faults import Handler
from simulators.plex.answers import html_error, starting
from simulators.plex.context import World
from simulators.plex.errors import Refused
from simulators.plex.query import Query

SIM = "/_sim/"


def is_write(request: web.Request, _body: bytes) -> bool:
    """Edits, uploads and ratings are writes; scans and refreshes are counted as reads."""
    if request.path.endswith("/refresh"):
        return False
    return request.method in {"PUT", "POST", "DELETE"} or request.path == "/:/rate"


class Gate:
    """The middleware inside of that of `simulators.control`."""

    def __init__(self, world: World) -> None:
        self._world = world

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(SIM):
            return await handler(request)
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        try:
            return await handler(request)
        except Refused as refused:
            return html_error(refused.status)
        except web.HTTPException as error:
            return html_error(404 if error.status == 405 else error.status)

    def _refusal(self, request: web.Request) -> web.Response | None:
        switches = self._world.switches
        is_open = request.path == "/identity"
        if switches["maintenance"] and not is_open:
            return starting(request)
        if switches["max_url"] and len(request.raw_path.encode()) > int(switches["max_url"]):
            return html_error(414)
        if not is_open and self._token_of(request) != self._world.token:
            return html_error(401)
        return self._write_refusal(request)

    def _write_refusal(self, request: web.Request) -> web.Response | None:
        switches = self._world.switches
        scan = request.path.endswith("/refresh")
        if not scan and not is_write(request, b""):
            return None
        if switches["non_admin"] and request.path != "/:/rate":
            return html_error(403)
        share = float(switches["locked_share"])
        if share and not scan and self._world.rng.random() < share:
            return html_error(500)
        return None

    @staticmethod
    def _token_of(request: web.Request) -> str | None:
        return request.headers.get("X-Plex-Token") or Query.of(request.raw_path).get("X-Plex-Token")


async def dawdle(world: World, items: int) -> None:
    """The switch `seconds_per_item`."""
    seconds = float(world.switches["seconds_per_item"]) * items
    if seconds:
        await asyncio.sleep(seconds)
