"""Reads edited items back, and tries once more, alone, what a server did not take.

One that shows nothing at all of its edit gets it once more as a whole, since the answer to it may
not have been Plex's, and is read again for some seconds, since Plex may answer from memory. What it
still refuses or alters is recorded with the value that it shows, and not sent again until Stash
changes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress

from core.models import Change, FullItem, ItemRef
from core.planning.item_plan import refused
from core.text import name_key
from plex.client import PlexClient
from plex.exceptions import PlexItemFailed, PlexRejected
from plex.full_items import FullItems
from transport.retrying import Transient
from worker.executor.item_editor import ItemEditor, removal_alone
from worker.plan import ItemEdit

# What was written is read back after so many scenes, or so many seconds after the first of them.
WINDOW = 100
WINDOW_SECONDS = 2.0
# After so many fields or locks of one name that a second try did not help, the server is known for
# it.
MOST = 3
# So often it is waited in vain in one run for items that show nothing of their edits.
VAIN = 2


class _StillTheOldOne(Exception):
    """An item shows nothing of its edit."""


class ReadBack:
    """Reads back for one run.

    Attributes:
        failed: of the last items read, those that Plex fails for, with what it says.
        unlocked: of the last items read, fields that show what was sent and not the lock that was
            sent with it, also after a second try.
        tells_locks: this server says which fields are locked.
    """

    def __init__(self, plex: PlexClient, editor: ItemEditor) -> None:
        self._plex = plex
        self._editor = editor
        self._hopeless: Counter[str] = Counter()
        self._in_vain = 0
        self.failed: dict[ItemRef, str] = {}
        self.unlocked: dict[ItemRef, list[str]] = {}
        self.tells_locks = False

    def read(
        self,
        edited: Mapping[ItemRef, ItemEdit],
        others: Collection[ItemRef],
    ) -> dict[ItemRef, FullItem]:
        """The items as Plex shows them now; those that are gone are absent.

        Args:
            edited: what was sent.
            others: more items to read.

        Raises:
            PlexError: as the client, but PlexRejected and PlexItemFailed.
        """
        self.failed, self.unlocked = {}, {}
        shown = self._items([*edited, *others])
        self.tells_locks |= any(edit.item.locked for edit in edited.values())
        shown |= self._items(self._sent_again(edited, shown))
        again = [
            ref
            for ref, edit in edited.items()
            if ref in shown and self._try_again(edit, shown[ref])
        ]
        if again:
            shown |= self._items(again)
            self._wait_for({ref: edited[ref] for ref in again}, shown)
            self._learn(edited, [ref for ref in again if ref not in self.failed], shown)
        return shown

    def _sent_again(
        self, edited: Mapping[ItemRef, ItemEdit], shown: Mapping[ItemRef, FullItem]
    ) -> list[ItemRef]:
        """The items that showed nothing of their edits, and got these once more."""
        if self._in_vain >= VAIN:
            return []
        old = [ref for ref in edited.keys() & shown.keys() if edited[ref].is_untouched(shown[ref])]
        for ref in old:
            with suppress(PlexRejected, PlexItemFailed):  # each change is tried by itself then
                self._editor.send_whole(edited[ref])
        return old

    def _wait_for(self, edited: Mapping[ItemRef, ItemEdit], shown: dict[ItemRef, FullItem]) -> None:
        """Read again what shows nothing of its edit, before anybody is blamed."""

        def old() -> list[ItemRef]:
            there = edited.keys() & shown.keys() - self.failed.keys()
            return [ref for ref in there if edited[ref].is_untouched(shown[ref])]

        def look() -> None:
            shown.update(self._items(old()))
            if old():
                raise Transient(_StillTheOldOne())

        if old() and self._in_vain < VAIN:
            try:
                self._plex.http.retrying.call(look, repeatable=True)
            except _StillTheOldOne:
                self._in_vain += 1

    def _try_again(self, edit: ItemEdit, item: FullItem) -> bool:
        """Send once more what an item does not show; whether there was something."""
        changes = self._worth_a_try(edit, item)
        locks = [n for n in self._not_locked(edit, item) if self._hopeless[_lock_of(n)] < MOST]
        try:
            for change in changes:
                for single in _singles(change, item):
                    self._editor.send_change(edit, single)
            if locks:
                self._editor.send_locks(edit, locks)
        except PlexItemFailed as error:
            self.failed[edit.ref] = str(error)
        return bool(changes or locks)

    def _not_locked(self, edit: ItemEdit, item: FullItem) -> list[str]:
        """The fields that show what was sent, and are not locked as they were to be."""
        if not self.tells_locks:
            return []
        there = {c.field for c in edit.changes} - {c.field for c in refused(edit.plan, item)}
        return sorted(n for n in there if edit.locks.get(n) and n not in item.locked)

    def _items(self, refs: Sequence[ItemRef]) -> dict[ItemRef, FullItem]:
        keys = list(dict.fromkeys(ref.key for ref in refs))
        found = self._plex.full_items(keys) if keys else FullItems()
        bad = ((ref, found.unreadable.get(ref.key)) for ref in refs)
        self.failed |= {ref: why for ref, why in bad if why is not None}
        self.tells_locks |= any(item.locked for item in found.values())
        return {ref: found[ref.key] for ref in refs if ref.key in found}

    def _worth_a_try(self, edit: ItemEdit, item: FullItem) -> list[Change]:
        """What may be taken by now, also of what was refused by itself: some refusals pass."""
        return [c for c in refused(edit.plan, item) if self._hopeless[c.field] < MOST]

    def _learn(
        self,
        edited: Mapping[ItemRef, ItemEdit],
        again: Iterable[ItemRef],
        shown: Mapping[ItemRef, FullItem],
    ) -> None:
        for ref in again:
            item = shown.get(ref)
            if item is None:
                continue
            for change in refused(edited[ref].plan, item):
                self._hopeless[change.field] += 1
            unlocked = self._not_locked(edited[ref], item)
            self._hopeless.update(map(_lock_of, unlocked))
            if unlocked:
                self.unlocked[ref] = unlocked


def _lock_of(name: str) -> str:
    return f"lock of {name}"


def _singles(change: Change, item: FullItem) -> Iterable[Change]:
    """One change by itself: a list's removals one by one, for servers that take but one."""
    value = item.values.get(change.field)
    there = {name_key(name) for name in value} if isinstance(value, tuple) else set()
    left = [name for name in change.removed if name_key(name) in there]
    for name in left:
        yield removal_alone(change, name)
    if not left:
        yield change
