"""Plans that unlock in Plex what we locked, for users who leave; what the user locked stays locked.

A field that no longer shows what we left there is the user's by now, and so is its lock. What a run
has written before it was cut off is known by the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace

from core.fields import BY_NAME, PICTURES
from core.images import ImageFailed, ImageKind, digest_in, identity, selected
from core.models import FullItem, ItemRef
from core.planning.item_plan import ItemPlan
from core.records import ItemRecord, PictureRecords, Record, is_still
from plex.client import MAX_KEYS, PlexClient
from plex.full_items import FullItems
from plex.images import PlexImages
from storage.state import State
from worker.executor.figures import Figures
from worker.executor.run import PlanSource, in_parts
from worker.plan import Batch, ItemEdit, Proof, ScenePlan
from worker.scene_sync.interrupted_runs import cut_off_items, with_cut_off
from worker.undo.item_undo_plan import our_locks


@dataclass(frozen=True, slots=True)
class ReleaseSource(PlanSource):
    """Makes the plans that take our locks off.

    Args:
        figures: count what is not to be done.
        on_scenes: told how many scenes are judged, and of how many.
    """

    plex: PlexClient
    state: State
    figures: Figures
    on_scenes: Callable[[int, int], None]

    def batches(self) -> Generator[Batch, None, None]:
        """The plans, batch by batch. Raises PlexError: Plex does not answer."""
        cut_off = cut_off_items(self.state)
        ids = sorted(self.state.records.ids() | cut_off.keys())
        for some in in_parts(ids, MAX_KEYS, self.on_scenes):
            records: Mapping[int, Record] = self.state.records.get_many(some)
            written = {scene_id: cut_off[scene_id] for scene_id in some if scene_id in cut_off}
            keys = [ref.key for refs in written.values() for ref in refs]
            keys += [
                item.ref.key
                for record in records.values()
                for item in record.known_items
                if our_locks(item, record.pictures)
            ]
            shown = self.plex.full_items(keys) if keys else FullItems()
            records = with_cut_off(self.state, records, written, shown)
            plans = (self._plan(record, shown) for record in records.values())
            yield Batch([plan for plan in plans if plan.edits])

    def _plan(self, record: Record, shown: FullItems) -> ScenePlan:
        edits = []
        for known in record.known_items:
            names = our_locks(known, record.pictures)
            item = shown.get(known.ref.key)
            if not names:
                continue
            if known.ref.key in shown.unreadable:
                self.figures.failures.note(f"item {known.ref}: {shown.unreadable[known.ref.key]}")
                continue
            if item is None or item.ref != known.ref or not is_still(known, item.files):
                self.figures.gone += 1
                continue
            try:
                ours = [n for n in names if self._is_ours(n, record.pictures, known, item)]
            except ImageFailed as error:
                self.figures.failures.note(f"item {known.ref}: {error}")
                continue
            self.figures.kept += len(names.difference(ours) & item.locked)
            if ours:
                edits.append(ItemEdit(ItemPlan(item, {}), dict.fromkeys(ours, False)))
        return ScenePlan(
            record.scene_id,
            "",
            tuple(edits),
            record,
            remember_released,
            is_journaled=False,
            is_partial_ok=True,
        )

    def _is_ours(
        self, name: str, pictures: PictureRecords, known: ItemRecord, item: FullItem
    ) -> bool:
        """By the record, and by what the item shows: what was changed since is no longer ours."""
        if name in PICTURES:
            return self._shows_ours(name, pictures, item)
        field_known = known.fields[name]
        if name not in BY_NAME or field_known.user_owned:
            return False
        return BY_NAME[name].equal(field_known.read_back, item.values.get(name))

    def _shows_ours(self, name: str, pictures: PictureRecords, item: FullItem) -> bool:
        """Whether a picture is the one that we left there; Plex is asked only if the item moved."""
        known = pictures.of(name, item.ref)
        if known.seen_at is not None and known.seen_at == item.updated_at:
            return True
        shown = selected(PlexImages(self.plex).entries(item.ref.key, ImageKind(name)))
        return digest_in(shown or "") == known.sha1 or identity(shown) in known.unproven


def released_locks(plan: ScenePlan) -> list[tuple[ItemRef, str, str]]:
    """The locks that a plan of this module takes off: the item, the scene, the field."""
    return [(edit.ref, plan.called, name) for edit in plan.edits for name in sorted(edit.new_locks)]


def remember_released(plan: ScenePlan, proof: Proof) -> Record | None:
    """The record without the locks that are off, whoever took them off."""
    record = plan.record
    for edit in plan.edits:
        after = proof.shown.get(edit.ref)
        if record is not None and after is not None:
            off = frozenset(edit.locks) - after.locked
            record = without_locks(record, off, edit.item, after)
    return record


def without_locks(
    record: Record, names: frozenset[str], before: FullItem, after: FullItem
) -> Record:
    """A record without some of our locks of one item.

    Args:
        before, after: the item as it was read before and after they were taken off. Where it stood
            as we had left it, it stands so still.
    """
    pictures, ref = record.pictures, after.ref
    still = [n for n in PICTURES if pictures.of(n, ref).seen_at == before.updated_at]
    pictures = pictures.moved(ref, still, after.updated_at)
    pictures = pictures.having(
        {(n, ref): pictures.of(n, ref)._replace(locked=False) for n in PICTURES & names}
    )
    record = record.with_items(
        lambda item: _without(item, names, before, after) if item.ref == ref else item
    )
    return replace(record, pictures=pictures)


def _without(
    item: ItemRecord, names: frozenset[str], before: FullItem, after: FullItem
) -> ItemRecord:
    fields = {
        name: replace(known, locked=False) if name in names else known
        for name, known in item.fields.items()
    }
    unmoved = item.updated_at == before.updated_at
    return replace(item, fields=fields, updated_at=after.updated_at if unmoved else item.updated_at)
