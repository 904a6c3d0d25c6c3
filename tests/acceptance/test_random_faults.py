"""Drains with covers while answers fail at random: few runs, few requests more, nothing wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import SyncError
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.faults import differing
from tests.acceptance.oracle_check import picture
from tests.acceptance.site import Site
from tests.acceptance.soak import IS_SOAK, amount, figure

pytestmark = pytest.mark.timeout(3600 if IS_SOAK else 120)

CASES = ("empty_no_agent", "empty_agent", "stale", "drift_title", "extra_genre")
SCENES = amount(40, 500)
ALL: dict[str, Any] = {
    "first_sync": "mirror",
    "max_clear_percent": 100,
    "sync_poster": True,
    "sync_background": True,
}
KINDS: tuple[dict[str, Any], ...] = (
    {"action": "status", "status": 500, "body": "database is locked"},
    {"action": "reset"},
    {"action": "truncate"},
    {"action": "lost"},
)
MOST_REQUESTS = 1.1  # of those that are made where nothing fails
MOST_RUNS = 5  # of Process Queue, where every fifth answer fails


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=11, only=CASES))


@pytest.fixture
def site(library: Site) -> Iterator[Site]:
    yield library
    library.both.plex.faults([])


def begin(site: Site, data: Path, tags: str, share: float) -> None:
    """Everything is queued, and from now on so many answers of Plex fail."""
    site.forget(data)
    site.both.plex.load(site.both.seed)
    site.both.plex.configure(edit_section=tags)
    site.use(**ALL)
    site.reconcile()
    # The first that meets a request counts, so each later kind sees fewer of them.
    parts = [{"share": share / len(KINDS), "match": "", "times": -1, **kind} for kind in KINDS]
    site.both.plex.faults(parts if share else [])
    site.reset_counters()


def requests(site: Site) -> int:
    counters = site.both.plex.counters()
    return int(counters["reads"]) + int(counters["writes"])


def pictures(site: Site) -> dict[str, Any]:
    rows = site.both.plex.state()["items"].items()
    return {key: (picture(row, "thumb"), picture(row, "art")) for key, row in rows}


def all_is_well(site: Site, shown: dict[str, Any]) -> None:
    site.both.plex.faults([])
    assert differing(site) == set()
    assert pictures(site) == shown
    assert (site.dead(), site.queued()) == ({}, {})
    assert site.recorded() == site.rightful()
    assert site.reconcile()["total_gaps"] == 0


@pytest.mark.parametrize("tags", ["additive", "replacing"])
def test_random_faults(site: Site, tmp_path: Path, tags: str) -> None:
    begin(site, tmp_path / "none", tags, 0)
    site.drain()
    least, shown = requests(site), pictures(site)
    all_is_well(site, shown)

    begin(site, tmp_path / "2", tags, 0.02)
    drained = site.drain()
    made = requests(site)
    assert (drained["failed"], drained["retried"], drained["remaining"]) == (0, 0, 0)
    assert drained["succeeded"] == drained["processed"]
    all_is_well(site, shown)
    assert least < made <= MOST_REQUESTS * least

    begin(site, tmp_path / "20", tags, 0.2)
    runs = 0
    while runs < MOST_RUNS and site.queued():
        runs += 1
        with contextlib.suppress(SyncError):
            site.drain()
    many = requests(site)
    all_is_well(site, shown)
    figure(
        f"| {SCENES} scenes, tags {tags} | {least} requests | 2 %: 1 run, {made / least:.3f} × |"
        f" 20 %: {runs} run{'s' * (runs > 1)}, {many / least:.2f} × |"
    )
