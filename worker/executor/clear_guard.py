"""Holds scenes back whose plans take something away, until the whole of a run is known.

A run may clear or remove 50 values; more only if they are few among all that it touches. So scenes
that lose something wait until all others are done, and are then let through or held together. What
is held is remembered value by value: the user's word is for exactly that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from core.change_words import change_line
from core.clear_limit import FREE_CLEARS, Tally, clears_too_much, tally
from core.models import ItemRef
from storage.state_tables.plans import PlannedChange
from sync_queue.jobs import EDIT
from worker.plan import ItemEdit, ScenePlan

MOST_WAITING = 1000  # scenes that wait for the verdict, before it is given on what is known
LISTED = 20  # changes that are put into words; the counts are whole


@dataclass(slots=True)
class Loss:
    """What some scenes would lose.

    Attributes:
        scenes: how many these are.
        fields: how many values would be taken away, by field.
        lines: the first changes that take something away, in words.
    """

    scenes: int = 0
    total: Tally = field(default_factory=Tally)
    fields: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def add(self, plan: ScenePlan) -> None:
        """Weigh one more scene."""
        self.scenes += 1
        for change in plan.changes:
            one = tally([change])
            self.total += one
            if one.cleared:
                self.fields[change.field] += one.cleared
        if len(self.lines) < LISTED:
            losing = [each.change for each in losses_of(plan)]
            self.lines += [change_line(plan.scene_id, plan.title, *losing)] if losing else []

    def join(self, other: Loss) -> None:
        """Add what others would lose; the lines of these are told already."""
        self.scenes += other.scenes
        self.total += other.total
        self.fields += other.fields

    def message(self) -> str:
        """What people are told of scenes that are held back, and what they can do."""
        return (
            f"{self.scenes} scenes are held back: in Plex they would lose "
            f"{self.total.cleared} values ({self.in_words()}), more than 'Most values to remove' "
            "allows. All other scenes were written. The lines above, and the page of "
            "Stash2Plex, show what is held; if it is right, the task 'Confirm Stopped Run' writes "
            "it."
        )

    def in_words(self) -> str:
        """How much of what would be taken away, like "7 tags, 3 studio"."""
        return ", ".join(f"{count} {name}" for name, count in self.fields.most_common())


class ClearGuard:
    """The guard of one run. `max_percent`: the setting `max_clear_percent`."""

    def __init__(self, max_percent: int) -> None:
        self._max_percent = max_percent
        self._touched = Tally()
        self._waiting: list[ScenePlan] = []

    def let_through(self, plans: Sequence[ScenePlan]) -> list[ScenePlan]:
        """Those that take nothing away, and users' edits while a run may take so much away in any
        case: nobody waits for the end of bulk work to see his edit. The others wait for `verdict`.
        """
        edits = [plan for plan in plans if plan.job is not None and plan.job.priority == EDIT]
        total = sum((tally(plan.changes) for plan in edits), self._touched)
        few = total.cleared <= FREE_CLEARS
        passing = {plan.scene_id for plan in edits} if few else set()
        free: list[ScenePlan] = []
        for plan in plans:
            total = tally(plan.changes)
            if total.cleared and self._max_percent < 100 and plan.scene_id not in passing:
                self._waiting.append(plan)
            else:
                self._touched += total
                free.append(plan)
        return free

    @property
    def is_full(self) -> bool:
        """So many wait that the verdict is due on what is known."""
        return len(self._waiting) >= MOST_WAITING

    def verdict(self) -> tuple[list[ScenePlan], Loss | None]:
        """The scenes that waited, and what they would lose if that is too much; else None.

        Those that are let through count as touched from now on.
        """
        waiting, self._waiting = self._waiting, []
        loss = Loss()
        for plan in waiting:
            loss.add(plan)
        total = self._touched + loss.total
        if clears_too_much(total, self._max_percent):
            return waiting, loss
        self._touched = total
        return waiting, None

    def give_back(self) -> list[ScenePlan]:
        """The scenes that wait, where there will be no verdict."""
        waiting, self._waiting = self._waiting, []
        return waiting


def without_losses(plan: ScenePlan) -> ScenePlan:
    """The part of a plan that takes nothing away, which knows what is left."""
    edits = tuple(_harmless(edit) for edit in plan.edits)
    return replace(plan, edits=edits, is_whole=False, held=losses_of(plan))


def _harmless(edit: ItemEdit) -> ItemEdit:
    losing = {change.field for change in edit.changes if tally([change]).cleared}
    return edit.only([name for name in edit.plan.outcomes if name not in losing])


def is_covered(plan: ScenePlan, confirmed: Iterable[PlannedChange]) -> bool:
    """Whether a plan takes nothing away but what the user has seen and confirmed."""
    return _taken(losses_of(plan)) <= _taken(confirmed)


def losses_of(plan: ScenePlan) -> tuple[PlannedChange, ...]:
    """The changes of a plan that take something away."""
    return tuple(
        PlannedChange(plan.scene_id, plan.title, edit.ref, change)
        for edit in plan.edits
        for change in edit.changes
        if tally([change]).cleared
    )


def _taken(losses: Iterable[PlannedChange]) -> set[tuple[ItemRef, str, str | None]]:
    """Each value that is taken away: its item, its field, and of a list the entry."""
    return {
        (each.ref, each.change.field, name)
        for each in losses
        for name in each.change.removed or (None,)
    }
