"""Turns jobs into plans: fresh scenes, their items, their owners, and what is to change.

Nothing is written here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.desired import SyncPolicy
from core.errors import StashIncomplete
from core.matching.match_outcome import SceneMatch
from core.matching.ownership import Claims, Contest
from core.matching.pins import Pin, holds
from core.matching.reasons import doubt, losses
from core.models import Failure, FullItem, ItemRef, Job, Scene
from core.planning.drift import is_left_undone
from core.planning.three_way_merge import MergeRules
from core.quality_gate import passes_gate
from core.records import Record
from stash.scenes import Fetched, StashApi, fetch_readable, fetch_scenes
from storage.state import State
from worker.locating.located_items import LocatedItems
from worker.locating.locator import Locator
from worker.locating.recent_items import EarlierSearch, sought_before
from worker.plan import Absent, Batch
from worker.scene_sync.record_transfer import bare_record, with_transferred_items
from worker.scene_sync.restored_backup import as_known_then, went_back
from worker.scene_sync.scene_plan import scene_plan
from worker.scene_sync.unproven_writes import recall

Owners = Mapping[ItemRef, int]
OwnersOf = Callable[[Iterable[ItemRef]], Owners]
GONE = "the scene is gone from Stash"
IGNORED = "the scene is ignored"
NOT_LISTED = "Plex does not list library {!r} any more; a reconcile goes on once it is back"
NO_METADATA = "the scene has no metadata yet"


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that planning needs.

    Attributes:
        max_retries: after so many a job is given up on.
        unlisted: titles by key of libraries that were synced, and that Plex does not list any more.
    """

    sync_policy: SyncPolicy
    rules: MergeRules
    max_retries: int
    unlisted: Mapping[str, str] = field(default_factory=dict)


# Plans for scenes that are gone: gets their jobs and their records, and puts them into the batch.
PlanDestroyed = Callable[[Sequence[Job], Mapping[int, Record], Batch], None]


def leave_as_it_is(jobs: Sequence[Job], _records: Mapping[int, Record], batch: Batch) -> None:
    """What their scenes have left in Plex stays."""
    batch.done += [(job, GONE) for job in jobs]


