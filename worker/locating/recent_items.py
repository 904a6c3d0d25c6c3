"""Spares look-ups: what Plex has gained lately, in one short listing a section.

A saved index and what was added since are all that a section holds, but for items whose files were
changed on the server's disk. That is enough to say "not yet" of many scenes at once. It is not
enough to give up on one: the last look is for its file alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from core.models import Failure, Job, Section
from plex.cache import PlexCache
from plex.client import PlexClient
from plex.recent_items import recent_items

# A drain that looks for no more scenes than these asks for each by itself.
FEW = 10
# Seconds by which the clocks of the two servers may differ.
SKEW = 3600.0
# Seconds for which a saved index is believed of scenes that Plex was never asked for.
TRUSTED = 2 * 86_400.0


@dataclass(frozen=True, slots=True)
class EarlierSearch:
    """How a scene was looked for before.

    Attributes:
        since: it was looked for and not found at some time after that one; None: never.
        waited: it has waited for a scan since.
        is_last: there will be no other look.
    """

    since: float | None = None
    waited: bool = False
    is_last: bool = False


NEVER = EarlierSearch()


def sought_before(job: Job, max_retries: int) -> EarlierSearch:
    """What a job tells of earlier looks for its scene."""
    waited = job.failure is Failure.AWAITS_SCAN
    failed = job.failure is Failure.NOT_FOUND
    return EarlierSearch(
        since=job.enqueued_at if waited or failed else None,
        waited=waited,
        is_last=job.attempts >= max_retries,
    )


class RecentItems:
    """What sections have gained, read once in a drain.

    Args:
        sections: the synced sections by key.
        cache: the saved index; learns what is read.
        clock: epoch seconds.
    """

    def __init__(
        self,
        plex: PlexClient,
        cache: PlexCache,
        sections: Mapping[str, Section],
        clock: Callable[[], float],
    ) -> None:
        self._plex = plex
        self._cache = cache
        self._sections = sections
        self._clock = clock
        self._read_from: dict[str, float] = {}
        self._met = 0

    def spare(
        self, likely: Mapping[int, Collection[str]], sought: Mapping[int, EarlierSearch]
    ) -> frozenset[int]:
        """Those of some scenes for whom the saved index now says all that a look-up would.

        Args:
            likely: the sections that should have the scene's files, by scene id.

        Raises:
            PlexError: as the client.
        """
        able = {i: sought.get(i, NEVER) for i in likely if not sought.get(i, NEVER).is_last}
        self._met += len(able)
        is_few = self._met <= FEW
        # A scan was of the likely sections; any other scene may be in all of them.
        wanted = {
            i: likely[i] if before.waited else self._sections.keys()
            for i, before in able.items()
            if before.waited or not is_few
        }
        starts = {i: self._starts(where, able[i].since) for i, where in wanted.items()}
        needed: dict[str, float] = {}
        for own in starts.values():
            for key, start in (own or {}).items():
                needed[key] = min(start, needed.get(key, start))
        known = {key for key, start in needed.items() if self._read(key, start)}
        return frozenset(i for i, own in starts.items() if own and known.issuperset(own))

    def _starts(self, sections: Collection[str], since: float | None) -> dict[str, float] | None:
        """From when on to read each section for a scene; None: the whole of one would be needed."""
        starts: dict[str, float] = {}
        for key in sections:
            saved = self._cache.saved_at(key)
            if saved is not None and saved > self._clock() + TRUSTED:
                saved = None  # noted while a clock was far ahead
            if since is None and (saved is None or self._clock() - saved > TRUSTED):
                return None
            starts[key] = max(moment for moment in (saved, since) if moment is not None)
        return starts

    def _read(self, key: str, start: float) -> bool:
        """Have the saved index know what a section has gained since; False: Plex does not tell."""
        done = self._read_from.get(key)
        if done is not None and done <= start:
            return True
        items = recent_items(self._plex, self._sections[key], start - SKEW)
        if items is None:
            return False
        self._cache.upsert(items)
        self._read_from[key] = start
        return True
