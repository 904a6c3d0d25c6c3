"""Has Stash start Sync Changes for what the page has queued, as a hook does after an edit."""

from __future__ import annotations

import logging
import sqlite3

from app.page.context import PageContext
from core.errors import StateError
from sync_queue.inbox import DamagedInbox, HookInbox, NewerInbox

log = logging.getLogger(__name__)


def ask_for_sync(context: PageContext, scene_id: int) -> None:
    """Note the scene as edited, so that a task which runs looks for what is new, and ask for a task
    where none runs or waits.

    What goes wrong is left to the next change or task: the scenes are queued.

    Raises:
        StateError: the inbox cannot be used.
    """
    from stash import task_request  # sockets, which no read needs

    try:
        inbox = HookInbox(str(context.data_dir))
        ask = inbox.note("scene", scene_id, "update", by_user=True, now=context.clock())
        if ask is None:
            return
        try:
            job_id = task_request.sync_changes(context.server, context.env, ask.job_id)
        except task_request.AskFailed as failed:
            log.debug("Stash could not be asked for Sync Changes: %s", failed)
            if not failed.slow:
                inbox.not_asked(ask.token)
        else:
            inbox.asked(ask.token, job_id)
        inbox.close()
    except (OSError, sqlite3.Error, DamagedInbox, NewerInbox) as error:
        raise StateError(f"The inbox in {context.data_dir} cannot be used: {error}.") from error