class Preparer:
    """Prepares batches of jobs.

    Args:
        contested: whose some items are, as the last full reconcile found.
        pins: brings the pins on some items.
        plan_destroyed: plans for scenes that are gone.
    """

    def __init__(
        self,
        stash: StashApi,
        state: State,
        locator: Locator,
        policy: Policy,
        contested: OwnersOf,
        pins: Callable[[Iterable[ItemRef]], Mapping[ItemRef, Pin]],
        plan_destroyed: PlanDestroyed,
    ) -> None:
        self._stash = stash
        self._records = state.records
        self._journal = state.journal
        self._ignored = state.ignored
        self._written = state.written
        self._locator = locator
        self._policy = policy
        self._contested = contested
        self._pins = pins
        self._plan_destroyed = plan_destroyed
        self._turn = threading.Lock()

    @property
    def locator(self) -> Locator:
        """What finds the items of scenes."""
        return self._locator

    @property
    def sync_policy(self) -> SyncPolicy:
        """What says what Plex should show."""
        return self._policy.sync_policy

    def expect(self, jobs: int) -> None:
        """Tell how many jobs the drain has."""
        self._locator.expect(jobs)

    def prepare(self, jobs: Sequence[Job]) -> Batch:
        """Plan some jobs, each of another scene, on what both servers say now.

        May be called in several threads; they take turns.

        Raises:
            StashError, PlexError: nothing is known then, and no job is to blame.
        """
        with self._turn:
            return self._prepared(jobs)

    def _prepared(self, jobs: Sequence[Job]) -> Batch:
        batch = Batch()
        ids = [job.scene_id for job in jobs]
        fetched = fetch_readable(self._stash, ids)
        records = self._records.get_many(ids)
        self._set_apart(batch, jobs, fetched, records)
        wanted = self._wanted(batch, jobs, fetched, records)
        known = [fetched.scenes[scene_id] for scene_id in wanted]
        sought = {job.scene_id: sought_before(job, self._policy.max_retries) for job in jobs}
        found, recorded, lost = self._located(known, records, sought)
        unrecorded = self._journal.unrecorded(
            {ref for each in found.values() for ref in each.items}
        )
        for scene in known:
            job, each, contests = wanted[scene.id], found[scene.id], lost.get(scene.id, [])
            left = {contest.ref for contest in contests}
            items = {ref: item for ref, item in each.items.items() if ref not in left}
            if each.failure:
                batch.failed.append((job, Failure.ITEM_FAILED, each.failure))
                continue
            if not items:
                unlisted = self._unlisted(records.get(scene.id))
                is_copy = self._are_others(scene, each, found)
                self._sort_out(batch, job, scene, each, contests, unlisted, is_copy=is_copy)
                continue
            own = records.get(scene.id)
            bare = bare_record(scene)
            record = with_transferred_items(self._records, bare, own, items, recorded)
            if record is not None and (back := went_back(record, items)):
                record = as_known_then(record, items, self._journal.of_all_runs(back))
            entries = [entry for ref in items for entry in unrecorded.get(ref, ())]
            recalled = recall(record, bare, items, entries)
            wants = self._policy.sync_policy.of(scene)
            batch.ready.append(scene_plan(job, scene, wants, recalled, items, self._policy.rules))
        return batch

    def _wanted(
        self,
        batch: Batch,
        jobs: Sequence[Job],
        fetched: Fetched[Scene],
        records: Mapping[int, Record],
    ) -> dict[int, Job]:
        """The jobs by scene, without those of scenes that are to be left alone."""
        wanted: dict[int, Job] = {}
        ignored = self._ignored.among(job.scene_id for job in jobs)
        for job in jobs:
            scene = fetched.scenes.get(job.scene_id)
            if scene is None:
                continue
            why = IGNORED if scene.id in ignored else self._why_not(scene, records)
            if why:
                batch.done.append((job, why))
            else:
                wanted[job.scene_id] = job
        return wanted

    def _set_apart(
        self,
        batch: Batch,
        jobs: Sequence[Job],
        fetched: Fetched[Scene],
        records: Mapping[int, Record],
    ) -> None:
        """Deal with the jobs of scenes that are gone from Stash, or that it cannot give."""
        absent = [job for job in jobs if job.scene_id not in fetched.scenes]
        for job in absent:
            error = fetched.unreadable.get(job.scene_id)
            if error is not None:
                why = f"Stash could not give the scene: {error}"
                batch.failed.append((job, Failure.SCENE_FAILED, why))
        gone = [job for job in absent if job.scene_id not in fetched.unreadable]
        try:
            self._plan_destroyed(gone, records, batch)
        except StashIncomplete as error:  # of scenes that may own their items by now
            batch.failed += [(job, Failure.SCENE_FAILED, str(error)) for job in gone]

    def _why_not(self, scene: Scene, records: Mapping[int, Record]) -> str:
        """Why a scene is to be left alone; "" if it is not."""
        if self._policy.sync_policy.organized_only and not scene.organized:
            return "the scene is not marked as organized"
        if not passes_gate(scene, self._written):
            return NO_METADATA
        if is_left_undone(records.get(scene.id), scene, self._policy.sync_policy):
            return "its sync was undone, and nothing of it has changed in Stash since"
        return ""

    def _sort_out(
        self,
        batch: Batch,
        job: Job,
        scene: Scene,
        found: LocatedItems,
        contests: Sequence[Contest],
        unlisted: str,
        *,
        is_copy: bool,
    ) -> None:
        """Say why nothing can be written for a scene.

        Args:
            unlisted: the library with its item, which Plex does not list any more; or "".
            is_copy: as of `_are_others`.
        """
        titles = self._locator.titles
        if contests:
            why = "; ".join(map(str, losses(scene.id, contests, titles)))
            batch.done.append((job, why))
        elif unlisted:
            batch.done.append((job, NOT_LISTED.format(unlisted)))
        elif found.undecided and not is_copy:
            why = str(doubt(scene.id, found.undecided[0], titles))
            batch.given_up.append((job, Failure.AMBIGUOUS, why))
        elif not scene.files:
            batch.done.append((job, "the scene has no file"))
        else:
            batch.not_found.append(Absent(job, tuple(file.path for file in scene.files)))

    def _are_others(
        self, scene: Scene, own: LocatedItems, found: Mapping[int, LocatedItems]
    ) -> bool:
        """Whether all that a scene may be are copies of its file, and other scenes' own.

        Args:
            found: of the scenes that are prepared with it.
        """
        copies = SceneMatch(scene.id, own.claims, own.undecided).copies
        if not copies:
            return False
        owners = {**self._contested(copies), **self._records.owners_of(copies)}
        owners |= {claim.ref: i for i, each in found.items() for claim in each.claims}
        return all(owners.get(ref, scene.id) != scene.id for ref in copies)

    def _unlisted(self, record: Record | None) -> str:
        items = record.items if record is not None else ()
        titles = (self._policy.unlisted.get(item.ref.section, "") for item in items)
        return next(filter(None, titles), "")

    def _located(
        self,
        scenes: Sequence[Scene],
        records: Mapping[int, Record],
        sought: Mapping[int, EarlierSearch],
    ) -> tuple[dict[int, LocatedItems], Owners, dict[int, list[Contest]]]:
        """The items of some scenes, whose they were, and the claims that the scenes lose.

        Where all that is found of a scene is a copy of its file, the scene's own is looked for.
        """
        read: dict[str, FullItem] = {}
        found = self._locator.locate(scenes, records, sought, read=read) if scenes else {}
        recorded = self._records.owners_of([ref for each in found.values() for ref in each.items])
        lost = self._contests(found, recorded, read)
        copied = [
            s
            for s in scenes
            if s.id in lost and self._locator.lacks_own(s, found[s.id], lost[s.id])
        ]
        if copied:
            others = {contest.ref for scene in copied for contest in lost[scene.id]}
            found |= self._locator.locate(copied, records, sought, others, read)
            refs = [ref for each in found.values() for ref in each.items]
            recorded = self._records.owners_of(refs)
            lost = self._contests(found, recorded, read)
        return found, recorded, lost

    def _contests(
        self,
        found: Mapping[int, LocatedItems],
        recorded: Owners,
        read: dict[str, FullItem],
    ) -> dict[int, list[Contest]]:
        """The claims that scenes lose, also to those that are not in this batch."""
        claims = Claims()
        for scene_id, each in found.items():
            claims.offer(scene_id, each.claims)
        items = {ref: item for each in found.values() for ref, item in each.items.items()}
        pins = self._pins(items)
        pinned = {ref: p.scene_id for ref, p in pins.items() if holds(p, items[ref].files)}
        unseen = claims.rivals_unseen({**recorded, **self._contested(items), **pinned})
        rivals = fetch_scenes(self._stash, unseen) if unseen else {}
        if rivals:
            known = self._records.get_many(rivals)
            located = self._locator.locate(list(rivals.values()), known, read=read)
            for scene_id, each in located.items():
                claims.offer(scene_id, [c for c in each.claims if c.ref in unseen[scene_id]])
        return claims.contests()
