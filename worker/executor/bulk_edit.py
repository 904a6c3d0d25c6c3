"""One edit for many items that are to get exactly the same change, where the server allows for it.

A renamed tag makes the same change in thousands of items. Of lists, named are only the entries that
come and those that go, so that is for servers that add what an edit names. Whether this one does is
found out on one item, in each run anew and for each kind of edit; never where it is known to
replace. What an item shows afterwards is looked at, and where it is not what it should be, the item
gets an edit of its own like any other. An edit without a list is the same on every server.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from core.models import FullItem, ItemRef, Value
from core.planning.item_plan import refused
from plex.client import MAX_KEYS, PlexClient
from plex.editing import difference, edit_params, lock_params
from plex.exceptions import PlexItemFailed, PlexRejected
from plex.url_encoding import encode_query
from storage.files.database import chunks
from storage.state import State
from worker.executor.edits_ahead import WRITERS
from worker.executor.list_edit_probe import (
    Memory,
    lists_of,
    lost,
    probe,
    repair,
    survivors,
)
from worker.plan import ItemEdit, ScenePlan

log = logging.getLogger(__name__)

MAX_EDIT = 3000  # bytes of an edit that leave room for the keys of many items in its address
FEWEST = 3  # items, one of them for the probe, below which nothing is gained with lists

# For each changed field: the value, or what comes and what goes of a list; and the locks.
Signature = tuple[tuple[str, Value, tuple[str, ...], tuple[str, ...]], ...]
Locks = tuple[tuple[str, bool], ...]
# For each changed list: whether something comes, and whether nothing, one or several entries go.
Shape = tuple[tuple[str, bool, int], ...]


@dataclass(slots=True)
class Sent:
    """Items that got their edit here.

    Attributes:
        edited: these; no other edit is to be sent to them.
        shown: those of them that were read back and show what they should.
    """

    edited: set[ItemRef] = field(default_factory=set)
    shown: dict[ItemRef, FullItem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Group:
    """Edits that make the same change in items of one section and type."""

    edits: Sequence[ItemEdit]

    @property
    def shape(self) -> Shape:
        lists = lists_of(self.edits[0].plan)
        return tuple((c.field, bool(c.added), min(len(c.removed), 2)) for c in lists)

    @property
    def params(self) -> list[tuple[str, str]]:
        first = self.edits[0]
        params = edit_params(map(difference, first.changes), lock=False)
        return params + lock_params({n: first.locks[n] for n in first.names if n in first.locks})

    @property
    def best_for_probe(self) -> ItemEdit | None:
        """The edit whose item shows most clearly what is left of its lists."""
        best = max(self.edits, key=_clarity)
        return best if _clarity(best) else None


def _clarity(edit: ItemEdit) -> int:
    return min(len(survivors(change)) for change in lists_of(edit.plan))


class BulkEditor:
    """Sends shared edits for one run.

    Args:
        state: remembers over runs what servers do.
        journal: told of the items whose edits are about to be sent; durable when it returns.
        spares: whether Plex is to be spared, with one edit after the other.
    """

    def __init__(
        self,
        plex: PlexClient,
        state: State,
        journal: Callable[[Iterable[ItemRef]], None],
        spares: Callable[[], bool],
    ) -> None:
        self._spares = spares
        self._plex = plex
        self._state = state
        self._journal = journal
        self._memory = Memory(plex, state)
        self._proven: set[Shape] = set()
        self._refuted: set[Shape] = set()
        self._is_off: bool | None = None

    def send(self, plans: Iterable[ScenePlan]) -> Sent:
        """Send what some plans have in common.

        Raises:
            PlexError: but PlexRejected and PlexItemFailed.
        """
        sent = Sent()
        alike: list[_Group] = []
        for group in _groups(edit for plan in plans for edit in plan.edits):
            if self._may_share(group) and (not group.shape or self._is_proven(group, sent)):
                left = [edit for edit in group.edits if edit.ref not in sent.edited]
                alike += [_Group(edits) for edits in chunks(left, MAX_KEYS) if len(edits) > 1]
        if alike:
            self._journal(edit.ref for group in alike for edit in group.edits)
        self._look_at(self._edited(alike), sent)
        return sent

    def _edited(self, groups: Sequence[_Group]) -> list[_Group]:
        """Those groups that Plex has taken; of a shape that it refuses no other is tried."""
        if len(groups) <= WRITERS or self._spares():
            return list(filter(self._is_taken, groups))
        taken = [self._is_taken(groups[0])]  # where that is refused, none of its shape is sent
        pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="edits")
        try:
            taken += pool.map(self._is_taken, groups[1:])
        finally:
            pool.shutdown(cancel_futures=True)
        return [group for group, is_taken in zip(groups, taken, strict=True) if is_taken]

    def _is_taken(self, group: _Group) -> bool:
        return group.shape not in self._refuted and self._edit(group)

    def _may_share(self, group: _Group) -> bool:
        fewest = 2 if group.shape in self._proven or not group.shape else FEWEST
        if len(group.edits) < fewest or group.shape in self._refuted:
            return False
        if len(encode_query(group.params)) > MAX_EDIT:
            return False
        if self._is_off is None and group.shape:
            self._is_off = self._memory.replaces()
        return not (group.shape and self._is_off)

    def _is_proven(self, group: _Group, sent: Sent) -> bool:
        """Whether this server adds; tried on one of the items if it is not known."""
        edit = group.best_for_probe
        if group.shape not in self._proven and edit is not None:
            self._journal([edit.ref])
            self._probe(edit, group, sent)
        return group.shape in self._proven

    def _probe(self, edit: ItemEdit, group: _Group, sent: Sent) -> None:
        plan, shape = edit.plan, group.shape
        try:
            shown = probe(self._plex, self._state, edit, group.params)
        except (PlexRejected, PlexItemFailed) as error:
            log.info("item %s refuses an edit of what comes and goes: %s", edit.ref, error)
            self._refuted.add(shape)
            return
        if shown is None:
            sent.edited.add(edit.ref)
        elif not refused(plan, shown):
            self._proven.add(shape)
            sent.edited.add(edit.ref)
            sent.shown[edit.ref] = shown
        else:
            is_lossy = lost(plan, shown)
            self._refute(shape, is_lossy=is_lossy)
            if is_lossy and repair(self._plex, self._state, edit):
                sent.edited.add(edit.ref)

    def _edit(self, group: _Group) -> bool:
        """Edit all items of a group at once; whether Plex has taken it."""
        first, keys = group.edits[0], [edit.ref.key for edit in group.edits]
        try:
            self._plex.edit_alike(first.ref.section, first.item.item_type, keys, group.params)
        except (PlexRejected, PlexItemFailed) as error:
            log.info("an edit of %d items is refused, so they get their own: %s", len(keys), error)
            self._refute(group.shape, is_lossy=False)
            return False
        return True

    def _look_at(self, groups: Sequence[_Group], sent: Sent) -> None:
        """Read back what was edited; what is not as it should be is left for an edit of its own."""
        edits = [(group, edit) for group in groups for edit in group.edits]
        shown = self._plex.full_items([edit.ref.key for _, edit in edits]) if edits else {}
        for group, edit in edits:
            item = shown.get(edit.ref.key)
            if item is not None and refused(edit.plan, item):
                self._refute(group.shape, is_lossy=lost(edit.plan, item))
                continue
            if item is not None and not _lacks_locks(edit, item):
                sent.edited.add(edit.ref)
                sent.shown[edit.ref] = item

    def _refute(self, shape: Shape, *, is_lossy: bool) -> None:
        self._proven.discard(shape)
        self._refuted.add(shape)
        if is_lossy and not self._is_off:
            log.info("this server replaces lists, so each item gets an edit of its own")
            self._memory.note_replacing()
            self._is_off = True


def _lacks_locks(edit: ItemEdit, item: FullItem) -> bool:
    """Whether an item that shows locks does not show them as they were sent."""
    return bool(item.locked) and any(
        edit.locks[name] != (name in item.locked) for name in edit.names if name in edit.locks
    )


def _groups(edits: Iterable[ItemEdit]) -> list[_Group]:
    """Edits by what they do to an item; those that put more back than values are left out."""
    found: dict[tuple[str, int, Signature, Locks], list[ItemEdit]] = {}
    for edit in edits:
        if edit.names and not edit.title_sort and not edit.pictures:
            locks = tuple(sorted((n, edit.locks[n]) for n in edit.names if n in edit.locks))
            key = (edit.ref.section, edit.item.item_type, _signature(edit), locks)
            found.setdefault(key, []).append(edit)
    return [_Group(alike) for alike in found.values()]


def _signature(edit: ItemEdit) -> Signature:
    return tuple(
        (
            change.field,
            None if isinstance(change.after, tuple) else change.after,
            tuple(sorted(change.added)),
            tuple(sorted(change.removed)),
        )
        for change in edit.changes
    )
