"""Whatever is renamed, swapped, replaced or scanned anew: no scene gets the item of another film.

Each film has a size and a length of its own, which both sides know; few names and folders, so that
a film often lies where another lay before. Records say what was matched once.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from core.matching.index import ItemIndex
from core.matching.match import match_scene
from core.matching.pins import Pin, pinned_item
from core.models import ItemRef, MediaFile, Scene
from core.paths import PathMap
from core.records import Record
from tests.core.builders import item_record, record, scene
from tests.examples import examples

NAMES = [f"{folder}/{name}.mp4" for folder in ("a", "b", "a/b") for name in ("scene", "x", "y")]
MAPS = [PathMap(), PathMap((("/d", "/m"),))]


@dataclass
class World:
    """Films by number: where Stash and Plex have them, under which key, and what is remembered."""

    stash: dict[int, str] = field(default_factory=dict)
    plex: dict[int, str] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    records: dict[int, Record] = field(default_factory=dict)

    def file(self, film: int, path: str) -> MediaFile:
        return MediaFile(path, 1000 + film, 600.0 + 60 * film)

    def scene(self, film: int) -> Scene:
        return scene(self.file(film, self.stash[film]), scene_id=film)

    def index(self) -> ItemIndex:
        made = ItemIndex()
        for film, path in self.plex.items():
            made.add(ItemRef("1", self.keys[film]), [self.file(film, path)])
        return made

    def remember(self) -> None:
        """Sync: what lies on both sides is recorded."""
        for film in self.stash.keys() & self.plex.keys():
            item = item_record(self.plex[film], key=self.keys[film])
            files = [self.file(film, self.stash[film])]
            self.records[film] = record(item, files=files, scene_id=film)


def begin(rng: random.Random) -> World:
    world = World()
    films = range(rng.randint(1, 8))
    for side, root in ((world.stash, "/d"), (world.plex, "/m")):
        for film, name in zip(films, rng.sample(NAMES, len(films)), strict=True):
            side[film] = f"{root}/{name}"
    world.keys = {film: str(100 + film) for film in films}
    return world


def disturb(world: World, rng: random.Random) -> None:
    """One thing that happens to a library between two looks at it."""
    side, root = rng.choice([(world.stash, "/d"), (world.plex, "/m")])
    films = list(side)
    if not films:
        return
    film = rng.choice(films)
    event = rng.choice(["rename", "swap", "drop", "new key", "reused key", "sync"])
    if event == "rename":
        free = sorted({f"{root}/{name}" for name in NAMES} - set(side.values()))
        if free:
            side[film] = rng.choice(free)
    elif event == "swap":
        other = rng.choice(films)
        side[film], side[other] = side[other], side[film]
    elif event == "drop":
        del side[film]
    elif event == "new key":
        world.keys[film] = str(rng.randint(500, 10_000))
    elif event == "reused key":
        other = rng.choice(films)
        world.keys[film], world.keys[other] = world.keys[other], world.keys[film]
    else:
        world.remember()


worlds = st.builds(lambda seed: random.Random(seed), st.integers(0, 2**32))


@examples(200)
@given(worlds, st.sampled_from(MAPS))
def test_no_scene_ever_gets_the_item_of_another_film(rng: random.Random, path_map: PathMap) -> None:
    world = begin(rng)
    world.remember()
    for _ in range(rng.randint(0, 12)):
        disturb(world, rng)
        index = world.index()
        for film in world.stash:
            match = match_scene(world.scene(film), {"1": index}, path_map, world.records.get(film))
            assert set(match.refs) <= {ItemRef("1", world.keys[film])}
            assert not match.claims or film in world.plex


@given(worlds)
def test_a_film_that_is_only_renamed_is_never_lost(rng: random.Random) -> None:
    """On either side, any number of times; there is no path map and no name that helps."""
    world = begin(rng)
    world.remember()
    for turn in range(6):
        side, root = rng.choice([(world.stash, "/d"), (world.plex, "/m")])
        side[rng.choice(list(side))] = f"{root}/renamed/{turn}.mp4"
    index = world.index()
    for film in world.stash:
        match = match_scene(world.scene(film), {"1": index}, PathMap(), world.records[film])
        assert match.refs == (ItemRef("1", world.keys[film]),)


@given(worlds)
def test_a_pin_never_means_another_film(rng: random.Random) -> None:
    world = begin(rng)
    pins = {
        film: Pin(film, ItemRef("1", world.keys[film]), (world.file(film, path),))
        for film, path in world.plex.items()
    }
    for _ in range(rng.randint(0, 12)):
        disturb(world, rng)
    index = world.index()
    for film, pin in pins.items():
        meant = pinned_item(pin, index)
        there = list(index.files(meant)) if meant is not None else []
        # The film itself, wherever it is by now; or the item that the user chose, whatever lies at
        # the very path that it had.
        assert not there or there[0].size == 1000 + film or there[0].path == pin.files[0].path
