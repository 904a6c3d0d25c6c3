"""Tasks that look for gaps, and those that enqueue scenes without looking."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from app.schedule import store
from app.tasks.reconcile_messages import enqueued, summary
from app.wiring import Context
from core.errors import GuardStopped
from core.scopes import DAY
from reconciliation.detector import EMPTY_METADATA
from reconciliation.enqueueing import Enqueued, SceneJobs
from reconciliation.result import GapDetectionResult
from stash.scenes import as_far_as_readable, count_scenes, iter_scene_pages
from storage.runs import RunStatus

log = logging.getLogger(__name__)
KIND = "reconcile"


def reconcile(
    context: Context, scope: str, only: frozenset[str] | None = None, *, automatic: bool = False
) -> dict[str, Any]:
    """Find the gaps and enqueue them; the reply has the fields of GapDetectionResult.

    One that has seen all of its scope is what an automatic one waits for, whoever started it.
    """
    asked = {"scope": scope, "automatic": automatic}
    if only is not None:
        asked["only"] = ", ".join(sorted(only))
    with (
        store.reconciling(context.data_dir) as is_alone,
        context.open_state() as state,
        context.open_queue() as queue,
    ):
        if is_alone:
            state.runs.close_abandoned(KIND, context.clock())
        run_id = state.runs.start(KIND, context.clock(), asked)
        status: RunStatus = "failed"
        result = GapDetectionResult()
        try:
            result = context.engine(queue).run(scope, only)
            status = "partial" if result.partial else "done"
        except GuardStopped:
            status = "stopped"
            raise
        finally:
            figures = {**asked, **result.figures()}
            state.runs.finish(run_id, status, figures, context.clock())
        if status == "done" and only is None:
            store.succeeded(context, state, scope)
    log.info("%s", summary(result, only))
    for error in result.errors:
        log.warning("%s", error)
    return result.as_dict()


reconcile_all = partial(reconcile, scope="all")
reconcile_recent = partial(reconcile, scope="recent")
reconcile_7days = partial(reconcile, scope="recent_7days")
reconcile_missing_metadata = partial(reconcile, scope="all", only=frozenset({EMPTY_METADATA}))


def enqueue_recent(context: Context) -> dict[str, Any]:
    """Enqueue what was created or updated in the last 24 hours."""
    return enqueue_all(context, context.clock() - DAY)


def enqueue_all(context: Context, since: float | None = None) -> dict[str, Any]:
    """Enqueue every scene that passes the quality gate or has a record."""
    checked, total = 0, Enqueued()
    there = count_scenes(context.stash)
    errors: list[str] = []
    with context.open_state() as state, context.open_queue() as queue:
        jobs = SceneJobs(queue, state.written_ids(), context.settings.organized_only)
        expected = there if since is None else None
        pages = iter_scene_pages(context.stash, since=since, expected=expected)
        for page in as_far_as_readable(pages, errors.append):
            total += jobs.put(page, "all", lambda _scene: "asked for by the user")
            checked += len(page)
            context.on_progress(min(1.0, checked / max(there, 1)))
    log.info("%s", enqueued(checked, total))
    for error in errors:
        log.warning("%s", error)
    return {
        "scenes_checked": checked,
        "enqueued_count": total.new,
        "skipped_already_queued": total.refreshed,
        "skipped_no_metadata": total.without_metadata,
        "skipped_unorganized": total.unorganized,
        "errors": errors,
    }
