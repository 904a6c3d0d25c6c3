"""Scans: they find the seed's unscanned items, take time, and can be watched.

While one runs, the section is `refreshing`, and `/activities` names it.
The path must be one that the server sees and that lies in a Location of the section.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass

from aiohttp import web

from simulators.plex.answers import PROTOCOL, container, done
from simulators.plex.browse import section_named
from simulators.plex.context import World
from simulators.plex.errors import Refused
from simulators.plex.fields import trashed
from simulators.plex.model import JsonObject, Section
from simulators.plex.paths import lies_in
from simulators.plex.query import Query


@dataclass(slots=True, eq=False)
class Scan:
    section: Section
    folder: str | None  # None: all Locations
    activity: JsonObject
    task: asyncio.Task[None] | None = None


# What an idle server always has.
BUTLER: JsonObject = {
    "uuid": "b07e1e5c-0000-4000-8000-000000000001",
    "type": "butler",
    "cancellable": False,
    "userID": 1,
    "title": "Maintenance tasks",
    "subtitle": "",
    "progress": 100,
}


class Scanner:
    def __init__(self, world: World) -> None:
        self._world = world
        self.running: list[Scan] = []

    def start(self, section: Section, folder: str | None) -> str:
        """Begins a scan; with the switch `scan_seconds` at 0 it is over on return.

        Returns:
            The activity's uuid.
        """
        activity: JsonObject = {
            "uuid": str(uuid.uuid4()),
            "type": "library.update.section",
            "cancellable": False,
            "userID": 1,
            "title": f"Scanning {section.title}",
            "subtitle": "",
            "progress": 0,
        }
        scan = Scan(section, folder, activity)
        self.running.append(scan)
        section.scans += 1
        seconds = float(self._world.switches["scan_seconds"])
        if seconds > 0:
            scan.task = asyncio.get_running_loop().create_task(self._run(scan, seconds))
        else:
            self._halfway(scan)
            self._finish(scan)
        return str(activity["uuid"])

    async def _run(self, scan: Scan, seconds: float) -> None:
        await asyncio.sleep(seconds / 3)
        self._halfway(scan)
        await asyncio.sleep(seconds * 2 / 3)
        self._finish(scan)

    def _halfway(self, scan: Scan) -> None:
        """Only now the activity names its section: the first event does not, on real servers."""
        scan.activity |= {
            "subtitle": scan.folder or scan.section.locations[0][1],
            "progress": 35,
            "Context": {"librarySectionID": str(scan.section.key)},
        }

    def _finish(self, scan: Scan) -> None:
        self._find(scan)
        if self._world.switches["auto_empty_trash"]:
            self._sweep(scan)
        scan.section.scanned_at = self._world.now()
        self._end(scan)

    def _end(self, scan: Scan) -> None:
        self.running.remove(scan)
        scan.section.scans -= 1
        scan.activity["progress"] = 100

    def _find(self, scan: Scan) -> None:
        """Adds what lies below the folder and in the section, as new now.

        A file in the Locations of two sections is found by each of them.
        """
        library = self._world.library
        due = [
            waiting
            for waiting in library.unscanned
            if scan.section.key not in waiting.found_by and _below(scan, waiting.files)
        ]
        for waiting in due:
            waiting.found_by.add(scan.section.key)
            library.add(scan.section, waiting.raw, self._world.now())

    def _sweep(self, scan: Scan) -> None:
        for item in [item for item in scan.section.items.values() if trashed(item)]:
            files = [part.file for media in item.media for part in media.parts]
            if item.deleted_at is not None and _below(scan, files):
                self._world.library.remove(item)

    def cancel(self, section: Section | None = None) -> None:
        """Ends scans before they found anything: a section's, or all."""
        chosen = [scan for scan in self.running if section is None or scan.section is section]
        for scan in chosen:
            if scan.task is not None:
                scan.task.cancel()
            self._end(scan)


def _below(scan: Scan, files: list[str]) -> bool:
    if scan.section.type not in {"movie", "show"}:
        return False
    return any(
        scan.section.holds(file) and (scan.folder is None or lies_in(file, scan.folder))
        for file in files
    )


class ScanRoutes:
    def __init__(self, world: World, scanner: Scanner) -> None:
        self._world = world
        self._scanner = scanner

    def add_routes(self, app: web.Application) -> None:
        path = "/library/sections/{section}/refresh"
        app.router.add_get(path, self.refresh, allow_head=False)
        app.router.add_post(path, self.refresh)
        app.router.add_delete(path, self.cancel)
        app.router.add_get("/activities", self.activities)

    async def refresh(self, request: web.Request) -> web.Response:
        """Answers at once with nothing; the header names the activity."""
        query = Query.of(request.raw_path)
        folder = query.get("path") or None
        sections = self._sections(request.match_info["section"])
        if folder is not None:
            sections = [section for section in sections if section.holds(folder)]
        if not sections:
            raise Refused(404)
        started = [self._scanner.start(section, folder) for section in sections]
        headers = {**PROTOCOL, "X-Plex-Activity": started[0]}
        return web.Response(status=200, content_type="text/html", headers=headers)

    async def cancel(self, request: web.Request) -> web.Response:
        for section in self._sections(request.match_info["section"]):
            self._scanner.cancel(section)
        return done()

    def _sections(self, text: str) -> list[Section]:
        if text == "all":
            return list(self._world.library.sections.values())
        return [section_named(self._world, text)]

    async def activities(self, request: web.Request) -> web.Response:
        """Without any there is no `Activity` member at all."""
        running = [dict(scan.activity) for scan in self._scanner.running]
        if self._world.switches["butler"]:
            running.append(BUTLER)
        body: JsonObject = {"size": len(running)}
        if running:
            body["Activity"] = running
        return container(request, self._world.switches, body)
