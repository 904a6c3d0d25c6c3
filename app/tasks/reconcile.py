"""Tasks that look for gaps, and those that enqueue scenes without looking."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from app.schedule.reconcile_run import reconcile
from app.schedule.reconcile_summary import enqueued
from app.wiring import Context
from core.finding_types import EMPTY_METADATA
from core.timestamps import DAY
from reconciliation.enqueueing import Enqueued, SceneJobs
from shell.logs import headline
from stash.scenes import as_far_as_readable, count_scenes, iter_scene_pages

log = logging.getLogger(__name__)


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
        organized_only, ignored = context.settings.organized_only, state.ignored.ids()
        jobs = SceneJobs(queue, state.written_ids(), organized_only, ignored)
        expected = there if since is None else None
        pages = iter_scene_pages(context.stash, since=since, expected=expected)
        for page in as_far_as_readable(pages, errors.append):
            total += jobs.put(page, "all", lambda _scene: "asked for by the user")
            checked += len(page)
            context.report_batch(checked, there)
    for error in errors:
        log.warning("%s", error)
    headline(log, enqueued(checked, total))
    return {
        "scenes_checked": checked,
        "enqueued_count": total.new,
        "skipped_already_queued": total.refreshed,
        "skipped_no_metadata": total.without_metadata,
        "skipped_unorganized": total.unorganized,
        "ignored_count": total.ignored,
        "errors": errors,
    }
