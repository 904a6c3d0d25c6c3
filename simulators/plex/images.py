"""Requests about posters and arts.

GET    .../posters|arts                 what is on offer, and which is selected
POST   .../posters|arts  (body)         uploads the bytes; same bytes again add nothing; selects
PUT    .../poster|thumb|art?url=        selects one that is on offer (or body: uploads)
DELETE .../poster|thumb|art             shows none
DELETE .../posters|arts                 404: no picture can be deleted
"""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from aiohttp import web

from simulators.plex.answers import container, done, wants_json
from simulators.plex.browse import IDENTIFIER, MEDIA_TAGS, item_named
from simulators.plex.context import World
from simulators.plex.edits import set_lock
from simulators.plex.errors import Refused
from simulators.plex.model import Image, Item, JsonObject
from simulators.plex.picture_store import KINDS, UPLOAD_FOLDER, shelf_of
from simulators.plex.query import Query

MOST_BYTES = 10 * 1024 * 1024  # of an upload; larger ones give 500
PLURAL = {"poster": "posters", "thumb": "posters", "art": "arts"}


class ImageRoutes:
    def __init__(self, world: World) -> None:
        self._world = world

    def add_routes(self, app: web.Application) -> None:
        item = "/library/metadata/{key}"
        app.router.add_get(f"{item}/{{plural:posters|arts}}", self.offer)
        app.router.add_post(f"{item}/{{plural:posters|arts}}", self.upload)
        app.router.add_put(f"{item}/{{singular:poster|thumb|art}}", self.select)
        app.router.add_post(f"{item}/{{singular:poster|thumb|art}}", self.select)
        app.router.add_delete(f"{item}/{{singular:poster|thumb|art}}", self.unset)

    async def offer(self, request: web.Request) -> web.Response:
        item = item_named(self._world, request.match_info["key"])
        shelf = shelf_of(item, request.match_info["plural"])
        listed = [_describe(item, image, image.name == shelf.selected) for image in shelf.images]
        body: JsonObject = {"size": len(listed), "identifier": IDENTIFIER, **MEDIA_TAGS}
        if listed:
            # `Photo` in XML, `Metadata` in JSON.
            body["Metadata" if wants_json(request) else "Photo"] = listed
        return container(request, self._world.switches, body)

    async def upload(self, request: web.Request) -> web.Response:
        item = item_named(self._world, request.match_info["key"])
        self._store(item, request.match_info["plural"], await request.read())
        return done()

    async def select(self, request: web.Request) -> web.Response:
        item = item_named(self._world, request.match_info["key"])
        kind = PLURAL[request.match_info["singular"]]
        url = Query.of(request.raw_path).get("url")
        shelf = shelf_of(item, kind)
        if url and shelf.named(url) is not None:
            shelf.selected = url
            self._changed(item, kind)
        elif url:
            raise Refused(404)
        else:
            self._store(item, kind, await request.read())
        return done()

    async def unset(self, request: web.Request) -> web.Response:
        item = item_named(self._world, request.match_info["key"])
        kind = PLURAL[request.match_info["singular"]]
        shelf_of(item, kind).selected = None
        self._changed(item, kind)
        return done()

    def _store(self, item: Item, kind: str, data: bytes) -> None:
        if not data:
            raise Refused(400)
        if len(data) > MOST_BYTES:
            raise Refused(500)
        digest = hashlib.sha1(data).hexdigest()
        name = f"upload://{UPLOAD_FOLDER[kind]}/{digest}"
        self._world.pictures[digest] = data
        shelf = shelf_of(item, kind)
        if shelf.named(name) is None:
            shelf.images.append(Image(name, digest))
        shelf.selected = name
        self._changed(item, kind)

    def _changed(self, item: Item, kind: str) -> None:
        if self._world.switches["pictures_lock"]:
            set_lock(item, KINDS[kind], True)
        self._world.library.touch(item, {KINDS[kind]})
        self._world.wrote(item)


def _describe(item: Item, image: Image, selected: bool) -> JsonObject:
    address = f"/library/metadata/{item.key}/file?url={quote(image.name, safe='')}"
    body: JsonObject = {
        "key": address,
        "ratingKey": image.name,
        "selected": selected,
        "thumb": address,
    }
    if image.provider:
        body["provider"] = image.provider
    return body
