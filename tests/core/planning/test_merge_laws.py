"""Laws of `preserve_plex_edits` over whole histories: edits in Stash, by hand in Plex, and syncs.

A ledger of its own keeps account of what the user did and of what therefore has to be in Plex after
each sync, and of which conflicts have to be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from core.dates import agrees, padded
from core.desired import Desired
from core.fields import BY_NAME
from core.models import FullItem, Value
from core.planning.item_plan import ItemPlan, plan_item, recorded
from core.planning.three_way_merge import FirstSync
from core.records import ItemRecord
from tests.core.builders import full
from tests.core.plex_like import EMPTY, Server
from tests.examples import examples

TEXTS: list[Value] = [None, "Tideline", "Northlight", "South"]
IN_STASH: dict[str, list[Value]] = {
    "title": ["One", "Two", "Three"],
    "summary": TEXTS,
    "studio": TEXTS,
    "date": [None, "2024", "2024-05", "2024-05-06", "2023-01-01"],
    "rating": [None, 7.0, 4.0, 1.0],
}
IN_PLEX: dict[str, list[Value]] = {
    **IN_STASH,
    "title": ["", *IN_STASH["title"]],
    "date": [None, "2024-01-01", "2024-05-01", "2024-05-06", "2023-01-01"],
}
LISTS = ("performers", "tags", "collection")
NAMES = ("Jazz", "Sea", "Bread")
FIELDS = frozenset((*IN_STASH, *LISTS))
Names = frozenset[str]


def keys(value: Value) -> Names:
    return frozenset(name.casefold() for name in value) if isinstance(value, tuple) else frozenset()


@dataclass
class World:
    """One scene, its item, and what is remembered of them."""

    server: Server
    first_sync: FirstSync
    stash: dict[str, Value]
    item: FullItem
    base: ItemRecord | None = None
    enabled: Names = FIELDS

    def sync(self, *, preserve: bool = True, recorded_too: bool = True) -> ItemPlan:
        """Sync once. Without `recorded_too` the process is killed before the record is written."""
        wanted = {name: self.stash[name] for name in FIELDS & self.enabled}
        normal = {name: BY_NAME[name].normal(value) for name, value in wanted.items()}
        plan = plan_item(
            Desired(normal, ""), self.item, self.base, self.first_sync, preserve=preserve
        )
        shown = self.server.apply(plan, self.item)
        self.item = replace(shown, locked=shown.locked | {c.field for c in plan.changes})
        if recorded_too:
            self.base = recorded(plan, self.item, self.base)
        return plan

    def show(self, name: str, value: Value, *, lock: bool = True) -> None:
        """A hand edit in Plex."""
        values = {**self.item.values, name: EMPTY[name] if value is None else value}
        locked = self.item.locked | {name} if lock else self.item.locked
        self.item = replace(self.item, values=values, locked=locked)

    def unlock(self, name: str) -> None:
        self.item = replace(self.item, locked=self.item.locked - {name})

    def put(self, name: str, entry: str, *, there: bool) -> None:
        """A hand edit of one entry of a list in Plex."""
        shown = self.item.values[name]
        assert isinstance(shown, tuple)
        rest = tuple(each for each in shown if each.casefold() != entry.casefold())
        if there == (len(rest) == len(shown)):
            self.show(name, (*rest, entry) if there else rest)

    def want(self, name: str, entry: str, *, there: bool) -> None:
        wanted = self.stash[name]
        assert isinstance(wanted, tuple)
        rest = tuple(each for each in wanted if each != entry)
        self.stash[name] = (*rest, entry) if there else rest


@dataclass
class Ledger:
    """What is the user's, and what Plex has to show."""

    world: World
    then_stash: dict[str, Value] = field(default_factory=dict)
    then_plex: dict[str, Value] = field(default_factory=dict)
    mine: set[str] = field(default_factory=set)  # values that are the user's
    kept: set[str] = field(default_factory=set)  # values that a first sync found
    ours: set[str] = field(default_factory=set)  # values that Plex has from us
    entries: dict[tuple[str, str], bool] = field(default_factory=dict)  # True: put in, False: out
    void: set[str] = field(default_factory=set)  # fields whose locks say nothing
    whole: set[str] = field(default_factory=set)  # lists that are the user's by a lock

    def sync(self) -> ItemPlan:
        """Sync, and judge what came of it."""
        world, before = self.world, self.world.item
        expected: dict[str, Value | Names] = {}
        conflicts = set()
        for name in sorted(world.enabled & FIELDS):
            decide = self._list if name in LISTS else self._scalar
            expected[name], conflict = decide(name, name in before.locked - self.void)
            conflicts |= {name} if conflict else set()
        plan = world.sync()
        for name in FIELDS:
            shown = world.item.values[name]
            if name not in expected:
                assert shown == before.values[name], name
            elif name in LISTS:
                assert keys(shown) == expected[name], name
            else:
                assert (shown or None) == expected[name], name
        told = [name for name, _ in plan.notes]
        assert sorted(told) == sorted(conflicts)
        self.void |= {change.field for change in plan.changes}
        self.ours |= {change.field for change in plan.changes}
        for name in expected:
            self.then_stash[name], self.then_plex[name] = world.stash[name], world.item.values[name]
        return plan

    def _scalar(self, name: str, locked: bool) -> tuple[Value, bool]:
        want, now = self.world.stash[name], self.world.item.values[name] or None
        first = name not in self.then_plex
        stash_changed = first or want != self.then_stash[name]
        edited = not first and now != (self.then_plex[name] or None)
        self.kept -= set() if want is None else {name}
        agree = now == (padded(want) if name == "date" and isinstance(want, str) else want)
        if edited:
            self.ours.discard(name)
            self.mine -= {name} if agree else set()
            self.mine |= set() if agree else {name}
        right = self._rightful(name, want, now, first)
        if locked and not agree:
            self.mine.add(name)
        if locked and (first or edited) and name not in self.mine:
            self.void.add(name)
        if name in self.mine:
            return now, stash_changed and right != now
        return right, False

    def _rightful(self, name: str, want: Value, now: Value, first: bool) -> Value:
        """What Plex would have to show if no lock stood in the way."""
        if first and now is not None and want is None:
            self.kept.add(name)
        if name == "date" and isinstance(want, str):
            return now if isinstance(now, str) and agrees(want, now) else padded(want)
        if want is not None:
            return want
        if name == "title":
            return now
        if name == "rating":
            return None if name in self.ours - self.mine else now
        merged = self.world.first_sync is FirstSync.MERGE
        return now if name in self.kept and merged else None

    def _list(self, name: str, locked: bool) -> tuple[Names, bool]:
        want, now = keys(self.world.stash[name]), keys(self.world.item.values[name])
        first = name not in self.then_plex
        had = frozenset[str]() if first else keys(self.then_stash[name])
        conflict = False
        for entry in keys(NAMES):
            mine = self._entry(name, entry, entry in want, entry in now, first)
            conflict |= mine is True and entry in had - want
            conflict |= mine is False and entry in want - had
        put_in = {entry for (of, entry), there in self.entries.items() if of == name and there}
        taken = {entry for (of, entry), there in self.entries.items() if of == name and not there}
        right = (want - taken) | put_in
        alone = not first and now == keys(self.then_plex[name])
        if locked and (alone or (first and right != now)):
            self.whole.add(name)
        elif locked and name not in self.whole:
            self.void.add(name)
        if name in self.whole:
            self.entries |= {(name, entry): True for entry in now - want}
            return now, (first or want != had) and right != now
        return right, conflict and not first

    def _entry(self, name: str, entry: str, want: bool, now: bool, first: bool) -> bool | None:
        """Whose an entry is from now on: True, the user's who put it in; False, who took it out."""
        mine = self.entries.pop((name, entry), None)
        then = not first and entry in keys(self.then_plex[name])
        collection = name == "collection"
        if first:
            found = now and not want and self.world.first_sync is FirstSync.MERGE
            mine = True if found or (collection and now) else None
        elif now and not then:
            mine = None if want and not collection and name not in self.whole else True
        elif then and not now:
            mine = False if want or mine else None
        if mine is not None:
            self.entries[name, entry] = mine
        return mine


