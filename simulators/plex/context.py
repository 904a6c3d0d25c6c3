"""Everything that the simulator's request handlers share."""

from __future__ import annotations

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
            self.library = Library(seed, self.now, lambda: bool(self.switches["exact_tag_case"]))
        self.listing = Listing(self.library)
        self.renderer = Renderer(self.library)
        self.item_writes.clear()
        self.answered.clear()
        self.pictures.clear()

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
