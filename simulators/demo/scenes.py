"""A few scenes of the demo, field by field: Stash, Plex before, Plex after.

They are chosen for what is hard to believe without having seen it, and only fields that changed
are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulators.demo.run import DemoRun
from simulators.dumps import plex_seed, stash_seed
from simulators.library.oracle import owners
from simulators.library.oracle_fields import Catalog
from simulators.library.oracle_text import name_keys
from simulators.library.truth import items_by_name
from simulators.seed import PlexItem, StashScene

# case -> what it is an example of
TELLING = {
    "extra_genre": "a tag was removed in Stash",
    "cleared_studio": "the studio was cleared in Stash",
    "year_differs": "Stash knows the year only",
    "empty_no_agent": "Plex had scanned the file, and that was all",
}

Shown = str | tuple[str, ...]  # a text, or the names of a list


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field that changed. "" and () are nothing."""

    field: str
    stash: Shown
    before: Shown
    after: Shown


@dataclass(frozen=True, slots=True)
class SceneStory:
    """One scene and its item."""

    scene_id: int
    why: str
    rows: tuple[FieldRow, ...]


def stories(run: DemoRun) -> list[SceneStory]:
    """One scene for each telling case that this library has."""
    seed = stash_seed(run.stash)
    scenes = {scene["id"]: scene for scene in seed["scenes"]}
    before, after = (items_by_name(plex_seed(state)) for state in (run.before, run.after))
    item_of = {scene: name for name, scene in owners(run.stash, run.after, run.truth).items()}
    catalog = Catalog.of(seed)
    found = []
    for case, why in TELLING.items():
        for scene_id in (int(each) for each, name in run.truth["cases"].items() if name == case):
            name = item_of.get(scene_id, "")
            if name not in before:
                continue
            rows = _rows(scenes[scene_id], catalog, before[name][0], after[name][0])
            if rows:
                found.append(SceneStory(scene_id, why, rows))
                break
    return found


def _rows(
    scene: StashScene, catalog: Catalog, before: PlexItem, after: PlexItem
) -> tuple[FieldRow, ...]:
    stash, was, now = _of_scene(scene, catalog), _of_item(before), _of_item(after)
    return tuple(
        FieldRow(field, stash[field], was[field], now[field])
        for field in stash
        if _comparable(was[field]) != _comparable(now[field])
    )


def _comparable(value: Shown) -> object:
    return value if isinstance(value, str) else name_keys(value)


def _of_scene(scene: StashScene, catalog: Catalog) -> dict[str, Shown]:
    rating = scene["rating100"]
    return {
        "title": scene["title"],
        "studio": catalog.studio(scene),
        "date": scene["date"] or "",
        "summary": scene["details"],
        "performers": tuple(catalog.performers[each] for each in scene["performer_ids"]),
        "tags": tuple(catalog.tags[each] for each in scene["tag_ids"]),
        "director": scene["director"],
        "rating": "" if rating is None else f"{rating} of 100",
    }


def _of_item(item: PlexItem) -> dict[str, Shown]:
    rating = item["user_rating"]
    return {
        "title": item["title"],
        "studio": item["studio"] or "",
        "date": item["originally_available_at"] or "",
        "summary": item["summary"],
        "performers": tuple(role["tag"] for role in item["roles"]),
        "tags": tuple(item["genres"]),
        "director": ", ".join(item["directors"]),
        "rating": "" if rating is None else f"{rating:g} of 10",
    }
