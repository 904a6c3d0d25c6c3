"""The scenes that Stash has touched last, by id and `updated_at` alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.timestamps import parse_timestamp
from core.watermark import Touched, Watermark
from stash.queries import day_before
from stash.scenes import StashApi, query_data

PAGE = 500
_FIELDS = "{ scenes { id updated_at } }"
# What was touched last comes first, so that where nothing is new one page tells.
_LATEST = (
    "query LatestScenes($touched: FindFilterType, $since: SceneFilterType)"
    f" {{ touched: findScenes(filter: $touched, scene_filter: $since) {_FIELDS} }}"
)
_QUERY = (
    "query TouchedScenes($touched: FindFilterType, $since: SceneFilterType,"
    " $added: FindFilterType, $above: SceneFilterType) {"
    f" touched: findScenes(filter: $touched, scene_filter: $since) {_FIELDS}"
    f" added: findScenes(filter: $added, scene_filter: $above) {_FIELDS} }}"
)


def newest(stash: StashApi) -> list[Touched]:
    """The scenes touched last, at most a page of them, and the one with the highest id.

    Raises:
        StashError: or its kinds.
    """
    last = {"page": 1, "per_page": 1, "sort": "id", "direction": "DESC"}
    data = _ask(stash, 1, None, last, {})
    return [*_scenes(data, "touched"), *_scenes(data, "added")]


def latest(stash: StashApi, since: float, most: int) -> list[Touched]:
    """The scenes touched last since a time (epoch seconds), at most so many, with others.

    Raises:
        StashError: or its kinds.
    """
    return _scenes(query_data(stash, _LATEST, _by_time(1, since, most)), "touched")


def touched_since(stash: StashApi, mark: Watermark, now: float) -> list[Touched]:
    """All scenes touched since a watermark, or added above it, with others; in one request, where
    less than a page of them was.

    Args:
        now: epoch seconds.

    Raises:
        StashError: or its kinds.
    """
    since = mark.since(now)
    found: list[Touched] = []
    last_id, page, is_left = mark.last_id, 1, True
    while is_left:
        above = {"id": {"value": last_id, "modifier": "GREATER_THAN"}}
        by_id = {"page": 1, "per_page": PAGE, "sort": "id", "direction": "ASC"}
        data = _ask(stash, page, since, by_id, above)
        touched, added = _scenes(data, "touched"), _scenes(data, "added")
        found += [*touched, *added]
        last_id = max([last_id, *(scene for scene, _ in added)])
        page += 1
        is_new = bool(touched) and min(at for _, at in touched) >= since
        is_left = (len(touched) >= PAGE and is_new) or len(added) >= PAGE
    return found


def _ask(
    stash: StashApi,
    page: int,
    since: float | None,
    added: Mapping[str, object],
    above: Mapping[str, object],
) -> Mapping[str, Any]:
    variables = {**_by_time(page, since, PAGE), "added": added, "above": above}
    return query_data(stash, _QUERY, variables)


def _by_time(page: int, since: float | None, most: int) -> dict[str, object]:
    by_time = {"page": page, "per_page": most, "sort": "updated_at", "direction": "DESC"}
    if since is None:
        return {"touched": by_time, "since": {}}
    # Stash compares its times as texts, in the offsets that they were written in.
    later = {"updated_at": {"value": day_before(since), "modifier": "GREATER_THAN"}}
    return {"touched": by_time, "since": later}


def _scenes(data: Mapping[str, Any], name: str) -> list[Touched]:
    """The scenes of a listing; what makes no sense is left out, and to a reconcile."""
    listed = data.get(name)
    rows = listed.get("scenes") if isinstance(listed, Mapping) else None
    found: list[Touched] = []
    for row in rows if isinstance(rows, list) else ():
        told = row if isinstance(row, Mapping) else {}
        number, at = str(told.get("id")), parse_timestamp(told.get("updated_at"))
        if number.isascii() and number.isdecimal() and len(number) <= 18 and at is not None:
            found.append((int(number), at))
    return found
