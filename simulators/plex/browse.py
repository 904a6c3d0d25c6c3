"""Requests that read: listings of sections, and full items."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from simulators.plex.access import dawdle
from simulators.plex.answers import item_container, wants_json
from simulators.plex.context import World
from simulators.plex.errors import Refused
from simulators.plex.model import TYPE_NAMES, Item, JsonObject, Section
from simulators.plex.query import Page, Query, keys_of, page_of
from simulators.plex.render_media import Shape

IDENTIFIER = "com.plexapp.plugins.library"
MEDIA_TAGS: JsonObject = {
    "mediaTagPrefix": "/system/bundle/media/flags/",
    "mediaTagVersion": 1734362201,
}


def section_named(world: World, text: str) -> Section:
    section = world.library.sections.get(int(text)) if text.isdecimal() else None
    if section is None or not world.lists(section.key):
        raise Refused(404)
    return section


def shape_of(world: World, request: web.Request, query: Query, *, detail: bool) -> Shape:
    """Reads what of an item the request wants; flags that the switches disregard are left out."""
    excludes = world.switches["honour_excludes"]
    return Shape(
        detail=detail,
        xml=not wants_json(request),
        guids=detail or query.flag("includeGuids"),
        check_files=detail and query.flag("checkFiles"),
        without_elements=query.names("excludeElements") if excludes else frozenset(),
        without_fields=query.names("excludeFields") if excludes else frozenset(),
    )


class BrowseRoutes:
    def __init__(self, world: World) -> None:
        self._world = world

    def add_routes(self, app: web.Application) -> None:
        section = "/library/sections/{section}"
        app.router.add_get(f"{section}/all", self.all_items)
        app.router.add_get("/library/metadata/{keys}", self.metadata)

    async def all_items(self, request: web.Request) -> web.Response:
        query = Query.of(request.raw_path)
        section = section_named(self._world, request.match_info["section"])
        page = page_of(query, request.headers, self._world.switches)
        type_name = _type_name(query, section)
        items = _limited(self._world.listing.select(section, type_name, query), query)
        shown = items[page.cut(len(items))]
        shape = shape_of(self._world, request, query, detail=False)
        counted = page.asked or request.method == "HEAD"
        attributes = _window(
            self._world, len(shown), len(items), page, counted
        ) | section_attributes(section)
        await dawdle(self._world, len(shown))
        blobs = self._world.renderer.blobs(shown, shape)
        return item_container(request, self._world.switches, attributes, blobs, page)

    async def metadata(self, request: web.Request) -> web.Response:
        """Full items. Unknown keys are left out; 404 where none is known."""
        query = Query.of(request.raw_path)
        keys = dict.fromkeys(keys_of(request.match_info["keys"]))
        known = self._world.library.items
        items = [known[k] for k in keys if k in known and self._world.lists(known[k].section_key)]
        if not items:
            raise Refused(404)
        switches = self._world.switches
        page = page_of(query, request.headers, {**switches, "missing_size": "full"})
        cap = int(switches["metadata_page_cap"])
        if cap and page.size is None:
            page = Page(page.start, cap, page.asked)
        if switches["shuffle_metadata"]:
            self._world.rng.shuffle(items)
        shown = items[page.cut(len(items))]
        attributes = _window(self._world, len(shown), len(items), page, page.asked)
        attributes |= detail_attributes(self._world.library.sections[items[0].section_key])
        shape = shape_of(self._world, request, query, detail=True)
        blobs = [self._remembered(item, shape) for item in shown]
        return item_container(request, switches, attributes, blobs, page)

    def _remembered(self, item: Item, shape: Shape) -> bytes:
        """An item, as it was for the first reads after a change if the switch says so."""
        blob, most = (
            self._world.renderer.blob(item, shape),
            int(self._world.switches["stale_reads"]),
        )
        last, reads = self._world.answered.get(item.key, (blob, 0))
        is_stale = blob != last and reads < most
        if most:
            self._world.answered[item.key] = (last, reads + 1) if is_stale else (blob, 0)
        return last if is_stale else blob


def item_named(world: World, text: str) -> Item:
    item = world.library.items.get(int(text)) if text.isdecimal() else None
    if item is None or not world.lists(item.section_key):
        raise Refused(404)
    return item


def _type_name(query: Query, section: Section) -> str:
    text = query.get("type")
    if text is None:
        return section.type
    name = TYPE_NAMES.get(int(text)) if text.isdecimal() else None
    if name is None:
        raise Refused(400)
    return name


def _limited(items: Sequence[Item], query: Query) -> Sequence[Item]:
    """`limit=N`: the reported total becomes at most N."""
    limit = query.get("limit")
    if limit is None:
        return items
    if not limit.isdecimal():
        raise Refused(400)
    return items[: int(limit)]


def _window(world: World, shown: int, total: int, page: Page, counted: bool) -> JsonObject:
    """`totalSize` and `offset` are there only when paging was asked for.

    A window that covers the whole list has no `totalSize`, unless the switch `total_size` says so.
    """
    if not counted:
        return {"size": shown}
    window = {"size": shown, "offset": page.start}
    covers = page.asked and page.start == 0 and shown == total and page.size != 0
    if covers and world.switches["total_size"] == "partial":
        return window
    return window | {"totalSize": total}


def section_attributes(section: Section) -> JsonObject:
    return {
        "allowSync": True,
        "art": f"/:/resources/{section.type}-fanart.jpg",
        "identifier": IDENTIFIER,
        "librarySectionID": section.key,
        "librarySectionTitle": section.title,
        "librarySectionUUID": section.uuid,
        **MEDIA_TAGS,
        "thumb": "/:/resources/video.png",
        "title1": section.title,
        "title2": f"All {section.title}",
        "viewGroup": section.type,
    }


def detail_attributes(section: Section) -> JsonObject:
    return {
        "allowSync": True,
        "identifier": IDENTIFIER,
        "librarySectionID": section.key,
        "librarySectionTitle": section.title,
        "librarySectionUUID": section.uuid,
        **MEDIA_TAGS,
    }