entries = st.sampled_from(NAMES)
spelled = st.sampled_from([*NAMES, *map(str.upper, NAMES)])
any_field = st.sampled_from(sorted([*FIELDS, *LISTS]))
some = st.lists(entries, unique=True, max_size=3).map(tuple)


def world_of(
    server: Server, first_sync: FirstSync, stash: dict[str, Value], shown: dict[str, Value]
) -> World:
    values = {name: EMPTY[name] if value is None else value for name, value in shown.items()}
    return World(server, first_sync, dict(stash), full("/m/x.mp4", values={**EMPTY, **values}))


def sides(scalar: dict[str, list[Value]]) -> st.SearchStrategy[dict[str, Value]]:
    return st.fixed_dictionaries(
        {name: st.sampled_from(values) for name, values in scalar.items()}
        | dict.fromkeys(LISTS, some)
    )


honest = st.builds(Server, replaces=st.booleans())
worlds = st.builds(world_of, honest, st.sampled_from(FirstSync), sides(IN_STASH), sides(IN_PLEX))

Step = tuple[Value, ...]
Round = tuple[list[Step], str]


def edits_of(name: str) -> st.SearchStrategy[Step]:
    """An edit of one field, on one side; a field is switched off or locked more rarely."""
    field = st.just(name)
    if name in LISTS:
        stash = st.tuples(st.sampled_from(["stash in", "stash out"]), field, entries)
        plex = st.tuples(st.sampled_from(["plex in", "plex out"]), field, spelled)
    else:
        stash = st.tuples(st.just("stash"), field, st.sampled_from(IN_STASH[name]))
        plex = st.tuples(st.just("plex"), field, st.sampled_from(IN_PLEX[name]))
    locks = ["lock"] if name in LISTS else ["lock", "unlock"]
    rare = st.tuples(st.sampled_from(["switch", *locks]), field)
    return st.one_of(stash, plex, stash, plex, rare)


