"""The pictures of scenes in the course of a run: one that Plex chokes on, or all of them.

Nobody is blamed before Plex was seen to take another picture. Where it takes none of several scenes
in a row, or of the only ones, it is an outage of its pictures (a full disk, say), and the rest of
the run goes without.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from core.circuit_breaker import LONGEST_STALL
from core.records import PictureRecords
from storage.state import State
from storage.state_tables.outages import PLEX_PICTURES
from worker.executor.calls_under_way import CallsUnderWay
from worker.executor.proof import Written
from worker.pictures.probe import takes_pictures
from worker.pictures.supply import sample
from worker.pictures.sync import PictureOutcome, PictureSync
from worker.plan import ScenePlan

NONE_NOW = "Plex takes no pictures for now: {}"
WAITING = 4
LANE = 2  # scenes whose pictures are under way at once, beside the edits of others
MOST = 3  # scenes in a row that fail before another picture is tried; one while Plex took none


class PictureStep:
    """Syncs the pictures of written scenes, in a lane beside the edits of other scenes.

    Args:
        clock: epoch seconds.
        jitter: random numbers in [0, 1).

    Attributes:
        doubtful: scenes of which it is not known yet whether they or Plex are to blame.
    """

    def __init__(
        self,
        pictures: PictureSync | None,
        state: State,
        clock: Callable[[], float],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._pictures = pictures
        self._ahead = pictures.ahead if pictures is not None else None
        self._records, self._store = state.records, state.outages
        self._clock = clock
        self._jitter = jitter
        self._is_trial = self._store.breaker(PLEX_PICTURES, clock()).failures > 0
        self._off = ""
        self._last_shown: dict[int, PictureRecords] = {}
        self._begun = CallsUnderWay[int, PictureOutcome](LANE, "pictures")
        # Begun before the last failure: that these are shown says nothing of what came after it.
        self._begun_before: frozenset[int] = frozenset()
        self.doubtful: list[Written] = []

    def expect(self, plan: ScenePlan) -> None:
        """Have the cover of a scene fetched; `begin` has to follow, or `close`."""
        if self._ahead is not None and plan.cover and not self._off:
            self._ahead.want(plan.scene_id, plan.pictures.cover.condition)

    def begin(self, written: Written) -> None:
        """Have the items of a scene show its cover; `finish` has to follow, or `drop`."""
        plan = written.plan
        if self._pictures is None or not plan.cover or written.errors or self._off:
            return
        what = (plan.scene_id, plan.items, plan.pictures, plan.cover)
        self._begun.begin(plan.scene_id, partial(self._pictures.sync, *what))

    @property
    def depth(self) -> int:
        """How many scenes may be written before the pictures of the first are waited for."""
        return WAITING if self._begun and not (self.doubtful or self._is_trial) else 0

    def finish(self, written: Written) -> None:
        """Wait for the pictures of a scene. Raises PlexError, StashError: as `PictureSync`."""
        plan = written.plan
        begun = self._begun.pop(plan.scene_id)
        cover = begun.result() if begun is not None else None
        if self._ahead is not None:
            self._ahead.forget(plan.scene_id)
        if cover is not None:
            self._judge(written, cover)
        elif self._off and plan.cover and not written.errors:
            written.cover = PictureOutcome(
                replace(plan.pictures, failed=True), unavailable=self._off
            )

    def _judge(self, written: Written, cover: PictureOutcome) -> None:
        written.cover = cover
        if cover.has_shown:
            self._last_shown = {written.plan.scene_id: cover.known}
            if written.plan.scene_id not in self._begun_before:
                self._works()
        elif cover.has_failed and self._off:
            cover.unavailable = self._off
        elif cover.has_failed:
            self._begun_before = frozenset(self._begun)
            self.doubtful.append(written)
            if len(self.doubtful) > MOST:
                self.settle()
            elif self._is_trial and self._takes_another() is False:
                self._is_out()

    def drop(self) -> None:
        """Of what was begun nothing is asked any more when this returns."""
        self._begun.drop()

    def close(self) -> None:
        """End the threads; nothing is asked any more when this returns."""
        self._begun.close()
        if self._ahead is not None:
            self._ahead.close()

    def settle(self) -> None:
        """Blame those that failed last, if Plex takes another picture.

        Raises:
            PlexError, StashError: as `takes_pictures`.
        """
        if not self.doubtful:
            return
        if self._takes_another():
            self._works()
        else:
            self._is_out()

    def _takes_another(self) -> bool | None:
        assert self._pictures is not None
        self._begun.wait()  # not beside pictures of the items that are looked at
        failed = {each.plan.scene_id for each in self.doubtful}
        known = self._records.get_many(sample(self._records.some))
        others = {**{i: record.pictures for i, record in known.items()}, **self._last_shown}
        return takes_pictures(
            self._pictures, (pair for pair in reversed(others.items()) if pair[0] not in failed)
        )

    def _works(self) -> None:
        self.doubtful.clear()
        if self._is_trial:
            self._is_trial = False
            self._store.succeeded(PLEX_PICTURES, self._clock())

    def _is_out(self) -> None:
        last = self.doubtful[-1].cover
        assert last is not None
        why = last.failures[-1]
        self._off = NONE_NOW.format(why)
        now, jitter = self._clock(), self._jitter()
        self._store.failed(PLEX_PICTURES, now, jitter, why, LONGEST_STALL)
        for each in self.doubtful:
            assert each.cover is not None
            each.cover.unavailable = self._off
        self.doubtful.clear()
