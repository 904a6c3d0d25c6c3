"""The process that the tests of the Stash simulator share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators.stash.running import StashProcess, started


@pytest.fixture(scope="session")
def stash_process() -> Iterator[StashProcess]:
    """A Stash without anything."""
    with started() as url:
        yield StashProcess(url)
