"""The three-way merge of one field: what we left there last, what Stash says, what Plex shows.

By default Stash wins. With `preserve_plex_edits` what the user changed in Plex since our last write
stays, as one value or entry by entry, and every conflict is reported. The table of all cases is in
`docs/merge.md`; the tests run that table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from core import change_words
from core.fields import Clear, Field, name_keys, spelled
from core.models import Change, Value
from core.records import FieldRecord
from core.text import name_key

# A field that somebody else has rewritten so often since Stash last changed it is left to them.
REWRITES_FOUGHT = 2
_QUOTED = 5  # names that a note repeats


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
        kept, suppressed, user_owned, rewrites, lock_ignored: as in `FieldRecord`.
        note: a conflict or a giving up, for people; "" where there is none.
    """

    change: Change | None
    sent: Value
    kept: tuple[str, ...] = ()
    suppressed: tuple[str, ...] = ()
    user_owned: bool = False
    rewrites: int = 0
    lock_ignored: bool = False
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
    def neither_changed(self) -> bool:
        """We asked for this very value before, and Plex still shows what it made of it then."""
        return self.base is not None and not self.stash_changed and not self.plex_changed

    @property
    def is_settled(self) -> bool:
        """All sides say the same, to the letter, and nothing else is known of the field: the most
        frequent case, which needs no closer look."""
        base, want = self.base, self.want
        return (
            base is not None
            and all(_is_one(want, value) for value in (self.now, base.sent, base.read_back))
            and not (self.locked_by_user or base.kept or base.suppressed)
            and not (base.user_owned or base.rewrites)
        )

    @property
    def agree(self) -> bool:
        """Plex shows what we would write, to the day."""
        return self.field.equal(self.field.to_send(self.want), self.now)


def _is_one(one: Value, other: Value) -> bool:
    """Whether two values are one to the letter, or both nothing; a list in whichever order."""
    if one == other or not (one or other):
        return True
    if not isinstance(one, tuple) or not isinstance(other, tuple):
        return False
    return len(one) == len(other) and set(one) == set(other)


def merge(sides: Sides, rules: MergeRules) -> FieldOutcome:
    """Decide one field."""
    if sides.is_settled:
        return FieldOutcome(None, sides.want or (() if sides.field.is_list else None))
    outcome = _give_up(sides, (_merge_list if sides.field.is_list else _merge_scalar)(sides, rules))
    # Plex locks what somebody edits by hand, and we lock what we write: also in an edit of ours
    # whose record was lost. Only a lock that came alone says 'leave this field as it is'.
    came_alone = sides.base is not None and not sides.plex_changed and outcome.change is None
    void = sides.locked_by_user and not outcome.user_owned and not came_alone
    return replace(outcome, lock_ignored=True) if void else outcome


def _give_up(sides: Sides, outcome: FieldOutcome) -> FieldOutcome:
    """Count how often somebody else rewrote what we wrote; leave it to them in the end."""
    base = sides.base
    if base is None or sides.stash_changed:
        return outcome
    rewrites = base.rewrites
    if outcome.change is not None and sides.plex_changed:
        rewrites += 1
    if outcome.change is None or rewrites <= REWRITES_FOUGHT:
        return replace(outcome, rewrites=rewrites) if rewrites else outcome
    told = base.rewrites > REWRITES_FOUGHT
    note = f"rewritten again and again, last to {_quoted(sides.now)}; left until Stash changes it"
    return replace(outcome, change=None, rewrites=rewrites, note="" if told else note)


def _quoted(value: Value) -> str:
    if isinstance(value, tuple) and len(value) > _QUOTED:
        return f"{change_words.shown(value[:_QUOTED])}, …"
    return change_words.shown(value)


# Scalars ----------------------------------------------------------------------------------


def _merge_scalar(sides: Sides, rules: MergeRules) -> FieldOutcome:
    plain = _plain_scalar(sides, rules)
    if not _is_the_users(sides, rules):
        return plain
    note = ""
    if sides.stash_changed and plain.change is not None:
        was_edited = sides.base is not None and (sides.base.user_owned or sides.plex_changed)
        how = "changed" if was_edited else "locked"
        note = (
            f"{how} in Plex to {_quoted(sides.now)}, while Stash says {_quoted(sides.want)};"
            " Plex's stays"
        )
    return FieldOutcome(None, sides.want, plain.kept, user_owned=True, note=note)


