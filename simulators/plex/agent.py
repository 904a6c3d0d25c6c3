"""Ratings, matching and the agent's refill of what nobody locked.

The agent of this server says what the seed said. So an edit without a lock is lost at the next
refresh; with a lock it stays. Sections without an agent are left alone.
"""

from __future__ import annotations

import hashlib
import uuid

from aiohttp import web

from simulators.plex.answers import container, done
from simulators.plex.browse import IDENTIFIER, item_named
from simulators.plex.context import World
from simulators.plex.edits import kept_rating
from simulators.plex.errors import Refused
from simulators.plex.fields import unmatched
from simulators.plex.model import TEXT_FIELDS, Item, JsonObject
from simulators.plex.paths import stem
from simulators.plex.picture_store import KINDS, shelf_of
from simulators.plex.query import Query
from simulators.plex.seed_loading import seed_tags, seed_values, set_year

# The user's own labels, collections and rating are no agent's business.
AGENT_TAGS = ("genre", "country", "director", "writer", "producer", "actor")
AGENT_VALUES = TEXT_FIELDS | {"rating", "audienceRating"}


class AgentRoutes:
    def __init__(self, world: World) -> None:
        self._world = world

    def add_routes(self, app: web.Application) -> None:
        item = "/library/metadata/{key}"
        app.router.add_get("/:/rate", self.rate)
        app.router.add_put("/:/rate", self.rate)
        app.router.add_put(f"{item}/refresh", self.refresh)
        app.router.add_put(f"{item}/analyze", self.analyze)
        app.router.add_put(f"{item}/unmatch", self.unmatch)
        app.router.add_put(f"{item}/match", self.match)
        app.router.add_get(f"{item}/matches", self.matches)
        app.router.add_delete(item, self.delete)

    async def rate(self, request: web.Request) -> web.Response:
        """0 to 10, -1 takes the rating away. updatedAt stays."""
        query = Query.of(request.raw_path)
        item = item_named(self._world, query.get("key") or "")
        try:
            rating = float(query.get("rating") or "")
        except ValueError:
            raise Refused(400) from None
        if not query.get("identifier") or not (rating == -1 or 0 <= rating <= 10):
            raise Refused(400)
        if "userRating" not in self._world.switches["refuse_fields"]:
            self._set_rating(item, rating)
        self._world.library.touch(item, {"userRating", "lastRatedAt"}, moves=False)
        self._world.wrote(item)
        return done()

    def _set_rating(self, item: Item, rating: float) -> None:
        if rating == -1:
            item.values.pop("userRating", None)
            item.values.pop("lastRatedAt", None)
            return
        item.values["userRating"] = kept_rating(rating, self._world.switches)
        item.values["lastRatedAt"] = self._world.now()

    async def refresh(self, request: web.Request) -> web.Response:
        """Asks the agent again, which listeners hear as an activity that is no scan."""
        item = item_named(self._world, request.match_info["key"])
        activity: JsonObject = {
            "uuid": str(uuid.uuid4()),
            "type": "library.refresh.items",
            "cancellable": False,
            "userID": 1,
            "title": "Refreshing",
            "subtitle": item.values["title"],
            "progress": 0,
            "Context": {"key": f"/library/metadata/{item.key}"},
        }
        self._world.hub.activity("started", activity)
        refill(self._world, item)
        self._world.hub.activity("ended", activity | {"progress": 100})
        return done()

    async def analyze(self, request: web.Request) -> web.Response:
        """Looks into files only; no field changes."""
        item_named(self._world, request.match_info["key"])
        return done()

    async def unmatch(self, request: web.Request) -> web.Response:
        """The item keeps what is locked and is otherwise named after its file again."""
        item = item_named(self._world, request.match_info["key"])
        item.guid = f"local://{item.key}"
        files = [part.file for media in item.media for part in media.parts]
        bare: JsonObject = {"title": stem(files[0]) if files else "", "summary": ""}
        _replace_unlocked(self._world, item, bare, {})
        return done()

    async def match(self, request: web.Request) -> web.Response:
        item = item_named(self._world, request.match_info["key"])
        query = Query.of(request.raw_path)
        guid = query.get("guid")
        if not guid:
            raise Refused(400)
        item.guid = guid
        values = {**_agent_values(self._world, item), "title": query.get("name") or ""}
        if not values["title"]:
            values["title"] = item.origin.get("title", "")
        _replace_unlocked(self._world, item, values, item.origin)
        return done()

    async def matches(self, request: web.Request) -> web.Response:
        item = item_named(self._world, request.match_info["key"])
        name = str(item.origin.get("title") or item.values["title"])
        digest = hashlib.sha1(name.encode()).hexdigest()
        found: JsonObject = {
            "guid": f"plex://{item.type}/{digest[:24]}",
            "name": name,
            "score": 100,
            "year": item.values.get("year"),
        }
        found = {key: value for key, value in found.items() if value is not None}
        body = {"size": 1, "identifier": IDENTIFIER, "SearchResult": [found]}
        return container(request, self._world.switches, body)

    async def delete(self, request: web.Request) -> web.Response:
        """Removes the item and, on a real server, its files."""
        item = item_named(self._world, request.match_info["key"])
        self._world.library.remove(item)
        self._world.wrote_off(item)
        return done()


def refill(world: World, item: Item) -> None:
    """What a refresh of an item does: nothing without an agent or a match."""
    section = world.library.sections[item.section_key]
    if section.agentless or unmatched(item) or not item.origin:
        return
    _replace_unlocked(world, item, _agent_values(world, item), item.origin)


def _agent_values(world: World, item: Item) -> JsonObject:
    files = [part.file for media in item.media for part in media.parts]
    return seed_values(item.origin, world.library.sections[item.section_key], files)


def _replace_unlocked(world: World, item: Item, values: JsonObject, origin: JsonObject) -> None:
    """Gives all unlocked fields, tags and pictures the agent's (or no) value."""
    for name in AGENT_VALUES - set(item.locked):
        if name in values:
            item.values[name] = values[name]
        else:
            item.values.pop(name, None)
    set_year(item.values)
    tags = seed_tags(origin, world.library.tags)
    for kind in AGENT_TAGS:
        if kind not in item.locked:
            world.library.set_tags(item, kind, tags.get(kind, []))
    for kind, lock in KINDS.items():
        shelf = shelf_of(item, kind)
        if lock not in item.locked and shelf.images:
            shelf.selected = shelf.images[0].name
    world.library.touch(item, {*AGENT_VALUES, *AGENT_TAGS, "year"})
    world.hub.timeline(item, 5)
