"""Plans that take a run back: what it changed is put back, where Plex still shows what it left.

An undo is journaled as a run of its own, so it can be undone as well. One that was killed, or of
which something failed, is gone on with: what it had put back is known by the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from core.change_words import line_of, shown
from core.fields import PICTURES
from core.images import ImageFailed, ImageKind, selected
from core.models import FullItem, ItemRef
from core.records import NO_PICTURES, Record, is_still, item_of, unwritten
from core.run_kinds import UNDO
from plex.client import PlexClient
from plex.full_items import FullItems
from plex.images import PlexImages
from storage.state import State
from storage.state_tables.journal import JournalEntry
from storage.state_tables.runs import Run
from worker.executor.before_image import known_in
from worker.executor.figures import Figures
from worker.executor.run import BATCH, PlanSource, in_parts
from worker.plan import Batch, ItemEdit, Proof, ScenePlan
from worker.scene_sync.interrupted_runs import with_cut_off
from worker.scene_sync.record_transfer import with_transferred_items
from worker.undo.item_undo_plan import (
    FieldHistory,
    ItemUndoPlan,
    UndoStatus,
    histories,
    item_undo_plan,
    our_locks,
)
from worker.undo.record import RestoredItem, after_undo
from worker.undo.run_choice import is_unfinished


@dataclass(frozen=True, slots=True)
class _SceneUndo:
    """What is known of one scene whose items are put back.

    Attributes:
        items: what is to be done to each of its items.
        begun: what an undo that was cut off has put back already, by item.
        is_redo: what is undone was an undo itself.
        is_part: later runs have changed the scene as well.
    """

    items: tuple[ItemUndoPlan, ...]
    begun: Mapping[ItemRef, frozenset[str]]
    is_redo: bool
    is_part: bool


@dataclass(frozen=True, slots=True)
class _Items:
    """Some items that are to be put back.

    Attributes:
        refs: the scene that each was written for.
        shown: as Plex shows them, by rating key.
        owners: the scene that each is recorded for.
        written_last: those that were written to for these scenes, and not recorded since.
    """

    refs: Mapping[ItemRef, int]
    shown: FullItems
    owners: Mapping[ItemRef, int]
    written_last: Mapping[ItemRef, int]

    def owner(self, ref: ItemRef) -> int:
        """Whose an item is by now. Of what was written without a record of it, the owner on record
        is the one before."""
        return self.written_last.get(ref, self.owners.get(ref, self.refs[ref]))


@dataclass(frozen=True, slots=True)
class UndoSource(PlanSource):
    """Makes the plans that take one run back.

    Args:
        figures: count what is not to be done.
        on_scenes: told how many scenes are judged, and of how many.
    """

    plex: PlexClient
    state: State
    run: Run
    figures: Figures
    on_scenes: Callable[[int, int], None]

    def batches(self) -> Generator[Batch, None, None]:
        """The plans, batch by batch; a scene's items are never torn apart.

        Raises:
            PlexError: Plex does not answer.
        """
        listed = self.state.journal.items(self.run.id)
        scenes = [list(group) for _, group in groupby(listed, key=lambda pair: pair[0])]
        for some in in_parts(scenes, BATCH, self.on_scenes):
            yield Batch(self._plans({ref: scene_id for scene in some for scene_id, ref in scene}))

    def _plans(self, refs: Mapping[ItemRef, int]) -> list[ScenePlan]:
        shown = self.plex.full_items([ref.key for ref in refs])
        owners = self.state.records.owners_of(refs)
        items = _Items(refs, shown, owners, self._written_last(refs))
        records = self._records(items)
        known = self.state.journal.of_items(self._undo_id(), refs)
        by_scene: dict[int, list[ItemUndoPlan]] = {}
        for scene_id, each in self._judged(items, records, known):
            by_scene.setdefault(scene_id, []).append(each)
        is_redo = self.run.kind == UNDO
        later: set[int] = set()
        if is_redo:
            # What later runs did stays as it is, so the scene need not be what it was then.
            later = self.state.journal.changed_later(self.run.id, by_scene, besides=self.run.id)
        plans = []
        for scene_id, judged in by_scene.items():
            begun = _begun(judged, known)
            if any(each.work for each in judged) or any(begun.values()):
                undo = _SceneUndo(tuple(judged), begun, is_redo, scene_id in later)
                plans.append(_plan(scene_id, records.get(scene_id), undo))
        return plans

    def _records(self, items: _Items) -> Mapping[int, Record]:
        """The records of the scenes of some items, with what was written without a record of it:
        it is to be known again once the undo is undone."""
        written: dict[int, list[ItemRef]] = {}
        for ref, scene_id in items.refs.items():
            written.setdefault(scene_id, []).append(ref)
        records = self.state.records.get_many(sorted(written))
        for ref, scene_id in items.written_last.items():
            there = {ref: items.shown[ref.key]} if ref.key in items.shown else {}
            own, bare = records.get(scene_id), unwritten(scene_id)
            store = self.state.records
            record = with_transferred_items(store, bare, own, there, items.owners)
            if record is not None:
                records[scene_id] = record
        return with_cut_off(self.state, records, written, items.shown)

    def _written_last(self, refs: Mapping[ItemRef, int]) -> dict[ItemRef, int]:
        """Those of some items that were written to for these scenes, and not recorded since."""
        unrecorded = self.state.journal.unrecorded(refs)
        return {r: refs[r] for r, each in unrecorded.items() if each[-1].scene_id == refs[r]}

    def _undo_id(self) -> int:
        """The undo of this run that is under way, or was cut off; 0 if there is none."""
        last = self.state.runs.newest(UNDO)
        is_this = last is not None and last.figures.get("undone_run") == self.run.id
        return last.id if last is not None and is_this and is_unfinished(last) else 0

    def _judged(
        self,
        items: _Items,
        records: Mapping[int, Record],
        begun: Mapping[ItemRef, Sequence[JournalEntry]],
    ) -> Iterator[tuple[int, ItemUndoPlan]]:
        """What is to be done to each item; what is not to be done is counted."""
        entries = self.state.journal.of_items(self.run.id, items.refs)
        unreadable = items.shown.unreadable
        is_lost = any(ref.key not in items.shown for ref in items.refs)
        listed = {section.key for section in self.plex.sections()} if is_lost else set()
        for ref, scene_id in items.refs.items():
            item = items.shown.get(ref.key)
            if ref.key in unreadable:
                self.figures.failures.note(f"item {ref}: {unreadable[ref.key]}")
            elif item is None and ref.section not in listed:
                self.figures.failures.note(f"item {ref}: Plex does not list its library any more")
            elif (
                item is None
                or item.ref != ref
                or not is_still(item_of(records.get(scene_id), ref), item.files)
            ):
                self.figures.gone += 1
            elif items.owner(ref) != scene_id:
                owner = f"it belongs to scene {items.owner(ref)} now"
                self.figures.changed.note(f"{item_called(item)}: {owner}, left as it is")
            else:
                try:
                    known, record = histories(entries[ref]), records.get(scene_id)
                    each = self._judge(item, known, record, begun.get(ref, ()))
                except ImageFailed as error:
                    self.figures.failures.note(f"item {ref}: {error}")
                    continue
                self.figures.already += len(each.statuses) - len(each.work) - len(each.changed)
                for name in each.changed:
                    self.figures.changed.note(
                        line_of(item_called(each.item), [phrase_of(each, name)])
                    )
                yield scene_id, each

    def _judge(
        self,
        item: FullItem,
        known: Mapping[str, FieldHistory],
        record: Record | None,
        begun: Sequence[JournalEntry],
    ) -> ItemUndoPlan:
        pictures = {
            name: selected(PlexImages(self.plex).entries(item.ref.key, ImageKind(name)))
            for name in PICTURES & known.keys()
        }
        remembered = record.pictures if record is not None else NO_PICTURES
        ours = our_locks(item_of(record, item.ref), remembered)
        return item_undo_plan(item, known, pictures, ours, begun)


def _begun(
    items: Sequence[ItemUndoPlan], known: Mapping[ItemRef, Sequence[JournalEntry]]
) -> dict[ItemRef, frozenset[str]]:
    """What the undo has put back before it was cut off; it need not be recorded."""
    return {
        each.item.ref: frozenset(
            entry.field for entry in known.get(each.item.ref, ())
        ).intersection(each.named(UndoStatus.BACK))
        for each in items
    }


def _plan(scene_id: int, record: Record | None, known: _SceneUndo) -> ScenePlan:
    return ScenePlan(
        scene_id,
        "",
        tuple(_edit(each) for each in known.items),
        record,
        partial(_remember, known),
        applied=record.fingerprint if record is not None else "",
        is_partial_ok=True,
    )


def _edit(each: ItemUndoPlan) -> ItemEdit:
    pictures = {name: each.histories[name].before for name in each.pictures}
    return ItemEdit(
        each.plan,
        each.locks,
        tuple(each.roles),
        each.title_sort,
        pictures={name: text if isinstance(text, str) else None for name, text in pictures.items()},
        shown_pictures={
            name: text if isinstance(text, str) else None
            for name, text in each.now.items()
            if name in PICTURES
        },
        next={name: known_in(each.histories[name].first).field for name in each.fields},
    )


def _remember(known: _SceneUndo, plan: ScenePlan, proof: Proof) -> Record | None:
    restored, is_part = [], known.is_part
    for each in known.items:
        ref = each.item.ref
        proven = proof.back.get(ref, frozenset())
        back = proven | known.begun.get(ref, frozenset())
        item = proof.shown.get(ref) if proven else each.item
        is_part = is_part or bool(each.statuses.keys() - back)
        if back and item is not None:
            restored.append(RestoredItem(each, item, back))
    return after_undo(plan.record, plan.scene_id, restored, is_redo=known.is_redo, is_part=is_part)


def item_called(item: FullItem) -> str:
    """An item as people know it."""
    return f"item {item.ref.key} {shown(item.values.get('title'))}"


def phrase_of(each: ItemUndoPlan, name: str) -> str:
    """One field in words: what is put back, or what changed since."""
    now, before = shown(each.now[name]), shown(each.histories[name].before)
    if each.statuses[name] is UndoStatus.BACK:
        return f"{name} {'locked' if each.locks[name] else 'unlocked'}"
    is_changed = each.statuses[name] is UndoStatus.CHANGED
    if name in PICTURES:
        return f"{name} is another by now, and stays" if is_changed else f"{name} → the one before"
    return f"{name} is now {now}, left as it is" if is_changed else f"{name} {now} → {before}"


def phrases_of(plan: ScenePlan) -> list[tuple[ItemRef, str, str]]:
    """What a plan of this module puts back: the item, what it is called, the change in words."""
    known = plan.remember.args[0] if isinstance(plan.remember, partial) else None
    assert isinstance(known, _SceneUndo)
    return [
        (each.item.ref, item_called(each.item), phrase_of(each, name))
        for each in known.items
        for name in each.work
    ]
