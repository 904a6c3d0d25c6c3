"""Paging, sorting and looking up by ids, with Stash's defaults.

The default page has 25 rows, -1 means all and 0 none; pages start at 1. Scenes that are asked for
without a sort come in the order of an index: by studio, those of none first; entities by name.
Whatever scenes are sorted by, equal ones follow by title, untitled ones first, also when it is
descending.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from simulators.copies import Copies
from simulators.stash.copied_scenes import CopiedScenes
from simulators.stash.criteria import Test
from simulators.stash.filters import scene_test
from simulators.stash.library import Library, StashError, by_ids
from simulators.stash.model import Entity, Scene, natural

E = TypeVar("E", bound=Entity)
DEFAULT_PAGE = 25
SortKey = Callable[[Any], Any]


SCENE_SORTS: Mapping[str, SortKey] = {
    "id": lambda scene: scene.num,
    "created_at": lambda scene: scene.created_at,
    "updated_at": lambda scene: scene.updated_at,
}
ENTITY_SORTS: Mapping[str, SortKey] = {**SCENE_SORTS, "name": lambda row: natural(row.name)}


@dataclass(slots=True)
class Finder:
    """Answers the find queries; keeps sorted listings until the next write."""

    library: Library
    _revision: int = -1
    _orders: dict[tuple[str, str, bool], list[Any]] = field(default_factory=dict)

    def scenes(
        self,
        wanted: Mapping[str, Any],
        paging: Mapping[str, Any],
        strict_sort: bool,
    ) -> tuple[Sequence[Scene], Sequence[Scene]]:
        """A page, and all that match. Raises StashError: a bad sort or criterion."""
        if not paging.get("sort") and wanted:
            paging = {**paging, "sort": "id", "direction": "ASC"}  # the index is of no use then
        rows: Sequence[Scene] = self._ordered(
            "scenes", self.library.scenes, SCENE_SORTS, paging, strict_sort
        )
        if self.library.copies > 1:
            rows = CopiedScenes(self.library).listed(rows, by_id=paging.get("sort") == "id")
        rest = dict(wanted)
        if paging.get("sort") == "id" and _ascending(paging):
            rows = _id_range(rows, rest)
        matched = _matching(rows, [scene_test(rest)] if rest else [])
        return page_of(matched, paging), matched

    def scenes_by_ids(self, ids: Sequence[Any], reject_twins: bool) -> Sequence[Scene]:
        """Filter, sort and paging do not apply.

        Raises:
            StashError: one id is unknown: the whole query fails.
        """
        scenes: Mapping[int, Scene] = self.library.scenes
        if self.library.copies > 1:
            scenes = CopiedScenes(self.library)
        return by_ids(scenes, ids, "scene", reject_twins)

    def entities(
        self, table: str, rows: Mapping[int, E], test: Test | None, paging: Mapping[str, Any]
    ) -> tuple[Sequence[E], int]:
        """A page, and how many match. Raises StashError: a bad sort."""
        ordered = self._ordered(table, rows, ENTITY_SORTS, paging, strict=True)
        matched = _matching(ordered, [] if test is None else [test])
        return page_of(matched, paging), len(matched)

    def _ordered(
        self,
        table: str,
        rows: Mapping[int, E],
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
    if sort.startswith("random_"):
        return lambda row: hash((sort, row.num))
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
    if sort == "name":
        return sorted(rows, key=lambda row: row.num, reverse=ascending)
    return sorted(rows, key=_title)


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
