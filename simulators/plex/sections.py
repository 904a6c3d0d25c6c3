"""Requests about the server and its sections: roots, sections, choices of tag values, trash."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from simulators.plex.answers import container, done
from simulators.plex.browse import IDENTIFIER, MEDIA_TAGS, section_named
from simulators.plex.context import World
from simulators.plex.errors import Refused
from simulators.plex.fields import trashed
from simulators.plex.model import TAG_ELEMENTS, TYPE_NAMES, JsonObject, Section
from simulators.plex.query import Query, page_of

LANGUAGE_NONE, LANGUAGE = "xn", "en-US"


class SectionRoutes:
    def __init__(self, world: World) -> None:
        self._world = world

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/", self.root)
        app.router.add_get("/identity", self.identity)
        app.router.add_get("/accounts", self.accounts)
        app.router.add_get("/library", self.library)
        app.router.add_get("/library/sections", self.sections)
        app.router.add_get("/library/sections/", self.sections)
        app.router.add_get("/library/sections/all", self.sections)
        app.router.add_get("/library/sections/{section}", self.section)
        app.router.add_put("/library/sections/{section}/emptyTrash", self.empty_trash)
        for kind in (*TAG_ELEMENTS, "studio"):
            app.router.add_get(f"/library/sections/{{section}}/{kind}", self.choices)

    async def root(self, request: web.Request) -> web.Response:
        library = self._world.library
        entries = ("activities", "hubs", "identity", "library", "photo", "playlists", "updater")
        body: JsonObject = {
            "size": len(entries),
            "allowCameraUpload": True,
            "allowMediaDeletion": True,
            "allowSync": True,
            "backgroundProcessing": True,
            "claimed": True,
            "friendlyName": library.name,
            "machineIdentifier": library.machine,
            "multiuser": True,
            "myPlex": True,
            "myPlexMappingState": "mapped",
            "myPlexSigninState": "ok",
            "myPlexSubscription": False,
            "platform": "Linux",
            "platformVersion": "6.1",
            "transcoderActiveVideoSessions": 0,
            "transcoderVideo": True,
            "updatedAt": 1_735_000_000,
            "version": library.version,
            "Directory": [{"count": 1, "key": name, "title": name} for name in entries],
        }
        return self._answer(request, body)

    async def identity(self, request: web.Request) -> web.Response:
        """Needs no token, and answers while the server is still starting."""
        library = self._world.library
        return self._answer(
            request,
            {
                "size": 0,
                "claimed": True,
                "machineIdentifier": library.machine,
                "version": library.version,
            },
        )

    async def accounts(self, request: web.Request) -> web.Response:
        """Who uses the server: for its owner alone."""
        if self._world.switches["non_admin"]:
            raise Refused(403)
        owner = {"id": 1, "key": "/accounts/1", "name": "owner", "defaultAudioLanguage": "en"}
        everybody = {"id": 0, "key": "/accounts/0", "name": ""}
        body = {"size": 2, "identifier": "com.plexapp.system.accounts"}
        return self._answer(request, {**body, "Account": [everybody, owner]})

    async def library(self, request: web.Request) -> web.Response:
        entries = (("sections", "Library Sections"), ("recentlyAdded", "Recently Added"))
        body: JsonObject = {
            "size": len(entries),
            "allowSync": False,
            "art": "/:/resources/library-art.png",
            "identifier": IDENTIFIER,
            **MEDIA_TAGS,
            "title1": "Plex Library",
            "title2": "",
            "Directory": [{"key": key, "title": title} for key, title in entries],
        }
        return self._answer(request, body)

    async def sections(self, request: web.Request) -> web.Response:
        sections = self._world.library.sections.values()
        listed = [describe(each) for each in sections if self._world.lists(each.key)]
        body: JsonObject = {"size": len(listed), "allowSync": False, "title1": "Plex Library"}
        if listed:
            body["Directory"] = listed
        return self._answer(request, body)

    async def section(self, request: web.Request) -> web.Response:
        section = section_named(self._world, request.match_info["section"])
        if Query.of(request.raw_path).flag("includeDetails"):
            return self._answer(
                request, {"size": 1, "allowSync": False, "Directory": [describe(section)]}
            )
        entries = (
            ("all", f"All {section.title}"),
            ("unwatched", "Unplayed"),
            ("genre", "By Genre"),
        )
        body: JsonObject = {
            "size": len(entries),
            "allowSync": False,
            "content": "secondary",
            "identifier": IDENTIFIER,
            "librarySectionID": section.key,
            "title1": section.title,
            "viewGroup": "secondary",
            "Directory": [{"key": key, "title": title} for key, title in entries],
        }
        return self._answer(request, body)

    async def choices(self, request: web.Request) -> web.Response:
        """The values of a tag kind that items of a type carry: id, name, and where they are."""
        section = section_named(self._world, request.match_info["section"])
        kind = request.path.rpartition("/")[2]
        query = Query.of(request.raw_path)
        page = page_of(query, request.headers, {**self._world.switches, "missing_size": "full"})
        type_name = _type_name(query) or section.type
        found = _studios(section, type_name) if kind == "studio" else None
        entries = found if found is not None else _tags(section, kind, type_name)
        shown = entries[page.cut(len(entries))] if page.asked else entries
        body: JsonObject = {"size": len(shown)}
        if page.asked:
            body |= {"totalSize": len(entries), "offset": page.start}
        body |= {
            "allowSync": False,
            "content": "secondary",
            "identifier": IDENTIFIER,
            "title1": section.title,
            "title2": f"By {kind.title()}",
            "viewGroup": "secondary",
        }
        if shown:
            body["Directory"] = shown
        return container(request, self._world.switches, body, page)

    async def empty_trash(self, request: web.Request) -> web.Response:
        empty_trash(self._world, section_named(self._world, request.match_info["section"]))
        return done()

    def _answer(self, request: web.Request, body: JsonObject) -> web.Response:
        return container(request, self._world.switches, body)


def describe(section: Section) -> JsonObject:
    """A section as `/library/sections` shows it."""
    return {
        "allowSync": True,
        "art": f"/:/resources/{section.type}-fanart.jpg",
        "composite": f"/library/sections/{section.key}/composite/{section.scanned_at}",
        "filters": True,
        "refreshing": section.scans > 0,
        "thumb": "/:/resources/video.png",
        "key": str(section.key),
        "type": section.type,
        "title": section.title,
        "agent": section.agent,
        "scanner": section.scanner,
        "language": LANGUAGE_NONE if section.agentless else LANGUAGE,
        "uuid": section.uuid,
        "updatedAt": section.created_at,
        "createdAt": section.created_at,
        "scannedAt": section.scanned_at,
        "content": True,
        "directory": True,
        "contentChangedAt": section.content_changed_at,
        "hidden": 0,
        "Location": [{"id": number, "path": path} for number, path in section.locations],
    }


def empty_trash(world: World, section: Section) -> None:
    """Removes deleted versions, and items that have none left or are deleted as a whole."""
    for item in [item for item in section.items.values() if trashed(item)]:
        item.media = [media for media in item.media if media.deleted_at is None]
        if item.media and item.deleted_at is None:
            files = [part.file for media in item.media for part in media.parts]
            item.files_folded = "\n".join(files).lower()
            world.library.touch(item, {"file"})
            continue
        world.library.remove(item)
        world.hub.timeline(item, 9, "deleted")


def _type_name(query: Query) -> str | None:
    text = query.get("type") or ""
    if text and (not text.isdecimal() or int(text) not in TYPE_NAMES):
        raise Refused(400)
    return TYPE_NAMES[int(text)] if text else None


def _tags(section: Section, kind: str, type_name: str) -> list[JsonObject]:
    tags = {
        link.tag.id: link.tag
        for item in section.items.values()
        if item.type == type_name
        for link in item.tags.get(kind, [])
    }
    return [
        {
            "fastKey": f"/library/sections/{section.key}/all?{kind}={tag.id}",
            "key": str(tag.id),
            "title": tag.name,
        }
        for tag in sorted(tags.values(), key=lambda tag: tag.name.casefold())
    ]


def _studios(section: Section, type_name: str) -> list[JsonObject]:
    """Studios are no tags: their key is the name, percent-encoded."""
    names = {
        str(item.values["studio"])
        for item in section.items.values()
        if item.type == type_name and item.values.get("studio")
    }
    return [
        {
            "fastKey": f"/library/sections/{section.key}/all?studio={quote(name, safe='')}",
            "key": quote(name, safe=""),
            "title": name,
        }
        for name in sorted(names, key=str.casefold)
    ]
