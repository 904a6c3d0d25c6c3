"""Takes a run back: what it changed is put back, where Plex still shows what the run left.

An undo is journaled as a run of its own, so it can be undone as well. One that was killed goes on
where it stopped: what it had put back is known by its own journal.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from core.fields import PICTURES
from core.images import ImageKind, selected
from core.models import FullItem, ItemRecord, ItemRef, Record
from core.wording import shown
from plex.client import PlexClient
from plex.images import PlexImages
from storage.journal import JournalEntry
from storage.runs import Run, RunStatus
from storage.sqlite import chunks
from storage.state import State
from worker.executor.before_image import field_extra, picture_extra
from worker.undo.item_undo_plan import (
    FieldHistory,
    ItemUndoPlan,
    UndoStatus,
    histories,
    item_undo_plan,
    our_locks,
)
from worker.undo.record import Restored, after_undo
from worker.undo.run_choice import KIND, LISTED, UndoResult, is_unfinished
from worker.undo.writer import PutBack, Putter, item_called

log = logging.getLogger(__name__)

BATCH = 100  # scenes in hand at a time


@dataclass(frozen=True, slots=True)
class _Target:
    """Which run is taken back, and under which one that is journaled.

    Attributes:
        resumed: the undo was begun before.
    """

    run: Run
    undo_id: int
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class _Judged:
    """Some scenes: what is to be done to their items, and what is known of them."""

    items: tuple[tuple[int, ItemUndoPlan], ...]
    records: Mapping[int, Record]

    @property
    def work(self) -> list[tuple[int, ItemUndoPlan]]:
        """Where something is to be written."""
        return [(scene_id, each) for scene_id, each in self.items if each.is_work]


class Undo:
    """Takes runs back; the caller holds the drain lock.

    Args:
        clock: epoch seconds.
        on_progress: told the share done, 0..1.
    """

    def __init__(
        self,
        plex: PlexClient,
        state: State,
        clock: Callable[[], float],
        on_progress: Callable[[float], None],
    ) -> None:
        self._plex = plex
        self._pictures = PlexImages(plex)
        self._state = state
        self._clock = clock
        self._on_progress = on_progress

    def look(self, run: Run) -> UndoResult:
        """What `run` would do now. Writes nothing.

        Raises:
            PlexError: Plex does not answer.
        """
        result = UndoResult(None, run.id)
        for refs in self._batches(run):
            work = self._judge(run, refs, result).work
            for _, each in work:
                result.restored += len(each.work)
                result.lines += [_line(each, n) for n in each.work][: LISTED - len(result.lines)]
            result.items_edited += len(work)
            result.scenes += len({scene_id for scene_id, _ in work})
        return result

    def run(self, run: Run) -> UndoResult:
        """Take a run back.

        Raises:
            PlexError: Plex went away or refused us. What was done stays done, and the same once
                more goes on with the rest.
        """
        target = self._begin(run)
        result = UndoResult(target.undo_id, run.id)
        putter = Putter(self._plex, self._pictures, result.note_failed)
        status: RunStatus = "failed"
        try:
            for refs in self._batches(run):
                self._take_back(target, refs, putter, result)
            status = "done"
        finally:
            self._state.runs.finish(target.undo_id, status, result.as_dict(), self._clock())
        return result

    def _begin(self, run: Run) -> _Target:
        """Go on with an undo of that run which did not come to its end, or start one."""
        for last in self._state.runs.latest(KIND, limit=1):
            if is_unfinished(last) and last.figures.get("undone_run") == run.id:
                log.info("the undo of run %d goes on where it was interrupted", run.id)
                return _Target(run, last.id, resumed=True)
        return _Target(run, self._state.runs.start(KIND, self._clock(), {"undone_run": run.id}))

    def _batches(self, run: Run) -> Iterable[Mapping[ItemRef, int]]:
        """The items that a run changed, each with its scene; a scene's are never torn apart."""
        listed = self._state.journal.items(run.id)
        scenes = [list(group) for _, group in groupby(listed, key=lambda pair: pair[0])]
        for number, batch in enumerate(chunks(scenes, BATCH), 1):
            yield {ref: scene_id for scene in batch for scene_id, ref in scene}
            self._on_progress(min(1.0, number * BATCH / len(scenes)))

    def _judge(self, run: Run, refs: Mapping[ItemRef, int], result: UndoResult) -> _Judged:
        """What is to be done to each item; what is not to be done is counted."""
        entries = self._state.journal.of_items(run.id, refs)
        items = self._plex.full_items([ref.key for ref in refs])
        records = self._state.records.get_many(set(refs.values()))
        owners = self._state.records.owners_of(refs)
        judged = []
        for ref, scene_id in refs.items():
            item = items.get(ref.key)
            if item is None or item.ref != ref:
                result.gone += 1
            elif owners.get(ref, scene_id) != scene_id:
                owner = f"it belongs to scene {owners[ref]} now"
                result.note_changed(f"{item_called(item)}: {owner}, left as it is")
            else:
                each = self._judge_item(item, histories(entries[ref]), records.get(scene_id))
                judged.append((scene_id, each))
                result.already += len(each.statuses) - len(each.work) - len(each.changed)
                for name in each.changed:
                    result.note_changed(_line(each, name))
        return _Judged(tuple(judged), records)

    def _judge_item(
        self, item: FullItem, known: Mapping[str, FieldHistory], record: Record | None
    ) -> ItemUndoPlan:
        pictures = {
            name: selected(self._pictures.entries(item.ref.key, ImageKind(name)))
            for name in PICTURES & known.keys()
        }
        images = record.images if record is not None else {}
        return item_undo_plan(item, known, pictures, our_locks(_of_item(record, item.ref), images))

    def _take_back(
        self, target: _Target, refs: Mapping[ItemRef, int], putter: Putter, result: UndoResult
    ) -> None:
        judged = self._judge(target.run, refs, result)
        # What an interrupted undo has put back is not recorded yet.
        begun = self._state.journal.of_items(target.undo_id, refs) if target.resumed else {}
        self._state.journal.write(target.undo_id, self._entries(judged))
        done = putter.put([each for _, each in judged.work])
        self._state.journal.note_left(target.undo_id, done.left)
        result.restored += sum(map(len, done.back.values()))
        result.items_edited += sum(map(bool, done.back.values()))
        self._record(target, judged, begun, done, result)

    def _entries(self, judged: _Judged) -> list[JournalEntry]:
        entries = []
        for scene_id, each in judged.work:
            record = judged.records.get(scene_id)
            applied = record.fingerprint if record is not None else ""
            for name in each.work:
                is_picture = name in PICTURES
                entry = JournalEntry(
                    scene_id,
                    each.item.ref,
                    name,
                    each.now[name],
                    each.histories[name].before,
                    self._clock(),
                    name in each.item.locked,
                    picture_extra(record, each.item.ref, name, applied)
                    if is_picture
                    else field_extra(record, each.item, name, applied),
                )
                entries.append(entry)
        return entries

    def _record(
        self,
        target: _Target,
        judged: _Judged,
        begun: Mapping[ItemRef, Sequence[JournalEntry]],
        done: PutBack,
        result: UndoResult,
    ) -> None:
        by_scene: dict[int, list[Restored]] = {}
        partly: set[int] = set()
        for scene_id, each in judged.items:
            ref = each.item.ref
            before = {entry.field for entry in begun.get(ref, ())} & set(
                each.named(UndoStatus.BACK)
            )
            back = done.back.get(ref, frozenset()) | before
            item = done.shown.get(ref.key) if done.back.get(ref) else each.item
            if each.statuses.keys() - back:
                partly.add(scene_id)
            if back and item is not None:
                by_scene.setdefault(scene_id, []).append(Restored(each, item, back))
        is_redo = target.run.kind == KIND
        if is_redo:
            # What later runs did stays as it is, so the scene need not be what it was then.
            later = self._state.journal.changed_later
            partly |= later(target.run.id, by_scene.keys(), besides=target.undo_id)
        after = {
            scene_id: after_undo(
                judged.records.get(scene_id),
                scene_id,
                items,
                is_redo=is_redo,
                is_part=scene_id in partly,
            )
            for scene_id, items in by_scene.items()
        }
        self._state.records.save_many([record for record in after.values() if record is not None])
        result.scenes += len(by_scene)


def _of_item(record: Record | None, ref: ItemRef) -> ItemRecord | None:
    items = record.items if record is not None else ()
    return next((item for item in items if item.ref == ref), None)


def _line(each: ItemUndoPlan, name: str) -> str:
    """One field in words: what is put back, or what changed since."""
    item, now = item_called(each.item), shown(each.now[name])
    if each.statuses[name] is UndoStatus.CHANGED:
        return f"{item}: {name} is now {now}, left as it is"
    if each.statuses[name] is UndoStatus.BACK:
        return f"{item}: {name} {'locked' if each.locks[name] else 'unlocked'}"
    return f"{item}: {name} {now} → {shown(each.histories[name].before)}"
