"""The Plex side of a run in memory: each section listed once, page by page, into an index."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial

from core.errors import ConfigError
from core.matching.index import ItemIndex
from core.models import ItemRef, ListedItem, Section
from core.text import name_key
from plex.client import ListPage, PlexClient
from plex.exceptions import PlexRejected, PlexServerDown, PlexShifted

log = logging.getLogger(__name__)
VIDEO_TYPES = ("movie", "show")
# A library that changes while it is listed is listed again; after so many tries it stays unknown.
LISTING_TRIES = 3
# When Plex has failed for so many libraries in a row, it is not asked for the others: each of them
# could take as long as the timeout.
FAILURES = 2


@dataclass(slots=True)
class PlexSnapshot:
    """What was listed. A section in `unknown` was not listed to its end: its absences mean nothing.

    Attributes:
        sections: the synced sections by key.
        indexes: one index for each section listed to its end.
        items: all items of those sections.
        unknown: why the others were not.
    """

    sections: dict[str, Section]
    indexes: dict[str, ItemIndex] = field(default_factory=dict)
    items: dict[ItemRef, ListedItem] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return not self.unknown

    def troubles(self) -> list[str]:
        """A sentence for each reason why libraries were not read whole."""
        titles: dict[str, list[str]] = {}
        for key, why in self.unknown.items():
            titles.setdefault(why, []).append(repr(self.sections[key].title))
        return [
            f"{'library' if len(each) == 1 else 'libraries'} {', '.join(each)} "
            f"{'was' if len(each) == 1 else 'were'} not read whole: {why}"
            for why, each in titles.items()
        ]

    def locations(self) -> list[str]:
        """The folders of all synced sections, as Plex sees them."""
        return [place for section in self.sections.values() for place in section.locations]


def synced_sections(client: PlexClient, names: Sequence[str]) -> list[Section]:
    """The sections that the user named, or all video sections.

    Raises:
        ConfigError: a name fits no video section, the text lists those there are; or something
            else than Plex answers.
        PlexError: as the client.
    """
    try:
        listed = client.sections()
    except PlexRejected as error:
        if error.status != 404:
            raise
        raise ConfigError(
            "plex_url leads to a server, but to none that is Plex; correct its host and port"
        ) from None
    there = [section for section in listed if section.type in VIDEO_TYPES]
    if not there:
        raise ConfigError(
            "Plex shows no movie or show library to this plex_token. Add a library in Plex, or "
            "enter the token of the account that owns the server."
        )
    if not names:
        return there
    by_name = {name_key(section.title): section for section in there}
    lost = [name for name in names if name_key(name) not in by_name]
    if lost:
        known = ", ".join(repr(section.title) for section in there) or "none"
        raise ConfigError(
            f"plex_library names {', '.join(map(repr, lost))}, but Plex has no such movie or show "
            f"library. Its libraries: {known}. Correct the setting, or leave it empty for all."
        )
    return [by_name[name_key(name)] for name in dict.fromkeys(names)]


# Fetches the pages that a source yields while those before are dealt with.
Ahead = Callable[[Callable[[], Iterable[ListPage]]], AbstractContextManager[Iterable[ListPage]]]


def list_snapshot(
    client: PlexClient,
    sections: Iterable[Section],
    on_page: Callable[[Section, int, int], None],
    ahead: Ahead = lambda source: nullcontext(source()),
) -> PlexSnapshot:
    """List the sections. When Plex goes away midway, what is not listed yet is `unknown`.

    Args:
        on_page: told the section, the items listed so far and the section's total.
    """
    side = PlexSnapshot({section.key: section for section in sections})
    failures: list[str] = []
    for section in side.sections.values():
        if len(failures) >= FAILURES:
            side.unknown[section.key] = failures[-1]
            continue
        try:
            listed = _list_section(client, section, on_page, ahead)
        except (PlexServerDown, PlexShifted, PlexRejected) as error:
            side.unknown[section.key] = str(error)
            if isinstance(error, PlexServerDown):
                failures.append(str(error))
            continue
        failures.clear()
        index = ItemIndex()
        for item in listed.values():
            index.add(item.ref, item.files)
        side.indexes[section.key] = index
        side.items.update(listed)
    return side


def _list_section(
    client: PlexClient,
    section: Section,
    on_page: Callable[[Section, int, int], None],
    ahead: Ahead,
) -> dict[ItemRef, ListedItem]:
    for attempt in range(1, LISTING_TRIES + 1):
        listed: dict[ItemRef, ListedItem] = {}
        try:
            with ahead(partial(client.list_pages, section)) as pages:
                for page in pages:
                    listed.update((item.ref, item) for item in page.items)
                    on_page(section, len(listed), page.total)
        except PlexShifted:
            if attempt == LISTING_TRIES:
                raise
            log.info("library %r changed while it was listed; listing it again", section.title)
            continue
        return listed
    raise AssertionError("unreachable: the last try returns or raises")
