"""Small Plex seeds written by hand, for tests that need to know each item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from simulators.plex.model import JsonObject
from simulators.seed import bare_item

LOCATION = "/data/scenes"
AGENT_NONE = "com.plexapp.agents.none"
FIRST_ADDED_AT = 1_700_000_000  # addedAt of item 0; each key is a second younger


def plex_item(key: int, **changes: Any) -> JsonObject:
    """An item in the seed's format with everything that a listing cuts, and more of it."""
    media = [[plex_part(f"{LOCATION}/Aurora/{key:04d}.mp4", size=1000 + key)]]
    guid = f"{AGENT_NONE}://{key:040x}?lang=xn"
    item: JsonObject = {
        **bare_item(key, guid, f"Title {key:04d}", cast("Any", media), FIRST_ADDED_AT + key),
        "summary": f"Summary {key}",
        "studio": "Aurora",
        "originally_available_at": "2024-08-22",
        "genres": ["Drama", "Night", "Outdoor"],
        "roles": [{"tag": f"Person {n}", "role": None, "thumb": None} for n in range(5)],
        "directors": ["R. Vale"],
        "labels": ["Stash"],
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
