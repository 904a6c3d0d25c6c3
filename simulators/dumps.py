"""The dumps behind `/_sim/state` of both simulators, brought back into the shape of a seed.

The oracle reads seeds only: if a dump changes its shape, this file is all that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulators.seed import (
    PlexItem,
    PlexPart,
    PlexSection,
    PlexSeed,
    StashFile,
    StashScene,
    StashSeed,
)

State = Mapping[str, Any]

# What belongs to people and agents alone: no sync may change it on any item.
HANDWORK = (
    "guid",
    "type",
    "section",
    "titleSort",
    "originalTitle",
    "tagline",
    "contentRating",
    "editionTitle",
    "rating",
    "audienceRating",
    "addedAt",
    "deletedAt",
    "director",
    "writer",
    "producer",
    "country",
    "collection",
    "label",
)
# What moves without anybody's write.
_RESTLESS = frozenset({"updatedAt", "parent"})


def stash_seed(state: State) -> StashSeed:
    """The Stash simulator's state as the `stash` half of a seed."""
    return {
        "studios": [
            {"id": row["num"], "name": row["name"], "parent_id": row["parent_studio"]}
            for row in state["studios"]
        ],
        "performers": [
            {
                "id": row["num"],
                "name": row["name"],
                "disambiguation": row["disambiguation"],
                "gender": row["gender"],
            }
            for row in state["performers"]
        ],
        "tags": [{"id": row["num"], "name": row["name"]} for row in state["tags"]],
        "scenes": [_scene(row) for row in state["scenes"]],
        "version": "",
    }


def _scene(row: State) -> StashScene:
    cover = row["cover"]
    return {
        "id": row["num"],
        "title": row["title"],
        "details": row["details"],
        "director": row["director"],
        "date": row["date"],
        "rating100": row["rating100"],
        "organized": row["organized"],
        "studio_id": row["studio"],
        "performer_ids": list(row["performers"]),
        "tag_ids": list(row["tags"]),
        "files": [_file(file) for file in row["files"]],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "cover": cover if cover is None or isinstance(cover, str) else "uploaded",
    }


def _file(row: State) -> StashFile:
    return {
        "id": row["num"],
        "path": row["path"],
        "size": row["size"],
        "duration": row["duration"],
        "oshash": row["oshash"],
    }


def plex_seed(state: State) -> PlexSeed:
    """The Plex simulator's state as the `plex` half of a seed; `unscanned` is not kept in it.

    Shows and seasons are no items of ours and are left out.
    """
    return {
        "version": "",
        "machine_identifier": "",
        "friendly_name": "",
        "sections": [_section(state, row) for row in state["sections"].values()],
        "unscanned": [],
    }


def _section(state: State, row: State) -> PlexSection:
    items = [state["items"][str(key)] for key in row["items"]]
    return {
        "key": int(row["key"]),
        "title": row["title"],
        "type": row["type"],
        "agent": row["agent"],
        "scanner": row["scanner"],
        "locations": [location["path"] for location in row["Location"]],
        "items": [_item(item) for item in items if item["type"] not in ("show", "season")],
    }


def _item(row: State) -> PlexItem:
    return {
        "rating_key": int(row["ratingKey"]),
        "type": row["type"],
        "guid": row["guid"],
        "title": row.get("title", ""),
        "title_sort": row.get("titleSort"),
        "summary": row.get("summary", ""),
        "studio": row.get("studio"),
        "originally_available_at": row.get("originallyAvailableAt"),
        "user_rating": row.get("userRating"),
        "tagline": row.get("tagline"),
        "content_rating": row.get("contentRating"),
        "genres": list(row["genre"]),
        "roles": [
            {"tag": each["tag"], "role": each["role"], "thumb": each["thumb"]}
            for each in row["actor"]
        ],
        "directors": list(row["director"]),
        "writers": list(row["writer"]),
        "collections": list(row["collection"]),
        "labels": list(row["label"]),
        "locked": list(row["locked"]),
        "media": [_version(version) for version in row["media"]],
        "added_at": row["addedAt"],
        "updated_at": row["updatedAt"],
        "deleted_at": row["deletedAt"],
        "show_title": None,
        "season": None,
        "episode": None,
    }


def _version(row: State) -> list[PlexPart]:
    return [
        {
            "file": part["file"],
            "size": part["size"],
            "duration": part["duration"],
            "deleted_at": row["deletedAt"],
        }
        for part in row["parts"]
    ]


def whole_items(state: State) -> dict[str, dict[str, Any]]:
    """ "section:ratingKey" → everything about the item that nobody but a writer can change."""
    return {
        f"{row['section']}:{row['ratingKey']}": {
            name: value for name, value in row.items() if name not in _RESTLESS
        }
        for row in state["items"].values()
        if row["type"] not in ("show", "season")
    }


def handwork(row: State) -> dict[str, Any]:
    """The part of `whole_items` that belongs to people and agents; files included."""
    return {**{name: row.get(name) for name in HANDWORK}, "media": row["media"]}
