"""Every fault of the matrix over real HTTP: what is right while it lasts, and that all heals.

With the environment variable RELIABILITY_PAGE the table of docs/reliability.md is written there,
with rows that the suite leaves out.
"""

from __future__ import annotations

import os
import re
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

PAGE = os.environ.get("RELIABILITY_PAGE")
CASES = ("empty_no_agent", "stale", "drift_title", "extra_genre")
SCENES = 4
MIRROR = {"first_sync": "mirror", "max_clear_percent": 100}
HOUR = 3600.0
PATIENCE = 30.0  # seconds in which any task ends
ADDRESS, ELSEWHERE = re.compile(r"http://127\.0\.0\.1:\d+"), "http://…"
HEALS = {
    Right.WAITS: "the next run, once it is over",
    Right.PASSES: "this run",
    Right.CHARGED: "the next try of that job; all others are done",
    Right.PICTURES: "the next run brings the pictures; all else is done",
}

told: list[tuple[Row, str, float]] = []


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=21, only=CASES))


@pytest.fixture(scope="module", autouse=True)
def page() -> Iterator[None]:
    yield
    if PAGE is not None:
        lines = [
            f"| {row.server} | {row.met} | {ADDRESS.sub(ELSEWHERE, says) or 'nothing'}"
            f" | {seconds:.0f} s | nothing | {HEALS[row.right]} |"
            for row, says, seconds in told
        ]
        Path(PAGE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def run(site: Site, *, later: bool = False) -> str:
    """Reconcile and drain; what the user is told if that does not come to its end.

    Args:
        later: after the pauses of what has failed.
    """
    says = []
    clock = (lambda: time.time() + HOUR) if later else time.time
    for task in (site.reconcile, lambda: site.drain(clock)):
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


def one_is_charged(site: Site) -> str:
    """What the status says of its job."""
    scene = site.scene(CASES[0])
    with site.queue() as queue:
        (job,) = queue.due(FAR)
    assert (job.scene_id, job.attempts) == (scene, 1)
    assert differing(site) == {scene}
    assert site.dead() == {}
    return readable(job.error)


@pytest.mark.parametrize("row", rows(sample=PAGE is None), ids=lambda row: row.name)
def test_a_fault_is_stood_and_heals(site: Site, row: Row) -> None:
    server = site.both.plex if row.server == "plex" else site.both.stash
    match = row.fault["match"].replace("KEY", site.key(site.scene(CASES[0])))
    server.faults([{**row.fault, "match": match}])
    site.use(**MIRROR, **row.settings)
    site.reset_counters()
    began = time.monotonic()

    says = run(site)

    seconds = time.monotonic() - began
    assert seconds < PATIENCE
    if row.right is Right.WAITS:
        assert says
        assert row.says in says
        nobody_is_blamed(site)
    elif row.right is Right.CHARGED:
        says = one_is_charged(site)
    else:
        assert says == ""
        assert differing(site) == set()
        nobody_is_blamed(site)
        if row.right is Right.PICTURES:
            assert site.reconcile()["total_gaps"] > 0  # nobody forgets them
    told.append((row, says, seconds))
    server.faults([])
    assert run(site, later=row.right is not Right.WAITS) == ""
    assert differing(site) == set()
    assert site.dead() == {}
    assert site.reconcile()["total_gaps"] == 0
