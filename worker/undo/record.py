"""What is remembered of a scene after a run over it was undone. Pure.

What the record says of a field goes back to what it said before the run, so that a later sync
judges as if the run had never been. The scene itself is marked, so that there is none until Stash
says something else of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from core.fields import BY_NAME, PICTURES
from core.models import FullItem, ItemRef
from core.planning.drift import altered_fields
from core.records import NO_PICTURE, FieldRecord, ItemRecord, PictureRecords, Record
from worker.executor.before_image import BeforeImage, known_in
from worker.undo.item_undo_plan import ItemUndoPlan, is_same


@dataclass(frozen=True, slots=True)
class RestoredItem:
    """One item after its restoration.

    Attributes:
        shown: the item as Plex shows it afterwards.
        back: the fields and pictures that are back.
    """

    item_undo_plan: ItemUndoPlan
    shown: FullItem
    back: frozenset[str]

    @property
    def ref(self) -> ItemRef:
        return self.shown.ref

    def known(self) -> Iterable[BeforeImage]:
        """What was known before the run of what is back."""
        return (known_in(self.item_undo_plan.histories[name].first) for name in sorted(self.back))


def after_undo(
    record: Record | None,
    scene_id: int,
    items: Collection[RestoredItem],
    *,
    is_redo: bool,
    is_part: bool = False,
) -> Record | None:
    """A scene's record afterwards; None where nothing can be said.

    Args:
        items: those of the scene that something was brought back to.
        is_redo: what was undone was an undo itself: the mark goes back as well.
        is_part: some of the scene need not be back, since it changed meanwhile.
    """
    known = [each for item in items for each in item.known()]
    if not known:
        return record
    undone = any(each.undone for each in known) if is_redo else True
    applied = next((each.applied for each in known if each.applied), "")
    if record is None:
        return _fresh(scene_id, items, applied) if applied and undone else None
    by_ref = {item.ref: item for item in items}
    # Synced again, but for what changed meanwhile: of that nothing may be known any more, so only
    # another sync can tell that the scene is as it is wanted.
    is_open = is_part and not undone
    return replace(
        record.with_items(
            lambda item: _item(item, by_ref[item.ref]) if item.ref in by_ref else item
        ),
        fingerprint="" if is_open else _fingerprint(record, known, applied),
        pictures=_pictures(record.pictures, items),
        undone=undone,
    )


def _fingerprint(record: Record, known: Iterable[BeforeImage], applied: str) -> str:
    """What the scene wanted when it was written.

    A run that was killed, or that wrote only a part, has not recorded that itself.
    """
    was_recorded = record.fingerprint and all(
        each.fingerprint != record.fingerprint for each in known
    )
    return record.fingerprint if was_recorded or not applied else applied


def _fresh(scene_id: int, items: Iterable[RestoredItem], applied: str) -> Record:
    """The record of a scene whose first sync was undone before it was recorded."""
    owned = tuple(_bare(item.shown, {}) for item in items)
    return Record(scene_id, 0.0, applied, (), None, (), (), owned, undone=True)


def _bare(shown: FullItem, fields: Mapping[str, FieldRecord]) -> ItemRecord:
    """An item with these fields, to be read whole if it does not show what they say."""
    files = tuple(file.path for file in shown.files)
    record = ItemRecord(shown.ref, files, shown.updated_at, fields)
    return replace(record, updated_at=None) if altered_fields(record, shown, BY_NAME) else record


def _item(record: ItemRecord, restored: RestoredItem) -> ItemRecord:
    fields = dict(record.fields)
    for name in restored.back - PICTURES:
        known = known_in(restored.item_undo_plan.histories[name].first).field
        if known is None:
            fields.pop(name, None)
        else:
            fields[name] = known
    return _bare(restored.shown, fields)


def _pictures(known: PictureRecords, items: Iterable[RestoredItem]) -> PictureRecords:
    for item in items:
        plan, before = item.item_undo_plan, item.item_undo_plan.item.updated_at
        # What is shown is known; only the edit moved the item.
        seen = [n for n in PICTURES if known.of(n, item.ref).seen_at == before]
        for name in item.back & PICTURES:
            first = plan.histories[name].first
            was = known_in(first).pictures.get((name, item.ref), NO_PICTURE)
            if name in seen:
                seen.remove(name)
            # What is back need not be what we had left there once: then only another look tells.
            if is_same(name, first.before, f"upload://{name}/{was.sha1}"):
                seen.append(name)
            elif was.seen_at == item.shown.updated_at:
                was = was._replace(seen_at=None)
            known = known.having({(name, item.ref): was})
        known = known.moved(item.ref, seen, item.shown.updated_at)
    return known
