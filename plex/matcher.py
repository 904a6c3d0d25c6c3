"""One file, one section: which item is it? The matcher as a function over a live section.

A full run joins whole indexes instead (`core.matching.match` over `core.matching.index`);
this face serves single look-ups, with what is remembered tried first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from core import paths
from core.matching.index import ItemIndex
from core.matching.match import match_file
from core.models import Confidence, FullItem, ItemRef, ListedItem, MediaFile, Section
from core.paths import PathMap
from plex.cache import MatchCache, PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexNotFound

MatchConfidence = Confidence
Evidence = Sequence[FullItem]


class Library(Protocol):
    """What the matcher asks of a section."""

    @property
    def section(self) -> Section:
        """Which section this is."""

    def find_by_file(self, name: str) -> Sequence[ListedItem]:
        """All items with a file whose path contains the name."""

    def full_items(self, keys: Iterable[str]) -> Mapping[str, FullItem]:
        """Items read whole, by rating key; what is not there is absent."""


class PlexLibrary:
    """A section of a live server as a `Library`."""

    def __init__(self, client: PlexClient, section: Section) -> None:
        self._client = client
        self.section = section

    def find_by_file(self, name: str) -> Sequence[ListedItem]:
        found = {
            item.ref: item
            for spelling in paths.spellings(name)
            for item in self._client.find_by_file(self.section, spelling)
        }
        return list(found.values())

    def full_items(self, keys: Iterable[str]) -> Mapping[str, FullItem]:
        return self._client.full_items(keys)


def find_plex_items_with_confidence(
    library: Library,
    stash_path: str,
    *,
    size: int | None = None,
    duration: float | None = None,
    path_map: PathMap = PathMap(),  # noqa: B008 - immutable
    library_cache: PlexCache | None = None,
    match_cache: MatchCache | None = None,
) -> tuple[Confidence, FullItem | None, Evidence]:
    """The item that a file of Stash is.

    Args:
        size, duration: bytes and seconds as Stash knows them.
        library_cache: the saved index, asked before the server.
        match_cache: remembered matches, asked before anything else and kept up to date.

    Returns:
        HIGH with the item, or LOW with None; and the candidates.

    Raises:
        PlexNotFound: no item of the section has the file. Other PlexErrors mean 'unknown'.
    """
    file = MediaFile(stash_path, size, duration)
    key = library.section.key
    remembered = match_cache.get_match(key, stash_path) if match_cache is not None else None
    if remembered is not None and match_cache is not None:
        item = library.full_items([remembered]).get(remembered)
        if item is not None and _still_has(item, file, path_map):
            return Confidence.HIGH, item, (item,)
        match_cache.invalidate(key, stash_path)
    confidence, items = _search(library, file, path_map, library_cache)
    if confidence is Confidence.LOW:
        return confidence, None, items
    if match_cache is not None:
        match_cache.set_match(key, stash_path, items[0].ref.key)
    return confidence, items[0], items


def _still_has(item: FullItem, file: MediaFile, path_map: PathMap) -> bool:
    """Whether the evidence for a match is still there: a key may name another film by now."""
    index = ItemIndex()
    index.add(item.ref, item.files)
    match = match_file(file, index, path_map)
    return match is not None and match.confidence is Confidence.HIGH


def _search(
    library: Library, file: MediaFile, path_map: PathMap, cache: PlexCache | None
) -> tuple[Confidence, Evidence]:
    if cache is not None:
        saved = cache.items_named([paths.base_key(file.path)])
        known = {ref: files for ref, files in saved.items() if ref.section == library.section.key}
        decided = _decide(library, file, path_map, known)
        if decided is not None and decided[0] is Confidence.HIGH:
            return decided
    listed = library.find_by_file(paths.base_name(file.path))
    if cache is not None:
        cache.learn(listed)
    decided = _decide(library, file, path_map, {item.ref: item.files for item in listed})
    if decided is None:
        raise PlexNotFound(f"no item of library {library.section.title!r} has the file {file.path}")
    return decided


def _decide(
    library: Library,
    file: MediaFile,
    path_map: PathMap,
    known: Mapping[ItemRef, Sequence[MediaFile]],
) -> tuple[Confidence, Evidence] | None:
    index = ItemIndex()
    for ref, files in known.items():
        index.add(ref, files)
    match = match_file(file, index, path_map)
    if match is None:
        return None
    full = library.full_items([ref.key for ref in match.refs])
    items = tuple(
        full[ref.key]
        for ref in match.refs
        if ref.key in full and set(known[ref]) & set(full[ref.key].files)
    )
    return (match.confidence, items) if items else None
