"""The Plex side of a run: each section listed once, page by page, into the saved index."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from core.change_words import some_of
from core.errors import ConfigError
from core.matching.index import ItemIndex
from core.models import ItemRef, ListedItem, Section
from core.text import excerpt, name_key
from plex.cache import PlexCache
from plex.client import VIDEO_TYPES, PlexClient
from plex.exceptions import PlexError, PlexRejected, PlexServerDown, PlexShifted, PlexUnauthorized
from plex.items_in_hand import ItemsInHand
from plex.listing import ListPage
from plex.section_reuse import SectionReuse
from storage.plex_index.index_listing import SectionListing
from storage.plex_index.saved_index import ItemQuery
from transport.decoding import UNREADABLE

log = logging.getLogger(__name__)
_SHOWN = 5
_MOST_COSTLY = 2  # libraries of which no whole answer comes in time before the rest is left
FILES_UNTOLD = (
    "Plex does not say which files its items have; the token must be that of the server's owner"
)
# A library that changes while it is listed is listed again; after so many tries it stays unknown.
LISTING_TRIES = 3


@dataclass(slots=True)
class PlexSnapshot:
    """What was listed. A section in `unknown` was not listed to its end: its absences mean nothing.

    Of one in `passed_over` all is known but a few items that Plex fails for: what is not found may
    be one of those.

    The items are in the saved index. In memory are those that concern the scenes in hand.

    Attributes:
        sections: the synced sections by key.
        cache: the saved index.
        counts: how many items each section has that was listed to its end.
        unknown: why the others were not.
        unlisted: titles by key of sections that were synced, and are not there any more.
        unread: why a full pass could not read all items whole that are known; "" where it could.
        passed_over: where the items are that Plex fails for, in words, by section.
        big: the keys of base names that very many files have.
        indexes: for each listed section, the files of the items in memory.
        items: these items.
    """

    sections: dict[str, Section]
    cache: PlexCache
    counts: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    unlisted: Mapping[str, str] = field(default_factory=dict)
    unread: str = ""
    passed_over: dict[str, list[str]] = field(default_factory=dict)
    big: frozenset[str] = frozenset()
    indexes: dict[str, ItemIndex] = field(default_factory=dict)
    items: dict[ItemRef, ListedItem] = field(default_factory=dict)
    _base: ItemsInHand | None = None

    def focus(self, wanted: ItemQuery) -> None:
        """Have in memory all items that files with these names or paths may be, and no others."""
        unsized = [self.cache.unsized(name) for name in sorted(wanted.names.keys() & self.big)]
        if self._base is None or not self._base.is_of(unsized, self.counts):
            self._base = ItemsInHand.of(unsized, self.counts)
        items = self._base.copy()
        items.take(self.cache.look_up(wanted, self.big))
        self.indexes, self.items = items.indexes, items.items

    @property
    def is_complete(self) -> bool:
        """Whether what is not here is not in Plex."""
        return not self.unknown and not self.passed_over

    def has_holes(self, section: str) -> bool:
        """Whether a section may have items that are not here."""
        return section in self.unknown or section in self.passed_over

    def troubles(self) -> list[str]:
        """A sentence for each reason why not all was read that was to be."""
        titles: dict[str, list[str]] = {}
        for key, why in self.unknown.items():
            titles.setdefault(why, []).append(repr(self.sections[key].title))
        lost = [
            f"{'library' if len(each) == 1 else 'libraries'} {', '.join(each)} "
            f"{'was' if len(each) == 1 else 'were'} not read whole: {why}"
            for why, each in titles.items()
        ]
        if self.unread:
            lost.append(f"what is known of items was not held against them: {self.unread}")
        return lost + [
            f"Plex fails for {len(places)} of the items in library"
            f" {self.sections[key].title!r}, which were passed over: {some_of(places, _SHOWN)}."
            " Nothing was called missing. Look at them in Plex: 'Refresh Metadata' or 'Analyze'"
            " may mend them."
            for key, places in self.passed_over.items()
        ]

    def locations(self) -> list[str]:
        """The folders of all synced sections, as Plex sees them."""
        return [place for section in self.sections.values() for place in section.locations]


class Libraries(NamedTuple):
    """The sections to be synced, and of those that Plex does not list any more titles by key."""

    there: list[Section]
    unlisted: dict[str, str]


def synced_libraries(
    client: PlexClient, names: Sequence[str], known: Mapping[str, str] = MappingProxyType({})
) -> Libraries:
    """The sections that the user named, or all video sections.

    Args:
        names: of libraries, in any case and spacing, or their keys. A name that several have means
            all of them.
        known: titles by key of libraries that were synced before.

    Raises:
        ConfigError: a name fits no video section that is there or is known; the text lists those
            there are. Or none of those that are meant is there.
        PlexServerDown: as the client; also where something else answers, as proxies do in the place
            of a server that is off.
        PlexError: as the client.
    """
    try:
        listed = client.sections()
    except PlexRejected as error:
        raise PlexServerDown(
            "'Plex URL' leads to a server, but to none that is Plex; correct its host and port,"
            f" unless a proxy stands there before a Plex that is off (HTTP {error.status})"
        ) from None
    there = [section for section in listed if section.type in VIDEO_TYPES]
    if not there:
        raise ConfigError(
            "Plex shows no movie or show library to this token. Add a library in Plex, or "
            "enter the token of the account that owns the server."
        )
    listed_keys = {section.key for section in listed}
    unlisted = {key: title for key, title in known.items() if key not in listed_keys}
    return _named(there, names, unlisted) if names else Libraries(there, unlisted)


def _named(
    there: Sequence[Section], names: Sequence[str], unlisted: Mapping[str, str]
) -> Libraries:
    gone: dict[str, str] = {}
    chosen: dict[str, Section] = {}
    lost: list[str] = []
    for name in names:
        fitting = [section for section in there if _plain(section.title) == _plain(name)]
        fitting = fitting or [section for section in there if section.key == name]
        chosen.update((section.key, section) for section in fitting)
        was = {k: t for k, t in unlisted.items() if _plain(t) == _plain(name) or k == name}
        gone |= was
        if not fitting and not was:
            lost.append(name)
    if not chosen and not lost:
        lost = list(names)
    if lost:
        known = ", ".join(f"{section.title!r} (number {section.key})" for section in there)
        raise ConfigError(
            f"'Plex libraries' names {', '.join(map(repr, lost))}, but Plex has no such movie or "
            f"show library. Its libraries: {known}. Correct the setting, or leave it empty for all."
        )
    return Libraries(list(chosen.values()), gone)


def _plain(title: str) -> str:
    """A library's name without regard to case and blanks."""
    return name_key(" ".join(title.split()))


