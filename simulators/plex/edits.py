"""Editing items: the PUT endpoint of a section, and what it does to an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulators.plex.answers import done
from simulators.plex.browse import section_named
from simulators.plex.context import World
from simulators.plex.edit_requests import Addition, Order, is_edit, read_order
from simulators.plex.errors import Refused
from simulators.plex.filters import compile_filters, is_filter
from simulators.plex.library import Library
from simulators.plex.model import RATING_FIELDS, TYPE_NAMES, Item, JsonObject, Tag, TagLink
from simulators.plex.query import Pair, Query, keys_of
from simulators.plex.seed_loading import set_year

NEVER_OMITTED = frozenset({"title", "summary"})


class EditRoutes:
    def __init__(self, world: World) -> None:
        self._world = world

    def add_routes(self, app: web.Application) -> None:
        app.router.add_put("/library/sections/{section}/all", self.edit_section)

    async def edit_section(self, request: web.Request) -> web.Response:
        """Edits the filtered items: without `id` (or with an empty one) EVERY item of the type."""
        section = section_named(self._world, request.match_info["section"])
        query = Query.of(request.raw_path)
        number = query.get("type") or ""
        if not number.isdecimal() or int(number) not in TYPE_NAMES:
            raise Refused(400)
        order = read_order([pair for pair in query.pairs if is_edit(pair.name)])
        items = self._targets(section.items, TYPE_NAMES[int(number)], query)
        if not items:
            raise Refused(404)
        self._apply(items, order, str(self._world.switches["edit_section"]))
        return done()

    def _targets(self, members: dict[int, Item], type_name: str, query: Query) -> list[Item]:
        ids = query.get("id")
        if ids:
            found = [members[key] for key in keys_of(ids) if key in members]
        else:
            found = list(members.values())
        filters = [
            pair
            for pair in query.pairs
            if is_filter(pair.name) and not is_edit(pair.name) and pair.name != "id"
        ]
        test = compile_filters(filters)
        return [item for item in found if item.type == type_name and (test is None or test(item))]

    def _apply(self, items: list[Item], order: Order, mode: str) -> None:
        for item in items:
            apply_order(self._world.library, item, order, mode, self._world.switches)
            self._world.wrote(item)


def apply_order(
    library: Library, item: Item, order: Order, mode: str, switches: Mapping[str, Any]
) -> None:
    """Carries out an order on one item: values, then tags, then locks. updatedAt moves."""
    refused = frozenset(switches["refuse_fields"])
    for name, value in order.values.items():
        if name not in refused:
            _set_value(item, name, value, switches)
    if "title" in order.values.keys() - refused and "titleSort" not in order.values:
        _follow_title(item)
    removals = order.removals[:1] if switches["single_removal"] else order.removals
    for kind in order.kinds - refused:
        gone = [name for wanted, name in removals if wanted == kind]
        item.tags[kind] = _new_links(library, item, kind, order, gone, mode, switches)
    for name, locked in order.locks.items():
        if name not in refused:
            set_lock(item, name, locked)
    library.touch(item, {*order.values, *order.kinds, "year"})


def _follow_title(item: Item) -> None:
    """The sort title follows the title unless somebody locked one of his own."""
    if "titleSort" not in item.locked:
        item.values.pop("titleSort", None)


def set_lock(item: Item, name: str, locked: bool) -> None:
    if locked and name not in item.locked:
        item.locked.append(name)
    elif not locked and name in item.locked:
        item.locked.remove(name)


def _set_value(item: Item, name: str, value: str, switches: Mapping[str, Any]) -> None:
    if name == "addedAt":
        item.added_at = int(value) if value else item.added_at
        return
    values: JsonObject = item.values
    if not value and name not in NEVER_OMITTED:
        values.pop(name, None)
    elif name in RATING_FIELDS:
        values[name] = kept_rating(float(value), switches)
    else:
        values[name] = _kept_text(value, switches)
    if name == "originallyAvailableAt":
        set_year(values)


def kept_rating(rating: float, switches: Mapping[str, Any]) -> float:
    return float(int(rating + 0.5)) if switches["round_rating"] else rating


def _kept_text(text: str, switches: Mapping[str, Any]) -> str:
    return text.replace("\r\n", "\n").rstrip() if switches["strip_text"] else text


def _new_links(
    library: Library,
    item: Item,
    kind: str,
    order: Order,
    gone: list[str],
    mode: str,
    switches: Mapping[str, Any],
) -> list[TagLink]:
    """The item's tags of a kind afterwards; order within a list only ever grows at its end."""
    additions = order.additions.get(kind, [])
    fresh = kind in order.cleared or (mode == "replacing" and bool(additions))
    links = [] if fresh else list(item.tags.get(kind, []))
    if not switches["removal_last"]:
        links = _without(library, kind, links, gone)
    for addition in additions:
        name = addition.name
        if kind == "label" and switches["capital_labels"]:
            name = name[:1].upper() + name[1:]
        _add(library, library.tags.named(kind, name), links, addition)
    return _without(library, kind, links, gone) if switches["removal_last"] else links


def _without(library: Library, kind: str, links: list[TagLink], gone: list[str]) -> list[TagLink]:
    tags = {library.tags.find(kind, name) for name in gone}
    return [link for link in links if link.tag not in tags]


def _add(library: Library, tag: Tag, links: list[TagLink], addition: Addition) -> None:
    if addition.thumb is not None:
        library.tags.set_thumb(tag, addition.thumb or None)
    for place, link in enumerate(links):
        if link.tag is tag:
            if addition.role is not None:
                links[place] = TagLink(tag, addition.role or None)
            return
    links.append(TagLink(tag, addition.role or None))


def order_from_names(names: dict[str, Any], *, lock: bool) -> Order:
    """An order that sets each named value, or replaces each named tag list, as a person would.

    Args:
        names: Plex's field names; tag kinds have lists of names or of {tag, role, thumb}.
        lock: whether each changed field is locked, as Plex Web does.
    """
    pairs: list[Pair] = []
    for name, value in names.items():
        if isinstance(value, list):
            pairs.append(Pair(f"{name}[].tag", ""))
            for place, entry in enumerate(value):
                tag = entry if isinstance(entry, dict) else {"tag": entry}
                pairs.append(Pair(f"{name}[{place}].tag.tag", tag["tag"]))
                pairs.append(Pair(f"{name}[{place}].tagging.text", tag.get("role") or ""))
                if tag.get("thumb"):
                    pairs.append(Pair(f"{name}[{place}].tag.thumb", tag["thumb"]))
        else:
            pairs.append(Pair(f"{name}.value", "" if value is None else str(value)))
        if lock:
            pairs.append(Pair(f"{name}.locked", "1"))
    return read_order(pairs)
