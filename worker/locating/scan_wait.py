"""What becomes of scenes that Plex does not have: they wait for its scans, or have failed a try.

While Plex scans the section where a file should be, nothing proves that the file is not in Plex, so
nobody has failed. And if the user wants it, Plex is asked to scan the folders of such files: each
folder once in a drain, once for each file, and never while the section is being scanned anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.models import Section
from core.paths import PathMap
from core.scans import AwaitedScan, ScanPlace, outermost, places
from plex.scanning import PlexScans, ScanRefused
from storage.state_tables.scans import ScanStore
from worker.plan import Absent

log = logging.getLogger(__name__)

# Seconds until a job that waits for a scan is looked at again.
FIRST_WAIT, LONGEST_WAIT = 3.0, 300.0
# So many folders may be refused before Plex is not asked for any other one.
MOST_REFUSALS = 3


@dataclass(frozen=True, slots=True)
class Wait:
    """A job waits for a scan: until when, and what for. That is no failed attempt."""

    not_before: float
    why: str


def pause(waited: float) -> float:
    """Seconds until a job that has waited for so long is looked at again: longer and longer."""
    return min(max(FIRST_WAIT, waited / 4), LONGEST_WAIT)


class ScanWaiting:
    """Decides for one drain.

    Args:
        sections: the synced sections as they were before anything was looked for.
        learned: the folders that the last full reconcile has learned from its matches.
        asks: whether Plex is asked to scan (`trigger_plex_scan`).
        clock: epoch seconds.
    """

    def __init__(
        self,
        scans: PlexScans,
        store: ScanStore,
        sections: Sequence[Section],
        path_map: PathMap,
        learned: PathMap,
        *,
        asks: bool,
        clock: Callable[[], float],
    ) -> None:
        self._scans = scans
        self._store = store
        self._sections = {section.key: section for section in sections}
        self._path_map = path_map
        self._learned = learned
        self._asks = asks
        self._clock = clock
        self.asked = 0

    def judge(self, absent: Sequence[Absent]) -> Mapping[int, Wait]:
        """Those that are to wait for a scan, by job id; the others have failed an attempt.

        Raises:
            PlexError: as the client; nothing is known then.
        """
        found = {each.job.job_id: self._places(each.files) for each in absent}
        if not any(found.values()):
            self._tell(0, sum(1 for each in absent if each.files))
            return {}
        now = self._clock()
        running = {k: v for k, v in self._scans.running().items() if k in self._sections}
        awaited = _seen(self._store.awaited(now), running, now)
        over = {key for key, s in self._sections.items() if s.refreshing and key not in running}
        worth = over | {key for key, scan in awaited.items() if not scan.is_endless(now)}
        asked = self._ask(_idle(found.values(), worth, running), now) if self._asks else set()
        awaited |= {key: AwaitedScan(now, now) for key in over | {place.section for place in asked}}
        self._store.await_only(awaited)
        waits: dict[int, Wait] = {}
        for each in absent:
            wait = self._wait(each, found[each.job.job_id], worth, asked, now)
            if wait is not None:
                waits[each.job.job_id] = wait
        outside = (each for each in absent if each.files and not found[each.job.job_id])
        self._tell(len(waits), sum(1 for _ in outside))
        return waits

    def _places(self, files: Iterable[str]) -> tuple[ScanPlace, ...]:
        sections = self._sections.values()
        found = (places(path, self._path_map, self._learned, sections) for path in files)
        return tuple(place for spots in found for place in spots)

    def _wait(
        self,
        absent: Absent,
        spots: Sequence[ScanPlace],
        worth: Collection[str],
        asked: Collection[ScanPlace],
        now: float,
    ) -> Wait | None:
        scanned = [place for place in spots if place.section in worth]
        if scanned:
            until = now + pause(now - absent.job.enqueued_at)
        else:
            scanned = [place for place in spots if place in asked]
            until = now + FIRST_WAIT
        if not scanned:
            return None
        library = self._sections[scanned[0].section].title
        return Wait(
            until,
            f"scene {absent.job.scene_id} waits until Plex has scanned library "
            f"{library!r} ({absent.path})",
        )

    def _ask(self, idle: Iterable[ScanPlace], now: float) -> set[ScanPlace]:
        """Ask for scans of what was not asked for before; the places whose scans Plex accepts."""
        by_section: dict[str, list[ScanPlace]] = {}
        for place in dict.fromkeys(idle):
            by_section.setdefault(place.section, []).append(place)
        refusals: list[ScanRefused] = []
        accepted: set[ScanPlace] = set()
        for key, spots in by_section.items():
            known = self._store.asked_for(key, {place.file for place in spots}, now)
            fresh: dict[str, list[ScanPlace]] = {}
            for place in spots:
                if place.file not in known:
                    fresh.setdefault(place.folder, []).append(place)
            for folder, covered in outermost(fresh).items():
                below = [place for each in covered for place in fresh[each]]
                if self._is_accepted(self._sections[key], folder, refusals):
                    accepted.update(below)
                # What was refused counts as well: nobody is to be told of it again and again.
                self._store.note_asked(key, [place.file for place in below], now)
        if refusals:
            log.warning(
                "no scan of Plex could be asked for, so some scenes are tried again without: %s",
                refusals[0],
            )
        return accepted

    def _is_accepted(self, section: Section, folder: str, refusals: list[ScanRefused]) -> bool:
        if len(refusals) >= MOST_REFUSALS or any(each.for_all for each in refusals):
            return False
        try:
            self._scans.ask(section.key, folder)
        except ScanRefused as refusal:
            refusals.append(refusal)
            return False
        log.info("Plex was asked to scan %s for library %r", folder, section.title)
        self.asked += 1
        return True

    def _tell(self, waiting: int, outside: int) -> None:
        if waiting:
            log.info("%d scenes that Plex does not have wait for its scans", waiting)
        if outside and self._asks:
            log.info(
                "%d scenes that Plex does not have lie in no folder of the synced libraries, so no "
                "scan was asked for; is the setting 'Path map' right?",
                outside,
            )


def _seen(
    awaited: Mapping[str, AwaitedScan], running: Mapping[str, frozenset[str]], now: float
) -> dict[str, AwaitedScan]:
    """What is known of the scans that run now."""
    return {
        key: awaited[key].seen_again(activities, now)
        if key in awaited
        else AwaitedScan(now, now, activities)
        for key, activities in running.items()
    }


def _idle(
    found: Iterable[Sequence[ScanPlace]], worth: Collection[str], running: Collection[str]
) -> Iterator[ScanPlace]:
    """Where a scan may be asked for: nothing is scanned where the file should be."""
    for spots in found:
        if not any(place.section in worth for place in spots):
            yield from (place for place in spots if place.section not in running)
