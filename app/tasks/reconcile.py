"""Tasks that look for gaps, and those that enqueue scenes without looking."""

from __future__ import annotations

import logging
from typing import Any

from app.schedule import store
from app.wiring import Context
from core.errors import GuardStopped
from core.scopes import DAY
from reconciliation.detector import EMPTY_METADATA
from reconciliation.enqueueing import SceneJobs
from reconciliation.result import GapDetectionResult
from stash.scenes import count_scenes, iter_scene_pages
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
    log.info("%s", summary(result))
    for error in result.errors:
        log.warning("%s", error)
    return result.as_dict()


def summary(result: GapDetectionResult) -> str:
    """A run in one line for people."""
    found = [
        f"{count} {name}"
        for count, name in (
            (result.empty_metadata_count, "empty in Plex"),
            (result.stale_sync_count, "changed since the last sync"),
            (result.missing_count, "missing in Plex"),
            (result.vanished_count, "gone from Plex"),
            (result.drift_count, "different or never synced"),
        )
        if count
    ]
    apart = [
        f"{count} {name}"
        for count, name in (
            (result.ambiguous_count, "ambiguous"),
            (result.contested_count, "whose item belongs to another scene"),
            (result.outside_count, "outside every Plex library"),
            (result.skipped_no_metadata, "without metadata"),
            (result.skipped_unorganized, "not organized"),
            (result.skipped_already_queued, "already queued"),
            (result.skipped_dead, "given up on before"),
            (result.undone_count, "undone and left alone"),
            (result.orphan_count, "Plex items without a scene"),
        )
        if count
    ]
    text = (
        f"{result.scenes_checked} scenes checked against {result.items_listed} Plex items with "
        f"{result.plex_requests} requests: {', '.join(found) or 'no gaps'}; "
        f"{result.enqueued_count} jobs enqueued"
    )
    return text + (f" (apart: {', '.join(apart)})" if apart else "")


def reconcile_all(context: Context) -> dict[str, Any]:
    return reconcile(context, "all")


def reconcile_recent(context: Context) -> dict[str, Any]:
    return reconcile(context, "recent")


def reconcile_7days(context: Context) -> dict[str, Any]:
    return reconcile(context, "recent_7days")


def reconcile_missing_metadata(context: Context) -> dict[str, Any]:
    return reconcile(context, "all", frozenset({EMPTY_METADATA}))


def enqueue_all(context: Context) -> dict[str, Any]:
    return _enqueue_scenes(context, None)


def enqueue_recent(context: Context) -> dict[str, Any]:
    return _enqueue_scenes(context, context.clock() - DAY)


def _enqueue_scenes(context: Context, since: float | None) -> dict[str, Any]:
    """Enqueue every scene that passes the quality gate or has a record."""
    checked = enqueued = refreshed = skipped = unorganized = 0
    expected = max(count_scenes(context.stash), 1)
    with context.open_state() as state, context.open_queue() as queue:
        jobs = SceneJobs(queue, state.records.ids(), context.settings.organized_only)
        for page in iter_scene_pages(context.stash, since=since):
            outcome = jobs.put(page, "all", lambda _scene: "asked for by the user")
            checked += len(page)
            enqueued += outcome.new
            refreshed += outcome.refreshed
            skipped += outcome.without_metadata
            unorganized += outcome.unorganized
            context.on_progress(min(1.0, checked / expected))
    log.info("%d scenes: %d enqueued, %d without metadata", checked, enqueued, skipped)
    return {
        "scenes_checked": checked,
        "enqueued_count": enqueued,
        "skipped_already_queued": refreshed,
        "skipped_no_metadata": skipped,
        "skipped_unorganized": unorganized,
    }
