"""Makes the items of one scene show its cover, as poster and as background.

Each step is left out where nothing can have changed: Stash is asked with the ETag of the cover that
is known, Plex only about items that moved or whose picture differs, and a picture is uploaded only
where Plex does not have these very bytes. A failure concerns one picture of one item; all else of
the scene goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from core.errors import PicturesUnavailable
from core.images import ImageFailed, ImageKind, Unusable, digest_in, identity, on_offer, selected
from core.models import FullItem, ItemRef
from core.overlays import has_overlay
from core.records import CoverRecord, PictureKey, PictureRecord, PictureRecords
from plex.exceptions import PlexItemFailed, PlexRejected, PlexUnauthorized
from plex.images import NotShown, PlexImages, upload_name
from stash.images import NoCover
from worker.pictures.cover import Cover, find_cover
from worker.pictures.covers_ahead import CoversAhead
from worker.pictures.poster_fit import PosterFitter
from worker.pictures.supply import FetchCover
from worker.pictures.writer import PictureChange, PictureEnd

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PictureOutcome:
    """What became of one scene's pictures.

    Attributes:
        known: what to remember, whether or not something failed.
        changes: those that were carried out, or that a dry run would carry out, in order.
        uploads, selects: those of them that were proven, or would be made.
        unavailable: why Stash gives no pictures for now, for people; nobody's picture is to blame.
        failures: what did not work, for people; a later `sync` tries just that again.
        unusable: Stash has the cover like that: trying again changes nothing.
        has_failed, has_shown: Plex failed at a picture; it was seen to show another one.
        refused: the token was refused for a picture, though Plex answers otherwise.
        conflicts: pictures chosen in Plex that stay, though Stash has a new cover.
        touched: the items that were changed, so that their `updatedAt` moved.
        outdated: the items that are to lose the label of a program which draws on posters.
        verified: what shows the cover now.
    """

    known: PictureRecords
    changes: list[PictureChange] = field(default_factory=list)
    uploads: int = 0
    selects: int = 0
    unavailable: str = ""
    failures: list[str] = field(default_factory=list)
    unusable: bool = False
    has_failed: bool = False
    has_shown: bool = False
    refused: PlexUnauthorized | None = None
    conflicts: list[str] = field(default_factory=list)
    touched: set[ItemRef] = field(default_factory=set)
    outdated: set[ItemRef] = field(default_factory=set)
    verified: set[PictureKey] = field(default_factory=set)

    def after(self, shown: Mapping[ItemRef, FullItem]) -> PictureRecords:
        """What to remember once the items were read afresh, after this and all their other edits.

        Without it the next `sync` asks Plex about what was edited once more, and changes nothing.
        """
        known = {
            (name, ref): self.known.of(name, ref)._replace(seen_at=shown[ref].updated_at)
            for name, ref in self.verified
            if ref in shown
        }
        for ref in self.outdated & shown.keys():
            if has_overlay(shown[ref]):
                # As if the cover had not come yet: the next try takes the label off.
                key = (ImageKind.POSTER.value, ref)
                known[key] = self.known.of(*key)._replace(sha1="", seen_at=None)
        return self.known.having(known)


@dataclass(frozen=True, slots=True)
class PictureSync:
    """Syncs the pictures of scenes; may be used by several threads at once.

    Args:
        fetch: brings covers from Stash.
        end: carries out what is decided.
        preserve: pictures that the user chose in Plex stay (`preserve_plex_edits`).
        respect_overlays: so do posters that another program has drawn, see `core.overlays`.
        ahead: what `fetch` has fetched before it is asked; None: nothing.
    """

    fetch: FetchCover
    plex: PlexImages
    fitter: PosterFitter
    end: PictureEnd
    preserve: bool = False
    respect_overlays: bool = False
    ahead: CoversAhead | None = None

    def sync(
        self,
        scene_id: int,
        items: Mapping[ItemRef, FullItem],
        known: PictureRecords,
        wanted: frozenset[str],
    ) -> PictureOutcome:
        """Make items show the scene's cover. What a scene without one shows in Plex is left alone.

        Args:
            items: those that the scene owns; edits of their other fields may come before or after.
            known: what is remembered of the scene's pictures.
            wanted: those of "poster" and "background" that are to be synced.

        Raises:
            StashUnreachable, PlexServerDown, PlexUnauthorized: nobody's picture is to blame.
                What was done is found again by the next call.
        """
        outcome = PictureOutcome(known)
        kinds = [kind for kind in ImageKind if kind.value in wanted]
        if kinds and items:
            self._show(scene_id, items, kinds, outcome)
            # So that a reconcile finds it as well, if nobody tries again before.
            is_open = bool(outcome.failures or outcome.unavailable)
            outcome.known = replace(outcome.known, failed=is_open)
        return outcome

    def _show(
        self,
        scene_id: int,
        items: Mapping[ItemRef, FullItem],
        kinds: Sequence[ImageKind],
        outcome: PictureOutcome,
    ) -> None:
        fetch = partial(self.fetch, scene_id)
        known = outcome.known.cover
        try:
            cover = find_cover(fetch, self.fitter, known)
        except ImageFailed as error:
            outcome.failures.append(str(error))
            outcome.unusable = isinstance(error, Unusable)
            return
        except PicturesUnavailable as error:
            outcome.unavailable = str(error)
            return
        if isinstance(cover, NoCover):
            if known.sha1:
                log.info("scene %d has no cover any more; what Plex shows stays", scene_id)
            outcome.known = replace(outcome.known, cover=CoverRecord(cover.etag))
            return
        for item in items.values():
            drawn_on = self.respect_overlays and has_overlay(item)
            turn = _ItemPictures(self.plex, self.end, self.preserve, drawn_on, item, cover, outcome)
            turn.sync(kinds)
        outcome.known = replace(outcome.known, cover=cover.record)


@dataclass(frozen=True, slots=True)
class _ItemPictures:
    """One item's turn.

    Attributes:
        drawn_on: another program has drawn on its poster.
    """

    plex: PlexImages
    end: PictureEnd
    preserve: bool
    drawn_on: bool
    item: FullItem
    cover: Cover
    outcome: PictureOutcome

    def sync(self, kinds: Iterable[ImageKind]) -> None:
        unlocked = [kind for kind in kinds if self._is_unlocked_after(kind)]
        if not unlocked:
            return
        self.outcome.touched.add(self.item.ref)
        try:
            self.end.lock(self.item, unlocked)
        except (PlexRejected, PlexItemFailed) as error:
            for kind in unlocked:
                self._fail(kind, error)
            return
        for kind in unlocked:
            self._note(kind, lambda known: known._replace(locked=True))

    def _is_unlocked_after(self, kind: ImageKind) -> bool:
        """Make the item show the picture; whether its field has yet to be locked."""
        known = self.outcome.known.of(kind.value, self.item.ref)
        if self.outcome.unavailable:
            return False
        try:
            is_unmoved = known.seen_at is not None and known.seen_at == self.item.updated_at
            is_same = known.sha1 == self.cover.sha1(kind)
            is_shown = is_same and (is_unmoved or self._is_drawn(kind))
            if not is_shown and not self._show(kind, known):
                return False
            if self._is_drawn(kind) and not is_same:
                self.outcome.outdated.add(self.item.ref)
        except (ImageFailed, PlexRejected) as error:
            self._fail(kind, error)
            return False
        except PicturesUnavailable as error:
            # What was done of this scene is seen to its end, with its lock.
            self.outcome.unavailable = str(error)
            return False
        self.outcome.verified.add((kind.value, self.item.ref))
        sha1, at = self.cover.sha1(kind), self.item.updated_at
        self._note(
            kind,
            lambda known: known._replace(sha1=sha1, seen_at=at, told="", unproven=frozenset()),
        )
        return not is_shown and kind.value not in self.item.locked

    def _is_drawn(self, kind: ImageKind) -> bool:
        return self.drawn_on and kind is ImageKind.POSTER

    def _show(self, kind: ImageKind, known: PictureRecord) -> bool:
        """Make the item show the picture. False: it keeps one that the user chose."""
        entries = self.plex.entries(self.item.ref.key, kind)
        shown = selected(entries)
        there = on_offer(entries, self.cover.sha1(kind))
        if not (there and there.selected) and self._is_users(kind, known, shown):
            self._report_conflict(kind, known)
            return False
        data = b""
        if there is None:
            data = self.cover.data(kind)
            there = on_offer(entries, self.cover.sha1(kind))
        is_kept = there is not None and there.selected
        is_locked = kind.value in self.item.locked
        after = there.rating_key if there else upload_name(kind, self.cover.sha1(kind))
        change = PictureChange(self.item.ref, kind.value, shown, after, is_locked)
        if not is_kept:
            # Before the request: one that fails may have been carried out all the same.
            self.outcome.touched.add(self.item.ref)
        self.end.show(change, there, data)
        if not (is_kept and is_locked):
            self.outcome.changes.append(change)
        self.outcome.has_shown = True
        self.outcome.uploads += there is None
        self.outcome.selects += there is not None and not is_kept
        return True

    def _is_users(self, kind: ImageKind, known: PictureRecord, shown: str | None) -> bool:
        """Whether the user chose what is shown: since we wrote last, or before and locked it."""
        if not self.preserve or self._is_drawn(kind):
            return False
        if identity(shown) in known.unproven:
            return False
        return (
            digest_in(shown or "") != known.sha1 if known.sha1 else kind.value in self.item.locked
        )

    def _report_conflict(self, kind: ImageKind, known: PictureRecord) -> None:
        """Say once of each cover that it does not come."""
        wanted = self.cover.sha1(kind)
        if wanted in (known.sha1, known.told):
            return
        self._note(kind, lambda known: known._replace(told=wanted))
        which = "a new cover" if known.sha1 else "a cover"
        self.outcome.conflicts.append(
            f"{kind.value} of item {self.item.ref}: Stash has {which}, but what was chosen"
            " in Plex stays (preserve_plex_edits)"
        )

    def _fail(self, kind: ImageKind, error: Exception) -> None:
        self.outcome.failures.append(f"{kind.value} of item {self.item.ref}: {error}")
        self.outcome.has_failed |= isinstance(error, (PlexRejected, PlexItemFailed, NotShown))
        cause = error.__cause__
        while cause is not None and not isinstance(cause, PlexUnauthorized):
            cause = cause.__cause__
        self.outcome.refused = self.outcome.refused or cause
        self.outcome.verified.discard((kind.value, self.item.ref))
        self._note(kind, lambda known: known._replace(seen_at=None))

    def _note(self, kind: ImageKind, change: Callable[[PictureRecord], PictureRecord]) -> None:
        key = (kind.value, self.item.ref)
        self.outcome.known = self.outcome.known.having({key: change(self.outcome.known.of(*key))})
