"""Whether the saved index stands for a new listing of a section, and what brings it up to date.

A listing leaves a mark: what Plex said of the section before it was listed whole. Where all of it
still stands (its content, by Plex's own counter; how many items there are, and how many of them in
the trash), no item has come or gone, and those that were edited since are asked for by their
`updatedAt`. Since when is told by the server's clock alone: by the item that was edited last before
the listing began. On any doubt the section is listed whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from core.models import ListedItem, Section
from plex.cache import PlexCache
from plex.client import PlexClient
from plex.exceptions import PlexRejected, PlexServerDown, PlexShifted
from plex.listing import PAGE_SIZE
from storage.code_digest import code_digest
from storage.plex_index.saved_index import SavedSection

# Seconds by which the clock of Plex may be ahead of ours.
SKEW = 3600
FEW = 5  # items, of which one is not in the trash
# Items whose listing is one request, and costs less than the questions that would save it.
SMALL = PAGE_SIZE
# Above this share of a section that was edited, a whole listing costs no more.
MOST_EDITED = 0.5


@dataclass(frozen=True, slots=True)
class Mark:
    """What Plex said of a section, and up to when edits of its items are known.

    Attributes:
        content: see `Section.content`.
        counted: how many items Plex counted.
        trashed: see `Before`.
        newest: the rating key of the item that was edited last.
        edited_at: when, as its `updatedAt` says.
        code: how items are read.
        server: where Plex is.
    """

    content: str
    counted: int
    trashed: int
    newest: str
    edited_at: int
    code: str
    server: str

    def as_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str) -> Mark | None:
        try:
            mark = cls(**json.loads(text))
        except (ValueError, TypeError):
            return None
        kinds = (str, int, int, str, int, str, str)
        values = asdict(mark).values()
        return mark if all(type(v) is k for v, k in zip(values, kinds, strict=True)) else None


class Before(NamedTuple):
    """What Plex said of a section before it was looked at.

    Attributes:
        counted: how many items it has.
        trashed: how many of them have lost a file, as Plex counts them.
        key: of the item that was edited last.
        edited_at: when, in epoch seconds of the server's clock.
    """

    counted: int
    trashed: int
    key: str
    edited_at: int


@dataclass(frozen=True, slots=True)
class SectionReuse:
    """Reuses sections of one server.

    Args:
        now: epoch seconds when the run began.
    """

    client: PlexClient
    cache: PlexCache
    now: float
    code: str = field(
        default_factory=lambda: code_digest("core", "plex", "storage.plex_index.index_rows").hex()
    )

    def before(self, section: Section) -> Before | None:
        """To be asked before a section is looked at; None where Plex tells of no edit, and of a
        section whose listing costs no more than this.

        An item that is given in the place of the one that was edited last, by a server that does
        not sort, was edited before: then more is asked for than is needed.

        Raises:
            PlexServerDown: no whole answer has come in time.
        """
        saved = self.cache.section(section.key)
        if saved is not None and saved.total <= SMALL:
            return None
        try:
            items, counted = self.client.edited_last(section, FEW)
            if counted <= SMALL:
                return None
            trashed = self.client.count_items(section, _TRASHED)
        except PlexRejected:
            return None
        except PlexServerDown as error:
            if error.is_costly:
                raise
            return None  # the listing itself is tried again for longer
        latest = self.now + SKEW  # after that, no edit would ever count as a later one
        for item in items:
            if item.updated_at is not None and item.updated_at <= latest:
                return Before(counted, trashed, item.ref.key, item.updated_at)
        return None

    def mark(self, section: Section, counted: int, before: Before | None) -> str:
        """The mark of a listing that is to be kept; "" where none would be believed.

        Args:
            counted: how many items Plex counted in that listing.
        """
        if not section.content or before is None:
            return ""
        told = before._replace(counted=counted)
        return Mark(section.content, *told, self.code, self.client.url).as_text()

    def refresh(self, section: Section) -> int | None:
        """Bring what the index has of a section up to date; how many items it has then.

        None: the section has to be listed whole.

        Raises:
            PlexError: as the client, but PlexShifted and PlexRejected.
        """
        saved = self.cache.section(section.key)
        mark = None if saved is None else Mark.of_text(saved.mark)
        if saved is None or mark is None or not self._stands(section, saved, mark):
            return None
        before = self.before(section)
        if before is None or before[:2] != (mark.counted, mark.trashed):
            return None
        try:
            edited = self._edited(section, mark)
        except (PlexShifted, PlexRejected):
            return None
        if edited is None:
            return None
        renewed = self.mark(section, mark.counted, before)
        self.cache.refresh(section.key, edited, self.now, renewed)
        return saved.total

    def _stands(self, section: Section, saved: SavedSection, mark: Mark) -> bool:
        return (
            saved.code == self.cache.code()
            and (mark.code, mark.server) == (self.code, self.client.url)
            and mark.content == section.content != ""
            # Of a clock that was ahead, edits since may bear earlier times.
            and mark.edited_at <= saved.saved_at <= self.now
            and self.cache.count(section.key) == saved.total
        )

    def _edited(self, section: Section, mark: Mark) -> Sequence[ListedItem] | None:
        """The items that were edited since; None where the answer proves nothing."""
        found: list[ListedItem] = []
        since = mark.edited_at - 1  # others may have been edited in the same second
        query = (("updatedAt>>", str(since)),)
        for page in self.client.list_pages(section, query=query):
            items = page.items
            # What the server does not understand it ignores, and lists everything.
            is_filtered = all(i.updated_at is not None and i.updated_at > since for i in items)
            if not is_filtered or page.passed_over or len(items) != page.received:
                return None
            if page.total > max(1, MOST_EDITED * mark.counted):
                return None
            found += items
        keys = {item.ref.key for item in found}
        # The item that was edited last has not gone: a filter that works brings it again.
        if mark.newest not in keys or not self.cache.has_all(section.key, keys):
            return None
        return found


_TRASHED = (("trash", "1"),)
