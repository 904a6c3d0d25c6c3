"""Asks Plex itself for files that nothing remembered leads to, one by one, through the matcher."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from core.models import ListedItem, MediaFile, Section
from core.paths import PathMap
from plex.cache import MatchCache, PlexCache
from plex.client import PlexClient
from plex.exceptions import (
    PlexError,
    PlexItemFailed,
    PlexNotFound,
    PlexServerDown,
    PlexUnauthorized,
)
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
            self._cache.upsert(self._asked[name])
        return self._asked[name]


@dataclass(frozen=True, slots=True)
class LiveLookup:
    """Looks files up.

    Args:
        cache: the saved index; learns what is found.
        matches: remembers which item a file was found to be.
        learned: the folders that the last full reconcile has learned from its matches.

    Attributes:
        failed: files of which Plex could not say, in one of its sections, who has them: by path,
            with what it said.
    """

    plex: PlexClient
    sections: Mapping[str, Section]
    cache: PlexCache
    matches: MatchCache | None
    path_map: PathMap
    learned: PathMap | None
    failed: dict[str, str] = field(default_factory=dict)
    _lost: dict[str, PlexError] = field(default_factory=dict)
    _answered: set[str] = field(default_factory=set)

    def candidates(self, files: Iterable[SoughtFile], *, remembers: bool) -> Iterator[Item]:
        """The items that some files may be.

        Args:
            remembers: what a file was found to be before is believed, while it still has the file.

        Raises:
            PlexError: as the client; nothing is known then. One section that cannot be searched
                while others can raises nothing: see `failed`.
        """
        libraries = {
            key: _Library(self.plex, section, self.cache) for key, section in self.sections.items()
        }
        matches = self.matches if remembers else None
        for each in files:
            try:
                if each.section in self._lost:
                    raise self._lost[each.section]
                yield from self._one(libraries[each.section], each, matches)
                self._answered.add(each.section)
            except PlexNotFound:
                continue
            except PlexItemFailed as error:
                if not self.failed:
                    self.plex.make_sure_it_reads()
                self.failed[each.file.path] = str(error)
            except (PlexServerDown, PlexUnauthorized) as error:
                self._lose(each, error)
        if self._lost and not self._answered:
            raise next(iter(self._lost.values()))

    def _lose(self, sought: SoughtFile, error: PlexError) -> None:
        """A section cannot be searched. Raises the error where nothing else could be."""
        if sought.section not in self._lost:
            if isinstance(error, PlexServerDown) and not error.may_be_one:
                raise error
            self.plex.make_sure_it_reads()
            self._lost[sought.section] = error
        title = self.sections[sought.section].title
        self.failed[sought.file.path] = f"library {title!r} could not be searched: {error}"

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
