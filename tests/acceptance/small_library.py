"""Small libraries put together by hand, where a test has to know every file."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulators.seed import (
    PlexItem,
    PlexPart,
    PlexSection,
    Seed,
    StashFile,
    StashScene,
    bare_item,
)
from tests.acceptance.site import Site

FILMS, OTHER, SERIES = 1, 2, 3
TITLES = {FILMS: "Films", OTHER: "Other Videos", SERIES: "Series"}
_AGENTS = {
    FILMS: "tv.plex.agents.movie",
    OTHER: "com.plexapp.agents.none",
    SERIES: "tv.plex.agents.series",
}
MOMENT = 1_760_000_000
LENGTH = 600.0  # seconds, of every file


class SmallLibrary:
    """A library in the making; `seed` is what the simulators start with.

    Args:
        locations: folders of each section, as Plex sees them.
    """

    def __init__(self, locations: Mapping[int, Sequence[str]]) -> None:
        self._scenes: list[StashScene] = []
        self._sections = {key: _section(key, places) for key, places in locations.items()}
        self._files = 0

    def file(self, path: str, size: int, length: float = LENGTH) -> StashFile:
        """A file as Stash sees it."""
        self._files += 1
        return {
            "id": self._files,
            "path": path,
            "size": size,
            "duration": length,
            "oshash": f"{self._files:016x}",
        }

    def scene(self, scene_id: int, *files: StashFile, **values: Any) -> StashScene:
        """A scene of these files, with a title and a tag of its own if nothing else is said."""
        scene: dict[str, Any] = {
            "id": scene_id,
            "title": f"Scene {scene_id}",
            "details": "",
            "director": "",
            "date": None,
            "rating100": None,
            "organized": False,
            "studio_id": None,
            "performer_ids": [],
            "tag_ids": [1],
            "files": list(files),
            "created_at": "2025-10-09T08:53:20Z",
            "updated_at": "2025-10-09T08:53:20Z",
            "cover": None,
            **values,
        }
        made: StashScene = scene  # type: ignore[assignment]
        self._scenes.append(made)
        return made

    def item(self, section: int, key: int, *versions: PlexPart | list[PlexPart]) -> PlexItem:
        """An item with one part in each version, or with those of a list."""
        item = plex_item(key, *versions, episode=section == SERIES)
        self._sections[section]["items"].append(item)
        return item

    def seed(self, path_map: str = "") -> Seed:
        """The library; of its truth only the path map is there."""
        tags = [{"id": n, "name": f"Tag {n}"} for n in range(1, 10)]
        plex = {
            "version": "1.43.0.10492-abcdef012",
            "machine_identifier": "a" * 40,
            "friendly_name": "SmallLibrary",
            "sections": list(self._sections.values()),
            "unscanned": [],
        }
        stash = {
            "studios": [],
            "performers": [],
            "tags": tags,
            "scenes": self._scenes,
            "version": "v0.30.1",
        }
        seed: Any = {"stash": stash, "plex": plex, "truth": {"path_map": path_map}}
        return seed  # type: ignore[no-any-return]


def restore(site: Site) -> None:
    """Both servers as they were at first; tests may share them then."""
    seed = site.both.seed
    site.behind("import_scenes", scenes=seed["stash"]["scenes"])
    site.both.plex.load(seed)
    site.use()


class Kept:
    """Both servers and the data directory as they are now, for tests that begin with that."""

    def __init__(self, site: Site) -> None:
        self._site, self._data = site, site.data
        site.both.plex.control("POST", "keep")

    def go_back(self, data: Path) -> None:
        """As it was, with a copy of the data directory; Stash as it was generated."""
        site = self._site
        site.behind("import_scenes", scenes=site.both.seed["stash"]["scenes"])
        site.both.plex.control("POST", "go_back")
        site.both.plex.faults([])
        site.data = shutil.copytree(self._data, data)
        site.use()


def part(path: str, size: int | None = None, length: float | None = LENGTH) -> PlexPart:
    """A file as Plex sees it."""
    duration = None if length is None else round(length * 1000)
    return {"file": path, "size": size, "duration": duration, "deleted_at": None}


def plex_item(key: int, *versions: PlexPart | list[PlexPart], episode: bool = False) -> PlexItem:
    """An item that shows nothing but a title."""
    media = [each if isinstance(each, list) else [each] for each in versions]
    made = bare_item(key, f"local://{key}", f"Item {key}", media, MOMENT)
    if episode:
        made["type"], made["show_title"] = "episode", "A Show"
        made["season"], made["episode"] = 1, key
    return made


def _section(key: int, places: Sequence[str]) -> PlexSection:
    return {
        "key": key,
        "title": TITLES[key],
        "type": "show" if key == SERIES else "movie",
        "agent": _AGENTS[key],
        "scanner": "Plex Movie",
        "locations": list(places),
        "items": [],
    }
