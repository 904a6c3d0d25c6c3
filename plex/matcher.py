"""One file, one section: which item is it? The matcher as a function over a live section.

A reconcile joins whole indexes instead (`core.matching.match` over `core.matching.index`). This
serves single look-ups: a drain's, for scenes that nothing remembered leads to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core import paths
from core.matching.index import ItemIndex
from core.matching.match import match_file
from core.models import Confidence, FullItem, ListedItem, MediaFile, Section
from core.paths import PathMap
from plex.cache import MatchCache, PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexNotFound

MatchConfidence = Confidence
Item = ListedItem | FullItem
Candidates = Sequence[Item]


class PlexLibrary:
    """A section of a live server."""

    def __init__(self, client: PlexClient, section: Section) -> None:
        self.client = client
        self.section = section

    def find_by_file(self, name: str) -> Sequence[ListedItem]:
        """All items with a file whose path contains the name."""
        found = {
            item.ref: item
            for spelling in paths.spellings(name)
            for item in self.client.find_by_file(self.section, spelling)
        }
        return list(found.values())

    def full_items(self, keys: Iterable[str]) -> Mapping[str, FullItem]:
        """Items read whole, by rating key; what is not there is absent."""
        return self.client.full_items(keys)


def find_plex_items_with_confidence(
    library: PlexLibrary,
    stash_path: str,
    *,
    size: int | None = None,
    duration: float | None = None,
    path_map: PathMap = PathMap(),  # noqa: B008 - immutable
    learned: PathMap | None = None,
    library_cache: PlexCache | None = None,
    match_cache: MatchCache | None = None,
) -> tuple[Confidence, Item | None, Candidates]:
    """The item that a file of Stash is.

    What is remembered is read whole before it is believed; what Plex tells now is believed as it
    is listed.

    Args:
        size, duration: bytes and seconds as Stash knows them.
        learned: folders that other matches have taught us.
        library_cache: the saved index, asked before the server.
        match_cache: remembered matches, asked before anything else and kept up to date.

    Returns:
        HIGH with the item, or LOW with None; and the candidates.

    Raises:
        PlexNotFound: no item of the section has the file. Other PlexErrors mean 'unknown'.
    """
    search = _Search(library, MediaFile(stash_path, size, duration), path_map, learned)
    found = search.remembered(match_cache) if match_cache is not None else None
    if not _is_sure(found) and library_cache is not None:
        found = search.saved(library_cache)
    if not _is_sure(found):
        found = search.live(library_cache)
    assert found is not None
    if match_cache is not None and found[1] is not None:
        match_cache.set_match(library.section.key, stash_path, found[1].ref.key)
    return found


Answer = tuple[Confidence, Item | None, Candidates]


def _is_sure(found: Answer | None) -> bool:
    return found is not None and found[0] is Confidence.HIGH


@dataclass(frozen=True, slots=True)
class _Search:
    """The state of one look-up."""

    library: PlexLibrary
    file: MediaFile
    path_map: PathMap
    learned: PathMap | None

    def among(self, items: Iterable[Item]) -> Answer | None:
        """What evidence says of some items; None if it leaves none of them."""
        known = {item.ref: item for item in items}
        index = ItemIndex()
        for item in known.values():
            index.add(item.ref, item.files)
        match = match_file(self.file, index, self.path_map, self.learned)
        if match is None:
            return None
        candidates = tuple(known[ref] for ref in match.refs)
        is_sure = match.confidence is Confidence.HIGH
        return match.confidence, candidates[0] if is_sure else None, candidates

    def remembered(self, cache: MatchCache) -> Answer | None:
        """The item that the file was found to be before; forgotten if that holds no more."""
        section = self.library.section.key
        key = cache.get_match(section, self.file.path)
        found = self.among(self.library.full_items([key]).values()) if key is not None else None
        if key is not None and not _is_sure(found):
            cache.invalidate(section, self.file.path)
        return found

    def saved(self, cache: PlexCache) -> Answer | None:
        """The same of what a saved index proposes."""
        proposed = cache.items_named([paths.base_key(self.file.path)])
        keys = [ref.key for ref in proposed if ref.section == self.library.section.key]
        return self.among(self.library.full_items(keys).values()) if keys else None

    def live(self, cache: PlexCache | None) -> Answer:
        """The same of what Plex tells now."""
        listed = self.library.find_by_file(paths.base_name(self.file.path))
        if cache is not None:
            cache.upsert(listed)
        found = self.among(listed)
        if found is None:
            title = self.library.section.title
            raise PlexNotFound(f"no item of library {title!r} has the file {self.file.path}")
        return found
