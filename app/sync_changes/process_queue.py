"""The task that a user asks for: drain the queue. In slices, as Sync Changes, which carries on."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from app.patience import BY_BUTTON
from app.sync_changes.drain_messages import CARRIED_ON, SWITCHED_OFF, left_waiting, summary_of
from app.sync_changes.drains import Drains
from app.sync_changes.edits_during_drain import Edits
from app.sync_changes.handover import giving_way, hand_over, others_wait
from app.sync_changes.intake import Intake
from app.sync_changes.outage_wait import EndedByOutage, count_waiting
from app.sync_changes.probes import look_for_pictures, make_sure_of_plex
from app.sync_changes.quick_hooks import QuickHooks
from app.sync_changes.scans import before_drain, leave_waiting
from app.sync_changes.slice import Slice
from app.sync_changes.unannounced import Unannounced
from app.wiring import Context
from core.errors import GaveWay
from plex.exceptions import PlexServerDown
from shell.logs import headline
from sync_queue.inbox_reader import Inbox
from worker.executor.figures import DRAIN

log = logging.getLogger(__name__)


def process_queue(context: Context) -> dict[str, Any]:
    """Drain the queue until nothing is due, with what hooks have noted, or others are to work.

    Raises:
        PlexServerDown: Plex is away; Sync Changes waits for it.
        GuardStopped: scenes are held back; everything else is done.
        what a drain raises.
    """
    if not context.settings.synced_fields():
        log.warning("%s", SWITCHED_OFF)
        return {"processed": 0, "note": SWITCHED_OFF}
    context = giving_way(context, BY_BUTTON)
    with context.open_inbox() as inbox:
        slice_ = Slice(context.clock, partial(others_wait, context))
        intake = Intake(context, inbox, slice_.over)
        quick_hooks = QuickHooks(context, inbox)
        unannounced = Unannounced(context, intake, quick_hooks)
        edits = Edits(inbox, intake, context.clock, unannounced)
        drains = Drains(context, slice_.over, edits)
        if quick_hooks.may_hide_edits():
            unannounced.queue_edits()
        intake.take()
        try:
            make_sure_of_plex(context)
            before_drain(context)
            look_for_pictures(context)
            drains.run(is_first=True)
            is_early = slice_.over()
        except GaveWay:
            is_early = True
        except BaseException as error:
            if drains.result.processed:
                headline(log, f"{summary_of(drains.result)}.")
            if isinstance(error, PlexServerDown):
                raise EndedByOutage(_left(context, inbox, error)) from error
            raise
        reply = _ended(context, inbox, drains, is_early=is_early)
        headline(log, f"{summary_of(drains.result)}.")
        drains.complain()
        return reply


def _left(context: Context, inbox: Inbox, error: PlexServerDown) -> str:
    """Leave the rest to Sync Changes; what to tell the user."""
    waiting = count_waiting(context, inbox)
    successor = hand_over(context, inbox) if context.settings.outage_wait and waiting else ""
    return left_waiting(str(error), waiting, is_asked=bool(successor))


def _ended(context: Context, inbox: Inbox, drains: Drains, *, is_early: bool) -> dict[str, Any]:
    """See to what is left; the reply."""
    reply = drains.result.reply(DRAIN)
    if drains.busy and not drains.result.processed:
        # Whoever is at work may be no drain, and leave the queue as it is.
        inbox.request_follow_up()
        log.info("%s", drains.busy)
        return {"processed": 0, "note": drains.busy}
    leave_waiting(context)
    if is_early and drains.has_work():
        successor = hand_over(context, inbox)
        if successor:
            log.info("%s", CARRIED_ON)
            return {**reply, "carried_on_by_job": successor, "note": CARRIED_ON}
    return reply
