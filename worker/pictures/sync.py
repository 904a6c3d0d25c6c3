"""Makes the items of one scene show its cover, as poster and as background.

Each step is left out where nothing can have changed: Stash is asked with the ETag of the cover that
is known, Plex only about items that moved or whose picture differs, and a picture is uploaded only
where Plex does not have these very bytes. A failure concerns one picture of one item; all else of
the scene goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from core.errors import PicturesUnavailable
from core.images import (
    FAILED,
    Action,
    Decision,
    ImageFailed,
    ImageKind,
    decide,
    digest_in,
    selected,
)
from core.models import FullItem, ItemRef
from plex.exceptions import PlexItemFailed, PlexRejected
from plex.images import PlexImages, upload_name
from stash.client import StashClient
from stash.images import NoCover, fetch_screenshot
from worker.pictures.cover import SHA1, Cover, find_cover, forget
from worker.pictures.poster_fit import PosterFitter

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImageChange:
    """What is about to happen to one picture of one item.

    Attributes:
        field: "poster" or "background".
        before: Plex's name of the picture that it shows; None: it shows none.
        after: Plex's name of the picture to show; of an upload, the name that it should get, which
            only its end, the digest, is sure of.
        locked_before: whether the field was locked. It is locked afterwards.
    """

    scene_id: int
    ref: ItemRef
    field: str
    before: str | None
    after: str
    locked_before: bool


@dataclass(frozen=True, slots=True)
class ImageKeys:
    """The keys of `Record.images` under which one picture of one item is remembered."""

    kind: ImageKind
    ref: ItemRef

    @property
    def sha1(self) -> str:
        """The digest that we last left selected."""
        return f"{self.kind.value}:{self.ref}"

    @property
    def at(self) -> str:
        """The item's `updatedAt` then."""
        return f"{self.kind.value}_at:{self.ref}"

    @property
    def told(self) -> str:
        """The digest that the user was told did not come, since Plex's picture stays."""
        return f"{self.kind.value}_told:{self.ref}"

    @property
    def locked(self) -> str:
        """Present if it was we who locked the field."""
        return f"{self.kind.value}_locked:{self.ref}"


@dataclass(slots=True)
class ImageOutcome:
    """What became of one scene's pictures.

    Attributes:
        remembered: what to keep in `Record.images`, whether or not something failed.
        journal: the changes that were announced, in order.
        failures: what did not work, for people; a later `sync` tries just that again.
        conflicts: pictures chosen in Plex that stay, though Stash has a new cover.
        touched: the items that were changed, so that their `updatedAt` moved.
        verified: what shows the cover now.
    """

    remembered: dict[str, str]
    journal: list[ImageChange] = field(default_factory=list)
    uploads: int = 0
    selects: int = 0
    failures: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    touched: set[ItemRef] = field(default_factory=set)
    verified: set[ImageKeys] = field(default_factory=set)

    def settle(self, shown: Mapping[ItemRef, FullItem]) -> None:
        """Note where items stand, read afresh after this and all other edits of theirs.

        Without it the next `sync` asks Plex about what was edited once more, and changes nothing.
        """
        for keys in self.verified:
            if keys.ref in shown:
                _note(self.remembered, keys.at, shown[keys.ref])


