"""What all tests share: the simulators, and how Hypothesis searches.

The same examples every time, and no time limit for one of them: a test that fails does so for
everybody, and a slow machine is no failure. HYPOTHESIS_PROFILE=explore looks for new examples.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import hypothesis
import pytest

from simulators.plex.process import PlexProcess
from tests.pool import Pool

SLOW = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile(
    "same", deadline=None, derandomize=True, suppress_health_check=SLOW
)
hypothesis.settings.register_profile(
    "explore", deadline=None, max_examples=1000, suppress_health_check=SLOW
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """Running simulators."""
    with contextlib.ExitStack() as exits:
        yield Pool(exits)


@pytest.fixture(scope="session")
def process() -> Iterator[PlexProcess]:
    """A Plex for tests that load their own library."""
    with PlexProcess() as running:
        yield running
