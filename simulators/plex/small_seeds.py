"""Small Plex seeds written by hand, for tests that need to know each item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulators.plex.model import JsonObject

LOCATION = "/data/scenes"
AGENT_NONE = "com.plexapp.agents.none"
FIRST_ADDED_AT = 1_700_000_000  # addedAt of item 0; each key is a second younger


def plex_item(key: int, **changes: Any) -> JsonObject:
    """An item in the seed's format with everything that a listing cuts, and more of it."""
    item: JsonObject = {
        "rating_key": key,
        "type": "movie",
        "guid": f"{AGENT_NONE}://{key:040x}?lang=xn",
        "title": f"Title {key:04d}",
        "title_sort": None,
        "summary": f"Summary {key}",
        "studio": "Aurora",
        "originally_available_at": "2024-08-22",
        "user_rating": None,
        "tagline": None,
        "content_rating": None,
        "genres": ["Drama", "Night", "Outdoor"],
        "roles": [{"tag": f"Person {n}", "role": None, "thumb": None} for n in range(5)],
        "directors": ["R. Vale"],
        "writers": [],
        "collections": [],
        "labels": ["Stash"],
        "locked": [],
        "media": [[plex_part(f"{LOCATION}/Aurora/{key:04d}.mp4", size=1000 + key)]],
        "added_at": FIRST_ADDED_AT + key,
        "updated_at": FIRST_ADDED_AT + key,
        "deleted_at": None,
        "show_title": None,
        "season": None,
        "episode": None,
    }
    return item | changes


def plex_part(file: str, **changes: Any) -> JsonObject:
    part: JsonObject = {"file": file, "size": 1000, "duration": 60_000, "deleted_at": None}
    return part | changes


def plex_section(items: Sequence[JsonObject], key: int = 1, **changes: Any) -> JsonObject:
    section: JsonObject = {
        "key": key,
        "title": "Scenes",
        "type": "movie",
        "agent": AGENT_NONE,
        "scanner": "Plex Video Files Scanner",
        "locations": [LOCATION],
        "items": list(items),
    }
    return section | changes


def plex_seed(*sections: JsonObject, unscanned: Sequence[JsonObject] = ()) -> JsonObject:
    """The `plex` half of a seed."""
    return {
        "version": "1.43.0.10492-abcdef012",
        "machine_identifier": "9d1f0c6e7b8a4f2d93c1b0a7e6d5c4b3a2918070",
        "friendly_name": "Loft",
        "sections": list(sections),
        "unscanned": list(unscanned),
    }
