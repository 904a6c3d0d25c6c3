"""Scans of Plex: which run, and how to ask for one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from plex import mapping
from plex.client import PlexClient
from plex.exceptions import PlexError, PlexRejected, PlexUnauthorized

log = logging.getLogger(__name__)

# The second goes on for half a minute after the first: so long items come and change. Others run on
# an idle server as well, a "butler" above all (facts of Plex, 13).
_SCANS = frozenset({"library.update.section", "library.update.item.metadata"})


class ScanRefused(PlexError):
    """Plex will not scan this folder. `for_all`: nor any other."""

    def __init__(self, message: str, *, for_all: bool = False) -> None:
        super().__init__(message)
        self.for_all = for_all


class PlexScans:
    def __init__(self, plex: PlexClient) -> None:
        self._plex = plex

    def running(self) -> dict[str, frozenset[str]]:
        """The sections that are scanned now, by key, with the names of the scans as far as known.

        A section is scanned while it says so or an activity does. The first sign of an activity may
        lack its section, so it counts for those that say so, or else for all.

        Raises:
            PlexError: as the client.
        """
        sections = self._plex.sections()
        found: dict[str, set[str]] = {each.key: set() for each in sections if each.refreshing}
        nameless: set[str] = set()
        for activity in self._activities():
            uuid = str(activity.get("uuid", ""))
            section = _section_of(activity)
            if section is None:
                nameless.add(uuid)
            else:
                found.setdefault(section, set()).add(uuid)
        if nameless:
            for key in found or {each.key for each in sections}:
                found.setdefault(key, set()).update(nameless)
        return {key: frozenset(uuids - {""}) for key, uuids in found.items()}

    def ask(self, section: str, folder: str) -> None:
        """Have a folder of a section scanned; Plex answers before it begins.

        Args:
            folder: as the server spells it, inside a location of the section.

        Raises:
            ScanRefused: Plex will not; other PlexErrors as the client.
        """
        try:
            self._plex.http.write("GET", f"/library/sections/{section}/refresh", [("path", folder)])
        except PlexRejected as error:
            raise ScanRefused(str(error)) from error
        except PlexUnauthorized as error:
            raise ScanRefused(str(error), for_all=True) from error

    def _activities(self) -> Iterable[Mapping[str, Any]]:
        """The scans among the activities; none where the server does not tell."""
        try:
            listed = self._plex.http.read_if_any("/activities").get("Activity")
        except (PlexRejected, PlexUnauthorized) as error:
            log.debug("Plex does not tell its activities: %s", error)
            return []
        return [e for e in mapping.objects(listed) if mapping.text(e.get("type")) in _SCANS]


def _section_of(activity: Mapping[str, Any]) -> str | None:
    context = activity.get("Context")
    key = context.get("librarySectionID") if isinstance(context, dict) else None
    return None if key in (None, "") else str(key)
