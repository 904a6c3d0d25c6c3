"""A simulator's handle, and seeds of hand-made scenes and items, for tests of the adapters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

from simulators.launch import Handle
from simulators.seed import PlexItem, PlexPart, Seed, StashScene, bare_item


class Simulated(Handle):
    """A running simulator whose switches and faults last as long as a block."""

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 0)

    @contextmanager
    def switched(self, **switches: object) -> Iterator[None]:
        """With these switches, and as before afterwards."""
        before = self.configure()
        self.configure(**switches)
        try:
            yield
        finally:
            self.configure(**{name: before[name] for name in switches})

    @contextmanager
    def failing(self, *faults: Mapping[str, object]) -> Iterator[None]:
        """With these faults, and with none afterwards."""
        self.faults(faults)
        try:
            yield
        finally:
            self.faults([])


def seed_of(scenes: list[StashScene] | None = None, items: list[PlexItem] | None = None) -> Seed:
    """A seed of hand-made scenes and items; the items are in section 1, 'Scenes'."""
    raw: Any = {
        "stash": {
            "studios": [{"id": 1, "name": "Quayside", "parent_id": None}],
            "performers": [
                {"id": 1, "name": "Ana Ruiz", "disambiguation": "", "gender": "FEMALE"},
                {"id": 2, "name": "Ana Ruiz", "disambiguation": "photographer", "gender": None},
            ],
            "tags": [{"id": 1, "name": "Night"}, {"id": 2, "name": "Two, maybe three"}],
            "scenes": scenes or [],
            "version": "v0.30.1",
        },
        "plex": {
            "version": "1.43.0.10492-abcdef012",
            "machine_identifier": "9d1f0c6e7b8a4f2d93c1b0a7e6d5c4b3a2918070",
            "friendly_name": "Simulated",
            "sections": [
                {
                    "key": 1,
                    "title": "Scenes",
                    "type": "movie",
                    "agent": "com.plexapp.agents.none",
                    "scanner": "Plex Video Files Scanner",
                    "locations": ["/data"],
                    "items": items or [],
                }
            ],
            "unscanned": [],
        },
        "truth": {},
    }
    return cast("Seed", raw)


def scene(number: int, **changes: Any) -> StashScene:
    raw: Any = {
        "id": number,
        "title": f"Scene {number}",
        "details": "",
        "director": "",
        "date": None,
        "rating100": None,
        "organized": False,
        "studio_id": None,
        "performer_ids": [],
        "tag_ids": [],
        "files": [
            {
                "id": 1000 + number,
                "path": f"/data/{number}.mp4",
                "size": 10_000_000_000 + number,
                "duration": 600.5,
                "oshash": f"{number:016x}",
            }
        ],
        "created_at": "2025-06-20T19:02:44+10:00",
        "updated_at": "2025-06-20T19:02:44+10:00",
        "cover": None,
        **changes,
    }
    return cast("StashScene", raw)


def item(key: int, **changes: Any) -> PlexItem:
    part: PlexPart = {
        "file": f"/data/{key}.mp4",
        "size": 5,
        "duration": 600_500,
        "deleted_at": None,
    }
    guid = f"com.plexapp.agents.none://{key}?lang=xn"
    bare = bare_item(key, guid, f"Item {key}", [[part]], 1_700_000_000 + key // 2)
    raw: Any = {**bare, "updated_at": 1_700_000_000 + key, **changes}
    return cast("PlexItem", raw)