class ImageSyncer:
    """Syncs the pictures of scenes, one scene after the other.

    Args:
        journal: told of each change before it is made; durable when it returns.
        preserve: pictures that the user chose in Plex stay (`preserve_plex_edits`).
    """

    def __init__(
        self,
        stash: StashClient,
        plex: PlexImages,
        fitter: PosterFitter,
        journal: Callable[[ImageChange], None],
        *,
        preserve: bool = False,
    ) -> None:
        self._stash = stash
        self._plex = plex
        self._fitter = fitter
        self._journal = journal
        self._preserve = preserve

    def sync(
        self,
        scene_id: int,
        items: Mapping[ItemRef, FullItem],
        remembered: Mapping[str, str],
        wanted: frozenset[str],
    ) -> ImageOutcome:
        """Make items show the scene's cover. What a scene without one shows in Plex is left alone.

        Args:
            items: those that the scene owns; edits of their other fields may come before or after.
            remembered: `Record.images`, or nothing.
            wanted: those of "poster" and "background" that are to be synced.

        Raises:
            StashUnreachable, StashUnauthorized, PlexServerDown, PlexUnauthorized: nobody's picture
                is to blame. What was done is found again by the next call.
        """
        outcome = ImageOutcome(dict(remembered))
        kinds = [kind for kind in ImageKind if kind.value in wanted]
        if not kinds or not items:
            return outcome
        self._show(scene_id, items, kinds, remembered, outcome)
        # So that a reconcile finds it as well, if nobody tries again before.
        outcome.remembered.pop(FAILED, None)
        if outcome.failures:
            outcome.remembered[FAILED] = "1"
        return outcome

    def _show(
        self,
        scene_id: int,
        items: Mapping[ItemRef, FullItem],
        kinds: Sequence[ImageKind],
        remembered: Mapping[str, str],
        outcome: ImageOutcome,
    ) -> None:
        fetch = partial(fetch_screenshot, self._stash, scene_id)
        try:
            cover = find_cover(fetch, self._fitter, remembered)
        except (ImageFailed, PicturesUnavailable) as error:
            outcome.failures.append(str(error))
            return
        if isinstance(cover, NoCover):
            if SHA1 in remembered:
                log.info("scene %d has no cover any more; what Plex shows stays", scene_id)
            forget(outcome.remembered, cover.etag)
            return
        for item in items.values():
            turn = _Turn(self._plex, self._journal, self._preserve, scene_id, item, cover, outcome)
            turn.sync(kinds)
        cover.remember(outcome.remembered)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One item's turn."""

    plex: PlexImages
    journal: Callable[[ImageChange], None]
    preserve: bool
    scene_id: int
    item: FullItem
    cover: Cover
    outcome: ImageOutcome

    def sync(self, kinds: Iterable[ImageKind]) -> None:
        unlocked = [kind for kind in kinds if self._show_or_fail(kind)]
        if not unlocked:
            return
        self.outcome.touched.add(self.item.ref)
        try:
            self.plex.lock(self.item, unlocked)
        except (PlexRejected, PlexItemFailed) as error:
            for kind in unlocked:
                self._fail(kind, error)
            return
        for kind in unlocked:
            self.outcome.remembered[ImageKeys(kind, self.item.ref).locked] = "1"

    def _show_or_fail(self, kind: ImageKind) -> bool:
        """Whether the item shows the picture now, and its field has yet to be locked."""
        keys = ImageKeys(kind, self.item.ref)
        known = self.outcome.remembered
        try:
            unmoved = known.get(keys.at) == str(self.item.updated_at)
            settled = unmoved and known.get(keys.sha1) == self.cover.sha1(kind)
            if not settled and not self._show(kind, keys):
                return False
        except (ImageFailed, PlexRejected) as error:
            self._fail(kind, error)
            return False
        self.outcome.verified.add(keys)
        _note(known, keys.at, self.item)
        known[keys.sha1] = self.cover.sha1(kind)
        known.pop(keys.told, None)
        return not settled and kind.value not in self.item.locked

    def _show(self, kind: ImageKind, keys: ImageKeys) -> bool:
        """Make the item show the picture. False: it keeps one that the user chose."""
        entries = self.plex.entries(self.item.ref.key, kind)
        shown = selected(entries)
        choice = decide(entries, self.cover.sha1(kind))
        if choice.action is not Action.KEEP and self._is_users(kind, keys, shown):
            self._report_conflict(kind, keys)
            return False
        data = b""
        if choice.action is Action.UPLOAD:
            data = self.cover.data(kind)
            choice = decide(entries, self.cover.sha1(kind))
        locked = kind.value in self.item.locked
        if choice.action is not Action.KEEP or not locked:
            after = choice.rating_key or upload_name(kind, self.cover.sha1(kind))
            change = ImageChange(self.scene_id, self.item.ref, kind.value, shown, after, locked)
            self.outcome.journal.append(change)
            self.journal(change)
        self._carry_out(choice, kind, data)
        return True

    def _carry_out(self, choice: Decision, kind: ImageKind, data: bytes) -> None:
        if choice.action is Action.KEEP:
            return
        # Before the request: one that fails may have been carried out all the same.
        self.outcome.touched.add(self.item.ref)
        if choice.action is Action.UPLOAD:
            self.plex.upload(self.item.ref.key, kind, data)
            self.outcome.uploads += 1
        else:
            self.plex.select(self.item.ref.key, kind, choice.rating_key)
            self.outcome.selects += 1

    def _is_users(self, kind: ImageKind, keys: ImageKeys, shown: str | None) -> bool:
        """Whether the user chose what is shown: since we wrote last, or before and locked it."""
        if not self.preserve:
            return False
        last = self.outcome.remembered.get(keys.sha1)
        if last is None:
            return kind.value in self.item.locked
        return digest_in(shown or "") != last

    def _report_conflict(self, kind: ImageKind, keys: ImageKeys) -> None:
        """Say once of each cover that it does not come."""
        known, wanted = self.outcome.remembered, self.cover.sha1(kind)
        if wanted in (known.get(keys.sha1), known.get(keys.told)):
            return
        known[keys.told] = wanted
        which = "a new cover" if keys.sha1 in known else "a cover"
        self.outcome.conflicts.append(
            f"{kind.value} of item {self.item.ref}: Stash has {which}, but what was chosen"
            " in Plex stays (preserve_plex_edits)"
        )

    def _fail(self, kind: ImageKind, error: Exception) -> None:
        keys = ImageKeys(kind, self.item.ref)
        self.outcome.failures.append(f"{kind.value} of item {self.item.ref}: {error}")
        self.outcome.verified.discard(keys)
        self.outcome.remembered.pop(keys.at, None)


def _note(known: MutableMapping[str, str], key: str, item: FullItem) -> None:
    if item.updated_at is None:
        known.pop(key, None)
    else:
        known[key] = str(item.updated_at)
