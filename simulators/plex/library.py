"""The library of the simulated Plex server, and the only places where it changes.

Every change goes through `Library`, so that rendered items and sort orders follow. `updatedAt` is
in whole seconds of the clock, as on a real server: two edits within a second leave it equal.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from simulators.plex.model import Item, JsonObject, Section, Unscanned
from simulators.plex.seed_loading import item_from_seed, shell_item
from simulators.plex.tags import TagRegister

MEMBERS = "(members)"


class Library:
    """Sections, items, tags and what has not been scanned yet.

    Args:
        seed: the `plex` half of a seed (see `simulators.seed`).
        now: the server's clock, in whole epoch seconds.
        exact_case: see `TagRegister`.
    """

    def __init__(
        self, seed: JsonObject, now: Callable[[], int], exact_case: Callable[[], bool]
    ) -> None:
        self.now = now
        self.tags = TagRegister(exact_case)
        self.sections: dict[int, Section] = {}
        self.items: dict[int, Item] = {}
        self.version: str = seed.get("version", "1.43.0.10492-abcdef012")
        self.machine: str = seed.get("machine_identifier", "0" * 40)
        self.name: str = seed.get("friendly_name", "Simulated Plex")
        self.copies: int = seed.get("copies", 1)  # of each item; see `simulators.copies`
        self.unscanned = [Unscanned.of(raw) for raw in seed.get("unscanned", [])]
        self._shows: dict[tuple[int, str, int | None], Item] = {}
        self._last_key = _highest_key(seed)
        self._last_id = 80_000
        for raw in seed.get("sections", []):
            self._add_section(raw)

    def _add_section(self, raw: JsonObject) -> None:
        locations = [(self.fresh_id(), path) for path in raw["locations"]]
        section = Section(
            key=int(raw["key"]),
            title=raw["title"],
            type=raw["type"],
            agent=raw.get("agent", "com.plexapp.agents.none"),
            scanner=raw.get("scanner", "Plex Video Files Scanner"),
            uuid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.machine}/{raw['key']}")),
            locations=locations,
            created_at=1_690_000_000,
            scanned_at=1_690_000_100,
        )
        self.sections[section.key] = section
        for item in raw["items"]:
            self.add(section, item)

    def fresh_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def fresh_key(self) -> int:
        self._last_key += 1
        return self._last_key

    def add(self, section: Section, raw: JsonObject, arrived: int | None = None) -> Item:
        """Adds an item from a seed's description; `arrived` makes it one that was scanned now."""
        item = item_from_seed(raw, section, self.tags, self.fresh_id)
        if item.key in self.items or item.key <= 0:
            item.key = self.fresh_key()
        self._last_key = max(self._last_key, item.key)
        if arrived is not None:
            item.added_at = item.updated_at = arrived
        if item.type == "episode":
            item.parent = self._season_of(section, raw, item)
        self._register(section, item)
        return item

    def _register(self, section: Section, item: Item) -> None:
        self.items[item.key] = section.items[item.key] = item
        if item.parent is not None:
            item.parent.children[item.key] = item
            item.parent.cache.clear()
        section.bump({MEMBERS})
        section.content_changed_at += 1

    def _season_of(self, section: Section, raw: JsonObject, episode: Item) -> Item:
        title = raw.get("show_title") or "Unknown Show"
        number = raw.get("season") or 0
        show = self._shell(section, "show", title, None, None, episode)
        return self._shell(section, "season", title, number, show, episode)

    def _shell(
        self,
        section: Section,
        kind: str,
        title: str,
        number: int | None,
        parent: Item | None,
        first: Item,
    ) -> Item:
        """The show or season of that name, made when its first episode comes."""
        found = self._shows.get((section.key, title, number))
        if found is not None and found.key in self.items:
            return found
        label = title if number is None else f"Season {number}"
        made = shell_item(self.fresh_key(), section, kind, label, first)
        made.parent, made.index = parent, number
        self._shows[section.key, title, number] = made
        self._register(section, made)
        return made

    def remove(self, item: Item) -> None:
        """Takes an item out; a season or show without episodes goes with its last one."""
        section = self.sections[item.section_key]
        self.items.pop(item.key, None)
        section.items.pop(item.key, None)
        section.bump({MEMBERS})
        section.content_changed_at += 1
        parent = item.parent
        if parent is not None:
            parent.children.pop(item.key, None)
            parent.cache.clear()
            if not parent.children:
                self.remove(parent)

    def touch(self, item: Item, names: Iterable[str], *, moves: bool = True) -> None:
        """Notes that values called `names` changed; `moves` says whether updatedAt follows."""
        changed = set(names)
        if moves:
            item.updated_at = self.now()
            changed.add("updatedAt")
        item.cache.clear()
        self.sections[item.section_key].bump(changed)


def _highest_key(seed: JsonObject) -> int:
    raws: list[Any] = list(seed.get("unscanned", []))
    for section in seed.get("sections", []):
        raws.extend(section["items"])
    return max((int(raw.get("rating_key") or 0) for raw in raws), default=1000)
