"""One edit for many items that are to get exactly the same change, where the server allows for it.

A renamed tag makes the same change in thousands of items. Named are only the entries that come and
those that go, so this is for servers that add what an edit names. Whether this one does is found
out on one item, in each run anew and for each kind of edit; never where it is known to replace.
What an item shows afterwards is looked at, and where it is not what it should be, the item gets an
edit of its own like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.models import FullItem, ItemRef, Role, Value
from core.planning.item_plan import ItemPlan, refused
from plex.client import MAX_KEYS, PlexClient
from plex.editing import difference, edit_params
from plex.exceptions import PlexRejected
from plex.url_encoding import encode_query
from storage.sqlite import chunks
from storage.state import State
from worker.executor.list_edit_probe import (
    ADDS,
    REPLACES,
    Memory,
    lists_of,
    lost,
    probe,
    repair,
    survivors,
)
from worker.scene_sync.preparer import Prepared

log = logging.getLogger(__name__)

MAX_EDIT = 3000  # bytes of an edit that leave room for the keys of many items in its address
FEWEST = 3  # items, one of them for the probe, below which nothing is gained

# For each changed field: the value, or what comes and what goes of a list.
Signature = tuple[tuple[str, Value, tuple[str, ...], tuple[str, ...]], ...]
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
    """Plans that make the same change in items of one section and type."""

    plans: Sequence[ItemPlan]

    @property
    def shape(self) -> Shape:
        lists = lists_of(self.plans[0])
        return tuple((c.field, bool(c.added), min(len(c.removed), 2)) for c in lists)

    @property
    def params(self) -> list[tuple[str, str]]:
        return edit_params(map(difference, self.plans[0].changes))

    @property
    def best_for_probe(self) -> ItemPlan | None:
        """The plan whose item shows most clearly what is left of its lists."""
        best = max(self.plans, key=_clarity)
        return best if _clarity(best) else None


def _clarity(plan: ItemPlan) -> int:
    return min(len(survivors(change)) for change in lists_of(plan))


class BulkEditor:
    """Sends shared edits for one run.

    Args:
        state: remembers over runs what servers do.
    """

    def __init__(self, plex: PlexClient, state: State) -> None:
        self._plex = plex
        self._state = state
        self._memory = Memory(plex, state)
        self._proven: set[Shape] = set()
        self._refuted: set[Shape] = set()
        self._is_off: bool | None = None

    def send(self, batch: Sequence[Prepared]) -> Sent:
        """Send what some prepared scenes have in common. Their changes are in the journal by now.

        Raises:
            PlexError: but PlexRejected.
        """
        sent = Sent()
        roles = {ref: item.roles for each in batch for ref, item in each.items.items()}
        alike: list[_Group] = []
        for group in _groups(plan for each in batch for plan in each.plans):
            if self._may_share(group) and self._is_proven(group, roles, sent):
                left = [plan for plan in group.plans if plan.ref not in sent.edited]
                parts = [_Group(plans) for plans in chunks(left, MAX_KEYS) if len(plans) > 1]
                alike += filter(self._edit, parts)
        self._look_at(alike, sent)
        return sent

    def _may_share(self, group: _Group) -> bool:
        fewest = 2 if group.shape in self._proven else FEWEST
        if len(group.plans) < fewest or group.shape in self._refuted:
            return False
        if len(encode_query(group.params)) > MAX_EDIT:
            return False
        if self._is_off is None:
            self._is_off = self._memory.replaces()
        return not self._is_off

    def _is_proven(
        self, group: _Group, roles: Mapping[ItemRef, Sequence[Role]], sent: Sent
    ) -> bool:
        """Whether this server adds; tried on one of the items if it is not known."""
        plan = group.best_for_probe
        if group.shape not in self._proven and plan is not None:
            self._probe(plan, group.shape, roles[plan.ref], sent)
        return group.shape in self._proven

    def _probe(self, plan: ItemPlan, shape: Shape, roles: Sequence[Role], sent: Sent) -> None:
        try:
            shown = probe(self._plex, self._state, plan, roles)
        except PlexRejected as error:
            log.info("item %s refuses an edit of what comes and goes: %s", plan.ref, error)
            self._refuted.add(shape)
            return
        if shown is None:
            sent.edited.add(plan.ref)
        elif not refused(plan, shown):
            self._proven.add(shape)
            self._memory.note(ADDS)
            sent.edited.add(plan.ref)
            sent.shown[plan.ref] = shown
        else:
            is_lossy = lost(plan, shown)
            self._refute(shape, is_lossy=is_lossy)
            if is_lossy and repair(self._plex, self._state, plan, roles):
                sent.edited.add(plan.ref)

    def _edit(self, group: _Group) -> bool:
        """Edit all items of a group at once; whether Plex has taken it."""
        first, keys = group.plans[0], [plan.ref.key for plan in group.plans]
        try:
            self._plex.edit_alike(first.ref.section, first.item_type, keys, group.params)
        except PlexRejected as error:
            log.info("an edit of %d items is refused, so they get their own: %s", len(keys), error)
            self._refute(group.shape, is_lossy=False)
            return False
        return True

    def _look_at(self, groups: Sequence[_Group], sent: Sent) -> None:
        """Read back what was edited; what is not as it should be is left for an edit of its own."""
        plans = [(group, plan) for group in groups for plan in group.plans]
        shown = self._plex.full_items([plan.ref.key for _, plan in plans]) if plans else {}
        for group, plan in plans:
            item = shown.get(plan.ref.key)
            if item is not None and refused(plan, item):
                self._refute(group.shape, is_lossy=lost(plan, item))
                continue
            sent.edited.add(plan.ref)
            if item is not None:
                sent.shown[plan.ref] = item

    def _refute(self, shape: Shape, *, is_lossy: bool) -> None:
        self._proven.discard(shape)
        self._refuted.add(shape)
        if is_lossy and not self._is_off:
            log.info("this server replaces lists, so each item gets an edit of its own")
            self._memory.note(REPLACES)
            self._is_off = True


def _groups(plans: Iterable[ItemPlan]) -> list[_Group]:
    """Plans by what they do to an item; those that change no list are left out."""
    found: dict[tuple[str, int, Signature], list[ItemPlan]] = {}
    for plan in plans:
        if lists_of(plan):
            key = (plan.ref.section, plan.item_type, _signature(plan))
            found.setdefault(key, []).append(plan)
    return [_Group(alike) for alike in found.values()]


def _signature(plan: ItemPlan) -> Signature:
    return tuple(
        (
            change.field,
            None if isinstance(change.after, tuple) else change.after,
            tuple(sorted(change.added)),
            tuple(sorted(change.removed)),
        )
        for change in plan.changes
    )
