"""Turns jobs into plans: fresh scenes, their items, their owners, and what is to change.

Nothing is written here. So a drain can prepare everything once to weigh it, and again, batch by
batch, to do it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.fields import LINE_LIMIT, Desired, SyncPolicy, fingerprint
from core.matching.ownership import Claims, Contest
from core.matching.pins import Pin, holds
from core.matching.reasons import doubt, losses
from core.models import Change, FullItem, ItemRecord, ItemRef, Job, Record, Scene
from core.planning.drift import is_left_undone
from core.planning.item_plan import FirstSync, ItemPlan, plan_item
from core.quality_gate import passes_gate
from core.text import clean_line
from stash.scenes import StashApi, fetch_scenes
from storage.records import RecordStore
from worker.locating.found import Found
from worker.locating.locator import Locator
from worker.locating.recent_items import Sought, sought_before
from worker.scene_sync.record_transfer import with_transferred_items

Owners = Mapping[ItemRef, int]
OwnersOf = Callable[[Iterable[ItemRef]], Owners]
GONE = "the scene is gone from Stash"


def _no_pins(_refs: Iterable[ItemRef]) -> Mapping[ItemRef, Pin]:
    return {}


@dataclass(frozen=True, slots=True)
class Prepared:
    """One scene that can be synced: what is to change in each item that it owns.

    Attributes:
        is_part: something that the scene wants is left out of the plans, so its record must not
            say that the scene was synced.
        is_gone: Stash does not have the scene any more; `scene` is what the record knows of it, and
            the record stays but for what is changed.
    """

    job: Job
    scene: Scene
    wanted: Desired
    record: Record | None
    items: Mapping[ItemRef, FullItem]
    plans: tuple[ItemPlan, ...]
    is_part: bool = False
    is_gone: bool = False

    @property
    def changes(self) -> Iterable[Change]:
        return (change for plan in self.plans for change in plan.changes)

    @property
    def fingerprint(self) -> str:
        if self.is_gone and self.record is not None:
            return self.record.fingerprint
        return fingerprint(self.wanted)

    @property
    def synced_at(self) -> float:
        """The `updated_at` of the scene data that Plex shows in full once the plans are done."""
        if not self.is_part:
            return self.scene.updated_at
        return self.record.scene_updated_at if self.record is not None else 0.0

    @property
    def title(self) -> str:
        """What people know the scene by."""
        return clean_line(self.scene.title, LINE_LIMIT) or self.wanted.stem

    @property
    def pictures_wanted(self) -> frozenset[str]:
        """The pictures to sync: those of "poster" and "background" that are wanted."""
        return frozenset(name.partition(":")[0] for name in self.wanted.images)

    def base(self, ref: ItemRef) -> ItemRecord | None:
        """What the record says of one item."""
        return base_of(self.record, ref)


@dataclass(frozen=True, slots=True)
class Absent:
    """A job whose scene Plex does not have; `files` are the scene's, as Stash sees them, and at
    least one."""

    job: Job
    files: tuple[str, ...]

    @property
    def path(self) -> str:
        """The primary file, for people."""
        return self.files[0]


@dataclass(slots=True)
class Batch:
    """What became of some jobs. The values beside a job say why, for people."""

    ready: list[Prepared] = field(default_factory=list)
    done: list[tuple[Job, str]] = field(default_factory=list)
    not_found: list[Absent] = field(default_factory=list)
    ambiguous: list[tuple[Job, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that planning needs.

    Attributes:
        max_retries: after so many a job is given up on; None: nobody gives up here.
    """

    sync_policy: SyncPolicy
    first_sync: FirstSync
    preserve: bool = False
    max_retries: int | None = None


# Plans for scenes that are gone: gets their jobs and their records, and puts them into the batch.
Farewell = Callable[[Sequence[Job], Mapping[int, Record], Batch], None]


def leave_as_it_is(jobs: Sequence[Job], _records: Mapping[int, Record], batch: Batch) -> None:
    """What their scenes have left in Plex stays."""
    batch.done += [(job, GONE) for job in jobs]


