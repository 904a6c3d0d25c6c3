"""Lists the Plex side of a run, and stops where a library is suddenly empty."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.models import Section
from plex.cache import PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexServerDown
from plex.library import PlexSnapshot, list_snapshot, synced_libraries
from reconciliation.listing_guard import EmptySideGuard
from reconciliation.prefetch import Prefetch
from storage.state import State
from storage.synced_libraries import KNOWN, UNLISTED

log = logging.getLogger(__name__)
LISTING_SHARE = 0.4  # of the progress bar


@dataclass(frozen=True, slots=True)
class PlexListing:
    """How the Plex side is to be listed.

    Args:
        names: the setting `plex_library`.
        on_progress: told the share of the run that is done, up to `LISTING_SHARE`.
        full: list also what stands, by all that Plex says.
        known: titles by key of libraries that were synced before.
    """

    plex: PlexClient
    cache: PlexCache
    guard: EmptySideGuard
    names: Sequence[str]
    on_progress: Callable[[float], None]
    full: bool
    known: Mapping[str, str]

    def listed(self, now: float) -> PlexSnapshot:
        """The listing.

        Raises:
            GuardStopped: a library that was full lists nearly nothing.
            PlexServerDown: nothing at all could be listed.
            ConfigError: see `synced_libraries`.
        """
        sections, unlisted = synced_libraries(self.plex, self.names, self.known)
        places = {section.key: place for place, section in enumerate(sections)}

        def on_page(section: Section, listed: int, total: int | None) -> None:
            log.debug("library %r: %d of %s items listed", section.title, listed, total)
            done = places[section.key] + min(1.0, listed / max(total or listed, 1))
            self.on_progress(LISTING_SHARE * done / len(places))

        side = list_snapshot(
            self.plex,
            sections,
            self.cache,
            now,
            on_page,
            lambda source: Prefetch(source, 1),
            whole=self.full,
        )
        side.unlisted = unlisted
        if side.unknown and not side.counts:
            raise PlexServerDown("; ".join(side.troubles()))
        titles = {key: side.sections[key].title for key in side.counts}
        self.guard.check_all(
            (f"items:{key}", f"items in library {titles[key]!r} of Plex", count)
            for key, count in side.counts.items()
        )
        return side


def remember_libraries(state: State, side: PlexSnapshot, unlisted: Mapping[str, int]) -> None:
    """Remember which libraries there are, and of those that were there how many scenes have their
    item in them, by title."""
    listed = {key: side.sections[key].title for key in side.counts}
    known_still = {key: title for key, title in side.unlisted.items() if title in unlisted}
    state.set_value(KNOWN, known_still | listed)
    state.set_value(UNLISTED, unlisted)
