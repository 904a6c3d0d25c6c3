"""Servers for the acceptance tests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.launch import Simulators
from simulators.seed import Seed
from tests.acceptance.site import TOKEN, Site

Open = Callable[[Seed], Site]


@pytest.fixture(scope="module")
def open_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Starts both servers on a library; they stop with the module's last test."""
    with contextlib.ExitStack() as stack:

        def start(seed: Seed) -> Site:
            both = stack.enter_context(Simulators(seed, token=TOKEN))
            return Site(both, tmp_path_factory.mktemp("plugin") / "data")

        yield start


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory that is not there yet."""
    return tmp_path / "data"


@pytest.fixture(scope="package", autouse=True)
def _unmeasured_processes() -> Iterator[None]:
    """The tests of each part measure what processes cover: here it would be half of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        yield
