"""Finds out which pictures of a planned scene would change, by the code that changes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from core.models import Change
from storage.state_tables.plans import PlannedChange
from worker.pictures.sync import PictureSync
from worker.plan import ScenePlan


class DryPictures:
    """Looks at the pictures of plans.

    Args:
        sync: one whose hand carries nothing out; None where no pictures are wanted.
    """

    def __init__(self, sync: PictureSync | None) -> None:
        self._sync = sync

    @contextmanager
    def expected(self, plans: Iterable[ScenePlan]) -> Iterator[None]:
        """Have the covers of some plans fetched ahead, while these are looked at in turn."""
        ahead = self._sync.ahead if self._sync is not None else None
        if ahead is None:
            yield
            return
        try:
            for plan in plans:
                if plan.cover:
                    ahead.want(plan.scene_id, plan.pictures.cover.condition)
            yield
        finally:
            ahead.close()

    def changes(self, plan: ScenePlan) -> tuple[list[PlannedChange], list[str]]:
        """The changes, and what could not be looked at.

        Raises:
            StashUnreachable, PlexServerDown, PlexUnauthorized.
        """
        if self._sync is None or not plan.cover:
            return [], []
        outcome = self._sync.sync(plan.scene_id, plan.items, plan.pictures, plan.cover)
        if self._sync.ahead is not None:
            self._sync.ahead.forget(plan.scene_id)
        planned = [
            PlannedChange(
                plan.scene_id, plan.title, each.ref, Change(each.field, each.before, each.after)
            )
            for each in outcome.changes
        ]
        return planned, [each for each in (*outcome.failures, outcome.unavailable) if each]


def field_changes(plan: ScenePlan) -> list[PlannedChange]:
    """What would be written of a scene, pictures left out."""
    return [
        PlannedChange(plan.scene_id, plan.title, edit.ref, change)
        for edit in plan.edits
        for change in edit.changes
    ]
