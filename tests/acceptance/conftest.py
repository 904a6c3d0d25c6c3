"""Servers for the acceptance tests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import task_runner
from simulators.seed import Seed
from tests.acceptance.site import Site
from tests.pool import Pool
from transport import retrying

Open = Callable[[Seed], Site]
# These go where no other test goes. Measuring the others would say nothing, and take long.
MEASURED = frozenset(
    f"test_{name}.py"
    for name in (
        *("always_on_task", "destroyed_scenes", "explained", "outage_tasks", "pins", "preview"),
        *("release", "scans", "settings_guard", "undo_corners"),
    )
)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave the others out of the coverage."""
    if item.path.name not in MEASURED:
        item.add_marker(pytest.mark.unmeasured)


@pytest.fixture(scope="module")
def open_site(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Both servers of a library, until the module's last test has ended."""
    with contextlib.ExitStack() as stack:

        def start(seed: Seed) -> Site:
            both = stack.enter_context(pool.both(seed))
            return Site(both, tmp_path_factory.mktemp("plugin") / "data")

        yield start


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory that is not there yet."""
    return tmp_path / "data"


@pytest.fixture(scope="package", autouse=True)
def short_pauses() -> Iterator[None]:
    """Tasks in the test's own process do not wait long before they try something again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrying, "POLICY", retrying.POLICY.new(backoff_factor=0.005))
        yield


@pytest.fixture(scope="module", autouse=True)
def without_health_check() -> Iterator[None]:
    """Tasks do not begin with the look at changed settings, which is a dozen requests; the tests of
    that replace this fixture."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task_runner, "look_after_change", lambda _context: None)
        yield
