"""Writes pictures of items, and proves by what Plex has on offer that they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from core.images import Entry, ImageKind, identity, selected
from core.models import FullItem, ItemRef
from plex.images import NotShown, PlexImages

TRIES = 2  # of what was answered and is not shown: an answer may not be Plex's
NOT_TAKEN = "Plex answered that it took the picture, and does not show it"


@dataclass(frozen=True, slots=True)
class PictureChange:
    """What is about to happen to one picture of one item.

    Attributes:
        field: "poster" or "background".
        before: Plex's name of the picture that it shows; None: it shows none.
        after: Plex's name of the picture to show; of an upload, the name that it should get, which
            only its end, the digest, is sure of.
        locked_before: whether the field was locked. It is locked afterwards.
    """

    ref: ItemRef
    field: str
    before: str | None
    after: str
    locked_before: bool


class PictureEnd(Protocol):
    """What has an item show a picture."""

    def show(self, change: PictureChange, there: Entry | None, data: bytes) -> None:
        """Make the item show what Plex has on offer, or where it has not (None), upload `data`."""

    def lock(self, item: FullItem, kinds: Iterable[ImageKind]) -> None:
        """Keep Plex from choosing other pictures."""


class DryPictureEnd:
    """Carries nothing out."""

    def show(self, change: PictureChange, there: Entry | None, data: bytes) -> None:
        """Does nothing."""

    def lock(self, item: FullItem, kinds: Iterable[ImageKind]) -> None:
        """Does nothing."""


@dataclass(frozen=True, slots=True)
class PictureWriter:
    """Has items show pictures.

    Args:
        journal: told of each change before it is made; durable when it returns.
    """

    plex: PlexImages
    journal: Callable[[PictureChange], None]

    def show(self, change: PictureChange, there: Entry | None, data: bytes) -> None:
        """Make the item show a picture, and prove it.

        Raises:
            NotShown: Plex does not show it.
            PlexRejected, PlexError: as `PlexImages`.
        """
        is_kept = there is not None and there.selected
        if not (is_kept and change.locked_before):
            self.journal(change)
        if is_kept:
            return
        if not any(self._is_shown_after(change, there, data) for _ in range(TRIES)):
            raise NotShown(NOT_TAKEN)

    def _is_shown_after(self, change: PictureChange, there: Entry | None, data: bytes) -> bool:
        kind = ImageKind(change.field)
        if there is None:
            self.plex.upload(change.ref.key, kind, data)
        else:
            self.plex.select(change.ref.key, kind, there.rating_key)
        return self._is_shown(change.ref, kind, change.after)

    def lock(self, item: FullItem, kinds: Iterable[ImageKind]) -> None:
        """Keep Plex from choosing other pictures at a refresh."""
        self.plex.lock(item, kinds)

    def restore(self, ref: ItemRef, kind: ImageKind, name: str | None) -> None:
        """Show what is on offer under that name, or nothing, and prove it.

        Raises:
            NotShown: Plex does not show it.
            PlexRejected, PlexError: as `PlexImages`.
        """
        if name is None:
            self.plex.unset(ref.key, kind)
            if selected(self.plex.entries(ref.key, kind)) is not None:
                raise NotShown("Plex answered that it shows no picture, and still shows one")
        else:
            self.plex.select(ref.key, kind, name)
            if not self._is_shown(ref, kind, name):
                raise NotShown(NOT_TAKEN)

    def _is_shown(self, ref: ItemRef, kind: ImageKind, name: str) -> bool:
        """An answer is no proof: servers and proxies say 200 to what was never stored."""
        entries = self.plex.entries(ref.key, kind)
        if is_picture(selected(entries), name):
            return True
        there = next((e.rating_key for e in entries if is_picture(e.rating_key, name)), None)
        if there is None:
            return False
        self.plex.select(ref.key, kind, there)
        return is_picture(selected(self.plex.entries(ref.key, kind)), name)


def is_picture(shown: str | None, name: str) -> bool:
    """Whether Plex's name of a picture means that picture: of uploads only the digest is sure."""
    return shown is not None and identity(shown) == identity(name)
