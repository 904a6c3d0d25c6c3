"""Stores plans instead of carrying them out: the end of a dry run that can be applied.

The same plans, and for pictures the same code without its writes, so that a preview cannot disagree
with the writes that follow it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from core.change_words import change_line
from core.clear_limit import Tally, clears_too_much, tally
from core.models import Change, ChangeKind
from storage.state_tables.plans import PlannedChange, PlanStore
from worker.executor.figures import Listing
from worker.plan import Batch, ScenePlan
from worker.preview.pictures import DryPictures, field_changes

log = logging.getLogger(__name__)

MOST_REASONS = 20


@dataclass(slots=True)
class Preview:
    """What would be written.

    Attributes:
        run_id: under which the plan is kept.
        scenes_changing, items_changing: those that something would be written to.
        unchanged: scenes whose items show all that is wanted.
        left_out: scenes that nothing can be written for now; `reasons` says how many and why.
        changes: how many values would be written, by field and kind; entries of lists count.
        totals: the same by kind only.
        values_touched, values_cleared: what the clear guard counts; pictures are no part of it.
        guard: what the clear guard would say to it.
        lines: the first scenes in words.
        failures: pictures that could not be looked at.
        conflicts: values that the user changed in Plex, and that stay though Stash says
            something else. The sync that meets them reports them.
    """

    run_id: int
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
    lines: Listing = field(default_factory=Listing)
    failures: Listing = field(default_factory=Listing)
    conflicts: Listing = field(default_factory=Listing)

    @property
    def scenes_planned(self) -> int:
        """Scenes looked at."""
        return self.scenes_changing + self.unchanged + self.left_out

    def as_dict(self) -> dict[str, Any]:
        """The figures by name, as a task replies with them."""
        return asdict(self) | {
            "scenes_planned": self.scenes_planned,
            "lines": self.lines.lines,
            "failures": self.failures.lines,
            "conflict_count": self.conflicts.count,
            "conflicts": self.conflicts.lines,
        }

    def note(self, plan: ScenePlan, planned: Sequence[PlannedChange]) -> None:
        """Count the changes of a scene, and put it into words while there is room."""
        for each in planned:
            by_kind = self.changes.setdefault(each.change.field, {})
            for kind, values in _counted(each.change):
                by_kind[kind.value] = by_kind.get(kind.value, 0) + values
                self.totals[kind.value] = self.totals.get(kind.value, 0) + values
        changes = (each.change for each in planned)
        self.lines.note(change_line(plan.scene_id, plan.title, *changes))

    def leave_out(self, why: str) -> None:
        """Count a scene that nothing can be written for."""
        self.left_out += 1
        if why not in self.reasons and len(self.reasons) >= MOST_REASONS:
            why = "other reasons"
        self.reasons[why] = self.reasons.get(why, 0) + 1


def _counted(change: Change) -> Iterable[tuple[ChangeKind, int]]:
    sizes = {ChangeKind.ADD: len(change.added), ChangeKind.REMOVE: len(change.removed)}
    return ((kind, sizes.get(kind, 1)) for kind in change.kinds)


class StoredPlans:
    """Stores plans under the run of a preview, and counts them."""

    def __init__(self, preview: Preview, store: PlanStore, pictures: DryPictures) -> None:
        self._preview = preview
        self._store = store
        self._pictures = pictures
        self._losing = 0

    def take(self, plans: Sequence[ScenePlan]) -> None:
        """Store some plans."""
        preview = self._preview
        kept: list[PlannedChange] = []
        with self._pictures.expected(plans):
            for plan in plans:
                planned = self._planned(plan)
                kept += planned
                preview.scenes_changing += bool(planned)
                preview.unchanged += not planned
                preview.items_changing += len({each.ref for each in planned})
                if planned:
                    preview.note(plan, planned)
                for note in plan.notes:
                    preview.conflicts.note(f"{plan.called}, {note}")
                total = tally(plan.changes)
                self._losing += total.cleared > 0
                preview.values_touched += total.touched
                preview.values_cleared += total.cleared
        self._store.add(preview.run_id, kept)

    def without_plan(self, batch: Batch) -> None:
        """Count the scenes that are left out, by the reason."""
        preview = self._preview
        whys = [
            *(why for _, why in batch.done),
            *("not in Plex (yet)" for _ in batch.not_found),
            *("several items of Plex fit" for _ in batch.given_up),
            *(why for *_, why in batch.failed),
        ]
        for why in whys:
            preview.leave_out(why)

    def _planned(self, plan: ScenePlan) -> list[PlannedChange]:
        pictures, failures = self._pictures.changes(plan)
        for failure in failures:
            log.warning("%s: %s", plan.called, failure)
            self._preview.failures.note(f"{plan.called}: {failure}")
        return [*field_changes(plan), *pictures]

    def verdict(self, max_clear_percent: int) -> str:
        """What the clear guard would do; "" where it would let all through."""
        total = Tally(self._preview.values_touched, self._preview.values_cleared)
        if not clears_too_much(total, max_clear_percent):
            return ""
        return (
            f"would hold back {self._losing} scenes: {total.cleared} of the {total.touched} values "
            f"would be cleared or removed, more than {max_clear_percent} %"
        )
