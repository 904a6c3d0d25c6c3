"""Stops before a run judges by what is suddenly not there: a lost mount is no change of mind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from core.change_words import some_of
from core.errors import GuardStopped
from core.quoted_lists import quoted
from core.run_kinds import RECONCILE
from storage.key_value import Key
from storage.state import State

FULL_SIDE = 10  # a side with fewer entries than this has never been 'full'
NEARLY_EMPTY = 0.1
GUARD = "empty_side"
MAP_GUARD = "path_map"
# By kind of map, what it is and how many scenes it led to their items.
MATCHED: Key[Mapping[str, Any]] = Key(
    "path_map_matched",
    MappingProxyType({}),
    {str: {"map": [object], "scenes": int}},
    encode=dict,
)
MAPS_SHOWN = 5  # pairs that a message repeats
_CONFIRM = "run the task 'Confirm Stopped Run' and reconcile again"
Pairs = Sequence[tuple[str, str]]


class _Stops:
    """Stopped runs of one guard, and what the user has confirmed of them."""

    def __init__(self, state: State, clock: Callable[[], float], guard: str) -> None:
        self._runs = state.runs
        self._clock = clock
        self._guard = guard

    def confirmed_or_stop(
        self, about: Mapping[str, object], before: int, now: int, why: str, advice: str
    ) -> None:
        """Go on if the user has confirmed a stop for the same reason, at a count no greater.

        Args:
            about: what the reason is, to be compared.
            why, advice: for people.

        Raises:
            GuardStopped: nobody has.
        """
        if self._runs.take_confirmation(
            self._guard,
            lambda said: (
                all(said.get(name) == value for name, value in about.items())
                and said.get("now", 0) <= now
            ),
        ):
            return
        figures = {**about, "before": before, "now": now, "why": why}
        self._runs.stopped(RECONCILE, self._guard, figures, self._clock())
        raise GuardStopped(f"Stopped before anything was queued: {why}. {advice}")

    def overtake(self, fact: str) -> None:
        """All is well with this by itself: earlier stops cannot be confirmed any more."""
        self._runs.overtake(self._guard, lambda said: said.get("fact") == fact)


class EmptySideGuard:
    """Compares full counts with those of the last full run; a confirmed stop lets one run pass.

    Attributes:
        was_confirmed: this run passes because the user has confirmed it.
    """

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state = state
        self._stops = _Stops(state, clock, GUARD)
        self.was_confirmed = False

    def check_all(self, counts: Iterable[tuple[str, str, int]]) -> None:
        """`check` and remember several; they wait for the disk together."""
        with self._state.bulk():
            for fact, what, now in counts:
                self.check(fact, what, now)
                self._state.set_value(_key(fact), now)

    def check(self, fact: str, what: str, now: int) -> None:
        """Compare one count.

        Args:
            fact: under which name the count is remembered.
            what: what is counted, for people ("scenes in Stash").

        Raises:
            GuardStopped: the side was full and is not any more.
        """
        before = self._state.get_value(_key(fact))
        if suddenly_empty(before, now):
            why = f"there were {before} {what} at the last full run, now there are {now}"
            advice = f"Is a disk not mounted? If this is right, {_CONFIRM}."
            self._stops.confirmed_or_stop({"fact": fact}, before, now, why, advice)
            self.was_confirmed = True
            self._state.set_value(_key(fact), now)
        else:
            self._stops.overtake(fact)


class PathMapGuard:
    """A path map that led most scenes to their items and suddenly does not.

    Args:
        sections: the keys of the synced sections.
        setting: the user's path map. With other libraries or another setting other scenes match;
            then there is nothing to compare with.
        is_excused: the user has confirmed already that a side lost nearly everything.
    """

    def __init__(
        self,
        state: State,
        clock: Callable[[], float],
        sections: Iterable[str],
        setting: Pairs,
        *,
        is_excused: bool = False,
    ) -> None:
        self._state = state
        self._stops = _Stops(state, clock, MAP_GUARD)
        self._is_excused = is_excused
        self._scope = [sorted(sections), [list(pair) for pair in setting]]

    def check(self, kind: str, what: str, pairs: Pairs, now: int) -> None:
        """Compare a map's count with that of the last full run.

        Args:
            kind: under which name the count is remembered.
            what: what the map is, for people ("the path map").
            now: how many scenes have their item where it leads.

        Raises:
            GuardStopped: less than half of them are left.
        """
        known = self._state.get_value(MATCHED).get(kind)
        if self._is_excused or known is None or known["map"] != self._identity(pairs):
            return
        before = known["scenes"]
        if not leads_nowhere(before, now):
            self._stops.overtake(kind)
            return
        shown = some_of([f"{quoted(stash)}=>{quoted(plex)}" for stash, plex in pairs], MAPS_SHOWN)
        why = f"{what} ({shown}) led {before} scenes to their items at the last full run, now {now}"
        advice = (
            "Is a disk not mounted, or mounted elsewhere? Correct the setting 'Path map'; or, if "
            f"this is right, {_CONFIRM}."
        )
        about = {"fact": kind, "map": self._identity(pairs)}
        self._stops.confirmed_or_stop(about, before, now, why, advice)
        self._is_excused = True  # what else the same disk has upset

    def remember(self, counts: Mapping[str, tuple[Pairs, int]]) -> None:
        """Note for the next full run, by kind of map, the map and its count."""
        told = {
            kind: {"map": self._identity(pairs), "scenes": scenes}
            for kind, (pairs, scenes) in counts.items()
        }
        known = self._state.get_value(MATCHED)
        self._state.set_value(MATCHED, {**known, **told})

    def _identity(self, pairs: Pairs) -> list[object]:
        return [*self._scope, [list(pair) for pair in pairs]]


def remember_scenes(state: State, seen: int, *, is_partial: bool) -> None:
    """Remember, for `EmptySideGuard`, how many scenes a reconcile of all has seen.

    What Stash counts is not remembered: a count that is far too high once would be missed for good.
    """
    key = _key("scenes")
    state.set_value(key, max(seen, state.get_value(key)) if is_partial else seen)


def _key(fact: str) -> Key[int]:
    return Key(fact, 0, int)


def suddenly_empty(before: int, now: int) -> bool:
    """A side that was full and now lists (nearly) nothing."""
    return before >= FULL_SIDE and now <= before * NEARLY_EMPTY


def leads_nowhere(before: int, now: int) -> bool:
    """A path map that was right about many and is now right about less than half of them."""
    return before >= FULL_SIDE and now * 2 < before
