"""What a test does behind the server's back, besides `simulators.control`:

POST   /_sim/seed          a seed (or its `plex` half): starts afresh with default switches, no
                           faults, and counters at zero
POST   /_sim/keep          remembers the library as it is
POST   /_sim/go_back       makes it what it was then, with empty counters of writes
POST   /_sim/edit          {"key", "set": {field: value | list}, "lock": true}: a person's edit
                           in Plex Web; tag lists are replaced; {"locked": [...]} in "set"
                           makes exactly these the locks
POST   /_sim/items         {"section", "item": {...}}: an item in the seed's format, new now
GET    /_sim/items/{key}   one item in full
DELETE /_sim/items/{key}   the item is gone, as after an emptied trash
POST   /_sim/trash         {"key", "media": index or absent, "deleted_at": epoch or null}:
                           the file is gone (absent: of all versions); null brings it back
POST   /_sim/unscanned     an item in the seed's format that a scan will find
GET    /_sim/writes        {rating key: writes that reached the item}
DELETE /_sim/writes        sets these to zero
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from simulators.plex.context import World
from simulators.plex.edits import apply_order, order_from_names
from simulators.plex.model import Item, JsonObject, Unscanned
from simulators.plex.scan import Scanner
from simulators.plex.state import item_state
from simulators.plex.switches import first_switches


class BackstageRoutes:
    def __init__(self, world: World, scanner: Scanner, forget: Callable[[], None]) -> None:
        self._world = world
        self._scanner = scanner
        self._forget = forget

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/_sim/seed", self.load)
        app.router.add_post("/_sim/keep", self.keep)
        app.router.add_post("/_sim/go_back", self.go_back)
        app.router.add_post("/_sim/edit", self.edit)
        app.router.add_post("/_sim/items", self.add)
        app.router.add_get("/_sim/items/{key}", self.show)
        app.router.add_delete("/_sim/items/{key}", self.remove)
        app.router.add_post("/_sim/trash", self.trash)
        app.router.add_post("/_sim/unscanned", self.add_unscanned)
        app.router.add_get("/_sim/writes", self.writes)
        app.router.add_delete("/_sim/writes", self.forget_writes)

    async def load(self, request: web.Request) -> web.Response:
        seed: JsonObject = await request.json()
        self._scanner.cancel()
        self._world.switches.update(first_switches() | {"latency": 0.0})
        self._world.load(seed.get("plex", seed))
        self._forget()
        return web.json_response({"items": len(self._world.library.items)})

    async def keep(self, _request: web.Request) -> web.Response:
        self._world.keep()
        return web.json_response({"ok": True})

    async def go_back(self, _request: web.Request) -> web.Response:
        self._world.go_back()
        return web.json_response({"ok": True})

    async def edit(self, request: web.Request) -> web.Response:
        body: JsonObject = await request.json()
        item = self._item(str(body["key"]))
        names = dict(body["set"])
        locks = names.pop("locked", None)
        order = order_from_names(names, lock=bool(body.get("lock", True)))
        # A person's edit is taken as it is, whatever the switches do to requests.
        plain = first_switches()
        apply_order(self._world.library, item, order, "additive", plain)
        if locks is not None:
            item.locked = list(locks)
        return web.json_response(item_state(self._world, item))

    async def add(self, request: web.Request) -> web.Response:
        body: JsonObject = await request.json()
        section = self._world.library.sections[int(body["section"])]
        raw: JsonObject = body["item"]
        arrived = None if "updated_at" in raw else self._world.now()
        item = self._world.library.add(section, raw, arrived)
        return web.json_response(item_state(self._world, item))

    async def show(self, request: web.Request) -> web.Response:
        item = self._item(request.match_info["key"])
        return web.json_response(item_state(self._world, item))

    async def remove(self, request: web.Request) -> web.Response:
        item = self._item(request.match_info["key"])
        self._world.library.remove(item)
        return web.json_response({"removed": item.key})

    async def trash(self, request: web.Request) -> web.Response:
        body: JsonObject = await request.json()
        item = self._item(str(body["key"]))
        moment: int | None = body.get("deleted_at", self._world.now())
        place = body.get("media")
        for media in item.media if place is None else [item.media[place]]:
            media.deleted_at = moment
        if place is None:
            item.deleted_at = moment
        # A file that goes is no edit: updatedAt stays.
        self._world.library.touch(item, {"trash"}, moves=False)
        return web.json_response(item_state(self._world, item))

    async def add_unscanned(self, request: web.Request) -> web.Response:
        self._world.library.unscanned.append(Unscanned.of(await request.json()))
        return web.json_response({"unscanned": len(self._world.library.unscanned)})

    async def writes(self, _request: web.Request) -> web.Response:
        counted = {str(key): count for key, count in self._world.item_writes.items()}
        return web.json_response(counted)

    async def forget_writes(self, _request: web.Request) -> web.Response:
        self._world.item_writes.clear()
        return web.json_response({"ok": True})

    def _item(self, text: str) -> Item:
        item = self._world.library.items.get(int(text))
        if item is None:
            raise web.HTTPNotFound(text=f"no item {text}")
        return item
