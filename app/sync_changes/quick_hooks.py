"""The hooks inside Stash, and the hooks of scenes as processes, which stand in for them.

Stash switches hooks by whole plugins alone. So those of edited and new scenes are two plugins of
their own, both on after an installation. The one that starts processes is switched off once the
other has shown that it works, and on again when that is off or gone. As long as both are on, each
event is noted twice, which does no harm.
"""

from __future__ import annotations

import logging

from app.wiring import Context
from core.errors import StashError
from stash.own_plugins import QUICK_HOOKS, SCENE_HOOKS, switch, switches
from storage.key_value import Key
from sync_queue.inbox_reader import Inbox

log = logging.getLogger(__name__)

# Scenes may have been edited without an event: that one waits to begin that finds them.
RELIED_ON: Key[bool] = Key("quick_hooks", False, bool)
USED = "Edits are noted inside Stash from now on, which spares the wait for each scene."
UNUSED = "The hooks inside Stash are switched off or gone: processes note edits from now on."


class QuickHooks:
    """What is known of them in one task."""

    def __init__(self, context: Context, inbox: Inbox) -> None:
        self._context = context
        self._inbox = inbox
        with context.open_state() as state:
            self._is_relied_on = state.get_value(RELIED_ON)
        self._has_asked = False
        self._has_seen = False

    def may_hide_edits(self) -> bool:
        """Whether scenes may have been edited without an event in the inbox."""
        # Their event may be dealt with before `switch_others` has made them relied on.
        self._has_seen = self._has_seen or self._inbox.has_quick_edits()
        return self._is_relied_on or self._has_seen

    def is_only_source(self, *, is_quick: bool) -> bool:
        """Whether no process notes edits as well. Raises StashError: or its kinds.

        Args:
            is_quick: they have left edits to this task; else it is only known that they may have
                where the others were switched off.
        """
        known = switches(self._context.stash)
        return (is_quick or SCENE_HOOKS in known) and not known.get(SCENE_HOOKS, False)

    def switch_others(self) -> None:
        """Once in a task, after Stash was asked for what it has touched: switch the others off if
        these work, and on if not."""
        if self._has_asked:
            return
        self._has_asked = True
        try:
            known = switches(self._context.stash)
            works = known.get(QUICK_HOOKS, False)
            if works:
                self._rely(works)
            if known.get(SCENE_HOOKS, False) == works:
                switch(self._context.stash, SCENE_HOOKS, on=not works)
                log.info("%s", USED if works else UNUSED)
            if not works:
                self._rely(works)
        except StashError as error:
            log.info("Stash could not be asked for its plugins: %s", error)

    def _rely(self, is_relied_on: bool) -> None:
        self._is_relied_on = is_relied_on
        with self._context.open_state() as state:
            state.set_value(RELIED_ON, is_relied_on)
