"""Plans scenes as a drain would and keeps the plan instead of carrying it out.

The same preparation, and for pictures the same code with hands tied, so that a preview cannot
disagree with the writes that follow it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from core.guards import Tally, clears_too_much, tally
from core.images import ImageKind
from core.models import Change, ChangeKind, FullItem, Job
from core.wording import change_line
from plex.images import PlexImages
from storage.plans import PlannedChange
from storage.state import State
from worker.executor.drain import BATCH
from worker.executor.messages import conflicts_in
from worker.pictures.sync import ImageSyncer
from worker.scene_sync.preparer import Batch, Prepared, Preparer

log = logging.getLogger(__name__)

KIND = "preview"
LISTED = 50  # changes that a reply carries as lines; the counts are whole
MOST_REASONS = 20


class LookingOnly(PlexImages):
    """The pictures of a server that are looked at, and stay as they are."""

    def upload(self, key: str, kind: ImageKind, data: bytes) -> None:
        """Does nothing."""

    def select(self, key: str, kind: ImageKind, rating_key: str) -> None:
        """Does nothing."""

    def unset(self, key: str, kind: ImageKind) -> None:
        """Does nothing."""

    def lock(self, item: FullItem, kinds: Iterable[ImageKind], *, locked: bool = True) -> None:
        """Does nothing."""


@dataclass(slots=True)
class Preview:
    """What would be written.

    Attributes:
        run_id: under which the plan is kept.
        scenes_planned: scenes looked at; those changing, unchanged and left out add up to it.
        scenes_changing, items_changing: those that something would be written to.
        unchanged: scenes whose items show all that is wanted.
        left_out: scenes that nothing can be written for now; `reasons` says how many and why.
        changes: how many values would be written, by field and kind; entries of lists count.
        totals: the same by kind only.
        values_touched, values_cleared: what the clear guard counts; pictures are no part of it.
        guard: what the clear guard would say to it.
        lines: the first changes in words.
        failures: pictures that could not be looked at.
        conflict_count: values that the user changed in Plex, and that stay though Stash says
            something else; `conflicts` says which. The sync that meets them reports them.
    """

    run_id: int
    scenes_planned: int = 0
    scenes_changing: int = 0
    items_changing: int = 0
    unchanged: int = 0
    left_out: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    changes: dict[str, dict[str, int]] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    values_touched: int = 0
    values_cleared: int = 0
    guard: str = ""
    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    conflict_count: int = 0
    conflicts: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The figures by name, as a task replies with them."""
        return asdict(self)

    def note(self, planned: PlannedChange) -> None:
        """Count one change, and put it into words while there is room."""
        by_kind = self.changes.setdefault(planned.change.field, {})
        for kind, values in _counted(planned.change):
            by_kind[kind.value] = by_kind.get(kind.value, 0) + values
            self.totals[kind.value] = self.totals.get(kind.value, 0) + values
        if len(self.lines) < LISTED:
            self.lines.append(change_line(planned.scene_id, planned.title, planned.change))

    def note_conflict(self, line: str) -> None:
        """Count a conflict, and list it while there is room."""
        self.conflict_count += 1
        if len(self.conflicts) < LISTED:
            self.conflicts.append(line)

    def leave_out(self, why: str) -> None:
        """Count a scene that nothing can be written for."""
        self.left_out += 1
        if why not in self.reasons and len(self.reasons) >= MOST_REASONS:
            why = "other reasons"
        self.reasons[why] = self.reasons.get(why, 0) + 1


def _counted(change: Change) -> Iterable[tuple[ChangeKind, int]]:
    sizes = {ChangeKind.ADD: len(change.added), ChangeKind.REMOVE: len(change.removed)}
    return ((kind, sizes.get(kind, 1)) for kind in change.kinds)


