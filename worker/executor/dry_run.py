"""A dry run: the plans of any maker go to an end that stores or shows them; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.change_words import line_of
from core.models import ItemRef
from worker.executor.figures import Figures
from worker.executor.run import Batches
from worker.plan import Batch, ScenePlan


class DryEnd(Protocol):
    """What stores plans, or shows them."""

    def take(self, plans: Sequence[ScenePlan]) -> None:
        """Take some plans."""

    def without_plan(self, batch: Batch) -> None:
        """Take note of the jobs of a batch that have no plan."""


def dry_run(source: Batches, end: DryEnd) -> None:
    """Hand over all plans. No job is claimed or acknowledged, no run is begun.

    Raises:
        StashError, PlexError: a server went away; `end` has what was planned until then.
    """
    for batch in source.batches():
        end.take(batch.ready)
        end.without_plan(batch)


@dataclass(frozen=True, slots=True)
class ShownPlans:
    """Puts plans into words, and counts them as if they had been carried out.

    Args:
        phrases: of a plan, what it would write: the item, what is told of, like “scene 4”, and
            the change in words.
    """

    figures: Figures
    phrases: Callable[[ScenePlan], Iterable[tuple[ItemRef, str, str]]]

    def take(self, plans: Sequence[ScenePlan]) -> None:
        """Show some plans."""
        for plan in plans:
            found = list(self.phrases(plan))
            for called in dict.fromkeys(called for _, called, _ in found):
                told = (phrase for _, each, phrase in found if each == called)
                self.figures.plans.note(line_of(called, told))
            self.figures.restored += len(found)
            self.figures.items_edited += len({ref for ref, *_ in found})
            self.figures.scenes += bool(found)
            self.figures.scenes_done += plan.is_whole
            self.figures.scenes_partly += not plan.is_whole

    def without_plan(self, batch: Batch) -> None:
        """What is left is counted by the maker."""