class Preparer:
    """Prepares batches of jobs.

    Args:
        contested: whose some items are, as the last full reconcile found.
        pins: brings the pins on some items.
        farewell: plans for scenes that are gone.
    """

    def __init__(
        self,
        stash: StashApi,
        records: RecordStore,
        locator: Locator,
        policy: Policy,
        contested: OwnersOf,
        pins: Callable[[Iterable[ItemRef]], Mapping[ItemRef, Pin]] = _no_pins,
        farewell: Farewell = leave_as_it_is,
    ) -> None:
        self._stash = stash
        self._records = records
        self._locator = locator
        self._policy = policy
        self._contested = contested
        self._pins = pins
        self._farewell = farewell

    def expect(self, jobs: int) -> None:
        """Tell how many jobs the drain has."""
        self._locator.expect(jobs)

    def prepare(self, jobs: Sequence[Job]) -> Batch:
        """Plan some jobs, each of another scene, on what both servers say now.

        Raises:
            StashError, PlexError: nothing is known then, and no job is to blame.
        """
        batch = Batch()
        ids = [job.scene_id for job in jobs]
        scenes = fetch_scenes(self._stash, ids)
        records = self._records.get_many(ids)
        self._farewell([job for job in jobs if job.scene_id not in scenes], records, batch)
        wanted: dict[int, Job] = {}
        for job in jobs:
            scene = scenes.get(job.scene_id)
            if scene is None:
                continue
            if self._policy.sync_policy.organized_only and not scene.organized:
                batch.done.append((job, "the scene is not marked as organized"))
            elif not passes_gate(scene, records):
                batch.done.append((job, "the scene has no metadata yet"))
            elif is_left_undone(records.get(job.scene_id), scene, self._policy.sync_policy):
                batch.done.append((job, "it was undone, and says nothing else since"))
            else:
                wanted[job.scene_id] = job
        known = [scenes[scene_id] for scene_id in wanted]
        sought = {job.scene_id: sought_before(job, self._policy.max_retries) for job in jobs}
        found, recorded, lost = self._located(known, records, sought)
        for scene in known:
            each, contests = found[scene.id], lost.get(scene.id, [])
            gone = {contest.ref for contest in contests}
            items = {ref: item for ref, item in each.items.items() if ref not in gone}
            if items:
                own = records.get(scene.id)
                record = with_transferred_items(self._records, scene, own, items, recorded)
                batch.ready.append(self._plan(wanted[scene.id], scene, record, items))
            else:
                self._sort_out(batch, wanted[scene.id], scene, each, contests)
        return batch

    def able_to_clear(self, jobs: Sequence[Job]) -> list[Job]:
        """Those jobs whose scenes may lose something in Plex.

        A merge takes nothing away without a record. But where there are records, a scene without
        one may inherit that of a scene before it.
        """
        if self._policy.first_sync is FirstSync.MIRROR or self._records.count():
            return list(jobs)
        return []

    def _plan(
        self, job: Job, scene: Scene, record: Record | None, items: Mapping[ItemRef, FullItem]
    ) -> Prepared:
        policy = self._policy
        wanted = policy.sync_policy.of(scene)
        plans = tuple(
            plan_item(
                wanted, item, base_of(record, ref), policy.first_sync, preserve=policy.preserve
            )
            for ref, item in items.items()
        )
        return Prepared(job, scene, wanted, record, items, plans)

    def _sort_out(
        self,
        batch: Batch,
        job: Job,
        scene: Scene,
        found: Found,
        contests: Sequence[Contest],
    ) -> None:
        """Say why nothing can be written for a scene."""
        titles = self._locator.titles
        if contests:
            why = "; ".join(map(str, losses(scene.id, contests, titles)))
            batch.done.append((job, why))
        elif found.undecided:
            batch.ambiguous.append((job, str(doubt(scene.id, found.undecided[0], titles))))
        elif not scene.files:
            batch.done.append((job, "the scene has no file"))
        else:
            batch.not_found.append(Absent(job, tuple(file.path for file in scene.files)))

    def _located(
        self,
        scenes: Sequence[Scene],
        records: Mapping[int, Record],
        sought: Mapping[int, Sought],
    ) -> tuple[dict[int, Found], Owners, dict[int, list[Contest]]]:
        """The items of some scenes, whose they were, and the claims that the scenes lose.

        Where all that is found of a scene is a copy of its file, the scene's own is looked for.
        """
        found = self._locator.locate(scenes, records, sought) if scenes else {}
        recorded = self._records.owners_of([ref for each in found.values() for ref in each.items])
        lost = self._contests(found, recorded)
        copied = [
            s
            for s in scenes
            if s.id in lost and self._locator.lacks_own(s, found[s.id], lost[s.id])
        ]
        if copied:
            others = {contest.ref for scene in copied for contest in lost[scene.id]}
            found |= self._locator.locate(copied, records, sought, others)
            refs = [ref for each in found.values() for ref in each.items]
            recorded = self._records.owners_of(refs)
            lost = self._contests(found, recorded)
        return found, recorded, lost

    def _contests(self, found: Mapping[int, Found], recorded: Owners) -> dict[int, list[Contest]]:
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
            located = self._locator.locate(list(rivals.values()), self._records.get_many(rivals))
            for scene_id, each in located.items():
                claims.offer(scene_id, [c for c in each.claims if c.ref in unseen[scene_id]])
        return claims.contests()


def base_of(record: Record | None, ref: ItemRef) -> ItemRecord | None:
    """What a record says of one item."""
    items = record.items if record is not None else ()
    return next((item for item in items if item.ref == ref), None)
