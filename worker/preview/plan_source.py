"""Plans of a stored preview: every scene is planned afresh, and cut down to what was shown.

What changed meanwhile, on either side, is left and reported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass, replace

from core.change_words import change_line, scene_called
from core.models import Failure, Job
from storage.state_tables.plans import PlannedChange, PlanStore
from sync_queue.queue import SyncQueue
from worker.executor.figures import Figures
from worker.executor.run import BATCH, PlanSource, in_parts, jobs_of
from worker.plan import Batch, ScenePlan
from worker.preview.pictures import DryPictures
from worker.preview.plan_filter import cut
from worker.scene_sync.preparer import Preparer


def job_for(scene_id: int) -> Job:
    """A job that no queue knows, to have a scene planned."""
    return Job(0, scene_id, "metadata", {}, 0.0, "preview", 0, 0.0, "", Failure.NONE)


@dataclass(frozen=True, slots=True)
class PreviewSource(PlanSource):
    """Makes plans of one preview.

    Args:
        preview: the run whose plan it is.
        queue: whose jobs of these scenes are claimed; None for a look.
        on_scenes: told how many scenes are planned, and of how many.
        chosen: the scenes; None: all that the preview has shown changes of.
    """

    preview: int
    store: PlanStore
    preparer: Preparer
    pictures: DryPictures
    queue: SyncQueue | None
    figures: Figures
    on_scenes: Callable[[int, int], None]
    chosen: Collection[int] | None = None

    def batches(self) -> Generator[Batch, None, None]:
        """The plans of the scenes."""
        chosen = None if self.chosen is None else frozenset(self.chosen)
        ids = self.store.scene_ids(self.preview)
        ids = [each for each in ids if chosen is None or each in chosen]
        self.preparer.expect(len(ids))
        for some in in_parts(ids, BATCH, self.on_scenes):
            claimed = self.queue.claim_scenes(some) if self.queue is not None else []
            try:
                batch = self._plans(some, claimed)
            except BaseException:
                if self.queue is not None:
                    self.queue.release(claimed)
                raise
            yield batch

    def again(self, plans: Sequence[ScenePlan]) -> Batch:
        """Plans for the same scenes, made afresh; what they lack by now is left and counted."""
        return self._plans([plan.scene_id for plan in plans], jobs_of(plans), is_again=True)

    def _plans(
        self, ids: Sequence[int], claimed: Sequence[Job], *, is_again: bool = False
    ) -> Batch:
        planned = self.store.of_scenes(self.preview, ids)
        if not is_again:
            self.figures.planned += sum(map(len, planned.values()))
        known = {job.scene_id: job for job in claimed}
        jobs = [known.get(scene_id) or job_for(scene_id) for scene_id in ids]
        prepared = self.preparer.prepare(jobs)
        ready = {plan.scene_id: plan for plan in prepared.ready}
        failed = {job.scene_id: why for job, _, why in prepared.failed}
        batch = Batch()
        for scene_id, changes in planned.items():
            if scene_id in failed:
                called = scene_called(scene_id, changes[0].title)
                self.figures.failures.note(f"{called}: {failed[scene_id]}")
                continue
            if scene_id not in ready:
                self._note_changed(changes)
                continue
            plan = self._cut(ready[scene_id], changes)
            if plan is not None:
                batch.ready.append(plan if scene_id in known else replace(plan, job=None))
        planned_for = {plan.scene_id for plan in batch.ready}
        batch.left_alone = [job for job in claimed if job.scene_id not in planned_for]
        return batch

    def _cut(self, plan: ScenePlan, changes: Sequence[PlannedChange]) -> ScenePlan | None:
        pictures, failures = self.pictures.changes(plan)
        for failure in failures:
            self.figures.failures.note(f"{plan.called}: {failure}")
        each = cut(plan, changes, pictures, not failures)
        self._note_changed(each.missed)
        self.figures.already += each.already
        is_worth_a_record = each.agreed or each.plan.is_whole
        return each.plan if is_worth_a_record else None

    def _note_changed(self, missed: Sequence[PlannedChange]) -> None:
        for each in missed:
            self.figures.changed.note(change_line(each.scene_id, each.title, each.change))
