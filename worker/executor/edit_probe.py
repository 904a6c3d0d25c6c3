"""Whether Plex takes any edit at all, seen by one that changes nothing.

Where edits fail one after the other, items that are bad are told from a server that is: others are
asked to keep the lock of their title as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from core.models import FullItem, ItemRef
from plex.client import VIDEO_TYPES, PlexClient
from plex.exceptions import PlexError, PlexItemFailed, PlexRejected
from worker.executor.item_editor import ItemEditor

SECTIONS = 3  # that are asked, those first of which no item has failed


class EditProbe:
    def __init__(self, plex: PlexClient, editor: ItemEditor) -> None:
        self._plex = plex
        self._editor = editor
        self._taken: FullItem | None = None

    def note_taken(self, item: FullItem) -> None:
        """This one was edited."""
        self._taken = item

    def is_taken(self, but: Collection[ItemRef]) -> bool | None:
        """Whether another item than these takes an edit; None: there is no other.

        Raises:
            PlexServerDown, PlexUnauthorized: Plex does not answer, or not us.
        """
        answer: bool | None = None
        for item in self._others(but):
            if self._takes(item):
                self._taken = item
                return True
            answer = False
        return answer

    def _takes(self, item: FullItem) -> bool:
        try:
            self._editor.change_nothing(item)
        except (PlexItemFailed, PlexRejected):
            return False
        return True

    def _others(self, but: Collection[ItemRef]) -> Iterator[FullItem]:
        known = self._taken
        if known is not None and known.ref not in but:
            yield known
        failing = {ref.section for ref in but}
        sections = [s for s in self._plex.control_read() if s.type in VIDEO_TYPES]
        sections.sort(key=lambda section: section.key in failing)
        keys = {ref.key for ref in but}
        for section in sections[:SECTIONS]:
            try:
                found = self._plex.full_items(self._plex.others_in(section, keys)[:1])
            except PlexError:
                continue
            yield from found.values()
