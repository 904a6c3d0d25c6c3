"""The scenes that Stash has touched last, by id and `updated_at` alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import StashError, StashUnauthorized, StashUnreachable
from core.timestamps import parse_timestamp
from core.watermark import Touched, Watermark
from stash.narrowing import by_halves
from stash.queries import day_before
from stash.scenes import StashApi, query_data, stash_version

PAGE = 512  # a power of two: each half of a page is one as well
MOST_BARREN = 3  # pages in a row that only tell of scenes which were pushed on by later edits
_WALL = len("2026-01-11T18:07:53")
_FIELDS = "{ scenes { id updated_at } }"
_ONE = (
    "query SomeScenes($filter: FindFilterType, $of: SceneFilterType)"
    f" {{ found: findScenes(filter: $filter, scene_filter: $of) {_FIELDS} }}"
)
_BOTH = (
    "query TouchedScenes($touched: FindFilterType, $since: SceneFilterType,"
    " $added: FindFilterType, $above: SceneFilterType) {"
    f" touched: findScenes(filter: $touched, scene_filter: $since) {_FIELDS}"
    f" added: findScenes(filter: $added, scene_filter: $above) {_FIELDS} }}"
)
# Is told of each scene that spoils every answer which holds it.
Tell = Callable[[StashError], object]


@dataclass(frozen=True, slots=True)
class _Order:
    """Scenes in an order of Stash.

    Attributes:
        criteria: a SceneFilterType.
    """

    sort: str
    direction: str
    criteria: Mapping[str, object]

    def window(self, start: int, size: int) -> dict[str, object]:
        """The FindFilterType of `size` scenes from place `start` on, a multiple of `size`."""
        page = start // size + 1
        return {"page": page, "per_page": size, "sort": self.sort, "direction": self.direction}


@dataclass(frozen=True, slots=True)
class _Page:
    """Scenes of an answer.

    Attributes:
        entries: how many it had, with those that make no sense.
        lowest: the earliest time of them by Stash's own clock on the wall, as if that were UTC.
    """

    scenes: Sequence[Touched]
    entries: int
    lowest: float


def newest(stash: StashApi, tell: Tell) -> list[Touched]:
    """The scenes touched last, at most a page of them, and the one with the highest id.

    Raises:
        StashError: or its kinds.
    """
    touched, added = _pages(stash, _by_time(None), 0, _Order("id", "DESC", {}), 1, tell)
    return [*touched.scenes, *added.scenes]


def latest(stash: StashApi, since: float, most: int) -> list[Touched]:
    """The scenes touched last since a time (epoch seconds), at most so many, with others.

    Raises:
        StashError: or its kinds.
    """
    return list(_window(stash, _by_time(since), 0, most).scenes)


def touched_since(
    stash: StashApi, mark: Watermark, now: float, here: float, tell: Tell
) -> list[Touched]:
    """All scenes touched since a watermark, or added above it, with others; in one request, where
    less than a page of them was.

    Args:
        now: epoch seconds.
        here: by how many seconds the local time is ahead of UTC. Stash sorts its times as texts in
            the local time of their day, so what is touched after a change to an earlier one comes
            behind what was touched in the hours before.

    Raises:
        StashError: or its kinds.
    """
    since = mark.since(now)
    found: list[Touched] = []
    known: set[int] = set()
    last_id, start, is_left, barren = mark.last_id, 0, True, 0
    while is_left:
        above = {"id": {"value": last_id, "modifier": "GREATER_THAN"}}
        by_id = _Order("id", "ASC", above)
        touched, added = _pages(stash, _by_time(since), start, by_id, PAGE, tell)
        page = [*touched.scenes, *added.scenes]
        fresh = {scene for scene, _ in page} - known
        found += page
        known |= fresh
        barren = 0 if fresh else barren + 1
        if barren > MOST_BARREN:
            raise StashError("Stash sent the same scenes again instead of the next ones")
        last_id = max([last_id, *(scene for scene, _ in added.scenes)])
        start += PAGE
        is_new = bool(touched.scenes) and (
            min(at for _, at in touched.scenes) >= since or touched.lowest >= since + here
        )
        is_left = (touched.entries >= PAGE and is_new) or added.entries >= PAGE
    return found


def _by_time(since: float | None) -> _Order:
    """What was touched last comes first, so that where nothing is new one page tells."""
    if since is None:
        return _Order("updated_at", "DESC", {})
    # Stash compares its times as texts, in the offsets that they were written in.
    later = {"updated_at": {"value": day_before(since), "modifier": "GREATER_THAN"}}
    return _Order("updated_at", "DESC", later)


def _pages(
    stash: StashApi, by_time: _Order, start: int, by_id: _Order, most: int, tell: Tell
) -> tuple[_Page, _Page]:
    """A page by time, from place `start` on, and the first `most` by id, in one request; where a
    scene spoils that, what can be had of both."""
    wanted = ((by_time, start, PAGE), (by_id, 0, most))
    variables = {
        "touched": by_time.window(start, PAGE),
        "since": by_time.criteria,
        "added": by_id.window(0, most),
        "above": by_id.criteria,
    }
    try:
        data = query_data(stash, _BOTH, variables)
    except (StashUnauthorized, StashUnreachable):
        raise
    except StashError:
        touched, added = (_narrowed(stash, *each, tell) for each in wanted)
        return touched, added
    return _page(data, "touched"), _page(data, "added")


def _narrowed(stash: StashApi, order: _Order, start: int, size: int, tell: Tell) -> _Page:
    """The scenes of a window, but those that spoil each answer which holds them."""

    def ask(places: Sequence[int]) -> dict[int, _Page]:
        return {places[0]: _window(stash, order, places[0], len(places))}

    places = range(start, start + size)
    found, failed = by_halves(
        places, ask, lambda: stash_version(stash), lambda: _gives_another(stash)
    )
    for error in failed.values():
        tell(error)
    scenes = [scene for each in sorted(found) for scene in found[each].scenes]
    entries = sum(each.entries for each in found.values()) + len(failed)
    lowest = min((each.lowest for each in found.values()), default=math.inf)
    return _Page(scenes, entries, lowest)


def _gives_another(stash: StashApi) -> bool:
    """Whether Stash gives its first scene or its last."""
    for direction in ("ASC", "DESC"):
        try:
            if _window(stash, _Order("id", direction, {}), 0, 1).scenes:
                return True
        except StashError:
            continue
    return False


def _window(stash: StashApi, order: _Order, start: int, size: int) -> _Page:
    variables = {"filter": order.window(start, size), "of": order.criteria}
    return _page(query_data(stash, _ONE, variables), "found")


def _page(data: Mapping[str, Any], name: str) -> _Page:
    """The scenes of a listing; what makes no sense is left to a reconcile."""
    listed = data.get(name)
    raw = listed.get("scenes") if isinstance(listed, Mapping) else None
    rows = raw if isinstance(raw, list) else []
    found: list[Touched] = []
    lowest = math.inf
    for row in rows:
        told = row if isinstance(row, Mapping) else {}
        number, text = str(told.get("id")), told.get("updated_at")
        at = parse_timestamp(text)
        if number.isascii() and number.isdecimal() and len(number) <= 18 and at is not None:
            found.append((int(number), at))
            wall = parse_timestamp(str(text)[:_WALL])
            lowest = min(lowest, at if wall is None else wall)
    return _Page(found, len(rows), lowest)
