"""Pictures over HTTP: scene screenshots, performer, studio and tag images.

An existing scene without a cover answers 200 with a default SVG; an unknown id is 404. The ETag is
the quoted MD5 of the bytes; a request with `?t=` may cache for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeVar

from aiohttp import web

from simulators.stash_library import Library
from simulators.stash_model import Entity, Performer, Scene, Studio, Tag
from simulators.stash_pixels import DEFAULT_SVG, media_type, picture

E = TypeVar("E", bound=Entity)


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
        router.add_get("/scene/{id}/screenshot", self._screenshot)
        for kind in ("performer", "studio", "tag"):
            router.add_get(f"/{kind}/{{id}}/image", self._entity_image)

    async def _screenshot(self, request: web.Request) -> web.Response:
        scene = _row(self._library.scenes, request)
        return _serve(request, cover_bytes(scene))

    async def _entity_image(self, request: web.Request) -> web.Response:
        tables: dict[str, Mapping[int, Performer | Studio | Tag]] = {
            "performer": self._library.performers,
            "studio": self._library.studios,
            "tag": self._library.tags,
        }
        entity = _row(tables[request.path.split("/")[1]], request)
        return _serve(request, entity.image if entity.image is not None else DEFAULT_SVG)


def _row(rows: Mapping[int, E], request: web.Request) -> E:
    text = request.match_info["id"]
    row = rows.get(int(text)) if text.isdigit() else None
    if row is None:
        raise web.HTTPNotFound
    return row


def _serve(request: web.Request, data: bytes) -> web.Response:
    etag = f'"{hashlib.md5(data).hexdigest()}"'
    forever = "t" in request.query
    headers = {
        "ETag": etag,
        "Cache-Control": "private, max-age=31536000, immutable" if forever else "no-cache",
    }
    known = [part.strip() for part in request.headers.get("If-None-Match", "").split(",")]
    if etag in known or "*" in known:
        return web.Response(status=304, headers=headers)
    return web.Response(body=data, headers={**headers, "Content-Type": media_type(data)})
