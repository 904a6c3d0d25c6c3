"""The GraphQL texts that we send to Stash.

One selection of scene fields serves every reader, and holds only fields that exist in every Stash
since v0.24: asking for an unknown field fails the whole query.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone

from core.errors import StashError
from core.fields import SAID

# A bare selection without named fragments, as `find_scenes(fragment=...)` of stashapp-tools
# wants it.
SCENE_FRAGMENT = f"""
    id {" ".join(SAID)} organized created_at updated_at
    files {{ path size duration }}
    studio {{ id name }}
    performers {{ id name }}
    tags {{ id name }}
"""

# Groups were called movies before v0.27, and asking for them costs Stash one query a scene.
GROUPS = "groups { group { id name } }"
MOVIES = "groups: movies { group: movie { id name } }"
FIELDS_OF_SCENES = '{ __type(name: "Scene") { fields { name } } }'

COUNT_SCENES = "query CountScenes { findScenes(filter: {per_page: 0}) { count } }"
COUNT_THESE = (
    "query CountThese($scene_filter: SceneFilterType)"
    " { findScenes(filter: {per_page: 0}, scene_filter: $scene_filter) { count } }"
)
SAVE_PLUGIN_SETTINGS = (
    "mutation SavePluginSettings($id: ID!, $input: Map!)"
    " { configurePlugin(plugin_id: $id, input: $input) }"
)
VERSION = "query StashVersion { version { version } }"

# Stash keeps its times as text with the offset of the moment they were written at and compares
# them as text, so a day's difference may be off by the spread of all offsets (26 hours). Two days
# leave room; the reader then compares exactly.
_DATE_MARGIN = timedelta(days=2)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def find_scenes_query(fragment: str | None) -> str:
    """The query of `StashClient.find_scenes`; only what is asked for is computed (no count)."""
    return (
        "query FindScenes($filter: FindFilterType, $scene_filter: SceneFilterType) {"
        " findScenes(filter: $filter, scene_filter: $scene_filter) {"
        f" scenes {{ {fragment or SCENE_FRAGMENT} }} }} }}"
    )


def scenes_after(
    last_id: int,
    since: float | None,
    criteria: Mapping[str, object] | None = None,
    up_to: int | None = None,
) -> dict[str, object]:
    """The SceneFilterType for the page behind `last_id`.

    Args:
        up_to: the last id that counts.
        since: epoch seconds; narrows to scenes that may have been created or updated since.
        criteria: of a SceneFilterType, all of which have to hold as well.
    """
    ids: dict[str, object] = {"value": last_id, "modifier": "GREATER_THAN"}
    if up_to is not None:
        ids = {"value": last_id + 1, "value2": up_to, "modifier": "BETWEEN"}
    found: dict[str, object] = {"id": ids}
    found.update(criteria or {})
    if since is not None:
        day = day_before(since)
        # One level takes one of AND, OR and NOT: id AND (created OR updated).
        found["AND"] = {
            "created_at": {"value": day, "modifier": "GREATER_THAN"},
            "OR": {"updated_at": {"value": day, "modifier": "GREATER_THAN"}},
        }
    return found


def showing(kind: str, ids: Iterable[int]) -> dict[str, object]:
    """The criterion of scenes that have one of these performers, studios or tags themselves.

    Args:
        kind: "performer", "studio" or "tag".
    """
    return {f"{kind}s": {"value": [str(each) for each in ids], "modifier": "INCLUDES"}}


def with_file_named(names: Iterable[str]) -> dict[str, object]:
    """The criterion of scenes that have a file with one of these base names, whatever its case."""
    # Go's expressions, which Stash takes, allow the same escapes.
    alternatives = "|".join(map(re.escape, names))
    pattern = rf"(?i)(?:^|[\\/])(?:{alternatives})$"
    return {"path": {"value": pattern, "modifier": "MATCHES_REGEX"}}


def page_of(
    size: int, page: int = 1, sort: str = "id", direction: str = "ASC"
) -> dict[str, object]:
    """The FindFilterType of one page. Without `sort` Stash promises no order at all."""
    return {"page": page, "per_page": size, "sort": sort, "direction": direction}


def scenes_by_id_query(ids: Iterable[int], fields: str = SCENE_FRAGMENT) -> str:
    """One query for many scenes in which a deleted one is null.

    `findScenes(ids:)` would fail as a whole when one of them is gone.
    """
    asked = " ".join(f"s{each}: findScene(id: {each}) {{ ...SyncScene }}" for each in ids)
    return f"query ScenesById {{ {asked} }}\nfragment SyncScene on Scene {{ {fields} }}"


def entity_names_query(kind: str, ids: Iterable[int]) -> str:
    """One query for the names of many performers, studios or tags; one that is gone is null."""
    find = f"find{kind.capitalize()}"
    asked = " ".join(f"s{each}: {find}(id: {each}) {{ name }}" for each in ids)
    return f"query EntityNames {{ {asked} }}"


def plugin_settings_query(plugin_id: str) -> str:
    """The plugin's settings and the API key in one go.

    The id list is written out: as a typed variable it fails on v0.24, and without it v0.24 and
    v0.25 spell the id in another way.

    Raises:
        ValueError: the id has characters that would need quoting.
    """
    if not plugin_id.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"not a plugin id: {plugin_id!r}")
    return (
        "query PluginSettings { configuration {"
        f' plugins(include: ["{plugin_id}"]) general {{ apiKey }} }} }}'
    )


def by_alias(data: Mapping[str, object], each: int) -> object:
    """What a query with an id for each of its parts brought for one of them: None if it is gone.

    Raises:
        StashError: nothing was said of it.
    """
    alias = f"s{each}"
    if alias not in data:
        raise StashError(f"Stash answered without {each}")
    return data[alias]


def day_before(moment: float) -> str:
    try:
        day = _EPOCH + timedelta(seconds=moment) - _DATE_MARGIN
    except OverflowError:
        return "0001-01-01" if moment < 0 else "9999-12-31"
    return day.date().isoformat()
