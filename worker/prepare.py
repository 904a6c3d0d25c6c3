"""Turns jobs into plans: fresh scenes, their items, their owners, and what is to change.

Nothing is written here. So a drain can prepare everything once to weigh it, and again, batch by
batch, to do it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.fields import LINE_LIMIT, Desired, Wishes, fingerprint
from core.gaps import is_left_undone
from core.matching import Claim, Evidence
from core.models import Change, FullItem, ItemRecord, ItemRef, Job, Record, Scene
from core.ownership import Claims
from core.planning import FirstSync, ItemPlan, plan_item
from core.text import clean_line, says_something
from stash.scenes import StashApi, fetch_scenes
from storage.records import RecordStore
from worker.locate import Found, Locator

Owners = Mapping[ItemRef, int]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One scene that can be synced: what is to change in each item that it owns.

    Attributes:
        is_part: something that the scene wants is left out of the plans, so its record must not
            say that the scene was synced.
    """

    job: Job
    scene: Scene
    wanted: Desired
    record: Record | None
    items: Mapping[ItemRef, FullItem]
    plans: tuple[ItemPlan, ...]
    is_part: bool = False

    @property
    def changes(self) -> Iterable[Change]:
        return (change for plan in self.plans for change in plan.changes)

    @property
    def fingerprint(self) -> str:
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


@dataclass(slots=True)
class Batch:
    """What became of some jobs. The values beside a job say why, for people."""

    ready: list[Prepared] = field(default_factory=list)
    done: list[tuple[Job, str]] = field(default_factory=list)
    not_found: list[tuple[Job, str]] = field(default_factory=list)
    ambiguous: list[tuple[Job, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that planning needs."""

    wishes: Wishes
    first_sync: FirstSync
    preserve: bool = False


class Preparer:
    """Prepares batches of jobs.

    Args:
        contested: who owns what several scenes claim, as the last full reconcile found.
    """

    def __init__(
        self,
        stash: StashApi,
        records: RecordStore,
        locator: Locator,
        policy: Policy,
        contested: Owners,
    ) -> None:
        self._stash = stash
        self._records = records
        self._locator = locator
        self._policy = policy
        self._contested = contested

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
        wanted: dict[int, Job] = {}
        for job in jobs:
            scene = scenes.get(job.scene_id)
            if scene is None:
                batch.done.append((job, "the scene is gone from Stash"))
            elif self._policy.wishes.organized_only and not scene.organized:
                batch.done.append((job, "the scene is not marked as organized"))
            elif job.scene_id not in records and not is_meaningful(scene):
                batch.done.append((job, "the scene has no metadata yet"))
            elif is_left_undone(records.get(job.scene_id), scene, self._policy.wishes):
                batch.done.append((job, "it was undone, and says nothing else since"))
            else:
                wanted[job.scene_id] = job
        known = [scenes[scene_id] for scene_id in wanted]
        found = self._locator.locate(known, records) if known else {}
        owned = self._owned(found)
        for scene in known:
            job, record = wanted[scene.id], records.get(scene.id)
            self._sort_in(batch, job, scene, record, found[scene.id], owned[scene.id])
        return batch

    def able_to_clear(self, jobs: Sequence[Job]) -> list[Job]:
        """Those jobs whose scenes may lose something in Plex: a merge without a record cannot."""
        if self._policy.first_sync is FirstSync.MIRROR:
            return list(jobs)
        recorded = self._records.get_many([job.scene_id for job in jobs])
        return [job for job in jobs if job.scene_id in recorded]

    def _sort_in(
        self,
        batch: Batch,
        job: Job,
        scene: Scene,
        record: Record | None,
        found: Found,
        owned: frozenset[ItemRef],
    ) -> None:
        if owned:
            items = {ref: item for ref, item in found.items.items() if ref in owned}
            policy = self._policy
            wanted = policy.wishes.of(scene)
            plans = tuple(
                plan_item(
                    wanted, item, base_of(record, ref), policy.first_sync, preserve=policy.preserve
                )
                for ref, item in items.items()
            )
            batch.ready.append(Prepared(job, scene, wanted, record, items, plans))
        elif found.items:
            batch.done.append((job, "its item belongs to another scene with better evidence"))
        elif found.undecided:
            low = found.undecided[0]
            contenders = ", ".join(map(str, low.refs))
            batch.ambiguous.append((job, f"{low.reason}: {contenders}"))
        else:
            path = scene.files[0].path if scene.files else "the scene has no file"
            batch.not_found.append((job, path))

    def _owned(self, found: Mapping[int, Found]) -> dict[int, frozenset[ItemRef]]:
        """Which of its claims each scene holds against all others, also those not in this batch."""
        claims = Claims()
        for scene_id, each in found.items():
            claims.offer(scene_id, each.claims)
        refs = [ref for each in found.values() for ref in each.items]
        recorded = self._records.owners_of(refs)
        unseen = claims.rivals_unseen({**recorded, **self._contested})
        for scene_id in fetch_scenes(self._stash, unseen) if unseen else ():
            claims.offer(scene_id, [_held(ref) for ref in unseen[scene_id]])
        losers = claims.losers()
        return {
            scene_id: frozenset(each.items) - losers.get(scene_id, frozenset())
            for scene_id, each in found.items()
        }


def _held(ref: ItemRef) -> Claim:
    return Claim(ref, Evidence.VERIFIED, 0)


def base_of(record: Record | None, ref: ItemRef) -> ItemRecord | None:
    """What a record says of one item."""
    items = record.items if record is not None else ()
    return next((item for item in items if item.ref == ref), None)


def is_meaningful(scene: Scene) -> bool:
    """The quality gate of the contract, on a typed scene."""
    known = bool(scene.studio or scene.performers or scene.tags or scene.date)
    return known or says_something(scene.details)
