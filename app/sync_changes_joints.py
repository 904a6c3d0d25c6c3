"""Where what else happens around changes is plugged in: one function for each occasion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.destroyed_scenes import enqueue_destroyed
from app.entity_changes import EntityChanges
from app.wiring import Context
from core.models import Scene
from sync_queue.inbox_reader import Event


def task_starts(context: Context, mode: str) -> None:
    """A task has read its settings and is about to work; not called while switched off."""


def drain_ended(context: Context) -> None:
    """A drain has ended well, its lock is free; jobs that are queued here are drained as well."""


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
