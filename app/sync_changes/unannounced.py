"""What Stash has changed without an event: auto-tag, merged scenes, imports, and lost hooks.

Once in a task Stash is asked what it has touched since it was asked last. Scenes of which the
record or a job tells already are left out. All else, such as renamed tags and changes in Plex, is
left to a reconcile.

Where the hooks inside Stash are relied on, this is how edits are found, so it comes first, and
before the inbox is emptied: who is killed in between leaves an event that asks for the next task.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from app.sync_changes.handover import SILENCE
from app.sync_changes.intake import Intake
from app.sync_changes.quick_hooks import QuickHooks
from app.sync_changes.watermark import WATERMARK
from app.wiring import Context
from core.errors import StashError
from core.models import Failure
from core.timestamps import is_due
from core.watermark import BACK, Touched, Watermark, is_unsettled
from stash.touched_scenes import latest, newest, touched_since
from sync_queue.jobs import BULK, EDIT
from sync_queue.operations import load_sync_timestamps

log = logging.getLogger(__name__)

REASON = "changed in Stash without an event"
EDITED = "edited in Stash"
LOOK_SECONDS = 2.0  # between two looks while a task works
MANY = 1000  # edits at once that go before all else
FIRST_BACK = 600.0  # seconds that are looked at where no watermark is known


class Unannounced:
    """What Stash has changed without an event, as one task sees it.

    Args:
        quick_hooks: tell whether they have left edits to this. Then these are edits, none of them
            may be missed, and Stash is looked at as often as the inbox.
    """

    def __init__(self, context: Context, intake: Intake, quick_hooks: QuickHooks) -> None:
        self._context = context
        self._intake = intake
        self._quick_hooks = quick_hooks
        self.may_hide_edits = quick_hooks.may_hide_edits
        self._look_at = 0.0
        self._is_fresh = False

    def queue(self) -> bool:
        """Queue the scenes that Stash has changed without an event; whether there is a job now.

        The first time it only notes where to begin: what was before is left to a reconcile.
        """
        try:
            return self._queue(is_quick=False)
        except StashError as error:
            log.info("what Stash has changed without an event could not be seen: %s", error)
            return False

    def queue_edits(self) -> None:
        """The same for what users have edited. Raises StashError: or its kinds."""
        self._is_fresh = False
        self._queue(is_quick=True)

    def newest_edit(self) -> float:
        """When an edit came last, if no event may tell; 0.0: it is not known. Epoch seconds."""
        now = self._context.clock()
        return max((at for _, at in self._latest(now, 1) if at <= now), default=0.0)

    def are_there(self) -> bool:
        """Whether there are edits that no event tells of; looks now and then."""
        now = self._context.clock()
        if is_due(self._look_at, now, LOOK_SECONDS):
            self._look_at = now + LOOK_SECONDS
            if self.may_hide_edits():
                mark = self._mark()
                latest = self._latest(now, 10)
                fresh = mark.fresh(latest, now) if mark is not None else {}
                self._is_fresh = any(not is_unsettled(at, now) for at in fresh.values())
        return self._is_fresh

    def _latest(self, now: float, most: int) -> list[Touched]:
        try:
            return latest(self._context.stash.with_timeout(SILENCE), now - BACK, most)
        except StashError as error:
            log.debug("Stash could not be asked for its latest changes: %s", error)
            return []

    def _mark(self) -> Watermark | None:
        with self._context.open_state() as state:
            return state.get_value(WATERMARK)

    def _queue(self, *, is_quick: bool) -> bool:
        context, intake, mark = self._context, self._intake, self._mark()
        now = context.clock()
        touched: list[Touched] = []
        if mark is None:
            touched = newest(context.stash, _tell)
            if self._quick_hooks.is_only_source(is_quick=is_quick):  # what we knew was lost
                last_id = max((scene for scene, _ in touched), default=0)
                mark = Watermark(now - FIRST_BACK, last_id)
        before = intake.result.enqueued_count
        if mark is not None:
            here = time.localtime(now).tm_gmtoff  # Stash has started us, in its own local time
            touched = touched_since(context.stash, mark, now, here, _tell)
            fresh = mark.fresh(touched, now)
            wanted = self._edited(fresh) if is_quick else self._unread(fresh)
            priority = EDIT if is_quick and len(wanted) <= MANY else BULK
            intake.take_scenes(sorted(wanted), EDITED if is_quick else REASON, priority)
        if not intake.is_early:
            after = (mark or Watermark(0.0, 0)).after(touched, now)
            with context.open_state() as state:
                state.set_value(WATERMARK, after)
        return intake.result.enqueued_count > before

    def _unread(self, fresh: Mapping[int, float]) -> set[int]:
        """Those that neither a record nor a job tells of, nor a file that Plex does not have."""
        unread = {s: at for s, at in fresh.items() if self._intake.read.get(s, at - 1) < at}
        if not unread:
            return set()
        with self._context.open_state() as state:
            records = state.records.summaries(unread)
            wanted = {
                scene
                for scene, at in unread.items()
                if scene not in records or records[scene].scene_updated_at < at
            }
            if not wanted:
                return set()
            synced = load_sync_timestamps(state, wanted)
        return self._without_jobs({s for s in wanted if synced.get(s, unread[s] - 1) < unread[s]})

    def _edited(self, fresh: Mapping[int, float]) -> set[int]:
        """All that no event has told of, but what Plex does not have. What a record tells may have
        been read a moment before, and a job that waits goes first from now on."""
        if not fresh:
            return set()
        with self._context.open_queue() as queue:
            gone = queue.given_up_among(fresh, Failure.NOT_FOUND)
        return fresh.keys() - gone - self._intake.inbox.edited()

    def _without_jobs(self, scenes: set[int]) -> set[int]:
        with self._context.open_queue() as queue:
            waiting = queue.queued_among(scenes)
            waiting -= queue.held_among(scenes)
            return scenes - waiting - queue.given_up_among(scenes, Failure.NOT_FOUND)


def _tell(error: StashError) -> None:
    log.warning(
        "one of the scenes that Stash has touched last is left to the next reconcile, which names"
        " it: %s",
        error,
    )
