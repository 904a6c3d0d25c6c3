"""Pictures over HTTP: scene screenshots.

An existing scene without a cover answers 200 with a default SVG; an unknown id is 404. The ETag is
the quoted MD5 of the bytes; a request with `?t=` may cache for ever. Only GET is known here, not
even HEAD.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TypeVar

from aiohttp import web

from simulators.stash.library import Library
from simulators.stash.model import Entity, Scene
from simulators.stash.sample_pictures import DEFAULT_SVG, media_type, picture

E = TypeVar("E", bound=Entity)
RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def cover_bytes(scene: Scene) -> bytes:
    if scene.cover is None:
        return DEFAULT_SVG
    return picture(scene.cover) if isinstance(scene.cover, str) else scene.cover


class Images:
    """The handlers of the image routes."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def add_routes(self, app: web.Application) -> None:
        router = app.router
        router.add_get("/scene/{id}/screenshot", self._screenshot, allow_head=False)

    async def _screenshot(self, request: web.Request) -> web.Response:
        if not re.fullmatch(r"-?\d+", request.match_info["id"]):
            return web.Response(status=400, text="Bad Request\n")
        scene = _row(self._library.scenes, request)
        return _not_found() if scene is None else _serve(request, cover_bytes(scene))


def _row(rows: Mapping[int, E], request: web.Request) -> E | None:
    text = request.match_info["id"]
    return rows.get(int(text)) if text.isdecimal() else None


def _not_found() -> web.Response:
    return web.Response(status=404, text="Not Found\n")


def _serve(request: web.Request, data: bytes) -> web.Response:
    etag = f'"{hashlib.md5(data).hexdigest()}"'
    forever = "t" in request.query
    headers = {
        "ETag": etag,
        "Cache-Control": "private, max-age=31536000, immutable" if forever else "no-cache",
    }
    known = [part.strip() for part in request.headers.get("If-None-Match", "").split(",")]
    if any(part.removeprefix("W/") in (etag, "*") for part in known):
        return web.Response(status=304, headers=headers)
    headers |= {"Content-Type": media_type(data), "Accept-Ranges": "bytes"}
    part = RANGE.fullmatch(request.headers.get("Range", ""))
    if part is None or int(part[1]) >= len(data):
        return web.Response(body=data, headers=headers)
    first, last = int(part[1]), min(int(part[2] or len(data)), len(data) - 1)
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return web.Response(status=206, body=data[first : last + 1], headers=headers)
