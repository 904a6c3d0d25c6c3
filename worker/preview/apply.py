"""Writes what a preview has shown, and nothing else.

Every scene of the plan is prepared afresh. Of what is to change now only that is written which the
preview has shown, value by value; what changed meanwhile, on either side, is left and reported.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import GuardStopped
from core.guards import Tally, clears_too_much
from core.models import Job
from core.wording import change_line
from storage.plans import PlannedChange
from storage.runs import RunStatus
from storage.sqlite import chunks
from storage.state import State
from sync_queue.queue import SyncQueue
from worker.executor.apply import Applied, Applier
from worker.executor.drain import BATCH
from worker.executor.messages import called, conflicts, refusals
from worker.preview.plan_filter import Cut, cut, tally_of
from worker.preview.planner import LISTED, Pictures, job_for
from worker.scene_sync.preparer import Preparer

log = logging.getLogger(__name__)

KIND = "apply_preview"
GUARD = "max_clear_percent of apply_preview"


@dataclass(slots=True)
class ApplyResult:
    """What became of a plan.

    Attributes:
        run_id: under which it can be undone; None for a look that writes nothing.
        preview: the run whose plan it is.
        planned: changes in the plan; those applied, already there and changed add up to it, but
            for what failed.
        applied: changes that were written.
        already: changes that Plex showed before anything was written.
        changed_meanwhile: changes left alone, since either side is no longer as it was;
            `changed` lists the first of them.
        scenes_done: scenes that show all they want; the others are left for the next drain.
        scenes_partly: scenes of which only a part could be written.
        failed: scenes that Plex refused, or of which a picture failed; `failures` says why.
        refused_count: fields that Plex was sent and does not show; `refused` says which.
        conflict_count: values that the user changed in Plex and that stay; `conflicts` says which.
    """

    run_id: int | None
    preview: int
    planned: int = 0
    applied: int = 0
    already: int = 0
    changed_meanwhile: int = 0
    changed: list[str] = field(default_factory=list)
    scenes_done: int = 0
    scenes_partly: int = 0
    items_edited: int = 0
    uploads: int = 0
    selects: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    refused_count: int = 0
    refused: list[str] = field(default_factory=list)
    conflict_count: int = 0
    conflicts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The figures by name, as a task replies with them."""
        return asdict(self)

    def note_changed(self, planned: PlannedChange) -> None:
        """Count a change that is not written, and list it while there is room."""
        self.changed_meanwhile += 1
        if len(self.changed) < LISTED:
            self.changed.append(change_line(planned.scene_id, planned.title, planned.change))

    def note_told(self, applied: Applied) -> None:
        """Count and say what Plex did not take, and what the user changed and stays."""
        for line in refusals(applied):
            self.refused_count += 1
            log.warning("%s", line)
            self.refused += [line] if len(self.refused) < LISTED else []
        for line in conflicts(applied):
            self.conflict_count += 1
            log.warning("%s", line)
            self.conflicts += [line] if len(self.conflicts) < LISTED else []

    def note_failed(self, line: str) -> None:
        """Count a scene that failed, and say why while there is room."""
        self.failed += 1
        log.warning("%s", line)
        if len(self.failures) < LISTED:
            self.failures.append(line)


