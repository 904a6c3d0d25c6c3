"""The three-way merge of one field: what we left there last, what Stash says, what Plex shows.

By default Stash wins. With `preserve_plex_edits` what the user changed in Plex since our last write
stays, as one value or entry by entry, and every conflict is reported. The table of all cases is in
`docs/merge.md`; the tests run that table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from core.fields import Clear, Field, name_keys, spelled
from core.models import Change, FieldRecord, Value
from core.text import name_key

# A field that somebody else has rewritten so often since Stash last changed it is left to them.
REWRITES_FOUGHT = 2


class FirstSync(Enum):
    """MERGE clears and removes nothing that it finds in Plex; MIRROR makes Plex equal to Stash."""

    MERGE = "merge"
    MIRROR = "mirror"


@dataclass(frozen=True, slots=True)
class MergeRules:
    """The settings that decide a merge."""

    first_sync: FirstSync
    preserve: bool = False


@dataclass(frozen=True, slots=True)
class FieldOutcome:
    """What one field is left at: the change, if any, and what the record will say of it.

    Attributes:
        sent: what Stash wants shown.
        kept, withheld, held, rewrites: as in `FieldRecord`.
        note: a conflict or a giving up, for people; "" where all went by the book.
    """

    change: Change | None
    sent: Value
    kept: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    held: bool = False
    rewrites: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sides:
    """One field of one item, from all sides.

    Attributes:
        base: the record of our last write; None at a first sync of this field.
        locked_by_user: the field is locked in Plex, and not by us.
    """

    field: Field
    want: Value
    now: Value
    base: FieldRecord | None
    locked_by_user: bool = False

    @property
    def stash_changed(self) -> bool:
        return self.base is None or not self.field.equal(self.want, self.base.sent)

    @property
    def plex_changed(self) -> bool:
        return self.base is not None and not self.field.equal(self.base.read_back, self.now)

    @property
    def shown_keys(self) -> frozenset[str]:
        """The identities of the list entries that Plex shows."""
        return frozenset(key for key, _ in spelled(self.now))

    @property
    def ours_stands(self) -> bool:
        """We asked for this very value before, and Plex still shows what it made of it then."""
        return self.base is not None and not self.stash_changed and not self.plex_changed


def merge(sides: Sides, rules: MergeRules) -> FieldOutcome:
    """Decide one field."""
    outcome = (_merge_list if sides.field.is_list else _merge_scalar)(sides, rules)
    return _give_up(sides, outcome)


def _give_up(sides: Sides, outcome: FieldOutcome) -> FieldOutcome:
    """Count how often somebody else rewrote what we wrote; leave it to them in the end."""
    base = sides.base
    if base is None or sides.stash_changed:
        return outcome
    rewrites = base.rewrites
    if outcome.change is not None and sides.plex_changed:
        rewrites += 1
    if outcome.change is None or rewrites <= REWRITES_FOUGHT:
        return _counted(outcome, rewrites)
    note = (
        f"somebody else keeps rewriting it, last to {sides.now!r}; left alone until Stash changes"
    )
    left = FieldOutcome(None, outcome.sent, outcome.kept, outcome.withheld, outcome.held)
    return _counted(left, rewrites, note if rewrites == REWRITES_FOUGHT + 1 else "")


def _counted(outcome: FieldOutcome, rewrites: int, note: str = "") -> FieldOutcome:
    return FieldOutcome(
        outcome.change,
        outcome.sent,
        outcome.kept,
        outcome.withheld,
        outcome.held,
        rewrites,
        note or outcome.note,
    )


def _merge_scalar(sides: Sides, rules: MergeRules) -> FieldOutcome:
    field, want, now, base = sides.field, sides.want, sides.now, sides.base
    if want is not None and field.same(want, now):
        return FieldOutcome(None, want)
    if rules.preserve and (held := _held_scalar(sides)) is not None:
        return held
    if want is None:
        return _merge_empty(sides, rules)
    if sides.ours_stands and base is not None and not base.kept:
        return FieldOutcome(None, want)
    return FieldOutcome(_scalar_change(sides), want)


def _scalar_change(sides: Sides) -> Change:
    field = sides.field
    # `before` is what Plex showed to the letter: undo restores exactly that.
    before = None if field.normal(sides.now) is None else sides.now
    after = None if sides.want is None else field.to_send(sides.want)
    return Change(field.name, before, after)


def _held_scalar(sides: Sides) -> FieldOutcome | None:
    """The user's own value stays; None where the value in Plex is not the user's."""
    base = sides.base
    if base is None:
        if not sides.locked_by_user:
            return None
        note = _conflict(sides, "locked in Plex") if sides.want is not None else ""
        return FieldOutcome(None, sides.want, held=True, note=note)
    if not (base.held or sides.plex_changed or (sides.locked_by_user and not base.locked)):
        return None
    note = _conflict(sides, "changed in Plex") if sides.stash_changed else ""
    return FieldOutcome(None, sides.want, base.kept, held=True, note=note)


def _conflict(sides: Sides, how: str) -> str:
    return f"{how} to {sides.now!r}, while Stash says {sides.want!r}; Plex's stays"


def _merge_empty(sides: Sides, rules: MergeRules) -> FieldOutcome:
    """Stash has nothing for a scalar: may what Plex shows stay?"""
    field, base = sides.field, sides.base
    shown = field.normal(sides.now)
    leave = FieldOutcome(None, None)
    if shown is None or field.clear is Clear.NEVER:
        return leave
    clear = FieldOutcome(_scalar_change(sides), None)
    if field.clear is Clear.OWN:
        ours = base is not None and base.sent is not None and not sides.plex_changed
        return clear if ours else leave
    keep = FieldOutcome(None, None, (str(shown),))
    if base is None:
        return keep if rules.first_sync is FirstSync.MERGE else clear
    if base.kept:
        return keep
    return leave if sides.ours_stands else clear


def _merge_list(sides: Sides, rules: MergeRules) -> FieldOutcome:
    field, base = sides.field, sides.base
    wanted = field.names(sides.want)
    # Entries that Plex shows are named to the letter: by another spelling it would not find them.
    shown, shown_keys = spelled(sides.now), sides.shown_keys
    if rules.preserve and sides.locked_by_user and (base is None or not base.locked):
        return _locked_list(sides, wanted, shown)
    kept_keys = _kept_keys(sides, rules)
    withheld_keys = _withheld_keys(sides) if rules.preserve else frozenset()
    kept = field.names(tuple(name for key, name in shown if key in kept_keys))
    withheld = tuple(name for name in wanted if name_key(name) in withheld_keys)
    note = _list_conflict(sides, withheld)
    left = FieldOutcome(None, wanted, kept, withheld, note=note)
    if sides.ours_stands:
        return left
    target = (name_keys(wanted) - withheld_keys) | kept_keys
    added = tuple(n for n in wanted if name_key(n) in target and name_key(n) not in shown_keys)
    removed = tuple(name for key, name in shown if key not in target)
    if not added and not removed:
        return left
    before = tuple(name for _, name in shown)
    after = tuple(name for key, name in shown if key in target) + added
    change = Change(field.name, before, after, added, removed)
    return FieldOutcome(change, wanted, kept, withheld, note=note)


def _kept_keys(sides: Sides, rules: MergeRules) -> frozenset[str]:
    """The entries in Plex that are not ours to remove."""
    field, base = sides.field, sides.base
    shown, wanted = sides.shown_keys, name_keys(field.normal(sides.want))
    own = field.clear is Clear.OWN
    if base is None:
        merged = rules.first_sync is FirstSync.MERGE
        return shown if own else shown - wanted if merged else frozenset()
    kept = name_keys(base.kept)
    if own:
        kept |= shown - name_keys(field.normal(base.sent))
    if rules.preserve:
        kept |= shown - name_keys(field.normal(base.read_back)) - _ours(base)
    # What is not ours stays so, also while Stash wants it too.
    return shown & kept if own or rules.preserve else (shown & kept) - wanted


def _ours(base: FieldRecord) -> frozenset[str]:
    """Entries that we asked for and Plex did not show at the read-back: late, not the user's."""
    sent = base.sent if isinstance(base.sent, tuple) else ()
    return name_keys(sent) - name_keys(base.withheld)


