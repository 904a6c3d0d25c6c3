"""The scenes that Stash has touched last, by id and `updated_at` alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import StashError, StashUnauthorized, StashUnreachable
from core.timestamps import parse_timestamp
from core.watermark import Touched, Watermark
from stash.answers import inside
from stash.narrowing import by_halves
from stash.queries import day_before, page_of
from stash.scenes import StashApi, query_data, stash_version

PAGE = 512  # a power of two: each half of a page is one as well
MOST_SHARED = 128  # places; of any place, a window goes on for twice as many at least
MOST_SLID = 30  # times that pages have slid over each other
MOST_MOVED = 4  # times that what was read part by part has moved meanwhile
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
        return page_of(size, start // size + 1, self.sort, self.direction)


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
    by_id = _Order("id", "DESC", {})
    touched, added = _pages(stash, _by_time(None), (0, PAGE), by_id, 1, tell)
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
    by_time = _Reading()
    last_id, is_left, barren = mark.last_id, True, 0
    while is_left:
        above = {"id": {"value": last_id, "modifier": "GREATER_THAN"}}
        by_id = _Order("id", "ASC", above)
        touched, added = _pages(stash, _by_time(since), by_time.window(), by_id, PAGE, tell)
        page = [*touched.scenes, *added.scenes]
        fresh = {scene for scene, _ in page} - known
        found += page
        known |= fresh
        last_id = max([last_id, *(scene for scene, _ in added.scenes)])
        is_new = bool(touched.scenes) and (
            min(at for _, at in touched.scenes) >= since or touched.lowest >= since + here
        )
        by_time.take(touched, is_new=is_new)
        barren = 0 if fresh or by_time.is_again else barren + 1
        if barren > MOST_BARREN or by_time.slid > MOST_SLID:
            raise StashError("Stash sent the same scenes again instead of the next ones")
        is_left = by_time.is_left or added.entries >= PAGE
    return found


@dataclass(slots=True)
class _Reading:
    """How far a listing by time is read whose scenes may be deleted meanwhile.

    Attributes:
        end: the first place that was not read yet.
        slid: how often scenes have slid over those that were read.
        is_left: there may be more.
    """

    end: int = 0
    slid: int = 0
    is_left: bool = True
    _back: int = PAGE
    _shared: int = 1  # places that each window has in common with the one before, at least
    _furthest: int = 0
    _seen: dict[int, float] = field(default_factory=dict)

    @property
    def is_again(self) -> bool:
        """What was taken in last lies where was read before."""
        return self.is_left and self.end <= self._furthest

    def window(self) -> tuple[int, int]:
        """The place and size of the next window: the first page, then of those that begin as far
        before `end` as is due the one that goes on furthest. It begins at a multiple of its size.
        """
        if not self.end:
            return 0, PAGE
        last = max(0, self.end - self._shared)
        size = max(range(PAGE // 2, PAGE + 1), key=lambda size: size - last % size)
        return last // size * size, size

    def take(self, page: _Page, *, is_new: bool) -> None:
        """Take that window in.

        Args:
            is_new: it has something that is wanted, so the next one may as well.
        """
        start, size = self.window()
        self._furthest = max(self._furthest, self.end)
        if self.end and not any(self._seen.get(scene) == at for scene, at in page.scenes):
            self.end, self.slid = max(0, self.end - self._back), self.slid + self.is_left
            self._back *= 2
            self._shared = min(self._shared * 4, MOST_SHARED)
            return  # they are not seen: there may be others before them
        self.end, self._back = start + size, PAGE
        self.is_left = self.is_left and page.entries >= size and is_new
        self._seen.update(page.scenes)


def _by_time(since: float | None) -> _Order:
    """What was touched last comes first, so that where nothing is new one page tells."""
    if since is None:
        return _Order("updated_at", "DESC", {})
    # Stash compares its times as texts, in the offsets that they were written in.
    later = {"updated_at": {"value": day_before(since), "modifier": "GREATER_THAN"}}
    return _Order("updated_at", "DESC", later)


def _pages(
    stash: StashApi,
    by_time: _Order,
    window: tuple[int, int],
    by_id: _Order,
    most: int,
    tell: Tell,
) -> tuple[_Page, _Page]:
    """A window by time, and the first `most` by id, in one request; where a scene spoils that, what
    can be had of both."""
    variables = {
        "touched": by_time.window(*window),
        "since": by_time.criteria,
        "added": by_id.window(0, most),
        "above": by_id.criteria,
    }
    try:
        data = query_data(stash, _BOTH, variables)
    except (StashUnauthorized, StashUnreachable):
        raise
    except StashError:
        return (
            _narrowed(stash, by_time, _halvable(*window), tell),
            _narrowed(stash, by_id, [range(most)], tell),
        )
    return _page(data, "touched"), _page(data, "added")


def _halvable(start: int, size: int) -> list[range]:
    """Pages that hold a window: each half of a page is a window as well."""
    pages = range(start // PAGE, (start + size - 1) // PAGE + 1)
    return [range(page * PAGE, (page + 1) * PAGE) for page in pages]


def _narrowed(stash: StashApi, order: _Order, pages: Sequence[range], tell: Tell) -> _Page:
    """The scenes of some pages, but those that spoil each answer which holds them.

    Its parts are read one after the other: where scenes were deleted meanwhile, others may have
    slid from a part into the one before. So they are read again until they stand still.
    """
    for _ in range(MOST_MOVED):
        found, failed = _parts(stash, order, pages)
        if _stands(stash, order, found):
            break
    for error in failed:
        tell(error)
    parts = [found[each] for each in sorted(found)]
    scenes = [scene for _, page in parts for scene in page.scenes]
    entries = sum(page.entries for _, page in parts) + len(failed)
    return _Page(scenes, entries, min((page.lowest for _, page in parts), default=math.inf))


# Parts of a listing by their first places: size, and what there is.
_Parts = Mapping[int, tuple[int, _Page]]


def _parts(
    stash: StashApi, order: _Order, pages: Sequence[range]
) -> tuple[_Parts, Sequence[StashError]]:
    """All parts that can be read, and an error for each place that cannot."""

    def ask(places: Sequence[int]) -> dict[int, tuple[int, _Page]]:
        size = len(places)
        return {places[0]: (size, _window(stash, order, places[0], size))}

    found: dict[int, tuple[int, _Page]] = {}
    errors: list[StashError] = []
    for places in pages:
        some, failed = by_halves(
            places, ask, lambda: stash_version(stash), lambda: _gives_another(stash)
        )
        found |= some
        errors += failed.values()
    return found, errors


def _stands(stash: StashApi, order: _Order, parts: _Parts) -> bool:
    """Whether all parts hold what they held when they were read."""
    try:
        return all(
            _window(stash, order, start, size) == page for start, (size, page) in parts.items()
        )
    except (StashUnauthorized, StashUnreachable):
        raise
    except StashError:
        return False


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
    raw = inside(data, name).get("scenes")
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
