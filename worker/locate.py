"""Finds the items of the scenes in hand: by record, by the saved index, then by look-ups.

What is remembered only proposes; every item is read whole before anything is believed of it, and
it must still have the file that it was proposed for. A look-up costs one request per file and
section, so a large drain lists the sections once instead when that is cheaper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core import paths
from core.index import ItemIndex
from core.matching import Claim, FileMatch, SceneMatch, match_scene
from core.models import FullItem, ItemRef, MediaFile, Record, Scene, Section
from core.paths import PathMap
from plex.cache import PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexServerDown
from plex.library import PlexSide, list_side

# A drain of fewer jobs never lists a whole section for the sake of scenes that it does not know.
LISTING_FROM = 100


@dataclass(frozen=True, slots=True)
class Found:
    """One scene's items: those it can claim, and what evidence could not decide."""

    items: Mapping[ItemRef, FullItem]
    claims: tuple[Claim, ...]
    undecided: tuple[FileMatch, ...]


class Locator:
    """Locates scenes for one drain.

    Args:
        sections: the synced sections.
        cache: the index that the last reconcile saved, kept current by what is looked up here.
        guess: take the first of several equal candidates (`strict_matching` switched off).
    """

    def __init__(
        self,
        plex: PlexClient,
        sections: Sequence[Section],
        cache: PlexCache,
        path_map: PathMap,
        *,
        guess: bool,
        clock: Callable[[], float],
    ) -> None:
        self._plex = plex
        self._sections = {section.key: section for section in sections}
        self._cache = cache
        self._path_map = path_map
        self._guess = guess
        self._clock = clock
        self._looked_up = 0
        self._is_large = False
        self._listed: PlexSide | None = None

    def expect(self, jobs: int) -> None:
        """Tell how many jobs the drain has."""
        self._is_large = jobs >= LISTING_FROM

    def locate(self, scenes: Sequence[Scene], records: Mapping[int, Record]) -> dict[int, Found]:
        """The items of some scenes.

        Raises:
            PlexError: as the client; nothing is known of any of the scenes then.
        """
        known = self._remembered(scenes, records)
        found = self._confirm(self._match(scenes, records, known), known)
        unknown = [scene for scene in scenes if not found[scene.id].items]
        if unknown:
            fresh = self._look(unknown)
            found |= self._confirm(self._match(unknown, records, fresh), fresh)
        return found

    def _match(
        self, scenes: Iterable[Scene], records: Mapping[int, Record], known: Mapping[str, ItemIndex]
    ) -> dict[int, SceneMatch]:
        return {
            scene.id: match_scene(
                scene, known, self._path_map, records.get(scene.id), guess=self._guess
            )
            for scene in scenes
        }

    def _remembered(
        self, scenes: Sequence[Scene], records: Mapping[int, Record]
    ) -> dict[str, ItemIndex]:
        """Indexes of what records and the saved index say of files with these names."""
        if self._listed is not None:
            return self._listed.indexes
        indexes = {key: ItemIndex() for key in self._sections}
        names = {paths.base_key(file.path) for scene in scenes for file in scene.files}
        for ref, files in self._cache.items_named(names).items():
            if ref.section in indexes:
                indexes[ref.section].add(ref, files)
        for record in records.values():
            for item in record.items:
                if item.ref.section in indexes:
                    indexes[item.ref.section].add(item.ref, map(MediaFile, item.files))
        return indexes

    def _confirm(
        self, matches: Mapping[int, SceneMatch], known: Mapping[str, ItemIndex]
    ) -> dict[int, Found]:
        """Read the proposed items whole; keep those that still have the file they have it for."""
        refs = {ref for match in matches.values() for ref in match.refs}
        full = self._plex.full_items(sorted(ref.key for ref in refs)) if refs else {}
        confirmed: dict[int, Found] = {}
        for scene_id, match in matches.items():
            claims = [claim for claim in match.claims if self._holds(claim, full, known)]
            items = {claim.ref: full[claim.ref.key] for claim in claims}
            confirmed[scene_id] = Found(items, tuple(claims), match.undecided)
        return confirmed

    def _holds(
        self, claim: Claim, full: Mapping[str, FullItem], known: Mapping[str, ItemIndex]
    ) -> bool:
        item = full.get(claim.ref.key)
        if item is None or item.ref != claim.ref:
            return False
        expected = {file.path for file in known[claim.ref.section].files(claim.ref)}
        return any(file.path in expected for file in item.files)

    def _look(self, scenes: Sequence[Scene]) -> dict[str, ItemIndex]:
        """Ask Plex itself for files with these names."""
        if self._listed is not None:
            return self._listed.indexes
        wanted = sorted(
            {
                (section, spelling)
                for scene in scenes
                for file in scene.files
                for section in self._places(file.path)
                for spelling in paths.spellings(paths.base_name(file.path))
            }
        )
        self._looked_up += len(wanted)
        if self._is_large and self._looked_up > self._cache.pages(self._sections):
            return self._list().indexes
        indexes = {key: ItemIndex() for key in self._sections}
        for section, name in wanted:
            items = self._plex.find_by_file(self._sections[section], name)
            for item in items:
                indexes[section].add(item.ref, item.files)
            self._cache.learn(items)
        return indexes

    def _places(self, path: str) -> list[str]:
        """The sections below whose folders a file lies; all of them where that is not known."""
        places = self._path_map.to_plex(path)
        inside = [k for k, s in self._sections.items() if paths.lies_in_any(places, s.locations)]
        return inside or list(self._sections)

    def _list(self) -> PlexSide:
        side = list_side(self._plex, self._sections.values(), lambda _section, _done, _total: None)
        if not side.is_complete:
            raise PlexServerDown("; ".join(side.unknown.values()))
        self._cache.save(side, self._clock())
        self._listed = side
        return side
