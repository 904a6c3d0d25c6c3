"""Carries plans out: previous values into the journal, one edit per item, read back, then record.

Every step may be the last before the process is killed. The journal is durable before the first
edit; a job is acknowledged only after its record; an edit sent twice changes nothing the second
time, since the plan is made anew from what Plex shows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.models import Change, FullItem, ItemRecord, ItemRef, Record, Role, Value
from core.planning.item_plan import ItemPlan, recorded, refused
from plex.client import PlexClient
from plex.editing import edit_params, shortened
from plex.exceptions import PlexRejected
from storage.journal import Journal, JournalEntry
from storage.records import RecordStore
from worker.executor.before_image import field_extra
from worker.executor.bulk_edit import BulkEditor
from worker.executor.read_back import ReadBack
from worker.pictures.sync import ImageOutcome, ImageSyncer
from worker.scene_sync.preparer import Prepared

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Applied:
    """What became of some prepared scenes.

    Attributes:
        left: not begun, since it was enough.
        imageless: synced, but for a picture; why, for people. These are to be tried again.
        refused: changes that the server did not take, with what it shows instead.
        conflicts: pictures chosen in Plex that stay, for people.
    """

    synced: list[Prepared] = field(default_factory=list)
    left: list[Prepared] = field(default_factory=list)
    rejected: list[tuple[Prepared, PlexRejected]] = field(default_factory=list)
    vanished: list[Prepared] = field(default_factory=list)
    imageless: list[tuple[Prepared, str]] = field(default_factory=list)
    refused: list[tuple[Prepared, Change, Value]] = field(default_factory=list)
    conflicts: list[tuple[Prepared, str]] = field(default_factory=list)
    items_edited: int = 0
    uploads: int = 0
    selects: int = 0


class Applier:
    """Applies prepared scenes.

    Args:
        together: sends edits that many items have in common.
        images: syncs the pictures; None where none are wanted.
        run_id: under which run the journal keeps the previous values.
        on_scene: told after each scene, for progress.
    """

    def __init__(
        self,
        plex: PlexClient,
        records: RecordStore,
        journal: Journal,
        bulk_editor: BulkEditor,
        images: ImageSyncer | None,
        run_id: int,
        clock: Callable[[], float],
        on_scene: Callable[[], None],
    ) -> None:
        self._plex = plex
        self._records = records
        self._journal = journal
        self._together = bulk_editor
        self._images = images
        self._read_back = ReadBack(plex)
        self._run_id = run_id
        self._clock = clock
        self._on_scene = on_scene

    def apply(
        self, batch: Sequence[Prepared], enough: Callable[[], bool] = lambda: False
    ) -> Applied:
        """Make the items show what their scenes want, and record what they show afterwards.

        Args:
            enough: asked after each scene; once it says so, the others are left.

        Raises:
            PlexError: but PlexRejected; scenes not recorded yet are simply not done.
        """
        result = Applied()
        self._journal.write(self._run_id, self._entries(batch))
        alike = self._together.send(batch)
        edited: dict[ItemRef, ItemPlan] = {}
        refused_alone: dict[ItemRef, frozenset[str]] = {}
        pictures: dict[int, ImageOutcome] = {}
        sent: list[Prepared] = []
        is_enough = False
        for number, prepared in enumerate(batch):
            is_enough = is_enough or (number > 0 and enough())
            # One that has its edit already is seen to the end.
            if is_enough and alike.edited.isdisjoint(prepared.items):
                result.left.append(prepared)
                continue
            try:
                self._send_all(prepared, alike.edited, edited, refused_alone)
                sent.append(prepared)
            except PlexRejected as error:
                result.rejected.append((prepared, error))
            else:
                self._sync_images(prepared, pictures)
            self._on_scene()
        touched = {ref for outcome in pictures.values() for ref in outcome.touched}
        unread = {ref: plan for ref, plan in edited.items() if ref not in alike.shown}
        shown = {ref.key: item for ref, item in alike.shown.items()}
        shown |= self._read_back.read(unread, touched, refused_alone)
        result.items_edited = len(edited)
        self._record(sent, shown, {*edited, *touched}, pictures, result)
        return result

    def _sync_images(self, prepared: Prepared, pictures: dict[int, ImageOutcome]) -> None:
        if self._images is None:
            return
        known = prepared.record.images if prepared.record is not None else {}
        pictures[prepared.scene.id] = self._images.sync(
            prepared.scene.id, prepared.items, known, prepared.pictures_wanted
        )

    def _send_all(
        self,
        prepared: Prepared,
        done: Collection[ItemRef],
        edited: dict[ItemRef, ItemPlan],
        refused_alone: dict[ItemRef, frozenset[str]],
    ) -> None:
        for plan in prepared.plans:
            if plan.changes:
                if plan.ref not in done:
                    refused_alone[plan.ref] = self._send(plan, prepared.items[plan.ref].roles)
                edited[plan.ref] = plan

    def _send(self, plan: ItemPlan, roles: Sequence[Role]) -> frozenset[str]:
        """All changes of an item in one edit; where that is refused, each by itself, so that one
        field which the server will not take does not hold up the others.

        Returns:
            the fields that were refused by themselves.

        Raises:
            PlexRejected: none of them was taken.
        """
        try:
            self._edit(plan, plan.changes, roles)
        except PlexRejected as rejected:
            left = [change for change in plan.changes if not self._is_taken(plan, change, roles)]
            if len(left) == len(plan.changes):
                raise rejected from None
            return frozenset(change.field for change in left)
        return frozenset()

    def _is_taken(self, plan: ItemPlan, change: Change, roles: Sequence[Role]) -> bool:
        for attempt in (change, shortened(change)):
            if attempt is None:
                continue
            try:
                self._edit(plan, [attempt], roles)
            except PlexRejected as error:
                log.warning("item %s refuses its %s: %s", plan.ref, change.field, error)
            else:
                return True
        return False

    def _edit(self, plan: ItemPlan, changes: Iterable[Change], roles: Iterable[Role]) -> None:
        params = edit_params(changes, roles)
        self._plex.edit(plan.ref.section, plan.item_type, plan.ref.key, params)

    def _entries(self, batch: Iterable[Prepared]) -> list[JournalEntry]:
        now = self._clock()
        return [
            JournalEntry(
                prepared.scene.id,
                plan.ref,
                change.field,
                change.before,
                change.after,
                now,
                change.field in prepared.items[plan.ref].locked,
                field_extra(
                    prepared.record,
                    prepared.items[plan.ref],
                    change.field,
                    prepared.fingerprint,
                ),
            )
            for prepared in batch
            for plan in prepared.plans
            for change in plan.changes
        ]

    def _record(
        self,
        sent: Iterable[Prepared],
        shown: Mapping[str, FullItem],
        moved: Collection[ItemRef],
        pictures: Mapping[int, ImageOutcome],
        result: Applied,
    ) -> None:
        records = []
        left: list[tuple[ItemRef, str, Value]] = []
        for prepared in sent:
            after = {
                ref: shown.get(ref.key) if ref in moved else item
                for ref, item in prepared.items.items()
            }
            there = {ref: item for ref, item in after.items() if item is not None}
            if not there:
                result.vanished.append(prepared)
                continue
            outcome = pictures.get(prepared.scene.id)
            records.append(_record_of(prepared, there, outcome))
            result.synced.append(prepared)
            left += self._note_refused(prepared, there, result)
            if outcome is not None:
                result.uploads += outcome.uploads
                result.selects += outcome.selects
                result.conflicts += [(prepared, text) for text in outcome.conflicts]
                if outcome.failures:
                    result.imageless.append((prepared, "; ".join(outcome.failures)))
        if left:
            self._journal.note_left(self._run_id, left)
        self._records.save_many(records)

    def _note_refused(
        self, prepared: Prepared, shown: Mapping[ItemRef, FullItem], result: Applied
    ) -> list[tuple[ItemRef, str, Value]]:
        """What items show instead of what was sent, for undo to know it again."""
        left = []
        for plan in prepared.plans:
            item = shown.get(plan.ref)
            if item is None:
                continue
            for change in refused(plan, item):
                value = item.values.get(change.field)
                result.refused.append((prepared, change, value))
                left.append((plan.ref, change.field, value))
        return left


def _record_of(
    prepared: Prepared, shown: Mapping[ItemRef, FullItem], pictures: ImageOutcome | None
) -> Record:
    scene = prepared.scene
    items = tuple(
        recorded(plan, shown[plan.ref], prepared.base(plan.ref))
        for plan in prepared.plans
        if plan.ref in shown
    )
    if prepared.is_gone and prepared.record is not None:
        return _with(prepared.record, items)
    images = prepared.record.images if prepared.record is not None else {}
    if pictures is not None:
        pictures.settle(shown)
        images = pictures.remembered
    return Record(
        scene_id=scene.id,
        scene_updated_at=prepared.synced_at,
        fingerprint="" if prepared.is_part else prepared.fingerprint,
        files=scene.files,
        studio_id=scene.studio.id if scene.studio else None,
        performer_ids=tuple(performer.id for performer in scene.performers),
        tag_ids=tuple(tag.id for tag in scene.tags),
        items=items,
        images=images,
    )


def _with(record: Record, changed: Iterable[ItemRecord]) -> Record:
    """A record in which some of its items are others; all else stays."""
    by_ref = {item.ref: item for item in changed}
    return replace(record, items=tuple(by_ref.get(item.ref, item) for item in record.items))
