"""Unlocks in Plex what we locked, for users who leave; what the user locked stays locked.

Items that are to lose the same locks are unlocked together. A field that no longer shows what we
left there is the user's by now, and so is its lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from core.fields import BY_NAME, PICTURES
from core.images import ImageKind, digest_in, selected
from core.models import FullItem, ItemRecord, ItemRef, Record
from plex.client import MAX_KEYS, PlexClient
from plex.exceptions import PlexRejected
from plex.images import PlexImages
from storage.runs import RunStatus
from storage.sqlite import chunks
from storage.state import State
from worker.executor.before_image import moved, seen_key
from worker.undo.item_undo_plan import our_locks

log = logging.getLogger(__name__)

KIND = "release"
LISTED = 50  # lines that a reply carries; the counts are whole


@dataclass(slots=True)
class ReleaseResult:
    """What became of our locks.

    Attributes:
        run_id: None for a look that writes nothing.
        unlocked: locks taken off, fields and pictures, of `items` items.
        kept: locks that are the user's by now, since he changed what they hold.
        gone: items that are no longer in Plex.
        failed: locks that Plex did not take off; `failures` says of what.
    """

    run_id: int | None
    unlocked: int = 0
    items: int = 0
    kept: int = 0
    gone: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The figures by name, as a task replies with them."""
        return asdict(self)

    def note_failed(self, locks: int, line: str) -> None:
        """Count locks that stay, and say why while there is room."""
        self.failed += locks
        log.warning("%s", line)
        if len(self.failures) < LISTED:
            self.failures.append(line)


@dataclass(frozen=True, slots=True)
class _Group:
    """Items that are to lose the same locks."""

    section: str
    item_type: int
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Member:
    """An item of a group as it was read, and its scene."""

    scene_id: int
    item: FullItem


@dataclass(frozen=True, slots=True)
class _Unlocked:
    """An item that lost some of our locks, as it was and as it is."""

    scene_id: int
    before: FullItem
    after: FullItem
    names: frozenset[str]