class Pictures:
    """Finds out which pictures of a prepared scene would change.

    Args:
        syncer: one that works on `LookingOnly`; None where no pictures are wanted.
    """

    def __init__(self, syncer: ImageSyncer | None) -> None:
        self._syncer = syncer

    def changes(self, prepared: Prepared) -> tuple[list[PlannedChange], list[str]]:
        """The changes, and what could not be looked at.

        Raises:
            StashUnreachable, StashUnauthorized, PlexServerDown, PlexUnauthorized.
        """
        if self._syncer is None:
            return [], []
        known = prepared.record.images if prepared.record is not None else {}
        outcome = self._syncer.sync(
            prepared.scene.id, prepared.items, known, prepared.pictures_wanted
        )
        planned = [
            PlannedChange(
                prepared.scene.id,
                prepared.title,
                change.ref,
                Change(change.field, change.before, change.after),
            )
            for change in outcome.journal
        ]
        return planned, outcome.failures


def field_changes(prepared: Prepared) -> list[PlannedChange]:
    """What would be written of a scene, pictures left out."""
    return [
        PlannedChange(prepared.scene.id, prepared.title, plan.ref, change)
        for plan in prepared.plans
        for change in plan.changes
    ]


def job_for(scene_id: int) -> Job:
    """A job that no queue knows, to have a scene prepared."""
    return Job(0, scene_id, "metadata", {}, 0.0, KIND, 0, 0.0)


class Planner:
    """Plans scenes under the run of a preview.

    Args:
        max_clear_percent: the setting, for the verdict of the guard.
        on_progress: told the share done, 0..1, after each scene.
    """

    def __init__(
        self,
        state: State,
        preparer: Preparer,
        pictures: Pictures,
        max_clear_percent: int,
        on_progress: Callable[[float], None],
    ) -> None:
        self._state = state
        self._preparer = preparer
        self._pictures = pictures
        self._max_clear_percent = max_clear_percent
        self._on_progress = on_progress
        self._all = Tally()
        self._weighed = Tally()

    def plan(self, preview: Preview, jobs: Sequence[Job]) -> None:
        """Plan the scenes of some jobs into a preview, batch by batch.

        Raises:
            StashError, PlexError: a server went away; the preview has what was planned until then.
        """
        self._preparer.expect(len(jobs))
        for start in range(0, len(jobs), BATCH):
            batch = jobs[start : start + BATCH]
            able = {job.scene_id for job in self._preparer.able_to_clear(batch)}
            self._take(preview, self._preparer.prepare(batch), able)
            self._on_progress(min(1.0, (start + len(batch)) / len(jobs)))
        # A drain of one batch weighs all of it, a longer one only what may take something away.
        total = self._all if len(jobs) <= BATCH else self._weighed
        preview.guard = verdict(total, self._max_clear_percent)

    def _take(self, preview: Preview, batch: Batch, able: set[int]) -> None:
        kept: list[PlannedChange] = []
        for prepared in batch.ready:
            planned = self._planned(preview, prepared)
            kept += planned
            preview.scenes_changing += bool(planned)
            preview.unchanged += not planned
            preview.items_changing += len({each.ref for each in planned})
            for each in planned:
                preview.note(each)
            for line in conflicts_in([prepared]):
                preview.note_conflict(line)
            total = tally(prepared.changes)
            preview.values_touched += total.touched
            preview.values_cleared += total.cleared
            self._all += total
            if prepared.scene.id in able:
                self._weighed += total
        self._state.plans.add(preview.run_id, kept)
        for _job, why in batch.done:
            preview.leave_out(why)
        for _ in batch.not_found:
            preview.leave_out("not in Plex (yet)")
        for _ in batch.ambiguous:
            preview.leave_out("several items of Plex fit")
        preview.scenes_planned = preview.scenes_changing + preview.unchanged + preview.left_out

    def _planned(self, preview: Preview, prepared: Prepared) -> list[PlannedChange]:
        pictures, failures = self._pictures.changes(prepared)
        for failure in failures:
            log.warning("scene %d: %s", prepared.scene.id, failure)
            if len(preview.failures) < LISTED:
                preview.failures.append(f"scene {prepared.scene.id}: {failure}")
        return [*field_changes(prepared), *pictures]


def verdict(total: Tally, max_percent: int) -> str:
    """What the clear guard would say to a run."""
    if not clears_too_much(total, max_percent):
        return "would pass"
    return (
        f"would stop: {total.cleared} of the {total.touched} values would be cleared or removed, "
        f"more than {max_percent} % (max_clear_percent)"
    )
