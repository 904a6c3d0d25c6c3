"""Which items a listing shows, in which order, without sorting the section for each page.

An order is kept until an item of the section comes, goes, or changes in the field sorted by; a
filtered listing until anything changes in the section.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from simulators.copies import Copies
from simulators.plex.errors import Refused
from simulators.plex.fields import SORTS
from simulators.plex.filters import compile_filters, is_filter
from simulators.plex.library import MEMBERS, Library
from simulators.plex.model import Item, Section
from simulators.plex.query import Query

KEPT = 16


class Listing:
    def __init__(self, library: Library) -> None:
        self._library = library
        self._orders: OrderedDict[Any, tuple[Any, list[Item]]] = OrderedDict()
        self._filtered: OrderedDict[Any, tuple[Any, list[Item]]] = OrderedDict()

    def select(self, section: Section, type_name: str, query: Query) -> Sequence[Item]:
        """The items of a type that pass the query's filters, in its order, ties by rating key.

        Raises:
            Refused: 400 for an unknown sort or filter field.
        """
        selected = self._select(section, type_name, query)
        if self._library.copies == 1:
            return selected
        return Copies.all_of(selected, self._library.copies, lambda item, _: item, by_copy=False)

    def _select(self, section: Section, type_name: str, query: Query) -> list[Item]:
        sort = query.get("sort") or "titleSort"
        order = self._order(section, type_name, sort)
        filters = tuple(pair for pair in query.pairs if is_filter(pair.name))
        if not filters:
            return order
        test = compile_filters(filters)
        if test is None:
            return order
        key = (section.key, type_name, sort, filters)
        return _kept(
            self._filtered, key, section.revision, lambda: [item for item in order if test(item)]
        )

    def _order(self, section: Section, type_name: str, sort: str) -> list[Item]:
        steps = [_step(text) for text in sort.split(",")]
        names = {MEMBERS} | {name for name, _, _ in steps}
        if "titleSort" in names:
            names.add("title")
        stamp = tuple(section.field_revisions[name] for name in sorted(names))
        key = (section.key, type_name, sort)
        return _kept(self._orders, key, stamp, lambda: _sorted(section, type_name, steps))


def _kept(
    store: OrderedDict[Any, tuple[Any, list[Item]]],
    key: Any,
    stamp: Any,
    make: Callable[[], list[Item]],
) -> list[Item]:
    found = store.get(key)
    if found is not None and found[0] == stamp:
        store.move_to_end(key)
        return found[1]
    made = make()
    store[key] = (stamp, made)
    store.move_to_end(key)
    if len(store) > KEPT:
        store.popitem(last=False)
    return made


def _step(text: str) -> tuple[str, bool, bool]:
    """One sort of the list: field, descending, nulls last."""
    name, *directions = text.strip().split(":")
    name = name.rpartition(".")[2]
    if name not in SORTS or not set(directions) <= {"", "asc", "desc", "nullsLast"}:
        raise Refused(400)
    return name, "desc" in directions, "nullsLast" in directions


def _sorted(section: Section, type_name: str, steps: list[tuple[str, bool, bool]]) -> list[Item]:
    items = [item for item in section.items.values() if item.type == type_name]
    items.sort(key=lambda item: item.key)
    for name, descending, nulls_last in reversed(steps):
        read = SORTS[name]
        known = [item for item in items if read(item) is not None]
        unknown = [item for item in items if read(item) is None]
        known.sort(key=lambda item: _comparable(read(item)), reverse=descending)
        items = known + unknown if descending or nulls_last else unknown + known
    return items


def _comparable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
