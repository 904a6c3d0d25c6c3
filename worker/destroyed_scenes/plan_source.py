"""Takes back what we added to the items of scenes that were deleted in Stash, where that is wanted.

That is entries of lists which we share with the user, like collections, and nothing else: the rest
of an item was its scene's, and may be all that is left of it. An item that another scene may be by
now, say one that a rescan has made of the same file, is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core import paths
from core.desired import Desired
from core.fields import SHARED_LISTS
from core.matching.pins import Pin, holds
from core.models import FullItem, ItemRef, Job
from core.planning.item_plan import recorded
from core.records import ItemRecord, Record, item_of
from stash.queries import with_file_named
from stash.scenes import StashApi, fetch_scenes, iter_scene_pages
from storage.files.database import chunks
from storage.state import State
from worker.locating.locator import Locator
from worker.plan import Batch, Proof, ScenePlan
from worker.scene_sync.interrupted_runs import cut_off_items, with_cut_off
from worker.scene_sync.preparer import GONE, OwnersOf, Policy
from worker.scene_sync.record_transfer import still_is
from worker.scene_sync.scene_plan import notes_of, sync_edit

NAMES = 50  # file names that Stash is asked for at once

ReadFull = Callable[[Sequence[str]], Mapping[str, FullItem]]


def added_fields(record: Record, enabled: frozenset[str]) -> frozenset[str]:
    """The synced lists, shared with the user, that hold something which the record says we added;
    none of a scene that was undone."""
    if record.undone:
        return frozenset()
    shared = [field.name for field in SHARED_LISTS if field.name in enabled]
    return frozenset(n for n in shared for item in record.known_items if _has_ours(item, n))


def _has_ours(item: ItemRecord, name: str) -> bool:
    known = item.fields.get(name)
    return known is not None and bool(known.sent)


@dataclass(frozen=True, slots=True)
class Finalizer:
    """Plans for scenes that are gone; see `PlanDestroyed`.

    Args:
        read_full: brings whole items by their rating keys.
        contested, pins: as for `Preparer`.
    """

    stash: StashApi
    state: State
    locator: Locator
    policy: Policy
    read_full: ReadFull
    contested: OwnersOf
    pins: Callable[[Iterable[ItemRef]], Mapping[ItemRef, Pin]]

    def plan(self, jobs: Sequence[Job], records: Mapping[int, Record], batch: Batch) -> None:
        """Plan for some jobs, each of another scene that is gone.

        Args:
            records: of the scenes that have one.

        Raises:
            StashError, PlexError: nothing is known then, and no job is to blame.
        """
        enabled = self.policy.sync_policy.enabled
        known = self._with_cut_off({job.scene_id for job in jobs}, records)
        leaving = {
            job.scene_id: known[job.scene_id]
            for job in jobs
            if job.scene_id in known and added_fields(known[job.scene_id], enabled)
        }
        items = self._still_there(leaving.values()) if leaving else {}
        taken = self._taken(items, leaving) if items else frozenset()
        for job in jobs:
            record = leaving.get(job.scene_id)
            had = record.known_items if record is not None else ()
            there = [item.ref for item in had if item.ref in items]
            ours = {ref: items[ref] for ref in there if ref not in taken}
            if record is not None and ours:
                batch.ready.append(self._plan(job, record, ours))
            elif there:
                batch.done.append((job, f"{GONE}, and its item is another scene's now"))
            else:
                batch.done.append((job, GONE))

    def _with_cut_off(
        self, scene_ids: Collection[int], records: Mapping[int, Record]
    ) -> Mapping[int, Record]:
        """The records with what was written without a record of it."""
        cut_off = cut_off_items(self.state).items()
        written = {scene_id: refs for scene_id, refs in cut_off if scene_id in scene_ids}
        if not written:
            return records
        shown = self.read_full([ref.key for refs in written.values() for ref in refs])
        return with_cut_off(self.state, records, written, shown)

    def _still_there(self, leaving: Iterable[Record]) -> dict[ItemRef, FullItem]:
        """The items of some records as Plex shows them, if they are what the records say."""
        synced = self.locator.titles
        known = [(r, item) for r in leaving for item in r.known_items if item.ref.section in synced]
        shown = self.read_full([item.ref.key for _, item in known])
        return {
            item.ref: full
            for record, item in known
            if (full := shown.get(item.ref.key)) is not None
            and full.ref == item.ref
            and still_is(item, record, full)
        }

    def _taken(
        self, items: Mapping[ItemRef, FullItem], leaving: Mapping[int, Record]
    ) -> set[ItemRef]:
        """The items that a scene which Stash has may be."""
        pins = self.pins(items)
        pinned = {pin.scene_id for ref, pin in pins.items() if holds(pin, items[ref].files)}
        owners = set(self.contested(items).values())
        rivals = fetch_scenes(self.stash, (pinned | owners) - leaving.keys())
        files = [file.path for item in items.values() for file in item.files]
        files += [file.path for record in leaving.values() for file in record.files]
        names = {name for path in files for name in paths.spellings(paths.base_name(path))}
        for some in chunks(sorted(names), NAMES):
            for page in iter_scene_pages(self.stash, criteria=with_file_named(some)):
                rivals |= {scene.id: scene for scene in page}
        known = self.state.records.get_many(rivals)
        return self.locator.claimed(items.values(), rivals.values(), known)

    def _plan(self, job: Job, record: Record, items: Mapping[ItemRef, FullItem]) -> ScenePlan:
        policy = self.policy
        nothing = dict.fromkeys(added_fields(record, policy.sync_policy.enabled))
        stem = paths.stem(record.files[0].path) if record.files else ""
        wanted = Desired(nothing, stem)
        edits = tuple(
            sync_edit(wanted, item, item_of(record, ref), policy.rules)
            for ref, item in items.items()
        )
        return ScenePlan(
            record.scene_id,
            stem,
            edits,
            record,
            remember_destroyed,
            job=job,
            notes=tuple(notes_of(edits)),
            applied=record.fingerprint,
        )


def remember_destroyed(plan: ScenePlan, proof: Proof) -> Record | None:
    """The record of a scene that is gone stays, but for what was changed in its items."""
    if plan.record is None:
        return None
    changed = {
        edit.ref: recorded(edit.plan, proof.shown[edit.ref], item_of(plan.record, edit.ref))
        for edit in plan.edits
        if edit.ref in proof.shown
    }
    return plan.record.with_items(lambda item: changed.get(item.ref, item))
