"""More laws of the merge: Stash wins by default, servers with a will, killed syncs, switching."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dates import agrees, padded
from core.models import Value
from core.planning.three_way_merge import FirstSync
from tests.core.planning.test_merge_laws import (
    IN_PLEX,
    IN_STASH,
    LISTS,
    NAMES,
    Ledger,
    Names,
    Round,
    World,
    fields_of,
    histories,
    keys,
    sides,
    take,
    world_of,
    worlds,
)
from tests.core.plex_like import EMPTY, Server
from tests.examples import examples

PATIENCE = 2  # how often a field is set back before it is left to whoever rewrites it


@dataclass
class Mirror:
    """What Plex has to show by default, with what a first sync kept and what is not ours."""

    world: World
    then_stash: dict[str, Value] = field(default_factory=dict)
    then_plex: dict[str, Value] = field(default_factory=dict)
    kept: dict[str, Names] = field(default_factory=dict)
    kept_values: set[str] = field(default_factory=set)
    ours: set[str] = field(default_factory=set)
    rewrites: dict[str, int] = field(default_factory=dict)

    def sync(self) -> None:
        world, before = self.world, self.world.item.values
        expected = {name: self._right(name) for name in sorted(world.enabled)}
        plan = world.sync(preserve=False)
        for name, (right, told) in expected.items():
            shown = world.item.values[name]
            assert (keys(shown) if name in LISTS else shown or None) == right, name
            assert [field for field, _ in plan.notes].count(name) == told
        for name in EMPTY.keys() - expected:
            assert world.item.values[name] == before[name]
        self.ours |= {change.field for change in plan.changes if change.after is not None}
        for name in expected:
            self.then_stash[name], self.then_plex[name] = world.stash[name], world.item.values[name]

    def _right(self, name: str) -> tuple[Value | Names, bool]:
        """What to show, and whether it is reported that somebody keeps rewriting it."""
        now = self.world.item.values[name]
        shown: Value | Names = keys(now) if name in LISTS else now or None
        then = self.then_plex.get(name)
        edited = name in self.then_plex and shown != (keys(then) if name in LISTS else then or None)
        if edited and name not in LISTS:
            self.ours.discard(name)
        right = self._list(name) if name in LISTS else self._scalar(name)
        stash_changed = self._differs(name)
        if stash_changed:
            self.rewrites[name] = 0
            return right, False
        if not edited or right == shown:
            return (shown if self.rewrites[name] > PATIENCE else right), False
        self.rewrites[name] += 1
        left = self.rewrites[name] > PATIENCE
        return (shown if left else right), self.rewrites[name] == PATIENCE + 1

    def _differs(self, name: str) -> bool:
        one, other = self.world.stash[name], self.then_stash.get(name)
        if name not in self.then_stash:
            return True
        return keys(one) != keys(other) if name in LISTS else one != other

    def _scalar(self, name: str) -> Value:
        want, now = self.world.stash[name], self.world.item.values[name] or None
        if name == "date" and isinstance(want, str):
            return now if isinstance(now, str) and agrees(want, now) else padded(want)
        if want is not None or name == "title":
            self.kept_values.discard(name)
            return now if want is None else want
        if name == "rating":
            return None if name in self.ours else now
        if not now:
            self.kept_values.discard(name)
        if name not in self.then_plex and now and self.world.first_sync is FirstSync.MERGE:
            self.kept_values.add(name)
        return now if name in self.kept_values else None

    def _list(self, name: str) -> Names:
        want, now = keys(self.world.stash[name]), keys(self.world.item.values[name])
        first = name not in self.then_plex
        if name == "collection":
            foreign = now if first else now - keys(self.then_plex[name])
            self.kept[name] = self.kept.get(name, frozenset()) & now | foreign
        elif first:
            merged = self.world.first_sync is FirstSync.MERGE
            self.kept[name] = now - want if merged else frozenset()
        else:
            self.kept[name] &= now - (keys(self.then_stash[name]) - want)
        return want | self.kept[name]


@examples(120)
@given(worlds, histories)
def test_by_default_plex_shows_what_stash_says_and_what_was_kept(
    world: World, history: list[Round]
) -> None:
    world.enabled = fields_of(history)
    mirror = Mirror(world)
    for edits, _ in history:
        for step in edits:
            take(world, step)
        mirror.sync()
        before = world.item.values
        again = world.sync(preserve=False)
        assert (again.changes, again.notes) == ((), ())
        assert world.item.values == before


# Servers with a will of their own ----------------------------------------------------------

stubborn = st.builds(
    Server,
    replaces=st.booleans(),
    spells=st.sampled_from([str, str.upper, lambda sent: sent[:3]]),
    refuses=st.frozensets(st.sampled_from([*IN_STASH, *NAMES]), max_size=4),
)
stubborn_worlds = st.builds(
    world_of, stubborn, st.sampled_from(FirstSync), sides(IN_STASH), sides(IN_PLEX)
)


@examples(60)
@given(stubborn_worlds, histories, st.booleans())
def test_what_a_server_alters_or_refuses_is_not_sent_again(
    world: World, history: list[Round], preserve: bool
) -> None:
    world.enabled = fields_of(history)
    for edits, _ in history:
        stash, shown = deepcopy(world.stash), world.item.values
        for step in edits:
            take(world, step)
        edited = {name for name in EMPTY if shown[name] != world.item.values[name]}
        edited |= {name for name in stash if stash[name] != world.stash[name]}
        edited |= {str(name) for what, name, *_ in edits if what == "switch"}
        first = world.base is None
        plan = world.sync(preserve=preserve)
        assert first or {change.field for change in plan.changes} <= edited
        again = world.sync(preserve=preserve)
        assert (again.changes, again.notes) == ((), ())


@examples(60)
@given(stubborn_worlds, histories)
def test_no_server_makes_hand_edits_a_reason_to_write(world: World, history: list[Round]) -> None:
    world.enabled = fields_of(history)
    world.sync()
    for edits, _ in history:
        for step in edits:
            if str(step[0]).startswith("plex"):
                take(world, step)
        before = world.item.values
        assert world.sync().changes == ()
        assert world.item.values == before


# Killed between the edit and the record ----------------------------------------------------


@examples(80)
@given(worlds, histories, st.lists(st.booleans(), min_size=9, max_size=9))
def test_a_lost_record_makes_nothing_the_users(
    world: World, history: list[Round], killed: list[bool]
) -> None:
    """A sync that was killed before its record is done again; later it is as if it had not been.

    Ratings and collections are left out: what we cannot prove to be ours stays in Plex.
    """
    left_out = {"rating", "collection"}
    world.enabled = fields_of(history) - left_out
    ledger = Ledger(world)
    for (edits, _), dies in zip(history, killed, strict=False):
        # What else the user does in the same moment cannot be told from what was lost.
        for step in edits:
            by_hand = str(step[0]).startswith(("plex", "lock", "unlock"))
            if not (dies and by_hand) and step[1] not in left_out:
                take(world, step)
        if dies:
            shown, locked = deepcopy(world), world.item.locked
            ledger_of_then = deepcopy(ledger)
            world.sync(recorded_too=False)
            ledger_of_then.world = shown
            ledger_of_then.sync()
            plan = world.sync()
            assert plan.changes == ()
            assert world.item.values == shown.item.values
            assert locked <= world.item.locked
            ledger_of_then.world = world
            ledger = ledger_of_then
        else:
            ledger.sync()


# Switching preserve_plex_edits -------------------------------------------------------------


@examples(80)
@given(worlds, histories, histories)
def test_what_was_the_users_while_it_was_on_waits_for_stash(
    world: World, history: list[Round], later: list[Round]
) -> None:
    """While it is off, what Stash does not touch stays the user's; on again, all goes on."""
    world.enabled = fields_of(history)
    ledger = Ledger(world)
    for edits, _ in history:
        for step in edits:
            take(world, step)
        ledger.sync()
    values = world.item.values
    touched = set()
    for edits, _ in later:
        for step in edits:
            if step[0] in ("stash", "stash in", "stash out"):
                take(world, step)
                touched.add(str(step[1]))
        world.sync(preserve=False)
    for name in world.enabled - touched:
        assert world.item.values[name] == values[name]
    world.enabled -= touched
    ledger.sync()
    assert {name: world.item.values[name] for name in world.enabled} == {
        name: values[name] for name in world.enabled
    }


@pytest.mark.parametrize("start", [False, True])
@examples(40)
@given(world=worlds, history=histories)
def test_without_hand_edits_the_setting_makes_no_difference(
    start: bool, world: World, history: list[Round]
) -> None:
    # But for what a first sync found and kept: with the setting, that is the user's for good.
    world.first_sync = FirstSync.MIRROR
    world.enabled = fields_of(history)
    other = deepcopy(world)
    preserve = start
    for edits, _ in history:
        for step in edits:
            if str(step[0]).startswith(("stash", "switch")):
                take(world, step)
                take(other, step)
        plain = world.sync(preserve=False)
        plan = other.sync(preserve=preserve)
        assert set(plan.changes) == set(plain.changes)
        preserve = not preserve
