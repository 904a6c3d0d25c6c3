"""From events in the inbox to jobs in the queue."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from app.sync_changes.change_filter import ChangeFilter
from app.sync_changes.destroyed_scene_jobs import enqueue_destroyed
from app.sync_changes.entity_changes import EntityChanges
from app.wiring import Context
from core.errors import StashError
from core.models import Scene
from reconciliation.enqueueing import SceneJobs
from reconciliation.library_facts import LibraryPolicy, moved
from stash.narrowing import by_halves
from stash.scenes import (
    MAX_IDS,
    Fetched,
    StashApi,
    fetch_readable,
    iter_scene_pages,
    stash_version,
)
from storage.files.database import chunks
from storage.state_tables.records import RecordStore
from sync_queue.inbox_reader import Event, EventGroup, Inbox
from sync_queue.jobs import BULK, EDIT

log = logging.getLogger(__name__)

KIND = "changed"
MANY = 10_000  # events in hand at once; what they tell of performers and tags costs requests
_NO_EDITS = (EventGroup.SCANNED, EventGroup.DESTROYED, EventGroup.OTHERS)
CLAIMED = "was being synced while something changed in Stash"


@dataclass(slots=True)
class IntakeResult:
    """What became of events.

    Attributes:
        events: how many were dealt with.
        enqueued_count, refreshed: scenes with a new job, and with one that waited already.
        gone: scenes that Stash does not have any more.
        skipped_no_metadata, skipped_unorganized, ignored_count: scenes that are left alone.
        unannounced: scenes that Stash has changed without an event.
        nothing_new: scenes of which Stash says nothing that was not brought to Plex already.
    """

    events: int = 0
    enqueued_count: int = 0
    refreshed: int = 0
    gone: int = 0
    skipped_no_metadata: int = 0
    skipped_unorganized: int = 0
    ignored_count: int = 0
    unannounced: int = 0
    nothing_new: int = 0


@dataclass(frozen=True, slots=True)
class _Stores:
    """What is open while events are dealt with; `claimed`: the scenes that another drain has."""

    records: RecordStore
    jobs: SceneJobs
    changes: ChangeFilter
    claimed: Collection[int]
    policy: LibraryPolicy


class Intake:
    """Turns events into jobs. Each is settled only when its jobs are in the queue.

    Args:
        enough: asked between pages of scenes; once it says so, the other events are left.

    Attributes:
        is_early: it was enough, so events are left.
        read: when the scenes that were looked at had been touched last, as Stash said.
    """

    def __init__(
        self,
        context: Context,
        inbox: Inbox,
        enough: Callable[[], bool] = lambda: False,
    ) -> None:
        self._context = context
        self.inbox = inbox
        self._enough = enough
        self.result = IntakeResult()
        self.is_early = self._is_begun = False
        self.read: dict[int, float] = {}

    def take(self, *, edits_alone: bool = False) -> None:
        """Deal with all events that are there, some at a time. Edits come first: somebody may be
        waiting for them; those of performers, studios and tags last.

        Args:
            edits_alone: leave all else as it is.

        Raises:
            StashError: or its kinds; what was not dealt with is still there.
            StateError: a file of ours cannot be used.
        """
        self.is_early = self._is_begun = False
        if not self.inbox.count(*([EventGroup.EDITED] if edits_alone else [])):
            return
        with self._stores() as stores:
            until, _ = self.inbox.newest()
            if not self._scenes(EventGroup.EDITED, until, stores) or edits_alone:
                return
            if stores.claimed and self.inbox.count(*_NO_EDITS):
                self._again(stores)
            if not self._scenes(EventGroup.SCANNED, until, stores):
                return
            while events := self.inbox.take(EventGroup.DESTROYED, MANY, until):
                self._destroyed(events)
            while events := self.inbox.take(EventGroup.OTHERS, MANY, until):
                self._entities(events, stores)

    def take_scenes(self, scene_ids: Sequence[int], reason: str, priority: int = BULK) -> None:
        """Queue those of some scenes of which Stash says something that is not in Plex.

        Raises:
            StashError, StateError: as `take`.
        """
        self.is_early = False
        if not scene_ids:
            return
        with self._stores() as stores:
            for start in range(0, len(scene_ids), MAX_IDS):
                self.is_early = start > 0 and self._enough()
                if self.is_early:
                    return
                found = self._readable(scene_ids[start : start + MAX_IDS]).scenes
                new = stores.changes.after_a_scan(list(found.values()))
                self.result.unannounced += len(new)
                self._enqueue(new, dict.fromkeys(found, reason), stores, priority)

    @contextmanager
    def _stores(self) -> Iterator[_Stores]:
        settings = self._context.settings
        with self._context.open_state() as state, self._context.open_queue() as queue:
            # Before anything is read of records, which tell what became of those.
            claimed = queue.working_scene_ids()
            jobs = SceneJobs(queue, state.written, settings.organized_only, state.ignored)
            policy = LibraryPolicy(self._context.stash, settings, state)
            changes = ChangeFilter(state.records, policy.known())
            yield _Stores(state.records, jobs, changes, claimed, policy)

    def _readable(self, scene_ids: Iterable[int]) -> Fetched[Scene]:
        fetched = fetch_readable(self._context.stash, scene_ids)
        for scene, error in fetched.unreadable.items():
            log.warning("scene %d is left to the next reconcile: %s", scene, error)
        self.read.update((scene.id, scene.updated_at) for scene in fetched.scenes.values())
        return fetched

    def _again(self, stores: _Stores) -> None:
        """What another drain has in hand may have been read before what the events tell, and then
        nobody sees it: the records tell what was brought to Plex before."""
        for ids in chunks(sorted(stores.claimed), MAX_IDS):
            scenes = fetch_readable(self._context.stash, ids).scenes
            self._enqueue(list(scenes.values()), dict.fromkeys(scenes, CLAIMED), stores)

    def _scenes(self, among: EventGroup, until: int, stores: _Stores) -> bool:
        """Deal with the events of scenes up to a revision; False: it was enough before that."""
        while events := self.inbox.take(among, MANY, until):
            for batch in chunks(events, MAX_IDS):
                self.is_early = self._is_begun and self._enough()
                if self.is_early:
                    return False
                self._is_begun = True
                self._some_scenes(batch, stores, is_edited=among is EventGroup.EDITED)
        return True

    def _some_scenes(self, batch: Sequence[Event], stores: _Stores, *, is_edited: bool) -> None:
        fetched = self._readable(event.id for event in batch)
        found = list(fetched.scenes.values())
        reasons = {event.id: _reason(event) for event in batch}
        new = found if is_edited else stores.changes.after_a_scan(found)
        self._enqueue(new, reasons, stores, EDIT if is_edited else BULK)
        self.result.nothing_new += len(found) - len(new)
        self.result.gone += len(batch) - len(found) - len(fetched.unreadable)
        self._acknowledge(batch)

    def _destroyed(self, events: Sequence[Event]) -> None:
        # Their records are kept, so that a reconcile reports the items.
        enqueue_destroyed(self._context, [event.id for event in events])
        self.result.gone += len(events)
        self._acknowledge(events)

    def _entities(self, events: Sequence[Event], stores: _Stores) -> None:
        """All of them; those for which Stash fails even alone are left to a reconcile."""
        stash = self._context.stash

        def resolve(places: Sequence[int]) -> dict[int, bool]:
            self._resolve([events[place] for place in places], stores)
            return dict.fromkeys(places, True)

        _, failed = by_halves(
            range(len(events)), resolve, lambda: stash_version(stash), lambda: _gives_scenes(stash)
        )
        for place, error in failed.items():
            event = events[place]
            told = "what has changed with %s %d is left to the next reconcile: %s"
            log.warning(told, event.kind, event.id, error)
        self._acknowledge([events[place] for place in failed])

    def _resolve(self, events: Sequence[Event], stores: _Stores) -> None:
        """Queue the scenes that they concern."""
        first = f"{events[0].kind} {events[0].id}"
        what = f"{first} and {len(events) - 1} more" if len(events) > 1 else first
        library = stores.policy
        before = library.remembered()
        now = library.ask(before, {event.kind for event in events})
        policy = library.by(now)
        filtered = ChangeFilter(stores.records, policy)
        entities = EntityChanges(self._context.stash, stores.records, policy)
        for page in entities.scenes(events, moved(library.by(before), policy)):
            reasons = {scene.id: f"{what} changed in Stash" for scene in page}
            new = filtered.not_applied(page)
            self._enqueue(new, reasons, stores)
            self.result.nothing_new += len(page) - len(new)
        # Not before all are queued: who comes after a task that was cut off finds the same.
        library.remember(now)
        self._acknowledge(events)

    def _enqueue(
        self,
        scenes: Sequence[Scene],
        reasons: Mapping[int, str],
        stores: _Stores,
        priority: int = BULK,
    ) -> None:
        outcome = stores.jobs.put(scenes, KIND, lambda scene: reasons[scene.id], priority)
        self.result.enqueued_count += outcome.new
        self.result.refreshed += outcome.refreshed
        self.result.skipped_no_metadata += outcome.without_metadata
        self.result.skipped_unorganized += outcome.unorganized
        self.result.ignored_count += outcome.ignored

    def _acknowledge(self, events: Sequence[Event]) -> None:
        self.inbox.acknowledge(events)
        self.result.events += len(events)


def _gives_scenes(stash: StashApi) -> bool:
    """Whether Stash lists scenes: then it is not all of it that fails."""
    try:
        return any(iter_scene_pages(stash, page_size=1, expected=0))
    except StashError:
        return False


def _reason(event: Event) -> str:
    if event.action == "create":
        return "new in Stash"
    return "edited in Stash" if event.by_user else "looked at by Stash"