def _withheld_keys(sides: Sides) -> frozenset[str]:
    """The entries that Stash wants and the user took out of Plex."""
    base = sides.base
    if base is None:
        return frozenset()
    wanted = name_keys(sides.field.normal(sides.want))
    taken = name_keys(sides.field.normal(base.read_back)) | name_keys(base.withheld)
    return (taken - sides.shown_keys) & wanted


def _list_conflict(sides: Sides, withheld: Iterable[str]) -> str:
    base = sides.base
    if base is None:
        return ""
    known = name_keys(sides.field.normal(base.sent))
    fresh = [name for name in withheld if name_key(name) not in known]
    if not fresh:
        return ""
    return f"taken out in Plex, while Stash adds {', '.join(map(repr, fresh))}; Plex's stays"


def _locked_list(
    sides: Sides, wanted: tuple[str, ...], shown: list[tuple[str, str]]
) -> FieldOutcome:
    """A list that the user locked before we ever wrote it is the user's as a whole."""
    keys = sides.shown_keys
    withheld = tuple(name for name in wanted if name_key(name) not in keys)
    note = ""
    if sides.stash_changed and name_keys(wanted) != keys:
        note = f"locked in Plex, while Stash says {', '.join(wanted) or 'nothing'}; Plex's stays"
    kept = sides.field.names(tuple(name for _, name in shown))
    return FieldOutcome(None, wanted, kept, withheld, held=True, note=note)
