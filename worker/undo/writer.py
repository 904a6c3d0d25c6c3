"""Writes previous values back: pictures one by one, all else of an item in one edit.

What the server did not take is tried once more by itself, as in any run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from core.fields import TITLE
from core.images import ImageFailed, ImageKind
from core.models import FullItem, ItemRef, Value
from core.planning.item_plan import ItemPlan, only, refused
from core.wording import shown
from plex.client import PlexClient
from plex.editing import edit_params, lock_params, title_sort_params, unlock_params
from plex.exceptions import PlexRejected
from plex.images import PlexImages
from worker.executor.read_back import ReadBack
from worker.undo.item_undo_plan import ItemUndoPlan

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PutBack:
    """What became of some items.

    Attributes:
        back: the fields, pictures and locks that were put back, by item.
        shown: the items as Plex shows them afterwards; those that are gone are absent.
        left: what the server made of values, where it is something else.
    """

    back: dict[ItemRef, frozenset[str]] = field(default_factory=dict)
    shown: Mapping[str, FullItem] = field(default_factory=dict)
    left: list[tuple[ItemRef, str, Value]] = field(default_factory=list)


class Putter:
    """Puts back what items showed before a run.

    Args:
        on_failure: told what the server refused, for people.
    """

    def __init__(
        self, plex: PlexClient, pictures: PlexImages, on_failure: Callable[[str], None]
    ) -> None:
        self._plex = plex
        self._pictures = pictures
        self._read_back = ReadBack(plex)
        self._on_failure = on_failure

    def put(self, work: Sequence[ItemUndoPlan]) -> PutBack:
        """Write some items and read them back.

        Raises:
            PlexError: but PlexRejected; some of it may be written.
        """
        done = PutBack()
        plans: dict[ItemRef, ItemPlan] = {}
        for each in work:
            back = self._write(each)
            done.back[each.item.ref] = back
            if back:
                plans[each.item.ref] = only(each.plan, back)
        shown_now = self._read_back.read(plans)
        done.shown = self._settle_locks([w for w in work if w.item.ref in plans], shown_now, done)
        done.left = _left(plans.values(), done.shown)
        return done

    def _write(self, each: ItemUndoPlan) -> frozenset[str]:
        """Write one item; the names of what Plex took."""
        pictures = {name for name in each.pictures if self._show(each, name)}
        failed = set(each.pictures) - pictures
        locks = {name: wanted for name, wanted in each.locks.items() if name not in failed}
        wanted = {*each.fields, *locks}
        if not wanted:
            return frozenset(pictures)
        try:
            self._edit(each, wanted)
        except PlexRejected as rejected:
            wanted = self._one_by_one(each, sorted(wanted), rejected)
        return frozenset(pictures | wanted)

    def _edit(self, each: ItemUndoPlan, names: Collection[str]) -> None:
        changes = only(each.plan, names).changes
        locks = {name: wanted for name, wanted in each.locks.items() if name in names}
        params = edit_params(changes, each.roles, lock=False) + _lock_params(locks)
        if TITLE in (change.field for change in changes) and each.title_sort:
            params += title_sort_params(each.title_sort)
        self._plex.edit(each.item.ref.section, each.item.item_type, each.item.ref.key, params)

    def _one_by_one(
        self, each: ItemUndoPlan, names: Sequence[str], rejected: PlexRejected
    ) -> set[str]:
        """One field that the server will not take does not hold up the others."""
        refused_names: dict[str, PlexRejected] = {}
        for name in names if len(names) > 1 else ():
            try:
                self._edit(each, [name])
            except PlexRejected as error:
                refused_names[name] = error
        called = item_called(each.item)
        if len(names) == 1 or len(refused_names) == len(names):
            self._on_failure(f"{called}: {rejected}")
            return set()
        for name, why in refused_names.items():
            self._on_failure(f"{called}, {name}: {why}")
        return set(names) - refused_names.keys()

    def _show(self, each: ItemUndoPlan, name: str) -> bool:
        """Show the picture of before again."""
        before, key, kind = each.histories[name].before, each.item.ref.key, ImageKind(name)
        try:
            if isinstance(before, str):
                self._pictures.select(key, kind, before)
            else:
                self._pictures.unset(key, kind)
        except (ImageFailed, PlexRejected) as error:
            self._on_failure(f"{item_called(each.item)}, {name}: {error}")
            return False
        return True

    def _settle_locks(
        self, work: Sequence[ItemUndoPlan], shown_now: Mapping[str, FullItem], done: PutBack
    ) -> Mapping[str, FullItem]:
        """A value that was tried again by itself is locked by that: put the lock right."""
        again = []
        for each in work:
            item = shown_now.get(each.item.ref.key)
            wrong = {} if item is None else _wrong_locks(each, item, done.back[each.item.ref])
            if wrong:
                self._relock(each, wrong)
                again.append(each.item.ref.key)
        return {**shown_now, **self._plex.full_items(again)} if again else shown_now

    def _relock(self, each: ItemUndoPlan, wrong: Mapping[str, bool]) -> None:
        ref = each.item.ref
        try:
            self._plex.edit(ref.section, each.item.item_type, ref.key, _lock_params(wrong))
        except PlexRejected as error:
            log.warning("%s: its locks could not be put back: %s", item_called(each.item), error)


def item_called(item: FullItem) -> str:
    """An item as people know it."""
    return f"item {item.ref} {shown(item.values.get('title'))}"


def _lock_params(locks: Mapping[str, bool]) -> list[tuple[str, str]]:
    lock = sorted(name for name, wanted in locks.items() if wanted)
    unlock = sorted(name for name, wanted in locks.items() if not wanted)
    return lock_params(lock) + unlock_params(unlock)


def _wrong_locks(each: ItemUndoPlan, item: FullItem, back: Collection[str]) -> dict[str, bool]:
    """The locks of what was put back that are not as they were before the run."""
    wanted = {name: each.histories[name].first.locked_before for name in back}
    return {
        name: locked
        for name, locked in wanted.items()
        if locked is not None and locked != (name in item.locked)
    }


def _left(
    plans: Collection[ItemPlan], after: Mapping[str, FullItem]
) -> list[tuple[ItemRef, str, Value]]:
    return [
        (plan.ref, change.field, item.values.get(change.field))
        for plan in plans
        if (item := after.get(plan.ref.key)) is not None
        for change in refused(plan, item)
    ]
