"""From what is desired and what Plex shows to a list of changes: pure, and the centre of the house.

Preview, apply, report and undo are uses of one plan. For each field three values meet: what we left
there last (the base, from the record), what Stash says now, and what Plex shows now. Without a base
it is a first sync, and `first_sync` says what becomes of what is found in Plex.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from core import paths
from core.fields import BY_NAME, LINE_LIMIT, TITLE, Clear, Desired, Field, name_keys
from core.models import Change, FieldRecord, FullItem, ItemRecord, ItemRef, Value
from core.text import clean_line, name_key


class FirstSync(Enum):
    """MERGE clears and removes nothing that it finds in Plex; MIRROR makes Plex equal to Stash."""

    MERGE = "merge"
    MIRROR = "mirror"


@dataclass(frozen=True, slots=True)
class FieldOutcome:
    """What one field is left at: the change, if any, and what the record will say of it."""

    change: Change | None
    sent: Value
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """Everything that is to happen to one item, and what to remember of it afterwards."""

    ref: ItemRef
    item_type: int
    outcomes: Mapping[str, FieldOutcome]

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(o.change for o in self.outcomes.values() if o.change is not None)


def plan_item(
    wanted: Desired, item: FullItem, base: ItemRecord | None, first_sync: FirstSync
) -> ItemPlan:
    """Plan one item of one scene. A field without a base of its own is a first sync of that field.

    Fields that are switched off are not in `wanted.values` and so neither planned nor forgotten:
    `recorded` carries their base over.
    """
    outcomes: dict[str, FieldOutcome] = {}
    for name, value in wanted.values.items():
        field = BY_NAME[name]
        known = base.fields.get(name) if base is not None else None
        if name == TITLE and value is None:
            value = _stem_title(wanted, item, known)
        now = item.values.get(name)
        plan = _plan_list if field.is_list else _plan_scalar
        outcomes[name] = plan(field, value, now, known, first_sync)
    return ItemPlan(item.ref, item.item_type, outcomes)


def recorded(plan: ItemPlan, shown: FullItem, base: ItemRecord | None) -> ItemRecord:
    """The record of an item after its read-back: what was sent beside what came back."""
    fields = dict(base.fields) if base is not None else {}
    for name, outcome in plan.outcomes.items():
        read_back = BY_NAME[name].normal(shown.values.get(name))
        fields[name] = FieldRecord(outcome.sent, read_back, outcome.kept)
    files = tuple(file.path for file in shown.files)
    return ItemRecord(plan.ref, files, shown.updated_at, fields)


def _stem_title(wanted: Desired, item: FullItem, base: FieldRecord | None) -> Value:
    """An untitled scene is called by its file's stem, but only where no real title is at stake."""
    wrote_it = base is not None and base.sent is not None
    return wanted.stem or None if wrote_it or _shows_file_name(item) else None


def _shows_file_name(item: FullItem) -> bool:
    title = name_key(clean_line(str(item.values.get(TITLE) or ""), LINE_LIMIT))
    names = {paths.stem(f.path) for f in item.files} | {paths.base_name(f.path) for f in item.files}
    return not title or title in {name_key(clean_line(name, LINE_LIMIT)) for name in names}


def _left_alone_by_plex(field: Field, want: Value, now: Value, base: FieldRecord | None) -> bool:
    """We asked for this very value before, and Plex still shows what it made of it then."""
    return (
        base is not None
        and not base.kept
        and _shown_equal(field, want, base.sent)
        and _shown_equal(field, base.read_back, now)
    )


def _shown_equal(field: Field, one: Value, other: Value) -> bool:
    if field.is_list:
        return name_keys(field.normal(one)) == name_keys(field.normal(other))
    return field.normal(one) == field.normal(other)


def _plan_scalar(
    field: Field, want: Value, now: Value, base: FieldRecord | None, first_sync: FirstSync
) -> FieldOutcome:
    if want is None:
        return _plan_empty(field, now, base, first_sync)
    if field.same(want, now) or _left_alone_by_plex(field, want, now, base):
        return FieldOutcome(None, want)
    # `before` is what Plex showed to the letter: undo restores exactly that.
    before = None if field.normal(now) is None else now
    return FieldOutcome(Change(field.name, before, field.to_send(want)), want)


def _plan_empty(
    field: Field, now: Value, base: FieldRecord | None, first_sync: FirstSync
) -> FieldOutcome:
    """Stash has nothing for a scalar: may what Plex shows stay?"""
    shown = field.normal(now)
    if shown is None:
        return FieldOutcome(None, None)
    clear = FieldOutcome(Change(field.name, now, None), None)
    leave = FieldOutcome(None, None)
    if field.clear is Clear.NEVER:
        return leave
    if field.clear is Clear.OWN:
        ours = (
            base is not None
            and base.sent is not None
            and _shown_equal(field, base.read_back, shown)
        )
        return clear if ours else leave
    keep = FieldOutcome(None, None, (str(shown),))
    if base is None:
        return keep if first_sync is FirstSync.MERGE else clear
    if base.kept:
        return keep
    return leave if _left_alone_by_plex(field, None, shown, base) else clear


def _plan_list(
    field: Field, want: Value, now: Value, base: FieldRecord | None, first_sync: FirstSync
) -> FieldOutcome:
    wanted, shown = _names(field, want), _names(field, now)
    wanted_keys, shown_keys = name_keys(wanted), name_keys(shown)
    if base is not None:
        kept_keys = name_keys(base.kept)
    else:
        kept_keys = shown_keys if first_sync is FirstSync.MERGE else frozenset()
    kept = tuple(n for n in shown if name_key(n) in kept_keys and name_key(n) not in wanted_keys)
    if _left_alone_list(field, wanted, shown, base):
        return FieldOutcome(None, wanted, kept)
    target_keys = wanted_keys | name_keys(kept)
    added = tuple(name for name in wanted if name_key(name) not in shown_keys)
    # Entries that Plex shows are named to the letter: by another spelling it would not find them.
    spelled = _spelled(now)
    removed = tuple(name for key, name in spelled if key not in target_keys)
    if not added and not removed:
        return FieldOutcome(None, wanted, kept)
    before = tuple(name for _, name in spelled)
    after = tuple(name for key, name in spelled if key in target_keys) + added
    return FieldOutcome(Change(field.name, before, after, added, removed), wanted, kept)


def _left_alone_list(
    field: Field, wanted: tuple[str, ...], shown: tuple[str, ...], base: FieldRecord | None
) -> bool:
    return (
        base is not None
        and name_keys(wanted) == name_keys(field.normal(base.sent))
        and name_keys(shown) == name_keys(field.normal(base.read_back))
    )


def _spelled(now: Value) -> list[tuple[str, str]]:
    """The entries of a list as Plex spells them, each with its identity; blank ones left out."""
    names = dict.fromkeys(now if isinstance(now, tuple) else ())
    keyed = [(name_key(clean_line(name, LINE_LIMIT)), name) for name in names]
    return [(key, name) for key, name in keyed if key]


def _names(field: Field, value: Value) -> tuple[str, ...]:
    clean = field.normal(value)
    return clean if isinstance(clean, tuple) else ()