# Fetches the pages that a source yields while those before are dealt with.
Ahead = Callable[[Callable[[], Iterable[ListPage]]], AbstractContextManager[Iterable[ListPage]]]


def list_snapshot(
    client: PlexClient,
    sections: Iterable[Section],
    cache: PlexCache,
    now: float,
    on_page: Callable[[Section, int, int], None] = lambda _section, _listed, _total: None,
    ahead: Ahead = lambda source: nullcontext(source()),
    *,
    whole: bool = True,
) -> PlexSnapshot:
    """List the sections into the saved index. When Plex goes away midway, what is not listed yet is
    `unknown`, and the index has of it what it had.

    Args:
        now: epoch seconds.
        on_page: told the section, the items listed so far and the section's total.
        whole: list also those sections of which, by all that Plex says, few items were edited.
    """
    reuse = SectionReuse(client, cache, now)
    side = PlexSnapshot({section.key: section for section in sections}, cache)
    down: PlexError | None = None
    costly = 0
    for section in side.sections.values():
        if down is not None:
            side.unknown[section.key] = str(down)
            continue
        try:
            known = None if whole else reuse.refresh(section)
            if known is None:
                _list_section(client, section, side, reuse, on_page, ahead)
                continue
            side.counts[section.key] = known
            on_page(section, known, known)
        except (PlexServerDown, PlexShifted, PlexRejected, PlexUnauthorized) as error:
            side.unknown[section.key] = str(error)
            costly += isinstance(error, PlexServerDown) and error.is_costly
            down = _why_down(client, error, costly)
    side.big = cache.big_names()
    return side


