"""What is to be put back into one item, judged by the journal and by what Plex shows now. Pure.

A value is put back only where Plex still shows what the run left: whatever anybody changed since is
his, and stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from core.fields import BY_NAME, PICTURES, TITLE, name_keys
from core.images import identity
from core.models import Change, FullItem, Role, Value
from core.planning.item_plan import ItemPlan
from core.planning.three_way_merge import FieldOutcome
from core.records import ItemRecord, PictureRecords
from core.text import name_key
from storage.state_tables.journal import JournalEntry
from worker.executor.before_image import roles_in, title_sort_in


class UndoStatus(Enum):
    """RESTORE: Plex shows what the run left. BACK: what was there before. CHANGED: neither."""

    RESTORE = "restore"
    BACK = "back"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FieldHistory:
    """What one run did to one field or picture of one item.

    Attributes:
        first: its first change there, so with what there was before the run; of those since
            somebody else has changed it in the course of the run.
        last: its last change there, so with what the run left.
    """

    first: JournalEntry
    last: JournalEntry

    @property
    def field(self) -> str:
        return self.first.field

    @property
    def before(self) -> Value:
        return self.first.before

    def status_of(self, now: Value, begun: Sequence[Value] = ()) -> UndoStatus:
        """What is to become of what Plex shows now.

        Args:
            begun: what an undo that has not put everything back has made of it.
        """
        if self.field not in PICTURES and self.field not in BY_NAME:
            return UndoStatus.CHANGED
        if is_same(self.field, now, self.before):
            return UndoStatus.BACK
        ours = (self.last.after, *begun)
        is_ours = any(is_same(self.field, now, each) for each in ours)
        return UndoStatus.RESTORE if is_ours else UndoStatus.CHANGED


def histories(entries: Iterable[JournalEntry]) -> dict[str, FieldHistory]:
    """What a run did to one item, by field. `entries` are of that item, oldest first."""
    found: dict[str, FieldHistory] = {}
    for entry in entries:
        known = found.get(entry.field)
        is_next = known is not None and _left_by(known.last, entry.before)
        found[entry.field] = FieldHistory(known.first if known and is_next else entry, entry)
    return found


def _left_by(entry: JournalEntry, shown: Value) -> bool:
    """Whether a value may be what a change left: carried out, not at all, or a part of a list."""
    name, before, after = entry.field, entry.before, entry.after
    if is_same(name, shown, after) or is_same(name, shown, before):
        return True
    if name not in BY_NAME or not BY_NAME[name].is_list:
        return False
    had, wanted, there = name_keys(before), name_keys(after), name_keys(shown)
    return had & wanted <= there <= had | wanted


def is_same(field: str, one: Value, other: Value) -> bool:
    """Whether two values of a field are one. Of an upload only the digest in its name is sure."""
    if field in PICTURES:
        left, right = (value if isinstance(value, str) else "" for value in (one, other))
        return identity(left) == identity(right)
    known = BY_NAME.get(field)
    return one == other if known is None else known.equal(one, other)


@dataclass(frozen=True, slots=True)
class ItemUndoPlan:
    """What is to be done to one item.

    Attributes:
        item: as Plex shows it now.
        histories: what the run did to it, by field and picture.
        statuses: what is to become of each.
        now: what Plex shows of each.
        locks: fields and pictures to lock (True) or to unlock.
    """

    item: FullItem
    histories: Mapping[str, FieldHistory]
    statuses: Mapping[str, UndoStatus]
    now: Mapping[str, Value]
    locks: Mapping[str, bool]

    def named(self, status: UndoStatus) -> list[str]:
        """The fields and pictures with that status."""
        return [name for name, each in self.statuses.items() if each is status]

    @property
    def fields(self) -> list[str]:
        """The fields to put back."""
        return [name for name in self.named(UndoStatus.RESTORE) if name not in PICTURES]

    @property
    def pictures(self) -> list[str]:
        """The pictures to put back."""
        return [name for name in self.named(UndoStatus.RESTORE) if name in PICTURES]

    @property
    def changed(self) -> list[str]:
        """What is left alone."""
        return self.named(UndoStatus.CHANGED)

    @property
    def work(self) -> list[str]:
        """All that is to be put back, locks of values that are back among it."""
        return list(dict.fromkeys([*self.named(UndoStatus.RESTORE), *self.locks]))

    @property
    def plan(self) -> ItemPlan:
        """The values to put back, as a plan for the one edit of the item."""
        changes = [self._change(name) for name in self.fields]
        outcomes = {each.field: FieldOutcome(each, each.after) for each in changes}
        return ItemPlan(self.item, outcomes)

    @property
    def roles(self) -> list[Role]:
        """The parts and photos of actors: theirs now, or those they had when they went."""
        past = self.histories.get("performers")
        if past is None:
            return list(self.item.roles)
        there = {name_key(role.name) for role in self.item.roles}
        gone = [role for role in roles_in(past.first) if name_key(role.name) not in there]
        return [*self.item.roles, *gone]

    @property
    def title_sort(self) -> str:
        """The sort title to put back beside the title; "" where it is there or there was none."""
        past = self.histories.get(TITLE)
        before = "" if past is None else title_sort_in(past.first)
        return "" if before == self.item.title_sort else before

    def _change(self, name: str) -> Change:
        now, before = self.now[name], self.histories[name].before
        if not BY_NAME[name].is_list:
            return Change(name, now, before)
        shown, wanted = _names(now), _names(before)
        keys, wanted_keys = set(map(name_key, shown)), set(map(name_key, wanted))
        return Change(
            name,
            shown,
            wanted,
            tuple(each for each in wanted if name_key(each) not in keys),
            tuple(each for each in shown if name_key(each) not in wanted_keys),
        )


def item_undo_plan(
    item: FullItem,
    known: Mapping[str, FieldHistory],
    pictures: Mapping[str, str | None],
    ours: frozenset[str],
    begun: Iterable[JournalEntry] = (),
) -> ItemUndoPlan:
    """Judge one item.

    Args:
        known: what the run did to it.
        pictures: Plex's names of the pictures that it shows, of those that the run touched.
        ours: the fields and pictures whose lock is ours, as the record says.
        begun: what an undo of the run has done to it that has not put everything back.
    """
    left: dict[str, list[Value]] = {}
    for entry in begun:
        left.setdefault(entry.field, []).append(entry.after)
    now: dict[str, Value] = {
        name: pictures.get(name) if name in PICTURES else item.values.get(name) for name in known
    }
    statuses = {name: past.status_of(now[name], left.get(name, ())) for name, past in known.items()}
    locks = {
        name: wanted
        for name, past in known.items()
        if (wanted := _lock(past, statuses[name], name in item.locked, name in ours)) is not None
    }
    return ItemUndoPlan(item, known, statuses, now, locks)


def _lock(past: FieldHistory, status: UndoStatus, is_locked: bool, is_ours: bool) -> bool | None:
    """The lock that a field is to get; None leaves it.

    A value that is back already may have been set back by hand, with a lock of the user's; it is
    unlocked only where the lock is known to be ours. Plex locks pictures that are put back.
    """
    wanted = past.first.locked_before
    if status is UndoStatus.RESTORE and past.field in PICTURES:
        return wanted
    if wanted is None or status is UndoStatus.CHANGED or wanted == is_locked:
        return None
    if status is UndoStatus.RESTORE:
        return wanted
    if wanted:
        is_lock_alone = is_same(past.field, past.before, past.last.after)
        return True if is_lock_alone else None
    return False if is_ours else None


def our_locks(record: ItemRecord | None, pictures: PictureRecords) -> frozenset[str]:
    """The fields and pictures of an item whose lock is ours.

    Args:
        pictures: what is known of the pictures of its scene.
    """
    if record is None:
        return frozenset()
    fields = {name for name, field in record.fields.items() if field.locked}
    return frozenset(fields | {n for n in PICTURES if pictures.of(n, record.ref).locked})


def _names(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
