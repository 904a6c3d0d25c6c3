"""Stops before a run judges by what is suddenly not there: a lost mount is no change of mind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from core.errors import GuardStopped
from core.guards import leads_nowhere, suddenly_empty
from core.quoting import quoted
from storage.key_value import Key
from storage.state import State

GUARD = "empty_side"
MAP_GUARD = "path_map"
KIND = "reconcile"
# By kind of map, what it is and how many scenes it led to their items.
MATCHED: Key[Mapping[str, Any]] = Key(
    "path_map_matched",
    MappingProxyType({}),
    {str: {"map": [object], "scenes": int}},
    encode=dict,
)
MAPS_SHOWN = 5  # pairs that a message repeats
Pairs = Sequence[tuple[str, str]]


class EmptySideGuard:
    """Compares full counts with those of the last full run; a confirmed stop lets one run pass.

    Attributes:
        was_confirmed: this run passes because the user has confirmed it.
    """

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock
        self.was_confirmed = False

    def check(self, fact: str, what: str, now: int) -> None:
        """Compare and remember one count.

        Args:
            fact: under which name the count is remembered.
            what: what is counted, for people ("scenes in Stash").

        Raises:
            GuardStopped: the side was full and is not any more.
        """
        key = Key(fact, 0, int)
        before = self._state.get_value(key)
        if suddenly_empty(before, now):
            if not self._confirmed(fact, now):
                self._stop(fact, what, before, now)
            self.was_confirmed = True
        else:
            self._state.runs.overtake(GUARD, lambda figures: figures.get("fact") == fact)
        self._state.set_value(key, now)

    def _confirmed(self, fact: str, now: int) -> bool:
        return self._state.runs.take_confirmation(
            GUARD, lambda figures: figures.get("fact") == fact and figures.get("now", 0) <= now
        )

    def _stop(self, fact: str, what: str, before: int, now: int) -> None:
        runs = self._state.runs
        run_id = runs.start(KIND, self._clock())
        figures = {"fact": fact, "before": before, "now": now}
        runs.finish(run_id, "stopped", figures, self._clock(), guard=GUARD)
        raise GuardStopped(
            f"Stopped before anything was judged: there were {before} {what} at the last full run, "
            f"now there are {now}. Is a disk not mounted? If this is right, run the task "
            "'Confirm Stopped Run' and reconcile again."
        )


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
        self._clock = clock
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
        if leads_nowhere(before, now):
            if not self._confirmed(kind, pairs, now):
                self._stop(kind, what, pairs, before, now)
            self._is_excused = True  # what else the same disk has upset
        else:
            self._state.runs.overtake(MAP_GUARD, lambda figures: figures.get("fact") == kind)

    def remember(self, kind: str, pairs: Pairs, scenes: int) -> None:
        """Note a count for the next full run."""
        known = self._state.get_value(MATCHED)
        count = {"map": self._identity(pairs), "scenes": scenes}
        self._state.set_value(MATCHED, {**known, kind: count})

    def _identity(self, pairs: Pairs) -> list[object]:
        return [*self._scope, [list(pair) for pair in pairs]]

    def _confirmed(self, kind: str, pairs: Pairs, now: int) -> bool:
        return self._state.runs.take_confirmation(
            MAP_GUARD,
            lambda figures: (
                figures.get("fact") == kind
                and figures.get("map") == self._identity(pairs)
                and figures.get("now", 0) <= now
            ),
        )

    def _stop(self, kind: str, what: str, pairs: Pairs, before: int, now: int) -> None:
        runs = self._state.runs
        run_id = runs.start(KIND, self._clock())
        figures = {"fact": kind, "map": self._identity(pairs), "before": before, "now": now}
        runs.finish(run_id, "stopped", figures, self._clock(), guard=MAP_GUARD)
        shown = "; ".join(f"{quoted(stash)}=>{quoted(plex)}" for stash, plex in pairs[:MAPS_SHOWN])
        raise GuardStopped(
            f"Stopped before anything was queued: {what} ({shown}) led {before} scenes to their "
            f"items at the last full run, now {now}. Is a disk not mounted, or mounted elsewhere? "
            "Correct the setting path_map; or, if this is right, run the task 'Confirm Stopped "
            "Run' and reconcile again."
        )
