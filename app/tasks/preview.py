"""Tasks that show what would be written, and the one that writes what was shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from app.arguments import allow_only, flag, number, numbers
from app.schedule.reconcile_run import tell
from app.wiring import Context, sharing
from app.write_session import SceneWriter, lock_for, open_scene_writer
from core import run_kinds
from core.change_words import counted, listed, phrase
from core.errors import ConfigError
from core.finding_types import EMPTY_METADATA, MISSING
from core.models import ItemRef, Job
from core.run_kinds import PREVIEW
from core.timestamps import DAY
from reconciliation.detection_state import FoundGap
from reconciliation.result import brief
from shell.logs import examples, headline
from stash.scenes import as_far_as_readable, iter_scene_pages
from storage.state import State
from storage.state_tables.runs import Run
from sync_queue.queue import SyncQueue
from worker.executor.dry_run import ShownPlans, dry_run
from worker.executor.figures import APPLY, Figures
from worker.executor.run import RunKind
from worker.plan import ScenePlan
from worker.preview.dry_run_end import Preview, StoredPlans
from worker.preview.pictures import field_changes
from worker.preview.plan_source import PreviewSource, job_for
from worker.scene_sync.plan_source import ListedScenes

log = logging.getLogger(__name__)

ARGUMENTS = ("run_id", "scene_ids")

DETECTION_SHARE = 0.4  # of the progress bar
NOTHING_SYNCED = "all fields are switched off in the settings: nothing to plan or to write"


def preview_queue(context: Context) -> dict[str, Any]:
    """What a drain would write for the jobs that are due."""

    def due() -> Sequence[Job]:
        with context.open_queue() as queue:
            return queue.due(context.clock())

    return _preview(context, due, {})


def preview_every_scene(context: Context, since: float | None = None) -> dict[str, Any]:
    """What a drain would write if every scene were queued."""

    def scenes() -> Sequence[Job]:
        listed = iter_scene_pages(context.stash, since=since)
        pages = as_far_as_readable(listed, partial(log.warning, "%s"))
        return [job_for(scene.id) for page in pages for scene in page]

    return _preview(context, scenes, {})


def preview_recent_scenes(context: Context) -> dict[str, Any]:
    """The same for scenes created or updated in the last 24 hours."""
    return preview_every_scene(context, context.clock() - DAY)


def _preview_gaps(
    context: Context, scope: str, only: frozenset[str] | None = None
) -> dict[str, Any]:
    """What a reconcile and the drain after it would write."""
    found: list[FoundGap] = []
    figures: dict[str, Any] = {}
    full = flag(context.args, "full")

    def gaps() -> Sequence[Job]:
        looking = sharing(context, 0.0, DETECTION_SHARE)
        result = looking.engine(None, found.extend).run(scope, only, full=full)
        tell(result, is_preview=True)
        figures.update(result.as_dict())
        return [job_for(gap.scene_id) for gap in found if gap.gap_type != MISSING]

    return _preview(context, gaps, figures)


preview_all = partial(_preview_gaps, scope="all")
preview_recent = partial(_preview_gaps, scope="recent")
preview_7days = partial(_preview_gaps, scope="recent_7days")
preview_missing_metadata = partial(_preview_gaps, scope="all", only=frozenset({EMPTY_METADATA}))


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
        with state.runs.begun(PREVIEW, context.clock) as run:
            preview = Preview(run.id)
            run.figures = lambda: brief({**figures, **preview.as_dict()})
            jobs = find()
            with open_scene_writer(context) as writer:
                _plan(sharing(context, DETECTION_SHARE, 1.0), writer, preview, jobs)
            run.status = "partial" if figures.get("partial") else "done"
        state.plans.drop_old()
    _show(preview)
    return {**figures, **preview.as_dict()}


def _plan(context: Context, writer: SceneWriter, preview: Preview, jobs: Sequence[Job]) -> None:
    end = StoredPlans(preview, writer.state.plans, writer.dry_pictures())
    dry_run(ListedScenes(writer.preparer, jobs, context.report_batch), end)
    preview.guard = end.verdict(context.settings.max_clear_percent)


def _show(preview: Preview) -> None:
    examples(log, "would change: %s", preview.lines)
    examples(log, "would stay as it is in Plex: %s", preview.conflicts)
    for why, scenes in sorted(preview.reasons.items(), key=lambda each: -each[1]):
        log.info("left out: %s: %s", counted(scenes, "scene"), why)
    fields = (f"{name}: {_counts(each)}" for name, each in sorted(preview.changes.items()))
    if told := "; ".join(fields):
        log.info("values by field: %s", told)
    parts = (
        (preview.scenes_changing, f"would change ({counted(preview.items_changing, 'item')})"),
        (preview.unchanged, "are right already"),
        (preview.left_out, "are left out"),
    )
    headline(
        log,
        f"Preview {preview.run_id}: {_of_scenes(preview.scenes_planned, listed(parts))}. "
        + (f"The guard against many removals {preview.guard}. " if preview.guard else "")
        + "Nothing was written.",
    )


def _of_scenes(scenes: int, parts: str) -> str:
    return f"of {counted(scenes, 'scene')}, {parts}" if parts else "nothing would change"


def _counts(by_kind: Mapping[str, int]) -> str:
    return ", ".join(f"{count} to {kind}" for kind, count in sorted(by_kind.items()))


def apply_preview(context: Context) -> dict[str, Any]:
    """Write the plan of a preview, the last one unless `run_id` names another; with the argument
    `scene_ids`, that of some of its scenes."""
    allow_only(context.args, ARGUMENTS)
    if not context.settings.synced_fields():
        log.warning("%s", NOTHING_SYNCED)
        return {"note": NOTHING_SYNCED}
    figures = Figures()
    with lock_for(context, "Apply Preview"), open_scene_writer(context) as writer:
        preview = chosen_preview(writer.state, number(context.args, "run_id"))
        writer.queue.recover()
        kind = RunKind(run_kinds.APPLY, APPLY, {"preview": preview.id})
        run = writer.run(kind, figures, guard=writer.guard, resolve_absent=writer.resolve_absent)
        try:
            run.run(_source(context, writer, preview, figures, writer.queue))
        finally:
            _show_applied(preview.id, figures, "written")
        writer.state.forget_old(context.clock())
    return {"run_id": run.run_id, "preview": preview.id, **figures.reply(APPLY)}


def look_at_apply(context: Context) -> dict[str, Any]:
    """What `apply_preview` would write now, and what it would leave."""
    allow_only(context.args, ARGUMENTS)
    figures = Figures()
    with open_scene_writer(context) as writer:
        preview = chosen_preview(writer.state, number(context.args, "run_id"))
        pictures = writer.dry_pictures()

        def phrases(plan: ScenePlan) -> Iterator[tuple[ItemRef, str, str]]:
            for each in [*field_changes(plan), *pictures.changes(plan)[0]]:
                yield each.ref, plan.called, phrase(each.change)

        dry_run(_source(context, writer, preview, figures, None), ShownPlans(figures, phrases))
    examples(log, "would change: %s", figures.plans)
    _show_applied(preview.id, figures, "would be written")
    return {"run_id": None, "preview": preview.id, **figures.reply(APPLY)}


def _source(
    context: Context,
    writer: SceneWriter,
    preview: Run,
    figures: Figures,
    queue: SyncQueue | None,
) -> PreviewSource:
    return PreviewSource(
        preview.id,
        writer.state.plans,
        writer.preparer,
        writer.dry_pictures(),
        queue,
        figures,
        context.report_scenes,
        numbers(context.args, "scene_ids"),
    )


def chosen_preview(state: State, wanted: int | None) -> Run:
    """The preview to apply: the one named, or the last that came to its end.

    Raises:
        ConfigError: there is none such, or its plan is not kept any more.
    """
    if wanted is None:
        run = state.runs.newest_ended(PREVIEW)
        if run is None:
            raise ConfigError("There is no preview to apply. Start the task 'Preview' first.")
    else:
        run = state.runs.get(wanted)
        if run is None or run.kind != PREVIEW:
            raise ConfigError(f"Run {wanted} is no preview. Leave 'run_id' out for the last one.")
        if not run.has_ended:
            raise ConfigError(f"Preview {wanted} did not come to its end. Start a new one.")
    if run.figures.get("scenes_changing") and not state.plans.scene_ids(run.id):
        raise ConfigError(f"The plan of preview {run.id} is not kept any more. Start a new one.")
    return run


def _show_applied(preview: int, figures: Figures, what: str) -> None:
    examples(log, "changed meanwhile, left alone: %s", figures.changed)
    parts = (
        (figures.restored, what),
        (figures.already, "there already"),
        (figures.changed.count, "changed meanwhile and left alone"),
    )
    failed = figures.failures.count
    headline(
        log,
        f"Preview {preview}, {counted(figures.planned, 'change')}: {listed(parts) or 'nothing'}"
        + (f"; {counted(failed, 'scene')} failed" if failed else ""),
    )
