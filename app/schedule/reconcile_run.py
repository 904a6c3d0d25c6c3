"""One reconcile, whoever asked for it: a task or the schedule."""

from __future__ import annotations

import logging
from typing import Any

from app.arguments import flag
from app.schedule import store
from app.schedule.reconcile_summary import summary
from app.wiring import Context
from core.run_kinds import RECONCILE
from reconciliation.result import GapDetectionResult
from shell.logs import headline

log = logging.getLogger(__name__)


def reconcile(
    context: Context,
    scope: str,
    only: frozenset[str] | None = None,
    *,
    automatic: bool = False,
    goes_on: bool = False,
) -> dict[str, Any]:
    """Find the gaps and enqueue them; the reply has the fields of GapDetectionResult.

    One that has seen all of its scope is what an automatic one waits for, whoever started it.

    The argument `full` of the task makes it a full pass.

    Args:
        goes_on: the task goes on to bring them to Plex, as with an automatic one.
    """
    full = flag(context.args, "full")
    asked = {"scope": scope, "automatic": automatic, **({"full": True} if full else {})}
    if only is not None:
        asked["only"] = ", ".join(sorted(only))
    with (
        store.reconciling(context.data_dir) as is_alone,
        context.open_state() as state,
        context.open_queue() as queue,
    ):
        if is_alone:
            state.runs.close_abandoned(RECONCILE, context.clock())
        result = GapDetectionResult()
        with state.runs.begun(RECONCILE, context.clock, asked) as run:
            run.figures = lambda: {**asked, **result.figures()}
            result = context.engine(queue).run(scope, only, full=full)
            run.status = "partial" if result.partial else "done"
        if not result.partial and only is None:
            store.succeeded(context, state, scope)
    tell(result, only, is_preview=False, goes_on=goes_on or automatic)
    return result.as_dict()


def tell(
    result: GapDetectionResult,
    only: frozenset[str] | None = None,
    *,
    is_preview: bool = False,
    goes_on: bool = False,
) -> None:
    """Tell the log what a run has found, the most important last."""
    for error in result.errors:
        log.warning("%s", error)
    *lines, last = summary(result, only, is_preview=is_preview, goes_on=goes_on)
    for line in lines:
        log.info("%s", line)
    headline(log, last)
