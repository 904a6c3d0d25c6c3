"""Reads edited items back, and tries once more, alone, what a server did not take.

What it still refuses or alters is recorded with the value that it shows, and not sent again until
Stash changes it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from core.models import Change, FullItem, ItemRef, Role
from core.planning.item_plan import ItemPlan, refused
from core.text import name_key
from plex.client import PlexClient
from plex.editing import edit_params
from plex.exceptions import PlexRejected

log = logging.getLogger(__name__)

# After so many fields of one name that a second try did not help, the server is known for it.
HOPELESS_AFTER = 3


class ReadBack:
    """Reads back for one drain."""

    def __init__(self, plex: PlexClient) -> None:
        self._plex = plex
        self._hopeless: Counter[str] = Counter()

    def read(
        self,
        edited: Mapping[ItemRef, ItemPlan],
        others: Collection[ItemRef] = (),
        refused_alone: Mapping[ItemRef, Collection[str]] = MappingProxyType({}),
    ) -> dict[str, FullItem]:
        """The items as Plex shows them now, by rating key; those that are gone are absent.

        Args:
            edited: what was sent.
            others: more items to read.
            refused_alone: fields that were sent by themselves before, and refused.

        Raises:
            PlexError: as the client, but PlexRejected.
        """
        keys = [ref.key for ref in dict.fromkeys([*edited, *others])]
        shown = self._plex.full_items(keys) if keys else {}
        again: list[ItemRef] = []
        for ref, plan in edited.items():
            item = shown.get(ref.key)
            tried = refused_alone.get(ref, ())
            changes = [] if item is None else self._worth_a_try(plan, item, tried)
            if item is not None and changes:
                self._try_alone(plan, changes, item)
                again.append(ref)
        if again:
            shown |= self._plex.full_items([ref.key for ref in again])
            self._learn(edited, again, shown)
        return shown

    def _worth_a_try(self, plan: ItemPlan, item: FullItem, tried: Collection[str]) -> list[Change]:
        return [
            change
            for change in refused(plan, item)
            if change.field not in tried and self._hopeless[change.field] < HOPELESS_AFTER
        ]

    def _learn(
        self,
        edited: Mapping[ItemRef, ItemPlan],
        again: Iterable[ItemRef],
        shown: Mapping[str, FullItem],
    ) -> None:
        for ref in again:
            item = shown.get(ref.key)
            for change in refused(edited[ref], item) if item is not None else ():
                self._hopeless[change.field] += 1

    def _try_alone(self, plan: ItemPlan, changes: Iterable[Change], item: FullItem) -> None:
        for change in changes:
            for single in _singles(change, item):
                self._edit(plan, single, item.roles)

    def _edit(self, plan: ItemPlan, change: Change, roles: Sequence[Role]) -> None:
        params = edit_params([change], roles)
        try:
            self._plex.edit(plan.ref.section, plan.item_type, plan.ref.key, params)
        except PlexRejected as error:
            log.warning("item %s refuses %s by itself: %s", plan.ref, change.field, error)


def _singles(change: Change, item: FullItem) -> Iterable[Change]:
    """One change by itself: a list's removals one by one, for servers that take but one."""
    value = item.values.get(change.field)
    there = {name_key(name) for name in value} if isinstance(value, tuple) else set()
    left = [name for name in change.removed if name_key(name) in there]
    for name in left:
        yield replace(change, before=(), added=(), removed=(name,))
    if not left:
        yield change
