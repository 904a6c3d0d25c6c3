"""Sends the one edit of an item; what is refused as a whole is sent field by field."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import replace

from core.fields import TITLE
from core.models import Change, FullItem
from plex.client import PlexClient
from plex.editing import edit_params, lock_params, shortened
from plex.exceptions import PlexRejected
from worker.plan import ItemEdit

log = logging.getLogger(__name__)


class ItemEditor:
    """Edits items of one server.

    Attributes:
        hopeless: sections in which edits fail while others are taken; not tried there for long.
    """

    def __init__(self, plex: PlexClient) -> None:
        self._plex = plex
        self.hopeless: set[str] = set()

    def send(self, edit: ItemEdit) -> frozenset[str] | None:
        """All changes and locks of an item in one edit; where that is refused, each by itself, so
        that one field which the server will not take does not hold up the others.

        Returns:
            the fields that were refused by themselves; None: the item is gone from Plex.

        Raises:
            PlexRejected: none of them was taken. PlexError: as the client.
        """
        names = edit.names
        try:
            self.send_whole(edit)
        except PlexRejected as rejected:
            if rejected.status == 404 and self._is_gone(edit.ref.key):
                return None
            left = [name for name in names if not self._is_taken(edit, name)]
            if len(left) == len(names):
                raise rejected from None
            return frozenset(left)
        return frozenset()

    def send_whole(self, edit: ItemEdit) -> None:
        """All changes and locks of an item in one edit. Raises PlexError: as the client."""
        self._edit(edit, edit.changes, edit.names)

    def send_change(self, edit: ItemEdit, change: Change) -> bool:
        """One change by itself, with its lock; whether it was taken.

        Raises:
            PlexError: but PlexRejected.
        """
        try:
            self._edit(edit, [change], [change.field])
        except PlexRejected as error:
            log.warning("item %s refuses its %s: %s", edit.ref, change.field, error)
            return False
        return True

    def send_locks(self, edit: ItemEdit, names: Collection[str]) -> bool:
        """Some of the locks by themselves; whether they were taken.

        Raises:
            PlexError: but PlexRejected.
        """
        try:
            self._edit(edit, (), names)
        except PlexRejected as error:
            what = ", ".join(names)
            log.warning("the lock of %s of item %s is refused: %s", what, edit.ref, error)
            return False
        return True

    def change_nothing(self, item: FullItem) -> None:
        """An edit that leaves an item as it is: its title keeps the lock that it has, or has not.

        Raises:
            PlexError: as the client.
        """
        ref, params = item.ref, lock_params({TITLE: TITLE in item.locked})
        self._plex.edit(ref.section, item.item_type, ref.key, params, thorough=False)

    def _is_gone(self, key: str) -> bool:
        found = self._plex.full_items([key])
        return key not in found and key not in found.unreadable

    def _is_taken(self, edit: ItemEdit, name: str) -> bool:
        change = next((each for each in edit.changes if each.field == name), None)
        if change is None:
            return self.send_locks(edit, [name])
        cut = shortened(change, edit.roles)
        return self.send_change(edit, change) or (cut is not None and self.send_change(edit, cut))

    def _edit(self, edit: ItemEdit, changes: Iterable[Change], names: Collection[str]) -> None:
        section, params = edit.ref.section, params_of(edit, changes, names)
        thorough = section not in self.hopeless
        self._plex.edit(section, edit.item.item_type, edit.ref.key, params, thorough=thorough)
        self.hopeless.discard(section)


def params_of(
    edit: ItemEdit, changes: Iterable[Change], names: Collection[str]
) -> list[tuple[str, str]]:
    """The parameters of an edit that makes some of an item's changes.

    Args:
        names: the fields whose locks are set as the edit wants them.
    """
    listed = list(changes)
    params = edit_params(listed, edit.roles, lock=False)
    params += lock_params({n: want for n, want in edit.locks.items() if n in names})
    if edit.title_sort and any(change.field == TITLE for change in listed):
        params.append(("titleSort.value", edit.title_sort))
    return params


def removal_alone(change: Change, name: str) -> Change:
    """The removal of one entry of a list, for servers that take but one in an edit."""
    return replace(change, before=(), added=(), removed=(name,))
