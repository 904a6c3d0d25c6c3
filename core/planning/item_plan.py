"""From what is desired and what Plex shows to a list of changes of one item. Pure.

Preview, apply, report and undo use the same plan. How one field is decided is
`core.planning.three_way_merge`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute

from core import paths
from core.desired import Desired
from core.fields import BY_NAME, LINE_LIMIT, TITLE, Clear, spelled
from core.models import Change, FullItem, ItemRef, Value
from core.planning.three_way_merge import FieldOutcome, FirstSync, MergeRules, Sides, is_ours, merge
from core.records import FieldRecord, ItemRecord
from core.text import clean_line, name_key


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """Everything that is to happen to one item, and what to remember of it afterwards.

    Attributes:
        item: as it was read.
        changes: of the outcomes, those that change something.
    """

    item: FullItem
    outcomes: Mapping[str, FieldOutcome]
    changes: tuple[Change, ...] = attribute(init=False)

    def __post_init__(self) -> None:
        changes = tuple([o.change for o in self.outcomes.values() if o.change is not None])
        object.__setattr__(self, "changes", changes)

    @property
    def ref(self) -> ItemRef:
        return self.item.ref

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """Conflicts and givings up: field and what to tell the user of it."""
        return tuple((name, o.note) for name, o in self.outcomes.items() if o.note)


def plan_item(
    wanted: Desired,
    item: FullItem,
    base: ItemRecord | None,
    first_sync: FirstSync,
    *,
    preserve: bool = False,
) -> ItemPlan:
    """Plan one item of one scene. A field without a base of its own is a first sync of that field.

    Fields that are switched off are not in `wanted.values` and so neither planned nor forgotten:
    `recorded` carries their base over.

    Args:
        preserve: what the user changed in Plex since our last write stays (`preserve_plex_edits`).
    """
    rules = MergeRules(first_sync, preserve)
    outcomes: dict[str, FieldOutcome] = {}
    for name, value in wanted.values.items():
        known = base.fields.get(name) if base is not None else None
        if known is None and value is None and BY_NAME[name].on_demand:
            continue
        if name == TITLE and value is None:
            value = _stem_title(wanted, item, known)
        void = known is not None and (known.locked or known.lock_ignored)
        locked = name in item.locked and not void
        sides = Sides(BY_NAME[name], value, item.values.get(name), known, locked)
        outcome = merge(sides, rules)
        if outcome.change is None and _is_borrowed(name, wanted, known):
            outcome = replace(outcome, sent=None)
        outcomes[name] = outcome
    return ItemPlan(item, outcomes)


def recorded(
    plan: ItemPlan, shown: FullItem, base: ItemRecord | None, *, tells_locks: bool = False
) -> ItemRecord:
    """The record of an item after its read-back: what was sent beside what came back.

    Args:
        tells_locks: the server says which fields are locked. Without that, an item that shows no
            lock at all counts as locked as it was sent.
    """
    fields = dict(base.fields) if base is not None else {}
    locked = shown.locked if tells_locks or shown.locked else None
    for name in plan.outcomes:
        fields[name] = field_recorded(plan, name, shown.values.get(name), fields.get(name), locked)
    files = tuple(file.path for file in shown.files)
    return ItemRecord(plan.ref, files, shown.updated_at, fields)


def field_recorded(
    plan: ItemPlan,
    name: str,
    shown: Value,
    known: FieldRecord | None,
    all_locked: frozenset[str] | None = None,
) -> FieldRecord:
    """The record of one planned field of an item that shows `shown` afterwards.

    Args:
        known: the record of the field so far.
        all_locked: the locks that the item shows; None: that is not told.
    """
    outcome = plan.outcomes[name]
    if known is not None and _says_all(known, outcome, shown):
        return known
    locked = known is not None and known.locked
    if outcome.change is not None and name not in plan.item.locked:
        locked = all_locked is None or name in all_locked
    value = BY_NAME[name].normal(shown)
    return FieldRecord(
        outcome.sent,
        value,
        outcome.kept or _not_taken(outcome.change, value, known),
        outcome.suppressed,
        outcome.user_owned,
        outcome.rewrites,
        locked,
        outcome.lock_ignored or (known is not None and known.lock_ignored),
        _is_refused(plan, name, value, known),
    )


def _says_all(known: FieldRecord, outcome: FieldOutcome, shown: Value) -> bool:
    """Whether the record of a field is what it would be anew: nothing has happened to it."""
    return (
        outcome.change is None
        and (shown or None) == known.read_back
        and outcome.sent == known.sent
        and outcome.kept == known.kept
        and outcome.suppressed == known.suppressed
        and outcome.user_owned == known.user_owned
        and outcome.rewrites == known.rewrites
        and outcome.lock_ignored <= known.lock_ignored
    )


def _is_refused(plan: ItemPlan, name: str, shown: Value, known: FieldRecord | None) -> bool:
    """Whether the server did not take what was sent now, or still shows what it kept before."""
    field, outcome = BY_NAME[name], plan.outcomes[name]
    change = outcome.change
    if change is None:
        is_same = known is not None and field.equal(outcome.sent, known.sent)
        return (
            is_same and known is not None and known.refused and field.equal(shown, known.read_back)
        )
    if field.same(change.after, shown):
        return False
    return field.is_list or field.equal(change.before, shown)


def is_untouched(change: Change, shown: Value) -> bool:
    """Whether nothing of a change shows: a value is as it was before, or no entry of a list came or
    went; others of its entries may be somebody else's doing."""

    def has_stayed(before: set[str], after: set[str], there: set[str]) -> bool:
        return there.isdisjoint(after - before) and there.issuperset(before - after)

    return _is_left(change, shown, has_stayed)


