"""Tasks that show what would be written, and the one that writes what was shown."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from app.arguments import run_id
from app.tasks.reconcile_messages import summary
from app.wiring import Context, WriteSession
from core.errors import ConfigError, DrainBusy, GuardStopped
from core.models import Job
from core.scopes import DAY
from reconciliation.detector import EMPTY_METADATA, MISSING, Gap
from reconciliation.result import GapDetectionResult, brief
from stash.scenes import as_far_as_readable, iter_scene_pages
from storage.runs import Run, RunStatus
from storage.state import State
from sync_queue.lock import DrainLock
from worker.preview.apply import ApplyResult, PlanApplier
from worker.preview.planner import KIND, LookingOnly, Pictures, Planner, Preview, job_for

log = logging.getLogger(__name__)

DETECTION_SHARE = 0.4  # of the progress bar
NOTHING_SYNCED = "every sync_… setting is off, so there is nothing to plan or to write"


def preview_all(context: Context) -> dict[str, Any]:
    """What a full reconcile and the drain after it would write."""
    return _preview_gaps(context, "all")


def preview_recent(context: Context) -> dict[str, Any]:
    return _preview_gaps(context, "recent")


def preview_7days(context: Context) -> dict[str, Any]:
    return _preview_gaps(context, "recent_7days")


def preview_missing_metadata(context: Context) -> dict[str, Any]:
    return _preview_gaps(context, "all", frozenset({EMPTY_METADATA}))


def preview_queue(context: Context) -> dict[str, Any]:
    """What a drain would write for the jobs that are due."""

    def due() -> Sequence[Job]:
        with context.open_queue() as queue:
            return queue.due(context.clock())

    return _preview(context, due, {})


def preview_every_scene(context: Context) -> dict[str, Any]:
    """What a drain would write if every scene were queued."""
    return _preview_scenes(context, None)


def preview_recent_scenes(context: Context) -> dict[str, Any]:
    """The same for scenes created or updated in the last 24 hours."""
    return _preview_scenes(context, context.clock() - DAY)


def _preview_scenes(context: Context, since: float | None) -> dict[str, Any]:
    def scenes() -> Sequence[Job]:
        listed = iter_scene_pages(context.stash, since=since)
        pages = as_far_as_readable(listed, partial(log.warning, "%s"))
        return [job_for(scene.id) for page in pages for scene in page]

    return _preview(context, scenes, {})


def _preview_gaps(
    context: Context, scope: str, only: frozenset[str] | None = None
) -> dict[str, Any]:
    found: list[Gap] = []
    figures: dict[str, Any] = {}

    def gaps() -> Sequence[Job]:
        looking = _sharing(context, 0.0, DETECTION_SHARE)
        result = looking.engine(None, found.extend).run(scope, only)
        _tell(result)
        figures.update(result.as_dict())
        return [job_for(gap.scene_id) for gap in found if gap.gap_type != MISSING]

    return _preview(context, gaps, figures)


def _tell(result: GapDetectionResult) -> None:
    log.info("%s", summary(result, is_preview=True))
    for error in result.errors:
        log.warning("%s", error)


def _sharing(context: Context, start: float, end: float) -> Context:
    """The context with its progress in a part of the bar."""

    def report(share: float) -> None:
        context.on_progress(start + (end - start) * share)

    return dataclasses.replace(context, on_progress=report)


def _preview(
    context: Context, find: Callable[[], Sequence[Job]], figures: dict[str, Any]
) -> dict[str, Any]:
    """Plan the scenes that are found, under a run of their own.

    Args:
        figures: go into the reply as well; may be filled by `find`.
    """
    if not context.settings.synced_fields():
        log.warning("%s", NOTHING_SYNCED)
        return {"note": NOTHING_SYNCED}
    with context.open_state() as state:
        preview = Preview(state.runs.start(KIND, context.clock()))
        status: RunStatus = "failed"
        try:
            jobs = find()
            with context.open_write_session() as session:
                _planner(_sharing(context, DETECTION_SHARE, 1.0), session).plan(preview, jobs)
            status = "partial" if figures.get("partial") else "done"
        except GuardStopped:
            status = "stopped"
            raise
        finally:
            told = {**figures, **preview.as_dict()}
            state.runs.finish(preview.run_id, status, brief(told), context.clock())
        state.plans.drop_old()
    _show(preview)
    return told


def _planner(context: Context, session: WriteSession) -> Planner:
    return Planner(
        session.state,
        session.preparer,
        _pictures(context, session),
        context.settings.max_clear_percent,
        context.on_progress,
    )


def _pictures(context: Context, session: WriteSession) -> Pictures:
    """Pictures that are looked at only."""
    return Pictures(context.image_syncer(LookingOnly(session.plex), lambda _change: None))


def _show(preview: Preview) -> None:
    for line in [*preview.lines, *preview.conflicts]:
        log.info("%s", line)
    for field, by_kind in sorted(preview.changes.items()):
        log.info("%s: %s", field, _counts(by_kind))
    for why, scenes in preview.reasons.items():
        log.info("%d scenes left out: %s", scenes, why)
    log.info(
        "preview %d: %d of %d scenes would change %d items: %s (%s). 'Apply Preview' writes this.",
        preview.run_id,
        preview.scenes_changing,
        preview.scenes_planned,
        preview.items_changing,
        _counts(preview.totals) or "nothing",
        preview.guard,
    )


def _counts(by_kind: Mapping[str, int]) -> str:
    return ", ".join(f"{count} to {kind}" for kind, count in sorted(by_kind.items()))


def apply_preview(context: Context) -> dict[str, Any]:
    """Write the plan of a preview, the last one unless `run_id` names another."""
    if not context.settings.synced_fields():
        log.warning("%s", NOTHING_SYNCED)
        return {"note": NOTHING_SYNCED}
    try:
        with DrainLock(context.data_dir), context.open_write_session() as session:
            preview = chosen_preview(session.state, run_id(context.args))
            result = _plan_applier(context, session).run(preview.id)
            session.state.forget_old(context.clock())
    except DrainBusy:
        raise busy("Apply Preview") from None
    _show_applied(result)
    return result.as_dict()


def look_at_apply(context: Context) -> dict[str, Any]:
    """What `apply_preview` would write now, and what it would leave."""
    with context.open_write_session() as session:
        preview = chosen_preview(session.state, run_id(context.args))
        result = _plan_applier(context, session).look(preview.id)
    for line in result.lines:
        log.info("%s", line)
    _show_applied(result)
    return result.as_dict()


def _plan_applier(context: Context, session: WriteSession) -> PlanApplier:
    return PlanApplier(
        session.queue,
        session.state,
        session.preparer,
        session.applier,
        _pictures(context, session),
        context.settings.max_clear_percent,
        clock=context.clock,
        on_progress=context.on_progress,
    )


def busy(task: str) -> DrainBusy:
    """What a task says that may not write while another one does."""
    return DrainBusy(f"Another run is writing to Plex. Start {task!r} again when it has ended.")


def chosen_preview(state: State, wanted: int | None) -> Run:
    """The preview to apply: the one named, or the last that came to its end.

    Raises:
        ConfigError: there is none such, or its plan is not kept any more.
    """
    if wanted is None:
        usable = (run for run in state.runs.latest(KIND, limit=100) if is_whole(run))
        run = next(usable, None)
        if run is None:
            raise ConfigError("There is no preview to apply. Start the task 'Preview' first.")
    else:
        run = state.runs.get(wanted)
        if run is None or run.kind != KIND:
            raise ConfigError(f"Run {wanted} is no preview. Leave 'run_id' out for the last one.")
        if not is_whole(run):
            raise ConfigError(f"Preview {wanted} did not come to its end. Start a new one.")
    if run.figures.get("scenes_changing") and not state.plans.scene_ids(run.id):
        raise ConfigError(f"The plan of preview {run.id} is not kept any more. Start a new one.")
    return run


def is_whole(run: Run) -> bool:
    """Whether a preview planned all that it found."""
    return run.status in ("done", "partial")


def _show_applied(result: ApplyResult) -> None:
    for line in result.changed:
        log.info("changed meanwhile, left alone: %s", line)
    log.info(
        "preview %d: %d of %d changes %s, %d were there already, %d changed meanwhile and were "
        "left alone, %d scenes failed",
        result.preview,
        result.applied,
        result.planned,
        "would be written" if result.run_id is None else "written",
        result.already,
        result.changed_meanwhile,
        result.failed,
    )
