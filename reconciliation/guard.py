"""A side that was full and suddenly lists (nearly) nothing: a lost mount, not a change of mind."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import GuardStopped
from core.guards import suddenly_empty
from storage.state import State

GUARD = "empty_side"
KIND = "reconcile"


class EmptySideGuard:
    """Compares full counts with those of the last full run; a confirmed stop lets one run pass."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock

    def check(self, fact: str, what: str, now: int) -> None:
        """Compare and remember one count.

        Args:
            fact: under which name the count is remembered.
            what: what is counted, for people ("scenes in Stash").

        Raises:
            GuardStopped: the side was full and is not any more.
        """
        before = self._state.get_fact(fact, 0)
        if suddenly_empty(before, now) and not self._confirmed(fact, now):
            self._stop(fact, what, before, now)
        self._state.set_fact(fact, now)

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
