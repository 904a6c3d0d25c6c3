"""Keeps plans instead of carrying them out: the end of a dry run.

The same plans, and for pictures the same code without its writes, so that a preview cannot disagree
with the writes that follow it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from core.guards import Tally, clears_too_much, tally
from core.models import Change, ChangeKind
from core.wording import change_line
from storage.plans import PlannedChange, PlanStore
from worker.plan import Batch, ScenePlan
from worker.preview.pictures import DryPictures, field_changes

log = logging.getLogger(__name__)

KIND = "preview"
LISTED = 50  # changes that a reply carries as lines; the counts are whole
MOST_REASONS = 20


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


class Planner:
    """Stores plans under the run of a preview.

    Args:
        max_clear_percent: the setting, for the verdict of the guard.
    """

    def __init__(self, store: PlanStore, pictures: DryPictures, max_clear_percent: int) -> None:
        self._store = store
        self._pictures = pictures
        self._max_clear_percent = max_clear_percent
        self._losing = 0

    def plan(self, preview: Preview, batches: Iterable[Batch]) -> None:
        """Keep the plans of batches, and count them.

        Raises:
            StashError, PlexError: a server went away; the preview has what was planned until then.
        """
        for batch in batches:
            self._take(preview, batch)
        total = Tally(preview.values_touched, preview.values_cleared)
        preview.guard = self._verdict(total)

    def _take(self, preview: Preview, batch: Batch) -> None:
        kept: list[PlannedChange] = []
        for plan in batch.ready:
            planned = self._planned(preview, plan)
            kept += planned
            preview.scenes_changing += bool(planned)
            preview.unchanged += not planned
            preview.items_changing += len({each.ref for each in planned})
            for each in planned:
                preview.note(each)
            for note in plan.notes:
                preview.note_conflict(f"{plan.called}, {note}")
            total = tally(plan.changes)
            self._losing += total.cleared > 0
            preview.values_touched += total.touched
            preview.values_cleared += total.cleared
        self._store.add(preview.run_id, kept)
        for _job, why in batch.done:
            preview.leave_out(why)
        for _ in batch.not_found:
            preview.leave_out("not in Plex (yet)")
        for _ in batch.given_up:
            preview.leave_out("several items of Plex fit")
        for _job, _failure, why in batch.failed:
            preview.leave_out(why)
        preview.scenes_planned = preview.scenes_changing + preview.unchanged + preview.left_out

    def _planned(self, preview: Preview, plan: ScenePlan) -> list[PlannedChange]:
        pictures, failures = self._pictures.changes(plan)
        for failure in failures:
            log.warning("%s: %s", plan.called, failure)
            if len(preview.failures) < LISTED:
                preview.failures.append(f"{plan.called}: {failure}")
        return [*field_changes(plan), *pictures]

    def _verdict(self, total: Tally) -> str:
        """What the clear guard would do."""
        if not clears_too_much(total, self._max_clear_percent):
            return "would pass"
        return (
            f"would hold back {self._losing} scenes: {total.cleared} of the {total.touched} values "
            f"would be cleared or removed, more than {self._max_clear_percent} % "
            "(max_clear_percent)"
        )
