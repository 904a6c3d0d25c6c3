"""The shape of a simulated library: what the generator makes and both simulators are started with.

A seed is one JSON document (`Seed`). The Stash simulator reads its `stash` half, the Plex
simulator its `plex` half; `truth` is read by tests, the demo and the benchmarks only, so that
no simulator can leak the answer to the plugin under test.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict


class StashStudio(TypedDict):
    id: int
    name: str
    parent_id: int | None


class StashPerformer(TypedDict):
    id: int
    name: str
    disambiguation: str
    gender: str | None


class StashTag(TypedDict):
    id: int
    name: str


class StashGroup(TypedDict):
    id: int
    name: str
    scene_ids: list[int]


class StashFile(TypedDict):
    id: int
    path: str  # as Stash sees it, in the separator of Stash's system
    size: int  # bytes
    duration: float  # seconds
    oshash: str  # 16 hex digits


class StashScene(TypedDict):
    id: int
    title: str  # "" when unset, never null
    details: str
    director: str
    date: str | None  # YYYY-MM-DD, or partial: YYYY-MM, YYYY
    rating100: int | None
    organized: bool
    studio_id: int | None
    performer_ids: list[int]
    tag_ids: list[int]
    files: list[StashFile]  # primary first
    created_at: str  # RFC 3339, whole seconds, any offset: facts of Stash, see its text comparison
    updated_at: str
    cover: str | None  # seed string of a generated JPEG/PNG cover; None: no cover (default SVG)


class _Copied(TypedDict, total=False):
    copies: int  # the rows are patterns, each is there so often; see `simulators.copies`


class _Groups(_Copied, total=False):
    groups: list[StashGroup]


class StashSeed(_Groups):
    studios: list[StashStudio]
    performers: list[StashPerformer]
    tags: list[StashTag]
    scenes: list[StashScene]
    version: str  # "v0.30.1"


class _Optimized(TypedDict, total=False):
    optimized_for: str  # the file is Plex's own, made for this device


class PlexPart(_Optimized):
    file: str  # as Plex sees it
    size: int | None  # None: attribute omitted
    duration: int | None  # milliseconds; None: attribute omitted (not analysed)
    deleted_at: int | None  # epoch seconds on its Media: file gone, trash not emptied


class PlexRole(TypedDict):
    tag: str
    role: str | None
    thumb: str | None


class PlexItem(TypedDict):
    rating_key: int
    type: str  # "movie", or "episode" in a show section
    guid: str
    title: str
    title_sort: str | None
    summary: str
    studio: str | None
    originally_available_at: str | None  # YYYY-MM-DD
    user_rating: float | None
    tagline: str | None
    content_rating: str | None
    genres: list[str]
    roles: list[PlexRole]
    directors: list[str]
    writers: list[str]
    collections: list[str]
    labels: list[str]
    locked: list[str]  # names of locked fields: title, genre, actor, thumb, ...
    media: list[list[PlexPart]]  # versions, each of one or more parts (cd1, cd2)
    added_at: int  # epoch seconds
    updated_at: int | None
    deleted_at: int | None
    show_title: str | None  # episodes: the show they hang under
    season: int | None
    episode: int | None


def bare_item(key: int, guid: str, title: str, media: list[list[PlexPart]], at: int) -> PlexItem:
    """A film that shows nothing but a title; it came, and was changed last, at `at`."""
    return {
        "rating_key": key,
        "type": "movie",
        "guid": guid,
        "title": title,
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
        "media": media,
        "added_at": at,
        "updated_at": at,
        "deleted_at": None,
        "show_title": None,
        "season": None,
        "episode": None,
    }


class PlexSection(TypedDict):
    key: int
    title: str
    type: str  # movie, show, artist, photo
    agent: str  # com.plexapp.agents.none, tv.plex.agents.none, tv.plex.agents.movie, ...
    scanner: str
    locations: list[str]
    items: list[PlexItem]


class PlexSeed(_Copied):
    version: str  # "1.43.0.10492-abcdef012"
    machine_identifier: str
    friendly_name: str
    sections: list[PlexSection]
    # Files that lie on Plex's disk but have not been scanned: a scan of their folder adds them.
    unscanned: list[PlexItem]


class Truth(TypedDict):
    """What a perfect tool would find. Scene ids are ints, items "section:ratingKey"."""

    path_map: str  # the `path_map` setting that this library needs ("" if none)
    sync_timestamps: dict[str, float]  # an earlier plugin's file: scene id (text) -> epoch seconds
    matches: dict[str, list[str]]  # scene id -> the items that it owns, sorted; absent: none
    empty_metadata: list[int]
    stale_sync: list[int]
    missing: list[int]
    ambiguous: list[int]
    outside: list[int]  # of `missing`: paths outside every section location
    no_metadata: list[int]  # scenes below the quality gate
    in_sync: list[int]  # item shows all of the scene already
    orphans: list[str]  # items that no scene's file matches
    cases: dict[str, str]  # scene id -> the name of the case it was generated for


class Seed(TypedDict):
    stash: StashSeed
    plex: PlexSeed
    truth: Truth


def write_seed(seed: Seed, path: Path) -> None:
    path.write_text(json.dumps(seed, ensure_ascii=False), encoding="utf-8")


def read_seed(path: Path) -> Seed:
    seed: Any = json.loads(path.read_text(encoding="utf-8"))
    return seed  # type: ignore[no-any-return]
