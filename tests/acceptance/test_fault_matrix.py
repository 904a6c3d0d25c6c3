"""Every fault of the matrix over real HTTP: what is right while it lasts, and that all heals.

With the environment variable RELIABILITY_PAGE the table of docs/reliability.md is written there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import SyncError
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.fault_rows import Right, Row, rows
from tests.acceptance.faults import differing, readable
from tests.acceptance.site import FAR, Site

CASES = ("empty_no_agent", "stale", "drift_title", "extra_genre")
SCENES = 8
MIRROR = {"first_sync": "mirror", "max_clear_percent": 100}
PATIENCE = 30.0  # seconds in which any task ends

told: list[tuple[Row, str, float]] = []


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=21, only=CASES))


@pytest.fixture(scope="module", autouse=True)
def page() -> Iterator[None]:
    yield
    path = os.environ.get("RELIABILITY_PAGE")
    if path:
        lines = [
            f"| {row.server} | {row.met} | {says or 'nothing'} | {seconds:.0f} s |"
            for row, says, seconds in told
        ]
        Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def site(library: Site, data: Path) -> Iterator[Site]:
    library.forget(data)
    library.both.plex.load(library.both.seed)
    library.use(**MIRROR)
    yield library
    library.both.plex.faults([])
    library.both.stash.faults([])


def run(site: Site) -> str:
    """Reconcile and drain; what the user is told if that does not come to its end."""
    says = []
    for task in (site.reconcile, site.drain):
        try:
            found = task()
        except SyncError as error:
            says.append(readable(str(error)))
        else:
            says += found.get("errors", [])
    return says[0] if says else ""


def nobody_is_blamed(site: Site) -> None:
    assert site.dead() == {}
    with site.queue() as queue:
        assert all(job.attempts == 0 for job in queue.due(FAR))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_a_fault_is_stood_and_heals(site: Site, row: Row) -> None:
    server = site.both.plex if row.server == "plex" else site.both.stash
    server.faults([row.fault])
    site.reset_counters()
    began = time.monotonic()

    says = run(site)

    seconds = time.monotonic() - began
    told.append((row, says, seconds))
    assert seconds < PATIENCE
    if row.right is Right.WAITS:
        assert says
        assert row.says in says
        nobody_is_blamed(site)
    else:
        assert says == ""
        assert differing(site) == set()
        nobody_is_blamed(site)
    server.faults([])
    assert run(site) == ""
    assert differing(site) == set()
    assert site.dead() == {}
    assert site.reconcile()["total_gaps"] == 0
