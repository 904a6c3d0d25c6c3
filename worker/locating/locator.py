"""Finds the items of the scenes in hand: by record, by the saved index, then by look-ups.

What is remembered only proposes; every item is read whole before anything is believed of it, and
it must still have the file that it was proposed for. A look-up costs one request per file and
section, so for many scenes the newest items of the sections are listed instead, and a large drain
lists the sections whole when that is cheaper.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from core import paths
from core.matching.index import ItemIndex
from core.matching.ownership import Contest, is_copy
from core.matching.pins import Pin
from core.models import FullItem, ItemRef, MediaFile, Scene, Section
from core.paths import PathMap
from core.records import Record
from plex.cache import MatchCache, PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexServerDown
from plex.library import PlexSnapshot, list_snapshot
from plex.lookup_keys import NameMap, wanted
from worker.locating.confirming import Confirming
from worker.locating.live_lookup import LiveLookup, SoughtFile
from worker.locating.located_items import (
    LocatedItems,
    Pinned,
    is_active,
    is_open,
    is_pinned,
    joined,
)
from worker.locating.recent_items import EarlierSearch, RecentItems

log = logging.getLogger(__name__)

# A drain of fewer jobs never lists a whole section for the sake of scenes that it does not know.
LISTING_FROM = 100
NOT_SOUGHT: Mapping[int, EarlierSearch] = MappingProxyType({})
NOT_READ: Mapping[str, FullItem] = MappingProxyType({})


def _no_pins(_scene_ids: Iterable[int]) -> Mapping[int, Sequence[Pin]]:
    return {}


class Locator:
    """Locates scenes for one drain.

    Args:
        sections: the synced sections.
        cache: the index that the last reconcile saved, kept current by what is looked up here.
        pins: brings the pins of some scenes.
        learned: the folders that the last full reconcile has learned from its matches.
        matches: remembers what was looked up.
        guess: take the first of several equal candidates (`strict_matching` switched off).
    """

    def __init__(
        self,
        plex: PlexClient,
        sections: Sequence[Section],
        cache: PlexCache,
        path_map: PathMap,
        *,
        pins: Callable[[Iterable[int]], Mapping[int, Sequence[Pin]]] = _no_pins,
        learned: PathMap | None = None,
        matches: MatchCache | None = None,
        guess: bool,
        clock: Callable[[], float],
    ) -> None:
        self._plex = plex
        self._sections = {section.key: section for section in sections}
        self._cache = cache
        self._path_map = path_map
        self._pins = pins
        self._learned = learned
        self._lookup = LiveLookup(plex, self._sections, cache, matches, path_map, learned)
        self._confirming = Confirming(plex, path_map, learned, guess=guess)
        self._clock = clock
        self._additions = RecentItems(plex, cache, self._sections, clock)
        self._looked_up = 0
        self._is_large = False
        self._listed: PlexSnapshot | None = None

    @property
    def titles(self) -> dict[str, str]:
        """The titles of the synced sections by their keys."""
        return {key: section.title for key, section in self._sections.items()}

    def expect(self, jobs: int) -> None:
        """Tell how many jobs the drain has."""
        self._is_large = jobs >= LISTING_FROM

    def locate(
        self,
        scenes: Sequence[Scene],
        records: Mapping[int, Record],
        sought: Mapping[int, EarlierSearch] = NOT_SOUGHT,
        others: Collection[ItemRef] = (),
        read: dict[str, FullItem] | None = None,
    ) -> dict[int, LocatedItems]:
        """The items of some scenes. Raises PlexError, as the client: then of none of them.

        Args:
            sought: how scenes were looked for before, by scene id.
            others: items that are none of theirs.
            read: the items that were read just now, by rating key; gets those that are read.
        """
        pins = self._read_pins(scenes)
        read = {} if read is None else read
        match = partial(self._confirming.match, read=read)
        found = self._among_remembered(scenes, records, pins, others, read)
        unknown = [scene for scene in scenes if is_open(scene, found, pins)]
        spared = self._spare(unknown, found, pins, sought)
        if spared:
            left = {ref for scene in spared for ref in found[scene.id].gone}
            now = match(spared, records, pins, self._remembered(spared, records, pins, left))
            found |= now
            done = {i for i, n in now.items() if n.items or (n.is_absent and not n.gone)}
            unknown = [scene for scene in unknown if scene.id not in done]
        if unknown:
            fresh = self._look(unknown, records, pins, elsewhere=False, remembers=not others)
            now = match(unknown, records, pins, fresh)
            found |= {i: joined(found[i], n) if found[i].items else n for i, n in now.items()}
        unknown = [scene for scene in unknown if not found[scene.id].items]
        if unknown and self._listed is None:
            fresh = self._look(unknown, records, pins, elsewhere=True, remembers=not others)
            now = match(unknown, records, pins, fresh)
            found |= {i: joined(found[i], n) for i, n in now.items()}
        self._warn(found, pins)
        absent = (s for s in unknown if not found[s.id].items and not found[s.id].undecided)
        found |= {s.id: replace(found[s.id], trouble=self._trouble(s)) for s in absent}
        return {scene_id: each.without(others) for scene_id, each in found.items()}

    def _among_remembered(
        self,
        scenes: Sequence[Scene],
        records: Mapping[int, Record],
        pins: Pinned,
        others: Collection[ItemRef],
        read: dict[str, FullItem],
    ) -> dict[int, LocatedItems]:
        """The first step of `locate`: what needs no look-up."""
        known = self._remembered(scenes, records, pins, others)
        found = self._confirming.match(scenes, records, pins, known, read)
        misled = [s for s in scenes if found[s.id].gone or found[s.id].is_outdated]
        if misled and self._listed is None:
            # Another item that is remembered may have the file that this one has no more.
            left = {ref for scene in misled for ref in found[scene.id].gone}.union(others)
            known = self._remembered(misled, records, pins, left, read)
            now = self._confirming.match(misled, records, pins, known, read)
            found |= {i: n.after(found[i]) for i, n in now.items()}
        return found

    def _trouble(self, scene: Scene) -> str:
        """Why a scene that was not found may be in Plex all the same; "" where it is not."""
        for file in scene.files:
            if file.path in self._lookup.failed:
                return self._lookup.failed[file.path]
            for key in self._places(file.path):
                if self._listed is not None and self._listed.has_holes(key):
                    return f"library {self._sections[key].title!r} could not be read whole"
        return ""

    def lacks_own(self, scene: Scene, found: LocatedItems, lost: Sequence[Contest]) -> bool:
        """Whether a scene has lost all its items, each of them a copy of its file."""
        maps = [self._path_map, *([self._learned] if self._learned is not None else [])]
        return (
            found.items.keys() == {contest.ref for contest in lost}
            and not found.undecided
            and all(is_copy(each, scene, found.items[each.ref].files, maps) for each in lost)
        )

    def _spare(
        self,
        scenes: Sequence[Scene],
        found: Mapping[int, LocatedItems],
        pins: Pinned,
        sought: Mapping[int, EarlierSearch],
    ) -> list[Scene]:
        """The scenes that need no look-up, since the index was brought up to date for them."""
        if self._listed is not None:
            return []
        pinned = {pin.scene_id for pin in pins.active}
        plain = [s for s in scenes if s.id not in pinned and found[s.id].is_absent]
        likely = {
            scene.id: {key for file in scene.files for key in self._places(file.path)}
            for scene in plain
        }
        spared = self._additions.spare(likely, sought)
        return [scene for scene in plain if scene.id in spared]

    def claimed(
        self,
        items: Iterable[FullItem],
        scenes: Iterable[Scene],
        records: Mapping[int, Record],
    ) -> set[ItemRef]:
        """Which of these items one of the scenes may be, judged by these items alone.

        Asks nobody. A scene whose own item is another one may seem to be one of these.
        """
        known = list(scenes)
        pins = self._pins([scene.id for scene in known])
        indexes = self._new_indexes(Pinned({}, (), {item.ref: item.files for item in items}))
        found: set[ItemRef] = set()
        for scene in known:
            record, own = records.get(scene.id), pins.get(scene.id, ())
            match = self._confirming.match_one(scene, record, own, indexes)
            found.update(match.refs, *(low.refs for low in match.undecided))
        return found

    def _read_pins(self, scenes: Iterable[Scene]) -> Pinned:
        """The pins of some scenes, and what Plex has of their items."""
        by_scene = self._pins([scene.id for scene in scenes])
        active = [p for pins in by_scene.values() for p in pins if is_active(p, self._sections)]
        full = self._plex.full_items([pin.ref.key for pin in active]) if active else {}
        live = {item.ref: item.files for item in full.values()}
        return Pinned(by_scene, active, {p.ref: live[p.ref] for p in active if p.ref in live})

    def _warn(self, found: Mapping[int, LocatedItems], pins: Pinned) -> None:
        for pin in pins.active:
            if not is_pinned(found[pin.scene_id], pin.ref.section):
                title = self._sections[pin.ref.section].title
                log.warning(
                    "the pin of scene %d to item %s of library %r was ignored: the item is gone",
                    pin.scene_id,
                    pin.ref.key,
                    title,
                )

    def _new_indexes(self, pins: Pinned) -> dict[str, ItemIndex]:
        """Indexes with nothing in them but what was just read of pinned items."""
        indexes = {key: ItemIndex() for key in self._sections}
        for ref, files in pins.live.items():
            indexes[ref.section].add(ref, files)
        return indexes

    def _remembered(
        self,
        scenes: Sequence[Scene],
        records: Mapping[int, Record],
        pins: Pinned,
        gone: Container[ItemRef] = (),
        read: Mapping[str, FullItem] = NOT_READ,
    ) -> dict[str, ItemIndex]:
        """Indexes of what records and the saved index say of files with these names.

        Args:
            gone: items to be left out.
            read: items of which the files are known, by rating key.
        """
        if self._listed is not None:
            return self._among_listed(self._listed, scenes, records, pins)
        indexes = self._new_indexes(pins)
        names = {paths.base_key(file.path) for scene in scenes for file in scene.files}
        names |= {paths.base_key(file.path) for pin in pins.active for file in pin.files}
        told = [*self._cache.items_named(names).items()]
        told += [
            (item.ref, tuple(map(MediaFile, item.files)))
            for record in records.values()
            for item in record.items
        ]
        for ref, files in told:
            if ref.section in indexes and ref not in gone:
                live = read.get(ref.key)
                indexes[ref.section].add(ref, live.files if live is not None else files)
        return indexes

    def _look(
        self,
        scenes: Sequence[Scene],
        records: Mapping[int, Record],
        pins: Pinned,
        *,
        elsewhere: bool,
        remembers: bool,
    ) -> dict[str, ItemIndex]:
        """Ask Plex itself for files with these names.

        Args:
            elsewhere: in the sections where they should not be, after those where they should.
            remembers: what was looked up before is believed.
        """
        if self._listed is not None:
            return self._among_listed(self._listed, scenes, records, pins)
        sought = [
            SoughtFile(section, file)
            for scene in scenes
            for file in scene.files
            for section in self._places(file.path, elsewhere=elsewhere)
        ]
        if not elsewhere:
            lost = [pin for pin in pins.active if pin.ref not in pins.live]
            sought += [SoughtFile(p.ref.section, file, True) for p in lost for file in p.files]
        names = {(each.section, paths.base_name(each.file.path)) for each in sought}
        self._looked_up += sum(len(paths.spellings(name)) for _, name in names)
        if self._is_large and self._looked_up > self._cache.pages(self._sections):
            return self._among_listed(self._list(), scenes, records, pins)
        indexes = self._new_indexes(pins)
        for item in self._lookup.candidates(dict.fromkeys(sought), remembers=remembers):
            indexes[item.ref.section].add(item.ref, item.files)
        return indexes

    def _among_listed(
        self,
        side: PlexSnapshot,
        scenes: Sequence[Scene],
        records: Mapping[int, Record],
        pins: Pinned,
    ) -> dict[str, ItemIndex]:
        files = [file for scene in scenes for file in scene.files]
        known = (records[scene.id] for scene in scenes if scene.id in records)
        names = NameMap(self._path_map)
        side.focus(wanted(files, names, self._learned, known, pins.active))
        return side.indexes

    def _places(self, path: str, *, elsewhere: bool = False) -> list[str]:
        """The sections below whose folders a file lies, all of them where that is not known; or
        else those that are left."""
        learned = self._learned.to_plex(path) if self._learned is not None else ()
        places = (*self._path_map.to_plex(path), *learned)
        inside = [k for k, s in self._sections.items() if paths.lies_in_any(places, s.locations)]
        first = inside or list(self._sections)
        return [k for k in self._sections if k not in first] if elsewhere else first

    def _list(self) -> PlexSnapshot:
        side = list_snapshot(self._plex, self._sections.values(), self._cache, self._clock())
        if side.unknown and not side.counts:
            raise PlexServerDown("; ".join(side.troubles()))
        self._listed = side
        return side
