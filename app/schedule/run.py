"""One reconcile, whoever asked for it: a task or the schedule."""

from __future__ import annotations

import logging
from typing import Any

from app.schedule import store
from app.schedule.messages import summary
from app.wiring import Context
from reconciliation.result import GapDetectionResult

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
        result = GapDetectionResult()
        with state.runs.begun(KIND, context.clock, asked) as run:
            run.figures = lambda: {**asked, **result.figures()}
            result = context.engine(queue).run(scope, only)
            run.status = "partial" if result.partial else "done"
        if not result.partial and only is None:
            store.succeeded(context, state, scope)
    log.info("%s", summary(result, only))
    for error in result.errors:
        log.warning("%s", error)
    return result.as_dict()