def _is_the_users(sides: Sides, rules: MergeRules) -> bool:
    """Whether the value in Plex is the user's own, and to be left alone."""
    base = sides.base
    if not rules.preserve:
        # Switching it off by itself gives nothing away: only Stash's next change does.
        return base is not None and base.user_owned and sides.neither_changed
    if sides.agree:
        # Whoever sets Stash's value in Plex gives the field back. Stash coming over does not.
        return base is not None and base.user_owned and not sides.plex_changed
    return sides.locked_by_user or (base is not None and (base.user_owned or sides.plex_changed))


def _plain_scalar(sides: Sides, rules: MergeRules) -> FieldOutcome:
    """Stash wins."""
    field, want, base = sides.field, sides.want, sides.base
    if want is None:
        return _merge_empty(sides, rules)
    if field.same(want, sides.now):
        # What was there without us, equal by chance, is not ours to take away later.
        ours = base is not None and is_ours(base) and not sides.plex_changed
        found = field.clear is Clear.OWN and not ours
        return FieldOutcome(None, want, (str(sides.now),) if found else ())
    if sides.neither_changed and base is not None:
        return FieldOutcome(None, want, base.kept)
    return FieldOutcome(_scalar_change(sides), want)


def _scalar_change(sides: Sides) -> Change:
    field = sides.field
    # `before` is what Plex showed to the letter: undo restores exactly that.
    before = None if field.normal(sides.now) is None else sides.now
    after = None if sides.want is None else field.to_send(sides.want)
    return Change(field.name, before, after)


def _merge_empty(sides: Sides, rules: MergeRules) -> FieldOutcome:
    """Stash has nothing for a scalar: may what Plex shows stay?"""
    field, base = sides.field, sides.base
    shown = field.normal(sides.now)
    leave = FieldOutcome(None, None)
    if shown is None or field.clear is Clear.NEVER:
        return leave
    clear = FieldOutcome(_scalar_change(sides), None)
    if field.clear is Clear.OWN:
        return clear if base is not None and is_ours(base) and not sides.plex_changed else leave
    keep = FieldOutcome(None, None, (str(shown),))
    if base is None:
        return keep if rules.first_sync is FirstSync.MERGE else clear
    if base.kept:
        return keep
    return leave if sides.neither_changed else clear


def is_ours(base: FieldRecord) -> bool:
    """Whether the value that was read back came from us: not found there, not somebody else's."""
    foreign = base.user_owned or base.kept or base.rewrites > REWRITES_FOUGHT
    return base.sent is not None and not foreign


# Lists ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entries:
    """The identities of a list's entries, from all sides; without a base its sets are empty."""

    wanted: frozenset[str]
    shown: frozenset[str]
    sent: frozenset[str]
    read_back: frozenset[str]
    kept: frozenset[str]
    suppressed: frozenset[str]


def _entries(sides: Sides) -> _Entries:
    field, base = sides.field, sides.base
    return _Entries(
        name_keys(field.normal(sides.want)),
        frozenset(key for key, _ in spelled(sides.now)),
        name_keys(field.normal(base.sent)) if base else frozenset(),
        name_keys(field.normal(base.read_back)) if base else frozenset(),
        name_keys(base.kept) if base else frozenset(),
        name_keys(base.suppressed) if base else frozenset(),
    )


def _merge_list(sides: Sides, rules: MergeRules) -> FieldOutcome:
    of = _entries(sides)
    kept, suppressed = _kept(sides, rules, of), _suppressed(rules, of)
    plain = _plain_list(sides, of, kept, suppressed)
    if not rules.preserve:
        still = sides.base is not None and sides.base.user_owned and sides.neither_changed
        return replace(plain, user_owned=True) if still else plain
    if sides.locked_by_user and _is_locked_whole(sides, plain):
        # What Stash does not have is the user's, also once the lock is gone.
        left = _plain_list(sides, of, kept | (of.shown - of.wanted), suppressed)
        note = f"locked in Plex, while Stash says {_quoted(left.sent)}; Plex's stays"
        hindered = sides.stash_changed and plain.change is not None
        return replace(left, change=None, user_owned=True, note=note if hindered else "")
    note = _list_conflict(of, plain) if sides.base is not None else ""
    return replace(plain, note=note) if note else plain