def is_incomplete(change: Change, shown: Value) -> bool:
    """Whether something of a change was not carried out, and was not altered by the server either:
    a value is as it was, an entry is still there, or lacks and none came in its place."""

    def lacks(before: set[str], after: set[str], there: set[str]) -> bool:
        lacking, strange = after - before - there, there - before - after
        return not there.isdisjoint(before - after) or (bool(lacking) and not strange)

    return _is_left(change, shown, lacks)


def _is_left(
    change: Change, shown: Value, of_list: Callable[[set[str], set[str], set[str]], bool]
) -> bool:
    """Whether a change does not show: a value is as it was before, or `of_list` says so of the keys
    of a list's entries before and after the change, and now."""
    field = BY_NAME[change.field]
    if field.same(change.after, shown):
        return False
    if not field.is_list:
        return field.equal(change.before, shown)
    before, after, there = (
        {key for key, _ in spelled(value)} for value in (change.before, change.after, shown)
    )
    return of_list(before, after, there)


def _not_taken(change: Change | None, shown: Value, known: FieldRecord | None) -> tuple[str, ...]:
    """A value that may go only if ours, and is not: it is still shown, so ours was not taken."""
    if change is None or change.before is None:
        return ()
    field = BY_NAME[change.field]
    if field.is_list or field.clear is not Clear.OWN or not field.equal(change.before, shown):
        return ()
    ours = known is not None and is_ours(known) and field.equal(known.read_back, change.before)
    return () if ours else (str(change.before),)


def refused(plan: ItemPlan, shown: FullItem) -> tuple[Change, ...]:
    """The changes of a plan that an item does not show: the server refused or altered them."""
    return tuple([change for change in plan.changes if not is_shown(change, shown)])


def is_shown(change: Change, item: FullItem) -> bool:
    """Whether an item shows what a change makes of it."""
    return BY_NAME[change.field].same(change.after, item.values.get(change.field))


def only(plan: ItemPlan, fields: Collection[str]) -> ItemPlan:
    """The part of a plan that concerns some fields."""
    return ItemPlan(plan.item, {n: each for n, each in plan.outcomes.items() if n in fields})


def _stem_title(wanted: Desired, item: FullItem, base: FieldRecord | None) -> Value:
    """An untitled scene is called by its file's stem, but only where no real title is at stake."""
    wrote_it = base is not None and base.sent is not None
    return wanted.stem or None if wrote_it or _shows_file_name(item) else None


def _is_borrowed(name: str, wanted: Desired, base: FieldRecord | None) -> bool:
    """A stem that Plex showed already is no title of ours: the user may replace it for good."""
    return name == TITLE and wanted.values[name] is None and (base is None or base.sent is None)


def _shows_file_name(item: FullItem) -> bool:
    title = name_key(clean_line(str(item.values.get(TITLE) or ""), LINE_LIMIT))
    names = {paths.stem(f.path) for f in item.files} | {paths.base_name(f.path) for f in item.files}
    return not title or title in {name_key(clean_line(name, LINE_LIMIT)) for name in names}
