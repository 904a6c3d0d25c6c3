"""Reads edited items back, and tries once more, alone, what a server did not take.

What it still refuses or alters is recorded with the value that it shows, and not sent again until
Stash changes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from core.models import Change, FullItem, ItemRef
from core.planning.item_plan import refused
from core.text import name_key
from plex.client import PlexClient
from plex.exceptions import PlexItemFailed
from plex.full_items import FullItems
from worker.executor.item_editor import ItemEditor, removal_alone
from worker.plan import ItemEdit

# What was written is read back after so many scenes, or so many seconds after the first of them.
WINDOW = 25
WINDOW_SECONDS = 2.0
# After so many fields of one name that a second try did not help, the server is known for it.
HOPELESS_AFTER = 3


class ReadBack:
    """Reads back for one run.

    Attributes:
        failed: of the last items read, those that Plex fails for, with what it says.
    """

    def __init__(self, plex: PlexClient, editor: ItemEditor) -> None:
        self._plex = plex
        self._editor = editor
        self._hopeless: Counter[str] = Counter()
        self.failed: dict[ItemRef, str] = {}

    def read(
        self,
        edited: Mapping[ItemRef, ItemEdit],
        others: Collection[ItemRef],
        refused_alone: Mapping[ItemRef, Collection[str]],
    ) -> dict[ItemRef, FullItem]:
        """The items as Plex shows them now; those that are gone are absent.

        Args:
            edited: what was sent.
            others: more items to read.
            refused_alone: fields that were sent by themselves before, and refused.

        Raises:
            PlexError: as the client, but PlexRejected and PlexItemFailed.
        """
        self.failed = {}
        shown = self._items([*edited, *others])
        again: list[ItemRef] = []
        for ref, edit in edited.items():
            item = shown.get(ref)
            tried = refused_alone.get(ref, ())
            changes = [] if item is None else self._worth_a_try(edit, item, tried)
            if item is not None and changes:
                again.append(ref)
                try:
                    for change in changes:
                        for single in _singles(change, item):
                            self._editor.send_change(edit, single)
                except PlexItemFailed as error:
                    self.failed[ref] = str(error)
        if again:
            shown |= self._items(again)
            self._learn(edited, [ref for ref in again if ref not in self.failed], shown)
        return shown

    def _items(self, refs: Sequence[ItemRef]) -> dict[ItemRef, FullItem]:
        keys = list(dict.fromkeys(ref.key for ref in refs))
        found = self._plex.full_items(keys) if keys else FullItems()
        bad = ((ref, found.unreadable.get(ref.key)) for ref in refs)
        self.failed |= {ref: why for ref, why in bad if why is not None}
        return {ref: found[ref.key] for ref in refs if ref.key in found}

    def _worth_a_try(self, edit: ItemEdit, item: FullItem, tried: Collection[str]) -> list[Change]:
        return [
            change
            for change in refused(edit.plan, item)
            if change.field not in tried and self._hopeless[change.field] < HOPELESS_AFTER
        ]

    def _learn(
        self,
        edited: Mapping[ItemRef, ItemEdit],
        again: Iterable[ItemRef],
        shown: Mapping[ItemRef, FullItem],
    ) -> None:
        for ref in again:
            item = shown.get(ref)
            for change in refused(edited[ref].plan, item) if item is not None else ():
                self._hopeless[change.field] += 1


def _singles(change: Change, item: FullItem) -> Iterable[Change]:
    """One change by itself: a list's removals one by one, for servers that take but one."""
    value = item.values.get(change.field)
    there = {name_key(name) for name in value} if isinstance(value, tuple) else set()
    left = [name for name in change.removed if name_key(name) in there]
    for name in left:
        yield removal_alone(change, name)
    if not left:
        yield change
