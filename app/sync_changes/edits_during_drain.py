"""What users edit while a drain is at work: noticed within seconds, and taken before the rest."""

from __future__ import annotations

from collections.abc import Callable

from app.sync_changes.intake import Intake
from app.sync_changes.unannounced import Unannounced
from core.timestamps import is_due
from sync_queue.inbox_reader import Inbox

LOOK_SECONDS = 2.0  # between two looks at the inbox


class Edits:
    """Edits as one task sees them.

    Args:
        clock: epoch seconds.
    """

    def __init__(
        self,
        inbox: Inbox,
        intake: Intake,
        clock: Callable[[], float],
        unannounced: Unannounced,
    ) -> None:
        self._inbox = inbox
        self._intake = intake
        self._unannounced = unannounced
        self._clock = clock
        self._seen = 0
        self._noted = 0
        self._look_at = clock()

    def are_noted(self) -> bool:
        """Whether there are edits that nobody has taken; looks now and then."""
        now = self._clock()
        if is_due(self._look_at, now, LOOK_SECONDS):
            self._look_at = now + LOOK_SECONDS
            self._noted = self._inbox.newest_edit()
        return self._noted > self._seen or self._unannounced.are_there()

    def take(self) -> None:
        """Queue the edits that are noted, if there are some.

        Raises:
            StashError, StateError: as `Intake.take`.
        """
        if self.are_noted():
            # In this order: what comes in between is noticed by the next look.
            self._seen = self._noted
            if self._unannounced.may_hide_edits():
                self._unannounced.queue_edits()
            self._intake.take(edits_alone=True)
