"""Requests about the server and its sections."""

from __future__ import annotations

from aiohttp import web

from simulators.plex.answers import container
from simulators.plex.browse import IDENTIFIER, MEDIA_TAGS
from simulators.plex.context import World
from simulators.plex.errors import Refused
from simulators.plex.model import JsonObject, Section

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