class Release:
    """Takes our locks off; the caller holds the drain lock.

    Args:
        clock: epoch seconds.
        on_progress: told the share done, 0..1.
    """

    def __init__(
        self,
        plex: PlexClient,
        state: State,
        clock: Callable[[], float],
        on_progress: Callable[[float], None],
    ) -> None:
        self._plex = plex
        self._pictures = PlexImages(plex)
        self._state = state
        self._clock = clock
        self._on_progress = on_progress

    def look(self) -> ReleaseResult:
        """What `run` would do now. Writes nothing.

        Raises:
            PlexError: Plex does not answer.
        """
        result = ReleaseResult(None)
        for _, item, names in self._ours(result):
            result.unlocked += len(names & item.locked)
            result.items += bool(names & item.locked)
        return result

    def run(self) -> ReleaseResult:
        """Take our locks off.

        Raises:
            PlexError: Plex went away or refused us. What was done stays done.
        """
        result = ReleaseResult(self._state.runs.start(KIND, self._clock()))
        status: RunStatus = "failed"
        try:
            self._run(result)
            status = "done"
        finally:
            run_id = result.run_id
            assert run_id is not None
            self._state.runs.finish(run_id, status, result.as_dict(), self._clock())
        return result

    def _run(self, result: ReleaseResult) -> None:
        waiting: dict[_Group, dict[ItemRef, _Member]] = {}
        for scene_id, item, names in self._ours(result):
            locked = names & item.locked
            if not locked:
                # Somebody unlocked it before us.
                self._forget([_Unlocked(scene_id, item, item, names)])
                continue
            group = _Group(item.ref.section, item.item_type, locked)
            members = waiting.setdefault(group, {})
            members[item.ref] = _Member(scene_id, item)
            if len(members) == MAX_KEYS:
                self._unlock(group, waiting.pop(group), result)
        for group, members in waiting.items():
            self._unlock(group, members, result)

    def _ours(self, result: ReleaseResult) -> Iterable[tuple[int, FullItem, frozenset[str]]]:
        """Each item after its scene, with the names whose locks are ours.

        By the record, and by what the item shows: what was changed since is no longer ours.
        """
        ids = sorted(self._state.records.ids())
        for number, some in enumerate(chunks(ids, MAX_KEYS), 1):
            records = self._state.records.get_many(some)
            known = [
                (record, item, names)
                for record in records.values()
                for item in record.items
                if (names := our_locks(item, record.images))
            ]
            shown = self._plex.full_items([item.ref.key for _, item, _ in known]) if known else {}
            for record, item, names in known:
                there = shown.get(item.ref.key)
                if there is None or there.ref != item.ref:
                    result.gone += 1
                    continue
                ours = frozenset(n for n in names if self._is_ours(n, record, item, there))
                result.kept += len((names - ours) & there.locked)
                if ours:
                    yield record.scene_id, there, ours
            self._on_progress(min(1.0, number * MAX_KEYS / len(ids)))

    def _is_ours(self, name: str, record: Record, known: ItemRecord, item: FullItem) -> bool:
        if name in PICTURES:
            return self._shows_ours(name, record.images, item)
        field_known = known.fields[name]
        if name not in BY_NAME or field_known.user_owned:
            return False
        return BY_NAME[name].equal(field_known.read_back, item.values.get(name))

    def _shows_ours(self, name: str, images: Mapping[str, str], item: FullItem) -> bool:
        """Whether a picture is the one that we left there; Plex is asked only if the item moved."""
        if images.get(seen_key(name, item.ref)) == str(item.updated_at):
            return True
        shown = selected(self._pictures.entries(item.ref.key, ImageKind(name)))
        return digest_in(shown or "") == images.get(f"{name}:{item.ref}")

    def _unlock(
        self, group: _Group, members: Mapping[ItemRef, _Member], result: ReleaseResult
    ) -> None:
        keys = [ref.key for ref in members]
        locks = len(keys) * len(group.names)
        try:
            self._plex.unlock(group.section, group.item_type, keys, group.names)
        except PlexRejected as error:
            result.note_failed(locks, f"{len(keys)} items of section {group.section}: {error}")
            return
        shown = self._plex.full_items(keys)
        off = {ref: group.names - shown[ref.key].locked for ref in members if ref.key in shown}
        result.gone += len(members) - len(off)
        for ref, names in off.items():
            result.unlocked += len(names)
            result.items += bool(names)
            if names != group.names:
                left = ", ".join(sorted(group.names - names))
                result.note_failed(
                    len(group.names - names), f"item {ref}: Plex keeps {left} locked"
                )
        self._forget(
            [
                _Unlocked(members[ref].scene_id, members[ref].item, shown[ref.key], names)
                for ref, names in off.items()
            ]
        )

    def _forget(self, unlocked: Sequence[_Unlocked]) -> None:
        """Note that those locks are no longer ours."""
        records = self._state.records.get_many({each.scene_id for each in unlocked})
        for each in unlocked:
            if each.scene_id in records:
                records[each.scene_id] = without_locks(
                    records[each.scene_id], each.names, each.before, each.after
                )
        self._state.records.save_many(list(records.values()))


def without_locks(
    record: Record, names: frozenset[str], before: FullItem, after: FullItem
) -> Record:
    """A record without some of our locks of one item.

    Args:
        before, after: the item as it was read before and after they were taken off. Where it stood
            as we had left it, it stands so still.
    """
    images = dict(record.images)
    for name in PICTURES:
        if name in names:
            images.pop(f"{name}_locked:{after.ref}", None)
        if images.get(seen_key(name, after.ref)) == str(before.updated_at):
            moved(images, name, after.ref, after.updated_at)
    items = tuple(
        _without(item, names, before, after) if item.ref == after.ref else item
        for item in record.items
    )
    return replace(record, items=items, images=images)


def _without(
    item: ItemRecord, names: frozenset[str], before: FullItem, after: FullItem
) -> ItemRecord:
    fields = {
        name: replace(known, locked=False) if name in names else known
        for name, known in item.fields.items()
    }
    unmoved = item.updated_at == before.updated_at
    return replace(item, fields=fields, updated_at=after.updated_at if unmoved else item.updated_at)
