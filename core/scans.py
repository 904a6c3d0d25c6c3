"""Scans of Plex: which folders to ask for, and which scans are not waited for any more.

A file that Plex does not have may come in by a scan of its folder, as Plex sees it. The folder is
spelled as the server spells it, since a scan of a path that the server does not know finds nothing:
the location as Plex tells it, what lies below as Stash has it from the disk.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from core.models import Section
from core.paths import PathMap, canonical, is_windows, lies_below
from core.text import name_key

# Seconds after which Plex is asked once more to scan for a file that it still does not have.
ASK_AGAIN = 86_400.0
# A scan that runs longer (seconds) is not waited for any more.
LONGEST_SCAN = 6 * 3600.0
# Of a scan without a name that was last seen so long ago (seconds), the next sight is of another.
UNSEEN = 3600.0


@dataclass(frozen=True, slots=True)
class ScanPlace:
    """Where a file of Stash should be in Plex.

    Attributes:
        section: the key of a section that has a location above it.
        folder: the file's folder, spelled for a scan.
        file: the whole path in the form in which paths of that section compare.
    """

    section: str
    folder: str
    file: str


@dataclass(frozen=True, slots=True)
class AwaitedScan:
    """A scan that jobs wait for.

    Attributes:
        since, seen_at: when it was first and last seen, or asked for (epoch seconds).
        activities: the names that Plex gave it, as far as known.
    """

    since: float
    seen_at: float
    activities: frozenset[str] = frozenset()

    def seen_again(self, activities: frozenset[str], now: float) -> AwaitedScan:
        """What is known once a scan of the same section is seen: this one, or another."""
        if self.activities and activities:
            is_same = not self.activities.isdisjoint(activities)
        else:
            is_same = now - self.seen_at < UNSEEN
        return AwaitedScan(self.since if is_same else now, now, activities)

    def is_endless(self, now: float) -> bool:
        """Whether it runs for so long that nobody should wait for it."""
        return now - self.since > LONGEST_SCAN


def places(
    path: str, path_map: PathMap, learned: PathMap | None, sections: Iterable[Section]
) -> tuple[ScanPlace, ...]:
    """Where a file of Stash should be: where the path map leads into a location of a section, or
    else where the learned folders do. Nowhere, where neither does."""
    known = list(sections)
    for way in (path_map, learned):
        if way is None:
            continue
        found = [
            place
            for there in way.to_plex(path)
            for section in known
            if (place := _place(path, there, section)) is not None
        ]
        if found:
            return tuple(dict.fromkeys(found))
    return ()


def outermost(folders: Iterable[str]) -> dict[str, list[str]]:
    """Those of the folders that lie in none of the others, each with all that its scan covers."""
    known: dict[tuple[str, ...], list[str]] = {}
    for folder in dict.fromkeys(folders):
        known.setdefault(_key(folder), []).append(folder)
    covered: dict[str, list[str]] = {}
    for key, spellings in known.items():
        top = next((up for i in range(1, len(key)) if (up := key[:i]) in known), key)
        covered.setdefault(known[top][0], []).extend(spellings)
    return covered


def _place(path: str, there: str, section: Section) -> ScanPlace | None:
    around = [
        location
        for location in section.locations
        if location and lies_below(there, location) and _depth(there) > _depth(location)
    ]
    if not around:
        return None
    location = max(around, key=_depth)
    whole = canonical(there)
    folder = _spelled(location, _components(whole)[_depth(location) : -1], path)
    file = name_key(whole) if is_windows(there) else whole
    return ScanPlace(section.key, folder, file.encode("utf-8", "replace").decode())


def _spelled(location: str, below: list[str], path: str) -> str:
    """The folder with these components below a location.

    Args:
        below: in canonical form; those that end the folder of `path` are spelled as there.
    """
    own = [part for part in re.split(r"[\\/]" if is_windows(path) else "/", path) if part][:-1]
    for back in range(1, min(len(own), len(below)) + 1):
        if unicodedata.normalize("NFC", own[-back]) == below[-back]:
            below[-back] = own[-back]
    if not below:
        return location
    windows = is_windows(location)
    slash = "\\" if windows and "\\" in location else "/"
    return slash.join([location.rstrip("\\/" if windows else "/"), *below])


def _components(whole: str) -> list[str]:
    """The components of a canonical path; what is above all of them is one, too."""
    return whole.rstrip("/").split("/")


def _depth(path: str) -> int:
    return len(_components(canonical(path)))


def _key(folder: str) -> tuple[str, ...]:
    whole = canonical(folder)
    return tuple(_components(name_key(whole) if is_windows(folder) else whole))
