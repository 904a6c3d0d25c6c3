"""How much is measured: everything, or a little to see whether it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Say = Callable[[str], None]
ONCE_ABOVE = 20_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure.

    Attributes:
        sizes: scenes of the libraries, growing; each is reconciled for the first time.
        synced: those of them that are then synced, reconciled again, and changed in part.
        rounds: how often each reconcile is measured; the median counts. Once for a library of more
            than `ONCE_ABOVE` scenes.
        few: scenes that are changed before one more reconcile.
        changed: scenes that are changed for the drain.
        jobs: how many are enqueued in bulk.
        hooks: how many hook processes of each kind are started.
        bulk: scenes that are edited in one go.
        shown: gaps behind the page's reads.
        carried: scenes that carry one tag, which is renamed.
        drifted: scenes whose items are changed in Plex, to be brought back.
        covered: scenes with covers that are synced for the first time.
    """

    sizes: tuple[int, ...] = (1_000, 10_000, 50_000, 100_000)
    synced: tuple[int, ...] = (1_000, 10_000, 100_000)
    rounds: int = 3
    few: int = 100
    changed: int = 500
    jobs: int = 2_000
    hooks: int = 40
    bulk: int = 500
    carried: int = 10_000
    shown: int = 100_000
    drifted: int = 10_000
    covered: int = 1_000

    def rounds_of(self, size: int) -> int:
        """How often the reconcile of a library is measured."""
        return 1 if size > ONCE_ABOVE else self.rounds

    @property
    def judged(self) -> int:
        """The size that the targets are about: the largest that is synced, or the largest."""
        return max(self.synced or self.sizes)


FULL = Plan()
# For continuous integration, on machines whose speed says nothing.
SHORT = Plan(sizes=(10_000, 20_000), synced=(), rounds=1)
QUICK = Plan(
    sizes=(250, 1_000),
    synced=(1_000,),
    rounds=1,
    few=10,
    changed=100,
    hooks=15,
    bulk=100,
    carried=400,
    shown=2_000,
    drifted=400,
    covered=100,
)
