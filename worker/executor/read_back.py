"""Reads edited items back, and tries again, alone, what a server did not take.

One that shows nothing at all of its edit gets it once more as a whole, since the answer to it may
not have been Plex's, and is read again for some seconds, since Plex may answer from memory. What it
still refuses or alters is recorded with the value that it shows, and not sent again until Stash
changes it; unless this server takes other fields of that name at a second try, and so loses edits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from core.fields import name_keys
from core.models import Change, FullItem, ItemRef
from core.planning.item_plan import is_incomplete, is_shown, refused
from core.text import name_key
from plex.client import PlexClient
from plex.exceptions import PlexItemFailed, PlexRejected
from plex.full_items import FullItems
from transport.retrying import Transient
from worker.executor.item_editor import ItemEditor, removal_alone
from worker.plan import ItemEdit

# What was written is read back after so many scenes, or so many seconds after the first of them.
WINDOW = 25
WINDOW_SECONDS = 2.0
# After so many fields or locks of one name that another try did not help, the server is known for
# it, unless it helped one of so many.
MOST = 3
RARELY = 5
ROUNDS = 3  # of tries
# So often it is waited in vain in one run for items that show nothing of their edits.
VAIN = 2


class _StillTheOldOne(Exception):
    """An item shows nothing of its edit."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """What an item was sent alone: the changes that were not refused, and locks."""

    changes: Sequence[Change]
    locks: Sequence[str]


class ReadBack:
    """Reads back for one run.

    Attributes:
        failed: of the last items read, those that Plex fails for, with what it says.
        unlocked: of the last items read, fields that show what was sent and not the lock that was
            sent with it, however often it was sent.
        tells_locks: this server says which fields are locked.
    """

    def __init__(self, plex: PlexClient, editor: ItemEditor) -> None:
        self._plex = plex
        self._editor = editor
        self._vain: Counter[str] = Counter()
        self._helped: Counter[str] = Counter()
        self._in_vain = 0
        self._refused: set[tuple[ItemRef, str]] = set()
        self.failed: dict[ItemRef, str] = {}
        self.unlocked: dict[ItemRef, list[str]] = {}
        self.tells_locks = False

    def read(
        self,
        edited: Mapping[ItemRef, ItemEdit],
        others: Collection[ItemRef],
    ) -> dict[ItemRef, FullItem]:
        """The items as Plex shows them now; those that are gone, or that it fails for, are absent.

        Args:
            edited: what was sent.
            others: more items to read.

        Raises:
            PlexError: as the client, but PlexRejected and PlexItemFailed.
        """
        self.failed, self.unlocked, self._refused = {}, {}, set()
        shown = self._items([*edited, *others])
        self.tells_locks |= any(edit.item.locked for edit in edited.values())
        again = self._sent_again(edited, shown)
        shown |= self._items(again)
        self._note_helped(((ref, c) for ref in again for c in edited[ref].changes), shown)
        tried: Mapping[ItemRef, _Tried] | None = None
        for _ in range(ROUNDS):
            sent = self._try_again(edited, shown, tried)
            if not sent:
                break
            shown |= self._items([*sent])
            self._wait_for({ref: edited[ref] for ref in sent}, shown)
            self._learn(edited, sent, shown, is_first=tried is None)
            tried = sent
        return {ref: item for ref, item in shown.items() if ref not in self.failed}

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

    def _try_again(
        self,
        edited: Mapping[ItemRef, ItemEdit],
        shown: Mapping[ItemRef, FullItem],
        tried: Mapping[ItemRef, _Tried] | None,
    ) -> dict[ItemRef, _Tried]:
        """Send once more what items do not show.

        Args:
            tried: what the last round gave, None in the first: of others than these no more is
                sent, nor of what the server has altered.

        Returns:
            what each item was sent, if anything.
        """
        found: dict[ItemRef, _Tried] = {}
        for ref in edited.keys() & shown.keys() - self.failed.keys():
            edit, item = edited[ref], shown[ref]
            changes = [c for c in refused(edit.plan, item) if not self._is_known_for(c.field)]
            if tried is not None:
                answered = tried[ref].changes if ref in tried else ()
                changes = [c for c in changes if c in answered and _lacks(item, c)]
            locks = [n for n in self._not_locked(edit, item) if not self._is_known_for(_lock_of(n))]
            if changes or locks:
                found[ref] = _Tried(self._sent_alone(edit, item, changes, locks), locks)
        return found

    def _sent_alone(
        self, edit: ItemEdit, item: FullItem, changes: Iterable[Change], locks: Sequence[str]
    ) -> Sequence[Change]:
        """Send changes and locks by themselves; the changes that were not refused."""
        answered = []
        try:
            for change in changes:
                sent = [self._editor.send_change(edit, each) for each in _singles(change, item)]
                if all(sent):
                    answered.append(change)
                else:
                    self._refused.add((edit.ref, change.field))
            if locks:
                self._editor.send_locks(edit, locks)
        except PlexItemFailed as error:
            self.failed[edit.ref] = str(error)
        return answered

    def _is_known_for(self, name: str) -> bool:
        """Whether another try at a field, or a lock, has not helped so often."""
        return self._vain[name] >= MOST and self._vain[name] > RARELY * self._helped[name]

    def is_lost(self, ref: ItemRef, name: str) -> bool:
        """Whether a field that an item read last does not show is rather lost than refused: other
        tries helped."""
        is_refused = (ref, name) in self._refused
        return self._helped[name] > 0 and not is_refused and not self._is_known_for(name)

    def _not_locked(self, edit: ItemEdit, item: FullItem) -> list[str]:
        """The fields that show what was sent, and are not locked, or unlocked, as they should."""
        unshown = {change.field for change in refused(edit.plan, item)}
        return sorted(
            name
            for name in edit.names
            if name not in unshown
            and (want := edit.locks.get(name)) is not None
            and want != (name in item.locked)
            and (self.tells_locks or not want)
        )

    def _items(self, refs: Sequence[ItemRef]) -> dict[ItemRef, FullItem]:
        keys = list(dict.fromkeys(ref.key for ref in refs))
        found = self._plex.full_items(keys) if keys else FullItems()
        bad = ((ref, found.unreadable.get(ref.key)) for ref in refs)
        self.failed |= {ref: why for ref, why in bad if why is not None}
        self.tells_locks |= any(item.locked for item in found.values())
        return {ref: found[ref.key] for ref in refs if ref.key in found}

    def _note_helped(
        self, tried: Iterable[tuple[ItemRef, Change]], shown: Mapping[ItemRef, FullItem]
    ) -> None:
        for ref, change in tried:
            item = shown.get(ref)
            if item is not None and is_shown(change, item):
                self._helped[change.field] += 1

    def _learn(
        self,
        edited: Mapping[ItemRef, ItemEdit],
        tried: Mapping[ItemRef, _Tried],
        shown: Mapping[ItemRef, FullItem],
        *,
        is_first: bool,
    ) -> None:
        """See what has become of a round of tries; in vain is the first one alone, so that one item
        does not count for several."""
        self._note_helped(((ref, c) for ref, t in tried.items() for c in t.changes), shown)
        for ref in tried.keys() & shown.keys() - self.failed.keys():
            item = shown[ref]
            unlocked = self._not_locked(edited[ref], item)
            self._helped.update(_lock_of(n) for n in tried[ref].locks if n not in unlocked)
            if is_first:
                self._vain.update(change.field for change in refused(edited[ref].plan, item))
                self._vain.update(map(_lock_of, unlocked))
            # A lock that was to change alone is looked at by itself.
            changed = {change.field for change in edited[ref].changes}
            self.unlocked[ref] = [n for n in unlocked if n in changed and edited[ref].locks[n]]


def _lacks(item: FullItem, change: Change) -> bool:
    return is_incomplete(change, item.values.get(change.field))


def _lock_of(name: str) -> str:
    return f"lock of {name}"


def _singles(change: Change, item: FullItem) -> Iterable[Change]:
    """One change by itself: a list's removals one by one, for servers that take but one."""
    there = name_keys(item.values.get(change.field))
    left = [name for name in change.removed if name_key(name) in there]
    for name in left:
        yield removal_alone(change, name)
    if not left:
        yield change
