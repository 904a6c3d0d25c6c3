"""The simulators as real processes, for tests of the adapters."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import requests

from simulators.seed import PlexItem, Seed, StashScene, write_seed

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Simulated:
    """One running simulator and its control surface (`simulators.control`)."""

    url: str

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 0)

    def tell(self, path: str, value: object) -> Any:
        answer = requests.post(f"{self.url}/_sim/{path}", json=value, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def ask(self, path: str) -> Any:
        answer = requests.get(f"{self.url}/_sim/{path}", timeout=10)
        answer.raise_for_status()
        return answer.json()

    @contextmanager
    def switched(self, **switches: object) -> Iterator[None]:
        """With these switches, and as before afterwards."""
        before = self.ask("config")
        self.tell("config", switches)
        try:
            yield
        finally:
            self.tell("config", {name: before[name] for name in switches})

    @contextmanager
    def failing(self, *faults: Mapping[str, object]) -> Iterator[None]:
        """With these faults, and with none afterwards."""
        self.tell("faults", list(faults))
        try:
            yield
        finally:
            self.tell("faults", [])

    def counted(self) -> dict[str, Any]:
        """The request counters since the last call of `reset`."""
        return cast("dict[str, Any]", self.ask("counters"))

    def reset(self) -> None:
        self.tell("counters/reset", {})


@contextmanager
def running(module: str, seed: Seed, *options: str) -> Iterator[Simulated]:
    """A simulator with this seed on a free port, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed.json"
        write_seed(seed, path)
        command = [sys.executable, "-m", f"simulators.{module}", "--seed", str(path), *options]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            try:
                yield Simulated(json.loads(process.stdout.readline())["url"])
            finally:
                process.terminate()


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
    part = {"file": f"/data/{key}.mp4", "size": 5, "duration": 600_500, "deleted_at": None}
    raw: Any = {
        "rating_key": key,
        "type": "movie",
        "guid": f"com.plexapp.agents.none://{key}?lang=xn",
        "title": f"Item {key}",
        "title_sort": None,
        "summary": "",
        "studio": None,
        "originally_available_at": None,
        "user_rating": None,
        "tagline": None,
        "content_rating": None,
        "genres": [],
        "roles": [],
        "directors": [],
        "writers": [],
        "collections": [],
        "labels": [],
        "locked": [],
        "media": [[part]],
        "added_at": 1_700_000_000 + key // 2,
        "updated_at": 1_700_000_000 + key,
        "deleted_at": None,
        "show_title": None,
        "season": None,
        "episode": None,
        **changes,
    }
    return cast("PlexItem", raw)