def _why_down(client: PlexClient, error: PlexError, costly: int) -> PlexError | None:
    """Whether one library has failed because all of Plex does.

    Args:
        costly: how many have failed so that it took long.

    Raises:
        PlexUnauthorized: the token is refused for all of it.
    """
    if not isinstance(error, (PlexServerDown, PlexUnauthorized)):
        return None
    try:
        client.control_read()
    except (PlexServerDown, PlexRejected) as failed:
        return failed
    # Minutes for each of the others would tell nothing new.
    is_enough = isinstance(error, PlexServerDown) and costly >= _MOST_COSTLY
    return error if is_enough else None


def _fill(
    listing: SectionListing,
    section: Section,
    pages: Iterable[ListPage],
    on_page: Callable[[Section, int, int], None],
) -> _Seen:
    """Take the pages into a listing of the saved index."""
    seen = _Seen()
    for page in pages:
        items = page.items
        listing.add(items)
        seen.note(items, page)
        on_page(section, listing.count, page.total)
    return seen


def _list_section(
    client: PlexClient,
    section: Section,
    side: PlexSnapshot,
    reuse: SectionReuse,
    on_page: Callable[[Section, int, int], None],
    ahead: Ahead,
) -> None:
    is_disturbed = False
    for attempt in range(1, LISTING_TRIES + 1):
        is_last = attempt == LISTING_TRIES
        listing = side.cache.listing(section.key, anew=is_disturbed or is_last)
        before = reuse.before(section)
        try:
            with ahead(partial(client.list_pages, section, takes_holes=is_last)) as pages:
                seen = _fill(listing, section, pages, on_page)
        except PlexShifted:
            if is_last:
                raise
            log.info("library %r changed while it was listed; listing it again", section.title)
            continue
        seen.tell(section)
        if listing.count and not seen.has_files:
            side.unknown[section.key] = FILES_UNTOLD
            return
        is_whole = not seen.passed_over
        mark = reuse.mark(section, seen.counted, before)
        if listing.keep(reuse.now, side.cache.code(), mark, is_whole=is_whole):
            side.counts[section.key] = listing.count
            if seen.passed_over:
                side.passed_over[section.key] = seen.passed_over
            return
        log.info(
            "the saved index was written to while it was filled; listing %r again", section.title
        )
        is_disturbed = True
    raise AssertionError("unreachable: the last try returns or raises")


@dataclass(slots=True)
class _Seen:
    """What is noticed of the pages of a section."""

    counted: int = 0
    has_files: bool = False
    passed_over: list[str] = field(default_factory=list)
    odd: int = 0
    odd_names: list[str] = field(default_factory=list)

    def note(self, items: Sequence[ListedItem], page: ListPage) -> None:
        self.passed_over += page.passed_over
        self.counted = page.total
        for item in items:
            self.has_files = self.has_files or bool(item.files)
            for file in item.files:
                if UNREADABLE in file.path:
                    self.odd += 1
                    if self.odd <= _SHOWN:
                        self.odd_names.append(excerpt(file.path, 200))

    def tell(self, section: Section) -> None:
        """File names that are no text cannot be told from each other, nor always matched."""
        if self.odd:
            log.warning(
                "%d file names of library %r have bytes that are no text, shown as %s; a scene"
                " whose name Stash shows otherwise is not found: %s",
                self.odd,
                section.title,
                UNREADABLE,
                some_of(self.odd_names, _SHOWN, self.odd),
            )