@cache
def rounds_of(names: tuple[str, ...]) -> st.SearchStrategy[list[Round]]:
    edit = st.one_of(*map(edits_of, names))
    end = st.sampled_from(["sync", "sync", "sync", "blink"])
    return st.lists(st.tuples(st.lists(edit, max_size=4), end), min_size=3, max_size=9)


# Rounds of edits, all of two fields so that they meet, each with how it ends.
histories = st.lists(any_field, min_size=1, max_size=2, unique=True).map(tuple).flatmap(rounds_of)


def fields_of(history: Iterable[Round]) -> Names:
    """The fields that a history edits."""
    return frozenset(str(name) for edits, _ in history for _, name, *_ in edits)


def take(world: World, step: Step) -> None:
    """One edit on either side."""
    what, name, *more = step
    assert isinstance(name, str)
    if what == "switch":
        world.enabled ^= {name}
    elif what == "lock":
        world.item = replace(world.item, locked=world.item.locked | {name})
    elif what == "unlock":
        world.unlock(name)
    elif what == "stash":
        world.stash[name] = more[0]
    elif what == "plex":
        world.show(name, more[0])
    elif isinstance(more[0], str):
        side = world.want if what in ("stash in", "stash out") else world.put
        side(name, more[0], there=what in ("stash in", "plex in"))


@examples(200)
@given(worlds, histories)
def test_what_is_the_users_stays_and_the_rest_follows_stash(
    world: World, history: list[Round]
) -> None:
    world.enabled = fields_of(history)
    ledger = Ledger(world)
    for edits, end in history:
        for step in edits:
            take(world, step)
        ledger.sync()
        again = ledger.sync()
        assert (again.changes, again.notes) == ((), ())
        if end == "blink":
            assert world.sync(preserve=False).changes == (), "switching it off by itself"
