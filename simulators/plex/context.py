"""Everything that the simulator's request handlers share."""

from __future__ import annotations

import copy
import gc
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from simulators.plex.library import Library
from simulators.plex.listing import Listing
from simulators.plex.model import Item, JsonObject
from simulators.plex.render import Renderer

LARGE = 5_000  # items, from where on the garbage collector is felt


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keeps the garbage collector from walking a growing library again and again.

    What stands at the end is left out of later collections: it would be walked at every one.
    """
    gc.unfreeze()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@dataclass(slots=True)
class World:
    """The simulated server's state; `load` replaces the library as a whole.

    Args:
        token: what X-Plex-Token must be.
        clock: epoch seconds; the switch `clock_offset` is added to it.
    """

    token: str
    switches: dict[str, Any]
    clock: Callable[[], float]
    rng: random.Random
    seed: JsonObject
    # Writes that reached an item, by rating key: what a test counts.
    item_writes: Counter[int] = field(default_factory=Counter)
    # What was answered last of an item read whole, and how often that was not the newest.
    answered: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)  # uploads by sha1
    kept: tuple[Library, dict[str, bytes]] | None = None  # library and pictures, see `keep`
    library: Library = field(init=False)
    listing: Listing = field(init=False)
    renderer: Renderer = field(init=False)

    def __post_init__(self) -> None:
        self.load(self.seed)

    def load(self, seed: JsonObject) -> None:
        """Starts afresh with the `plex` half of a seed."""
        self.seed = seed
        items = sum(len(section["items"]) for section in seed.get("sections", []))
        with _no_collection() if items > LARGE else nullcontext():
            made = Library(seed, self.now, lambda: bool(self.switches["exact_tag_case"]))
        self._begin_with(made, {})

    def keep(self) -> None:
        """Remembers library and pictures as they are, for `go_back`."""
        self.kept = self._copy_of(self.library, self.pictures)

    def go_back(self) -> None:
        """Makes library and pictures what they were at the last `keep`."""
        assert self.kept is not None
        self._begin_with(*self._copy_of(*self.kept))

    def _copy_of(
        self, library: Library, pictures: dict[str, bytes]
    ) -> tuple[Library, dict[str, bytes]]:
        # The library knows this world by its clock.
        return copy.deepcopy(library, {id(self): self}), dict(pictures)

    def _begin_with(self, library: Library, pictures: dict[str, bytes]) -> None:
        self.library = library
        self.listing = Listing(library)
        self.renderer = Renderer(library)
        self.item_writes.clear()
        self.answered.clear()
        self.pictures = pictures

    def now(self) -> int:
        return int(self.clock() + float(self.switches["clock_offset"]))

    def lists(self, key: int) -> bool:
        """Whether the library of that key, with its items, is there for who asks."""
        return key not in self.switches["unlisted"]

    def wrote(self, item: Item) -> None:
        """Counts a write that reached the item."""
        self.item_writes[item.key] += 1
        if self.switches["edits_move_content"]:
            self.library.sections[item.section_key].content_changed_at += 1
