"""The pictures of scenes in the course of a run: one that Plex chokes on, or all of them.

Where Plex fails at the pictures of several scenes in a row, while it takes their edits, it is an
outage of its pictures (a full disk, say): nobody is blamed, and the rest of the run goes without.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from core.outage_pauses import LONGEST_STALL
from core.records import NO_PICTURES
from storage.outages import PLEX_PICTURES, OutageStore
from worker.executor.proof import Written
from worker.pictures.sync import PictureOutcome, PictureSync

NONE_NOW = "Plex takes no pictures for now: {}"
MOST = 3  # scenes in a row that are charged for their pictures; more are an outage


class PictureStep:
    """Syncs the pictures of written scenes.

    Args:
        clock: epoch seconds.
        jitter: random numbers in [0, 1).

    Attributes:
        doubtful: scenes of which it is not known yet whether they or Plex are to blame.
    """

    def __init__(
        self,
        pictures: PictureSync | None,
        store: OutageStore,
        clock: Callable[[], float],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._pictures = pictures
        self._store = store
        self._clock = clock
        self._jitter = jitter
        self._is_trial = store.breaker(PLEX_PICTURES, clock()).failures > 0
        self._off = ""
        self.doubtful: list[Written] = []

    def sync(self, written: Written) -> None:
        """Make the items of a scene show its cover.

        Raises:
            PlexError, StashError: as `PictureSync`.
        """
        plan = written.plan
        if self._pictures is None or not plan.cover or written.errors:
            return
        known = plan.record.pictures if plan.record is not None else NO_PICTURES
        if self._off:
            written.cover = PictureOutcome(replace(known, failed=True), unavailable=self._off)
            return
        cover = self._pictures.sync(plan.scene_id, plan.items, known, plan.cover)
        written.cover = cover
        if cover.has_shown:
            self._works()
        elif cover.has_failed:
            self.doubtful.append(written)
            if self._is_trial or len(self.doubtful) > MOST:
                self._is_out(cover.failures[-1])

    def settle(self) -> None:
        """So few have failed that each is to blame."""
        self.doubtful.clear()

    def _works(self) -> None:
        self.doubtful.clear()
        if self._is_trial:
            self._is_trial = False
            self._store.succeeded(PLEX_PICTURES, self._clock())

    def _is_out(self, why: str) -> None:
        self._off = NONE_NOW.format(why)
        now, jitter = self._clock(), self._jitter()
        self._store.failed(PLEX_PICTURES, now, jitter, why, LONGEST_STALL)
        for each in self.doubtful:
            assert each.cover is not None
            each.cover.unavailable = self._off
        self.doubtful.clear()
