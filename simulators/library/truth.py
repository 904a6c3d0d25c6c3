"""What a perfect tool would find in a library, worked out from its data alone.

The cases say what they meant to make; this says what they made. A test holds the two together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from simulators.library.match import (
    VIDEO_TYPES,
    Location,
    Matches,
    PathMap,
    match_library,
    present_parts,
    same_place,
)
from simulators.library.oracle_fields import (
    Catalog,
    passes_quality_gate,
    shows_nothing,
    unequal,
    wanted,
)
from simulators.seed import PlexItem, PlexSeed, StashScene, StashSeed, Truth

Items = dict[str, tuple[PlexItem, str]]  # "section:ratingKey" -> the item, its section's agent


def items_by_name(plex: PlexSeed) -> Items:
    return {
        f"{section['key']}:{item['rating_key']}": (item, section["agent"])
        for section in plex["sections"]
        for item in section["items"]
    }


def epoch(moment: str) -> float:
    """Seconds of an RFC 3339 time of any offset."""
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def find_truth(
    stash: StashSeed,
    plex: PlexSeed,
    path_map: str,
    timestamps: dict[str, float],
    cases: dict[str, str],
) -> Truth:
    scenes = stash["scenes"]
    matches = match_library(scenes, plex["sections"], path_map)
    items = items_by_name(plex)
    catalog = Catalog.of(stash)
    in_place = _in_place_test(plex, path_map)
    missing = [
        scene
        for scene in scenes
        if _is_without_item(scene, matches, in_place) and str(scene["id"]) not in timestamps
    ]
    inside = _inside_test(plex, path_map)
    return {
        "path_map": path_map,
        "sync_timestamps": timestamps,
        "matches": {str(scene): owned for scene, owned in sorted(matches.owned.items())},
        "empty_metadata": [s["id"] for s in scenes if _is_empty(s, matches, items)],
        "stale_sync": [
            scene["id"]
            for scene in scenes
            if timestamps.get(str(scene["id"]), float("inf")) < epoch(scene["updated_at"])
        ],
        "missing": [scene["id"] for scene in missing],
        "ambiguous": sorted(matches.doubtful.keys() - matches.found.keys()),
        "outside": [scene["id"] for scene in missing if not inside(scene)],
        "no_metadata": [scene["id"] for scene in scenes if not passes_quality_gate(scene)],
        "in_sync": [s["id"] for s in scenes if _is_in_sync(s, matches, items, catalog)],
        "orphans": orphans(plex, matches),
        "cases": cases,
    }


def _is_without_item(
    scene: StashScene, matches: Matches, in_place: Callable[[StashScene, str], bool]
) -> bool:
    """Plex has none of its files; at most a copy elsewhere, which is another scene's.

    A scene without files has nothing that could be missing.
    """
    number = scene["id"]
    if not scene["files"] or number in matches.doubtful or number in matches.owned:
        return False
    return not any(in_place(scene, item) for item in matches.found.get(number, ()))


def _is_empty(scene: StashScene, matches: Matches, items: Items) -> bool:
    """One empty item of several is enough."""
    owned = [items[name] for name in matches.owned.get(scene["id"], ())]
    return passes_quality_gate(scene) and any(shows_nothing(*each) for each in owned)


def _is_in_sync(scene: StashScene, matches: Matches, items: Items, catalog: Catalog) -> bool:
    """Nothing is to be written, not even a cover, and under no setting of `first_sync`."""
    owned = [items[name] for name in matches.owned.get(scene["id"], ())]
    if not owned or scene["cover"] is not None or not passes_quality_gate(scene):
        return False
    return not any(
        unequal(wanted(scene, catalog, item, agent, "mirror"), item) for item, agent in owned
    )


def _inside_test(plex: PlexSeed, path_map: str) -> Callable[[StashScene], bool]:
    """Whether any file of a scene lies, once mapped, in a location of a video section."""
    rules = PathMap.parse(path_map)
    folders = [
        Location.of(path)
        for section in plex["sections"]
        if section["type"] in VIDEO_TYPES
        for path in section["locations"]
    ]

    def inside(scene: StashScene) -> bool:
        mapped = [rules.apply(file["path"]) for file in scene["files"]]
        return any(path.inside(folder) for path in mapped for folder in folders)

    return inside


def _in_place_test(plex: PlexSeed, path_map: str) -> Callable[[StashScene, str], bool]:
    """Whether an item has a file where one of a scene should be."""
    rules = PathMap.parse(path_map)
    parts: dict[str, list[Location]] = defaultdict(list)
    for section in plex["sections"]:
        for part in present_parts(section):
            parts[part.item].append(part.location)

    def in_place(scene: StashScene, item: str) -> bool:
        mapped = [rules.apply(file["path"]) for file in scene["files"]]
        return any(same_place(path, there) for path in mapped for there in parts[item])

    return in_place


def orphans(plex: PlexSeed, matches: Matches) -> list[str]:
    """Present items of video sections that are no scene's, not even doubtfully."""
    known = {item for found in matches.found.values() for item in found}
    known.update(item for doubtful in matches.doubtful.values() for item in doubtful)
    present = {
        part.item
        for section in plex["sections"]
        if section["type"] in VIDEO_TYPES
        for part in present_parts(section)
    }
    return sorted(present - known)
