"""Where what else happens around changes is plugged in: one function for each occasion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.schedule.automatic import is_one_by_hand, request_if_due
from app.sync_changes.destroyed_scenes import enqueue_destroyed
from app.sync_changes.entity_changes import EntityChanges
from app.wiring import Context
from core.models import Scene
from sync_queue.inbox_reader import Event


def task_starts(context: Context, mode: str) -> bool:
    """A task other than Sync Changes is about to work.

    Returns whether it has found something that Stash is to be asked for Sync Changes for.
    """
    return not is_one_by_hand(context, mode) and request_if_due(context)


def task_ended(context: Context) -> None:
    """A task other than Sync Changes has ended well; what is due then is asked for."""
    request_if_due(context)


def scenes_of_entities(context: Context, events: Sequence[Event]) -> Iterator[Sequence[Scene]]:
    """The scenes, page by page, that show performers, studios or tags which have changed.

    The events are settled once this has ended; on an error they stay.
    """
    enabled = context.settings.synced_fields()
    with context.open_state() as state:
        yield from EntityChanges(context.stash, state.records, enabled).scenes(events)


def scenes_destroyed(context: Context, events: Sequence[Event]) -> None:
    """Scenes are gone from Stash; their records are kept, so that a reconcile reports the items."""
    enqueue_destroyed(context, [event.id for event in events])
