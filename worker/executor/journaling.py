"""Writes down what a run is about to replace: durable before the edit that replaces it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.models import Change, ItemRef
from storage.state_tables.journal import Journal
from worker.executor.before_image import field_entry, picture_entry
from worker.pictures.writer import PictureChange
from worker.plan import ScenePlan

# Scenes that are journaled in one transaction: the one that is about to be written, and the next.
AT_ONCE = 100


class Journaling:
    """The journal of one run. Pictures may be journaled by several threads.

    Args:
        clock: epoch seconds.
    """

    def __init__(self, journal: Journal, run_id: int, clock: Callable[[], float]) -> None:
        self._journal = journal
        self._run_id = run_id
        self._clock = clock
        self._plans: dict[ItemRef, ScenePlan] = {}
        self._scenes: set[int] = set()

    def forget(self) -> None:
        """All that was expected is written, or left."""
        self._plans.clear()
        self._scenes.clear()

    def expect(self, plans: Iterable[ScenePlan]) -> None:
        """These are about to be carried out."""
        self._plans.update((edit.ref, plan) for plan in plans for edit in plan.edits)

    def done(self, plans: Iterable[ScenePlan]) -> None:
        """Nothing more is written for these; a scene may come again, with other items."""
        for plan in plans:
            self._scenes.discard(plan.scene_id)
            for edit in plan.edits:
                self._plans.pop(edit.ref, None)

    def __contains__(self, plan: ScenePlan) -> bool:
        """Whether the fields of a plan are journaled."""
        return plan.scene_id in self._scenes

    def write(self, plans: Iterable[ScenePlan]) -> None:
        """Journal the fields of those plans that are not yet."""
        fresh = [plan for plan in plans if plan not in self]
        self._scenes.update(plan.scene_id for plan in fresh)
        now = self._clock()
        entries = [
            field_entry(plan, edit, name, now)
            for plan in fresh
            if plan.is_journaled
            for edit in plan.edits
            for name in dict.fromkeys([*edit.names, *edit.pictures])
        ]
        if entries:
            self._journal.write(self._run_id, entries)

    def write_items(self, refs: Iterable[ItemRef]) -> None:
        """The same, of the plans for some items."""
        self.write({id(plan): plan for ref in refs if (plan := self._plans[ref])}.values())

    def write_picture(self, change: PictureChange) -> None:
        """Journal a picture that is about to change."""
        what = (change.ref, change.field, change.before, change.after, change.locked_before)
        entry = picture_entry(self._plans[change.ref], *what, self._clock())
        self._journal.write(self._run_id, [entry])

    def write_beside(self, plan: ScenePlan, ref: ItemRef, change: Change) -> None:
        """Journal a field that changes since a picture has changed."""
        entry = picture_entry(
            plan, ref, change.field, change.before, change.after, None, self._clock()
        )
        self._journal.write(self._run_id, [entry])
