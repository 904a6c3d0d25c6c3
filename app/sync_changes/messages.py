"""What the tasks that drain tell people."""

from __future__ import annotations

from worker.executor.figures import Figures

BUSY = "another run works through the queue and takes these changes with it"
SWITCHED_OFF = "every sync_… setting is off; the queue is left as it is"
CARRIED_ON = "other tasks of Stash wait, so the rest is done behind them"


def summary_of(done: Figures) -> str:
    """What drains did, in one line for people."""
    return (
        f"{done.processed} scenes processed: {done.items_edited} items changed, "
        f"{done.unchanged} already right, {done.skipped} skipped, {done.retried} to be tried "
        f"again, {done.held} held back, {done.failed} given up on; {done.remaining} jobs remain"
    )
