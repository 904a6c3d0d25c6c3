"""Libraries with files that Plex has not scanned, and what Plex was asked about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests

from app.sync_changes.process_queue import process_queue
from simulators.seed import Seed
from tests.acceptance.conftest import Open
from tests.acceptance.site import TOKEN, Site
from tests.acceptance.small_library import FILMS, OTHER, SmallLibrary, part, plex_item, restore
from tests.acceptance.sync_driver import SyncDriver

KNOWN = 12  # scenes that Plex has
MANY = 30  # scenes that it has not, in three folders
ROOT = "/data/films"


def library(stash: str = ROOT, plex: str = ROOT) -> Seed:
    """Scenes 1 to 12 are in Plex, 101 to 130 are not, 200 lies elsewhere, 300 in both libraries.

    Args:
        stash, plex: the same folder as each of the two sees it.
    """
    made = SmallLibrary({FILMS: [plex], OTHER: [below(plex, "Both")]})
    for number in range(1, KNOWN + 1):
        own = [f"Known {number % 4}", f"{number}.mp4"]
        made.scene(number, made.file(below(stash, *own), 100 + number))
        made.item(FILMS, 1000 + number, part(below(plex, *own), 100 + number))
    for number in range(1, MANY + 1):
        own = [f"New {number % 3}", f"{number}.mp4"]
        made.scene(100 + number, made.file(below(stash, *own), 500 + number))
    made.scene(200, made.file("/elsewhere/200.mp4", 200))
    made.scene(300, made.file(below(stash, "Both", "300.mp4"), 300))
    return made.seed()


def slash(root: str) -> str:
    return "/" if root.startswith("/") else "\\"


def below(root: str, *parts: str) -> str:
    """A path below a folder, with its slashes."""
    return slash(root).join([root.rstrip("\\"), *parts])


class Disk:
    """What lies on Plex's disk, and what Plex was asked to do about it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.plex = site.both.plex

    def put(self, *scenes: int, root: str = ROOT) -> None:
        """Files of these scenes are on the disk; a scan finds them."""
        for scene in scenes:
            number = scene - 100
            path = below(root, f"New {number % 3}", f"{number}.mp4")
            if scene == 300:
                path = below(root, "Both", "300.mp4")
            size = 300 if scene == 300 else 500 + number
            self.plex.control("POST", "unscanned", plex_item(scene + 5000, [part(path, size)]))

    def asked(self) -> list[tuple[str, str]]:
        """The partial scans that Plex was asked for: section and folder."""
        return [
            (line["path"].split("/")[3], unquote(line["path"].partition("?path=")[2]))
            for line in self.plex.counters()["log"]
            if "/refresh?path=" in line["path"]
        ]

    def looked_up(self) -> int:
        """The requests about single files."""
        return sum("file=" in line["path"] for line in self.plex.counters()["log"])

    def scan(self, section: int = FILMS, *, seconds: float = 0) -> None:
        """A scan that somebody else starts."""
        self.plex.configure(scan_seconds=seconds)
        self._send("GET", section)
        self.plex.configure(scan_seconds=0)

    def stop(self, section: int = FILMS) -> None:
        """End the scans of a section."""
        self._send("DELETE", section)

    def _send(self, method: str, section: int) -> None:
        url = f"{self.plex.url}/library/sections/{section}/refresh"
        headers = {"X-Plex-Token": TOKEN}
        requests.request(method, url, headers=headers, timeout=30).raise_for_status()


class ScanDriver(SyncDriver):
    """A driver with scenes that Plex has not scanned."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.disk = Disk(site)

    def edited(self, *scenes: int) -> dict[str, Any]:
        """Scenes were edited some time ago, and Sync Changes runs."""
        for scene in scenes:
            self.note(scene)
        self.now += 60
        return self.sync()

    def drain(self) -> dict[str, Any]:
        """Process Queue, which waits for nothing."""
        with self.context() as context:
            return process_queue(context)

    def attempts(self) -> dict[int, int]:
        """The failed attempts of the jobs that wait."""
        with self.site.queue() as queue:
            return {job.scene_id: job.attempts for job in queue.due(4e9)}

    def errors(self) -> dict[int, str]:
        """Why they wait."""
        with self.site.queue() as queue:
            return {job.scene_id: job.error for job in queue.due(4e9)}

    def synced(self) -> set[int]:
        """The scenes that are in Plex now."""
        return set(self.site.recorded().values())


@pytest.fixture(scope="module")
def site(open_site: Open) -> Site:
    return open_site(library())


@pytest.fixture
def driver(site: Site, data: Path) -> Iterator[ScanDriver]:
    site.forget(data)
    restore(site)
    site.use(trigger_plex_scan=True, reconcile_interval="never")
    yield ScanDriver(site)
    site.both.plex.faults([])
