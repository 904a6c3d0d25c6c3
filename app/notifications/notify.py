"""Tells of what has happened, at the end of a task and while one waits for Plex.

Each event is told once. What could not be sent is tried again with the next tasks, a few times; no
task fails because of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from app.notifications.events import NOTIFIED, due_notices
from app.notifications.sending import NotSent, send
from app.wiring import Context
from core.errors import StateError
from core.notification_texts import Notice
from shell import logs

log = logging.getLogger(__name__)
TRIES = 3
Send = Callable[[Notice, str], None]


def notify(context: Context, send: Send = send) -> None:
    """Send what is new, if somebody is to be told."""
    addresses = context.settings.notify_url
    if not addresses:
        return
    now = context.clock()
    try:
        with context.open_queue() as queue:
            stats = queue.stats(now)
        with context.open_state() as state:
            before = state.get_value(NOTIFIED)
            found, after = due_notices(state, stats, before, now)
        wanted = context.settings.notify_on
        chosen = [each for each in found if not wanted or each.kind in wanted]
        if not all(_arrives(notice, addresses, send) for notice in chosen):
            failed = before.failed + 1
            after = replace(after if failed >= TRIES else before, failed=failed % TRIES)
        elif chosen:
            after = replace(after, failed=0)
        if after != before:
            with context.open_state() as state:
                state.set_value(NOTIFIED, after)
    except StateError as error:
        log.debug("nobody could be told: %s", error)


def _arrives(notice: Notice, addresses: tuple[str, ...], send: Send) -> bool:
    """Whether a message has arrived at one address at least."""
    clean = replace(notice, text=logs.clean(notice.text))
    arrived = 0
    for address in addresses:
        try:
            send(clean, address)
        except NotSent as error:
            log.warning("%s", error)
        else:
            arrived += 1
    return arrived > 0
