"""Paging, sorting and looking up by ids, with Stash's defaults.

The default page has 25 rows, -1 means all and 0 none; pages start at 1. Scenes that are asked for
without a sort come in the order of an index: by studio, those of none first; entities by name.
Whatever scenes are sorted by, equal ones follow by title, untitled ones first, also when it is
descending.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from simulators.copies import Copies
from simulators.stash.copied_scenes import CopiedScenes
from simulators.stash.criteria import Test
from simulators.stash.filters import Filters, full_date
from simulators.stash.library import Library, StashError, by_ids
from simulators.stash.model import (
    Entity,
    Folder,
    Group,
    Performer,
    Scene,
    Studio,
    Tag,
    natural,
    split_path,
)
from simulators.stash.search import name_search, scene_search

E = TypeVar("E", bound=Entity)
DEFAULT_PAGE = 25
SortKey = Callable[[Any], Any]


def _nulls_first(read: Callable[[Any], Any]) -> SortKey:
    def key(row: Any) -> tuple[bool, Any]:
        value = read(row)
        return value is not None, 0 if value is None else value

    return key


def _primary(read: Callable[[Any], Any]) -> SortKey:
    return _nulls_first(lambda scene: read(scene.files[0]) if scene.files else None)


def _nothing(_scene: Scene) -> int:
    return 0  # what no scene here differs in


def _shown_title(scene: Scene) -> tuple[tuple[int, Any], ...]:
    return natural(scene.title or (scene.files[0].basename if scene.files else ""))


def _path(scene: Scene) -> tuple[tuple[int, Any], ...]:
    # Folder and name stand side by side there, without a separator.
    return natural("".join(split_path(scene.files[0].path)[::2]) if scene.files else "")


ALIKE = (
    *("framerate", "resolution", "interactive", "interactive_speed"),
    *("group_scene_number", "movie_scene_number", "performer_age"),
)
SCENE_SORTS: Mapping[str, SortKey] = {
    "id": lambda scene: scene.num,
    "title": _shown_title,
    "code": _nulls_first(lambda scene: scene.code or None),
    "date": _nulls_first(lambda scene: full_date(scene.date)),
    "path": _path,
    "created_at": lambda scene: scene.created_at,
    "updated_at": lambda scene: scene.updated_at,
    "file_count": lambda scene: len(scene.files),
    "file_mod_time": _primary(lambda file: file.mod_time),
    "filesize": _primary(lambda file: file.size),
    "duration": _primary(lambda file: file.duration),
    "bitrate": _primary(lambda file: int(file.size * 8 / max(file.duration, 1))),
    "rating": _nulls_first(lambda scene: scene.rating100),
    "organized": lambda scene: scene.organized,
    "play_count": lambda scene: len(scene.play_history),
    "play_duration": lambda scene: scene.play_duration,
    "resume_time": lambda scene: scene.resume_time,
    "last_played_at": _nulls_first(
        lambda scene: scene.play_history[0] if scene.play_history else None
    ),
    "last_o_at": _nulls_first(lambda scene: scene.o_history[0] if scene.o_history else None),
    "o_counter": lambda scene: len(scene.o_history),
    "tag_count": lambda scene: len(scene.tags),
    "performer_count": lambda scene: len(scene.performers),
    "studio": _nulls_first(lambda scene: natural(scene.studio.name) if scene.studio else None),
    "perceptual_similarity": _primary(lambda file: file.phash),
    **dict.fromkeys(ALIKE, _nothing),
}
ENTITY_SORTS: Mapping[str, SortKey] = {
    "id": lambda row: row.num,
    "name": lambda row: natural(row.name),
    "created_at": lambda row: row.created_at,
    "updated_at": lambda row: row.updated_at,
}
# Equal texts are unequal to the order that these use: the later row is the lesser one.
NATURAL_SORTS = ("title", "name", "path", "studio")


@dataclass(slots=True)
class FoundScenes:
    """A page of scenes; the sums are worked out only where a query selects them."""

    scenes: Sequence[Scene]
    matched: Sequence[Scene]
    by_filter: bool

    @property
    def count(self) -> int:
        return len(self.matched)

    @property
    def duration(self) -> float:
        return float(sum(file.duration for file in self._files()))

    @property
    def filesize(self) -> float:
        return float(sum(file.size for file in self._files()))

    def _files(self) -> list[Any]:
        if self.by_filter:
            return [file for scene in self.matched for file in scene.files]
        return [scene.files[0] for scene in self.matched if scene.files]


@dataclass(frozen=True, slots=True)
class FoundEntities:
    """A page of performers, studios or tags under the name that the query asks for."""

    rows: Sequence[Any]
    count: int

    @property
    def performers(self) -> Sequence[Performer]:
        return self.rows

    @property
    def studios(self) -> Sequence[Studio]:
        return self.rows

    @property
    def tags(self) -> Sequence[Tag]:
        return self.rows

    @property
    def groups(self) -> Sequence[Group]:
        return self.rows

    @property
    def folders(self) -> Sequence[Folder]:
        return self.rows

    @property
    def movies(self) -> Sequence[Group]:
        return self.rows


@dataclass(slots=True)
class Finder:
    """Answers the find queries; keeps sorted listings until the next write."""

    library: Library
    _revision: int = -1
    _orders: dict[tuple[str, str, bool], list[Any]] = field(default_factory=dict)

    def scenes(
        self,
        filters: Filters,
        wanted: Mapping[str, Any],
        paging: Mapping[str, Any],
        strict_sort: bool,
    ) -> FoundScenes:
        """Raises:
        StashError: a bad sort or criterion.
        """
        if not paging.get("sort") and (wanted or paging.get("q")):
            paging = {**paging, "sort": "id", "direction": "ASC"}  # the index is of no use then
        rows: Sequence[Scene] = self._ordered(
            "scenes", self.library.scenes, SCENE_SORTS, paging, strict_sort
        )
        if self.library.copies > 1:
            rows = CopiedScenes(self.library).listed(rows, by_id=paging.get("sort") == "id")
        rest = dict(wanted)
        if paging.get("sort") == "id" and _ascending(paging):
            rows = _id_range(rows, rest)
        tests = [filters.scene(rest)] if rest else []
        if paging.get("q"):
            tests.append(scene_search(paging["q"]))
        matched = _matching(rows, tests)
        return FoundScenes(page_of(matched, paging), matched, by_filter=True)

    def scenes_by_ids(self, ids: Sequence[Any], reject_twins: bool) -> FoundScenes:
        """Filter, sort and paging do not apply.

        Raises:
            StashError: one id is unknown: the whole query fails.
        """
        scenes: Mapping[int, Scene] = self.library.scenes
        if self.library.copies > 1:
            scenes = CopiedScenes(self.library)
        rows = by_ids(scenes, ids, "scene", reject_twins)
        return FoundScenes(rows, rows, by_filter=False)

    def entities(
        self, table: str, rows: dict[int, E], test: Test | None, paging: Mapping[str, Any]
    ) -> FoundEntities:
        """Raises:
        StashError: a bad sort.
        """
        tests = [] if test is None else [test]
        if paging.get("q"):
            tests.append(name_search(paging["q"]))
        ordered: list[Any] = self._ordered(table, rows, ENTITY_SORTS, paging, strict=True)
        matched = _matching(ordered, tests)
        return FoundEntities(page_of(matched, paging), len(matched))

    def _ordered(
        self,
        table: str,
        rows: dict[int, E],
        sorts: Mapping[str, SortKey],
        paging: Mapping[str, Any],
        strict: bool,
    ) -> list[E]:
        if self._revision != self.library.revision:
            self._orders.clear()
            self._revision = self.library.revision
        sort, ascending = paging.get("sort") or "", _ascending(paging)
        key = (table, sort, ascending)
        if key not in self._orders:
            by = _sort_key(sort, sorts, strict)
            self._orders[key] = sorted(
                _tied(rows.values(), sort, ascending), key=by, reverse=not ascending and bool(sort)
            )
        return self._orders[key]


def _ascending(paging: Mapping[str, Any]) -> bool:
    return paging.get("direction") != "DESC"


def _sort_key(sort: str, sorts: Mapping[str, SortKey], strict: bool) -> SortKey:
    if sort in sorts:
        return sorts[sort]
    if sort == "random" or sort.startswith("random_"):
        seed = sort.removeprefix("random_")
        if strict and seed != "random" and not seed.isdecimal():
            raise StashError(f"invalid random seed: {seed}")
        return lambda row: random.Random(f"{seed}:{row.num}").random()
    if sort and strict:
        raise StashError(f"invalid sort: {sort}")
    return _as_indexed


def _as_indexed(row: Any) -> Any:
    if not isinstance(row, Scene):
        return natural(row.name)
    return 0 if row.studio is None else row.studio.num


def _tied(rows: Iterable[E], sort: str, ascending: bool) -> list[E]:
    """The rows in the order that they keep where what they are sorted by is equal."""
    if sort in ("id", ""):
        return sorted(rows, key=lambda row: row.num)
    known: list[Any] = sorted(rows, key=_title)
    if sort == "perceptual_similarity":
        known.sort(key=_largest_first)
    if sort not in NATURAL_SORTS:
        return known
    bare = [row for row in known if sort == "studio" and row.studio is None]
    rest = [row for row in known if sort != "studio" or row.studio is not None]
    return [*bare, *sorted(rest, key=lambda row: row.num, reverse=ascending)]


def _largest_first(row: Any) -> int:
    return -row.files[0].size if row.files else 0


def _title(row: Any) -> tuple[int, Any, int]:
    title = row.title if isinstance(row, Scene) else row.name
    return (1, natural(title), -row.num) if title else (0, row.num, 0)


def _id_range(rows: Sequence[Scene], wanted: dict[str, Any]) -> Sequence[Scene]:
    """Takes the usual id criteria off `wanted` and cuts the sorted rows: keyset paging is cheap."""
    criterion = wanted.get("id")
    if criterion is None or any(connective in wanted for connective in ("AND", "OR", "NOT")):
        return rows
    value = criterion["value"]
    if criterion["modifier"] == "GREATER_THAN":
        del wanted["id"]
        return rows[bisect_right(rows, value, key=lambda row: row.num) :]
    if criterion["modifier"] == "LESS_THAN":
        del wanted["id"]
        return rows[: bisect_left(rows, value, key=lambda row: row.num)]
    return rows


def _matching(rows: Sequence[E], tests: Sequence[Test]) -> Sequence[E]:
    for test in tests:
        rows = rows.where(test) if isinstance(rows, Copies) else list(filter(test, rows))
    return rows


def page_of(rows: Sequence[E], paging: Mapping[str, Any]) -> Sequence[E]:
    size = paging.get("per_page")
    size = DEFAULT_PAGE if size is None else size
    if size < 0:
        return rows
    start = (max(paging.get("page") or 1, 1) - 1) * size
    return rows[start : start + size]
