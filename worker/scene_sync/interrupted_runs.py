"""What runs that were cut off have written, for makers of plans that begin with the records."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from core.models import FullItem, ItemRef
from core.records import Record, unwritten
from storage.state import State
from worker.scene_sync.unproven_writes import recall


def cut_off_items(state: State) -> dict[int, list[ItemRef]]:
    """By scene, the items that a run has written to without a record of it."""
    written = state.journal.unrecorded_items()
    owners = state.records.owners_of({ref for _, ref in written})
    found: dict[int, set[ItemRef]] = {}
    for scene_id, ref in written:
        found.setdefault(owners.get(ref, scene_id), set()).add(ref)
    return {scene_id: sorted(refs) for scene_id, refs in found.items()}


def with_cut_off(
    state: State,
    records: Mapping[int, Record],
    written: Mapping[int, list[ItemRef]],
    shown: Mapping[str, FullItem],
) -> dict[int, Record]:
    """The records of some scenes, with what was written to their items without a record of it.

    Args:
        written: of these scenes, as `cut_off_items` brings them.
        shown: the items as Plex shows them now, by rating key.
    """
    known = dict(records)
    for scene_id, refs in written.items():
        items = {r: item for r in refs if (item := shown.get(r.key)) is not None and item.ref == r}
        entries = chain.from_iterable(state.journal.unrecorded(items).values())
        record = recall(records.get(scene_id), unwritten(scene_id), items, entries).record
        if record is not None:
            known[scene_id] = record
    return known
