"""The tasks after which Plex shows what Stash says: find the gaps, then bring them there."""

from __future__ import annotations

from typing import Any

from app.schedule.reconcile_run import reconcile
from app.sync_changes.process_queue import process_queue
from app.wiring import Context, sharing
from reconciliation.result import brief

DETECTION_SHARE = 0.4  # of the progress bar


def sync_everything(context: Context, scope: str = "all") -> dict[str, Any]:
    """A reconcile over a scope, and the drain after it.

    The reply is the drain's, with the reconcile's figures under its name.

    Raises:
        what either raises; what a reconcile has found by then waits in the queue.
    """
    found = reconcile(sharing(context, 0.0, DETECTION_SHARE), scope, goes_on=True)
    context.go_on()
    drained = process_queue(sharing(context, DETECTION_SHARE, 1.0))
    return {**drained, "reconcile": brief(found)}
