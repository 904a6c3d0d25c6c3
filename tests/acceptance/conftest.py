"""Servers for the acceptance tests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import task_runner
from simulators.library.generate import generate
from simulators.seed import Seed
from tests.acceptance.health_library import health_library
from tests.acceptance.site import Site
from tests.acceptance.small_library import restore
from tests.acceptance.sync_driver import SyncDriver
from tests.pool import Pool
from transport import retrying

Open = Callable[[Seed], Site]
# These go where no other test goes. Measuring the others would say nothing, and take long.
MEASURED = frozenset(
    f"test_{name}.py"
    for name in (
        *("always_on_task", "destroyed_scenes", "outage_tasks", "pins", "preview"),
        *("release", "settings_guard"),
    )
)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave the others out of the coverage."""
    if item.path.name not in MEASURED:
        item.add_marker(pytest.mark.unmeasured)


@pytest.fixture(scope="module")
def open_site(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Both servers of a library, until the module's last test has ended."""
    with _opening(pool, tmp_path_factory) as start:
        yield start


@pytest.fixture
def open_alone(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """The same until the test has ended: the next one need not start servers of its own."""
    with _opening(pool, tmp_path_factory) as start:
        yield start


@contextlib.contextmanager
def _opening(pool: Pool, folders: pytest.TempPathFactory) -> Iterator[Open]:
    with contextlib.ExitStack() as stack:

        def start(seed: Seed) -> Site:
            both = stack.enter_context(pool.both(seed))
            return Site(both, folders.mktemp("plugin") / "data")

        yield start


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory that is not there yet."""
    return tmp_path / "data"


# Of the `library` that a module has:


@pytest.fixture
def used() -> dict[str, Any]:
    """The settings of `site`: all is mirrored, where a module does not say otherwise."""
    return {"first_sync": "mirror", "max_clear_percent": 100}


@pytest.fixture
def site(library: Site, data: Path, used: dict[str, Any]) -> Iterator[Site]:
    """It as generated."""
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(**used)
    yield library
    library.both.plex.faults([])
    library.both.stash.faults([])


@pytest.fixture
def driver(library: Site, data: Path) -> Iterator[SyncDriver]:
    """Its tasks by a clock of their own, with all that is mirrored."""
    library.forget(data)
    library.use(first_sync="mirror", max_clear_percent=100)
    yield SyncDriver(library)
    library.both.stash.faults([])
    library.both.plex.faults([])


@pytest.fixture
def scenes(library: Site) -> list[int]:
    return library.scenes("in_sync")


@pytest.fixture(scope="module")
def mixed_library(open_site: Open) -> Site:
    return open_site(generate(60, seed=4))


@pytest.fixture
def mixed_site(mixed_library: Site, data: Path) -> Site:
    """A library with some scenes of each kind, as if the plugin were new there."""
    mixed_library.forget(data)
    mixed_library.both.plex.load(mixed_library.both.seed)
    mixed_library.use(max_clear_percent=100)
    return mixed_library


@pytest.fixture(scope="module")
def healthy_library(open_site: Open) -> Site:
    return open_site(health_library())


@pytest.fixture
def healthy_site(healthy_library: Site, data: Path) -> Iterator[Site]:
    """A small library of which the health check finds nothing to say."""
    restore(healthy_library)
    healthy_library.forget(data)
    healthy_library.use(sync_poster=True, sync_background=True)
    yield healthy_library
    healthy_library.both.plex.faults([])
    healthy_library.both.stash.faults([])


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
