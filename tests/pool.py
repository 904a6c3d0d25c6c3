"""Simulators that are started once for each process of the tests and loaded again and again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from simulators.launch import Simulators
from simulators.seed import Seed
from tests.contract.servers import Simulated, seed_of

Measuring = Callable[[], contextlib.AbstractContextManager[None]]
TOKEN = "PLEX-TOKEN-not-for-logs"


class Pool:
    """Pairs of simulators: as many as are in use at the same time.

    Args:
        exits: what ends them all.
    """

    def __init__(self, exits: contextlib.ExitStack) -> None:
        self._exits = exits
        self._idle: list[Simulators] = []

    @contextlib.contextmanager
    def both(self, seed: Seed, **options: Any) -> Iterator[Simulators]:
        """Both servers of a library, for a block; the options are those of `Simulators.load`.

        A pair whose block fails is not used again.
        """
        pair = self._idle.pop() if self._idle else self._started()
        pair.load(seed, **options)
        yield pair
        if options:
            pair.load(seed_of())  # ends the plugins that may still run
        self._idle.append(pair)

    @contextlib.contextmanager
    def stash(self, seed: Seed, **options: Any) -> Iterator[Simulated]:
        """Stash alone."""
        with self.both(seed, **options) as pair:
            yield Simulated(pair.stash.url)

    @contextlib.contextmanager
    def plex(self, seed: Seed) -> Iterator[Simulated]:
        """Plex alone; it wants `TOKEN`."""
        with self.both(seed) as pair:
            yield Simulated(pair.plex.url)

    @contextlib.contextmanager
    def lent_to(self, *modules: ModuleType) -> Iterator[None]:
        """What starts simulators in these modules gets a pair of these, for a block."""

        def both(
            seed: Seed, *, timeout: float = 0, **options: Any
        ) -> contextlib.AbstractContextManager[Simulators]:
            return self.both(seed, **options)

        with pytest.MonkeyPatch.context() as patch:
            for module in modules:
                patch.setattr(module, "Simulators", both)
            yield

    def _started(self) -> Simulators:
        return self._exits.enter_context(Simulators(seed_of(), token=TOKEN))
