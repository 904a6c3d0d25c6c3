"""Asks Plex itself for files that nothing remembered leads to, one by one, through the matcher."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.models import ListedItem, MediaFile, Section
from core.paths import PathMap
from plex.cache import MatchCache, PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexNotFound
from plex.matcher import Item, PlexLibrary, find_plex_items_with_confidence


class SoughtFile(NamedTuple):
    """A file to be looked for in a section; `is_of_plex`: its path is as Plex sees it."""

    section: str
    file: MediaFile
    is_of_plex: bool = False


class _Library(PlexLibrary):
    """A section of which no name is asked for twice, and whose saved index knows what was found."""

    def __init__(self, plex: PlexClient, section: Section, cache: PlexCache) -> None:
        super().__init__(plex, section)
        self._cache = cache
        self._asked: dict[str, Sequence[ListedItem]] = {}

    def find_by_file(self, name: str) -> Sequence[ListedItem]:
        if name not in self._asked:
            self._asked[name] = super().find_by_file(name)
            self._cache.learn(self._asked[name])
        return self._asked[name]


@dataclass(frozen=True, slots=True)
class LiveLookup:
    """Looks files up.

    Args:
        cache: the saved index; learns what is found.
        matches: remembers which item a file was found to be.
        learned: the folders that the last full reconcile has learned from its matches.
    """

    plex: PlexClient
    sections: Mapping[str, Section]
    cache: PlexCache
    matches: MatchCache | None
    path_map: PathMap
    learned: PathMap | None

    def candidates(self, files: Iterable[SoughtFile], *, remembers: bool) -> Iterator[Item]:
        """The items that some files may be.

        Args:
            remembers: what a file was found to be before is believed, while it still has the file.

        Raises:
            PlexError: as the client; nothing is known then.
        """
        libraries = {
            key: _Library(self.plex, section, self.cache) for key, section in self.sections.items()
        }
        for each in files:
            try:
                matches = self.matches if remembers else None
                yield from self._one(libraries[each.section], each, matches)
            except PlexNotFound:
                continue

    def _one(
        self, library: _Library, sought: SoughtFile, matches: MatchCache | None
    ) -> Sequence[Item]:
        _, _, candidates = find_plex_items_with_confidence(
            library,
            sought.file.path,
            size=sought.file.size,
            duration=sought.file.duration,
            path_map=PathMap() if sought.is_of_plex else self.path_map,
            learned=None if sought.is_of_plex else self.learned,
            match_cache=matches,
        )
        return candidates
