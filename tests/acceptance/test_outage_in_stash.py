"""A short outage of Plex in real time: Stash, its hooks and the tasks as processes of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.library.generate import generate
from tests.acceptance.always_on import (
    always_on,
    at_rest,
    has_no_secret,
    jobs,
    noted,
    start_mode,
    title,
    until,
)
from tests.acceptance.faults import RESET
from tests.acceptance.site import Site
from tests.pool import Pool


@pytest.fixture
def site(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("away")
    with always_on(pool, generate(12, seed=4, only=("in_sync",)), folder) as site:
        yield site
        site.both.plex.faults([])
        until(lambda: at_rest(site))


def test_edits_made_while_plex_is_off_arrive_by_themselves(site: Site) -> None:
    first, second, third = site.scenes("in_sync")[:3]
    site.both.plex.faults([{"match": "", "times": -1, **RESET}])
    site.edit_scene(first, title="While off")
    until(lambda: any("waits for Plex" in line["message"] for line in log(site)))
    before = len(jobs(site))
    site.edit_scene(second, title="While off, too")
    assert len(jobs(site)) == before
    assert noted(site) == 1

    start_mode(site, "queue_status")
    waited = until(lambda: bool(finished(site, "queue_status")))
    assert waited < 12  # five, and a process that starts and ends, beside others
    site.edit_scene(third, title="After that")
    site.both.plex.faults([])
    took = until(lambda: title(site, third) == "After that")

    assert took < 40
    assert [title(site, scene) for scene in (first, second)] == ["While off", "While off, too"]
    until(lambda: at_rest(site))
    assert all(job["plugin_error"] is None for job in jobs(site, ""))
    with site.queue() as queue:
        assert queue.dead_letters() == []
    has_no_secret(site)


def log(site: Site) -> list[dict[str, str]]:
    lines: list[dict[str, str]] = site.both.stash.control("GET", "plugin_log")
    return lines


def finished(site: Site, name: str) -> list[object]:
    return [job for job in jobs(site, name) if job["endTime"] is not None]