class PlanApplier:
    """Applies the plan of one preview; the caller holds the drain lock.

    Args:
        applier: makes an applier of a run's id and of what is told after each scene.
        clock: epoch seconds.
        on_progress: told the share done, 0..1.
    """

    def __init__(
        self,
        queue: SyncQueue,
        state: State,
        preparer: Preparer,
        applier: Callable[[int, Callable[[], None]], Applier],
        pictures: Pictures,
        max_clear_percent: int,
        *,
        clock: Callable[[], float],
        on_progress: Callable[[float], None],
    ) -> None:
        self._queue = queue
        self._state = state
        self._preparer = preparer
        self._new_applier = applier
        self._pictures = pictures
        self._max_clear_percent = max_clear_percent
        self._clock = clock
        self._on_progress = on_progress

    def look(self, preview: int) -> ApplyResult:
        """What `run` would do now. Writes nothing.

        Raises:
            StashError, PlexError: a server does not answer.
        """
        result = ApplyResult(None, preview)
        ids = self._state.plans.scene_ids(preview)
        for batch in self._batches(ids):
            planned = self._state.plans.of_scenes(preview, batch)
            for each in self._cut(batch, [], planned, result):
                result.applied += len(each.agreed)
                for change in each.agreed[: LISTED - len(result.lines)]:
                    line = change_line(change.scene_id, change.title, change.change)
                    result.lines.append(line)
                result.scenes_done += not each.prepared.is_part
                result.scenes_partly += each.prepared.is_part and bool(each.agreed)
        return result

    def run(self, preview: int) -> ApplyResult:
        """Write the plan.

        Raises:
            GuardStopped: before the first write.
            StashError, PlexError: a server went away or refused us. What was done stays done.
        """
        self._queue.recover()
        self._state.runs.close_abandoned(KIND, self._clock())
        run_id = self._state.runs.start(KIND, self._clock(), {"preview": preview})
        result = ApplyResult(run_id, preview)
        status: RunStatus = "failed"
        try:
            self._run(preview, result)
            status = "done"
        except GuardStopped:
            status = "stopped"
            raise
        finally:
            if status != "stopped":
                self._state.runs.finish(run_id, status, result.as_dict(), self._clock())
        return result

    def _run(self, preview: int, result: ApplyResult) -> None:
        assert result.run_id is not None
        ids = self._state.plans.scene_ids(preview)
        weighed = len(ids) <= BATCH
        if not weighed:
            self._guard(result.run_id, preview, self._weigh(preview, ids))
        applier = self._new_applier(result.run_id, lambda: None)
        for batch in self._batches(ids):
            planned = self._state.plans.of_scenes(preview, batch)
            claimed = self._queue.claim_scenes(batch)
            try:
                cuts = list(self._cut(batch, claimed, planned, result))
                if weighed:
                    self._guard(result.run_id, preview, tally_of(cuts))
                worth = [each for each in cuts if each.is_worth_a_record]
                applied = applier.apply([each.prepared for each in worth])
            except BaseException:
                self._queue.release(claimed)
                raise
            self._settle(claimed, worth, applied, result)

    def _batches(self, ids: Sequence[int]) -> Iterable[Sequence[int]]:
        self._preparer.expect(len(ids))
        for number, batch in enumerate(chunks(ids, BATCH), 1):
            yield batch
            self._on_progress(min(1.0, number * BATCH / len(ids)))

    def _cut(
        self,
        scene_ids: Sequence[int],
        claimed: Iterable[Job],
        planned: Mapping[int, Sequence[PlannedChange]],
        result: ApplyResult,
    ) -> Iterable[Cut]:
        """Each scene that can be prepared, cut; whatever is not to be written is counted."""
        known = {job.scene_id: job for job in claimed}
        jobs = [known.get(scene_id) or job_for(scene_id) for scene_id in scene_ids]
        result.planned += sum(map(len, planned.values()))
        ready = {p.scene.id: p for p in self._preparer.prepare(jobs).ready}
        for scene_id, changes in planned.items():
            if scene_id not in ready:
                for each in changes:
                    result.note_changed(each)
                continue
            pictures, failures = self._pictures.changes(ready[scene_id])
            each_cut = cut(ready[scene_id], changes, pictures, not failures)
            for failure in failures:
                result.note_failed(f"{called(ready[scene_id])}: {failure}")
            for each in each_cut.missed:
                result.note_changed(each)
            result.already += each_cut.already
            yield each_cut

    def _weigh(self, preview: int, ids: Sequence[int]) -> Tally:
        """What the whole run would touch and take away; a drain of many scenes weighs so too."""
        total = Tally()
        for some in chunks(ids, BATCH):
            jobs = self._preparer.able_to_clear([job_for(scene_id) for scene_id in some])
            planned = self._state.plans.of_scenes(preview, [job.scene_id for job in jobs])
            ready = self._preparer.prepare(jobs).ready
            total += tally_of(cut(each, planned[each.scene.id], [], True) for each in ready)
        return total

    def _guard(self, run_id: int, preview: int, total: Tally) -> None:
        percent = self._max_clear_percent
        if not clears_too_much(total, percent):
            return
        runs = self._state.runs
        figures = {"preview": preview, "cleared": total.cleared, "touched": total.touched}
        if runs.take_confirmation(
            GUARD,
            lambda known: (
                known.get("preview") == preview and total.cleared <= known.get("cleared", 0)
            ),
        ):
            return
        runs.finish(run_id, "stopped", figures, self._clock(), guard=GUARD)
        raise GuardStopped(
            f"Stopped before the first write: applying preview {preview} would clear or remove "
            f"{total.cleared} of the {total.touched} values that it touches in Plex, more than "
            f"{percent} % (max_clear_percent). If that is right, run the task 'Confirm Stopped "
            "Run' and then 'Apply Preview' again."
        )

    def _settle(
        self, claimed: Sequence[Job], cuts: Iterable[Cut], applied: Applied, result: ApplyResult
    ) -> None:
        """Count what was written; end the jobs of scenes that are done, give the others back."""
        agreed = {each.prepared.scene.id: each.agreed for each in cuts}
        imageless = {prepared.scene.id: why for prepared, why in applied.imageless}
        done: set[int] = set()
        for prepared in applied.synced:
            scene_id = prepared.scene.id
            result.applied += len(agreed[scene_id])
            if prepared.is_part:
                result.scenes_partly += 1
            elif scene_id in imageless:
                result.note_failed(f"{called(prepared)}: {imageless[scene_id]}")
            else:
                result.scenes_done += 1
                done.add(scene_id)
        for prepared, error in applied.rejected:
            result.note_failed(f"{called(prepared)}: {error}")
        for prepared in applied.vanished:
            for each in agreed[prepared.scene.id]:
                result.note_changed(each)
        result.items_edited += applied.items_edited
        result.uploads += applied.uploads
        result.selects += applied.selects
        result.note_told(applied)
        self._queue.finish([job for job in claimed if job.scene_id in done])
        self._queue.release([job for job in claimed if job.scene_id not in done])
        self._ask_again(imageless, {job.scene_id for job in claimed})

    def _ask_again(self, imageless: Mapping[int, str], queued: set[int]) -> None:
        """A job brings a failed picture sooner than the next reconcile."""
        orders = [
            {"scene_id": scene_id, "reason": f"a picture failed: {why}"}
            for scene_id, why in imageless.items()
            if scene_id not in queued
        ]
        if orders:
            self._queue.put_many(orders)
