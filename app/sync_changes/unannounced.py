"""What Stash has changed without an event: auto-tag, merged scenes, imports, and lost hooks.

Once in a task Stash is asked what it has touched since it was asked last. Scenes of which the
record or a job tells already are left out. All else, such as renamed tags and changes in Plex, is
left to a reconcile.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from app.sync_changes.intake import Intake
from app.wiring import Context
from core.errors import StashError
from core.models import Failure
from core.watermark import Watermark
from stash.touched_scenes import newest, touched_since
from storage.key_value import Key
from storage.shapes import Maybe

log = logging.getLogger(__name__)

REASON = "changed in Stash without an event"


def _decoded(told: Mapping[str, Any] | None) -> Watermark | None:
    return None if told is None else Watermark.from_dict(told)


def _encoded(mark: Watermark | None) -> object:
    return None if mark is None else mark.as_dict()


WATERMARK: Key[Watermark | None] = Key(
    "watermark",
    None,
    Maybe({"at": float, "last_id": int, "seen": [(int, float)]}),
    _decoded,
    _encoded,
)


def queue_unannounced(context: Context, intake: Intake) -> bool:
    """Queue the scenes that Stash has changed without an event; whether there is a job now.

    The first time it only notes where to begin: what was before is left to a reconcile.
    """
    with context.open_state() as state:
        mark = state.get_value(WATERMARK)
    try:
        touched = newest(context.stash) if mark is None else touched_since(context.stash, mark)
        before = intake.result.enqueued_count
        if mark is not None:
            fresh = mark.fresh(touched).items()
            unread = {scene: at for scene, at in fresh if intake.read.get(scene, at - 1) < at}
            intake.take_scenes(sorted(_without_known(context, unread)), REASON)
    except StashError as error:
        log.info("what Stash has changed without an event could not be seen: %s", error)
        return False
    if not intake.is_early:
        after = (mark or Watermark(0.0, 0)).after(touched, context.clock())
        with context.open_state() as state:
            state.set_value(WATERMARK, after)
    return intake.result.enqueued_count > before


def _without_known(context: Context, fresh: Mapping[int, float]) -> set[int]:
    """Those that neither a record nor a job tells of, nor a file that Plex does not have."""
    if not fresh:
        return set()
    with context.open_state() as state:
        records = state.records.summaries(fresh)
        wanted = {
            s for s, at in fresh.items() if s not in records or records[s].scene_updated_at < at
        }
        if not wanted:
            return set()
        synced = state.timestamps_of(wanted)
        wanted = {s for s in wanted if synced.get(s, fresh[s] - 1) < fresh[s]}
    with context.open_queue() as queue:
        held = {each.job.scene_id for each in queue.held(wanted)}
        missing = queue.given_up_among(wanted, Failure.NOT_FOUND)
        return wanted - (queue.queued_among(wanted) - held) - missing