def _is_locked_whole(sides: Sides, plain: FieldOutcome) -> bool:
    """Whether a lock makes the list the user's as a whole: it came alone, or before us."""
    if sides.base is None:
        return plain.change is not None
    return sides.base.user_owned or not sides.plex_changed


def _plain_list(
    sides: Sides, of: _Entries, kept: frozenset[str], suppressed: frozenset[str]
) -> FieldOutcome:
    """The list without what is suppressed, and with what is kept."""
    field, base = sides.field, sides.base
    # Entries that Plex shows are named to the letter: by another spelling it would not find them.
    wanted, shown = field.names(sides.want), spelled(sides.now)
    known = (*wanted, *base.suppressed, *field.names(base.read_back)) if base else wanted
    target = (of.wanted - suppressed) | kept
    change = None
    if _is_new(sides, of, target):
        added = tuple(n for n in wanted if name_key(n) in target - of.shown)
        before = tuple(name for _, name in shown)
        removed = tuple(name for key, name in shown if key not in target)
        after = tuple(name for key, name in shown if key in target) + added
        ours = (of.shown - target) & of.sent & of.read_back - of.kept
        renamed = min(len(added), len(ours))
        change = Change(field.name, before, after, added, removed, renamed)
    return FieldOutcome(
        change,
        wanted,
        field.names(tuple(name for key, name in shown if key in kept)),
        field.names(tuple(name for name in known if name_key(name) in suppressed)),
    )


def _is_new(sides: Sides, of: _Entries, target: frozenset[str]) -> bool:
    """Whether the list has to be written. What Plex refused to add or to let go of before is no
    reason by itself, until Stash changes the list."""
    missing, surplus = target - of.shown, of.shown - target
    if sides.stash_changed:
        return bool(missing or surplus)
    return bool(missing & of.read_back or surplus - of.read_back)


def _kept(sides: Sides, rules: MergeRules, of: _Entries) -> frozenset[str]:
    """The entries in Plex that are not ours to remove."""
    if sides.field.clear is Clear.OWN:
        # Ours is only what we asked for and saw arrive.
        return of.shown - ((of.sent & of.read_back) - of.kept)
    if sides.base is None:
        spared = rules.first_sync is FirstSync.MERGE
        return of.shown - of.wanted if spared else frozenset()
    if not rules.preserve:
        return of.shown & of.kept - (of.sent - of.wanted)
    # What the user took out before is given back, what we asked for and Plex did not show at once
    # came late, and what both sides gained may be an edit of ours whose record was lost.
    # Into a list that was the user's as a whole we have put nothing.
    ours = frozenset[str]() if sides.base.user_owned else of.wanted | (of.sent - of.suppressed)
    return of.shown & of.kept | (of.shown - of.read_back - ours)


def _suppressed(rules: MergeRules, of: _Entries) -> frozenset[str]:
    """The entries that the user took out of Plex."""
    if not rules.preserve:
        # Switching it off by itself brings nothing back: only Stash's next change of them does.
        return of.suppressed - of.shown - (of.sent ^ of.wanted)
    # What both sides dropped needs nothing, and what Plex would not let go of at once went late.
    ours = of.read_back - (of.sent & of.wanted | of.kept)
    return (of.suppressed | (of.read_back - ours)) - of.shown


def _list_conflict(of: _Entries, left: FieldOutcome) -> str:
    """What Stash changed and the user had decided otherwise."""
    fresh, dropped = of.wanted - of.sent, of.sent - of.wanted
    suppressed = tuple(name for name in left.suppressed if name_key(name) in fresh)
    kept = tuple(name for name in left.kept if name_key(name) in dropped)
    notes = []
    if suppressed:
        notes.append(f"taken out in Plex, while Stash adds {_quoted(suppressed)}")
    if kept:
        notes.append(f"put there in Plex, while Stash drops {_quoted(kept)}")
    return "; ".join([*notes, "Plex's stays"]) if notes else ""
