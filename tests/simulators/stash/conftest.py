"""The process that the tests of the Stash simulator share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.pool import Measuring
from tests.simulators.stash.running import StashProcess, started


@pytest.fixture(scope="session")
def stash_process(measuring: Measuring) -> Iterator[StashProcess]:
    """A Stash without anything."""
    with contextlib.ExitStack() as exits:
        with measuring():
            url = exits.enter_context(started())
        yield StashProcess(url)
