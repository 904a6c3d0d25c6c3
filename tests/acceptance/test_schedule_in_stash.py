"""The reconcile that nobody starts, as Stash sees it: hooks, tasks and jobs as real processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulators.library.generate import generate
from tests.acceptance.always_on import always_on, at_rest, jobs, start, start_mode, until
from tests.acceptance.faults import differing
from tests.acceptance.site import Site
from tests.acceptance.sync_driver import SyncDriver, overdue
from tests.pool import Pool

SYNCED = {"first_sync": "mirror", "max_clear_percent": 100}


@pytest.fixture(scope="module")
def running(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with always_on(
        pool, generate(20, seed=4, only=("in_sync",)), tmp_path_factory.mktemp("on")
    ) as site:
        press(site, "Reconcile Library (All)")
        press(site, "Process Queue")
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    """All in sync, and a reconcile due."""
    running.use(**SYNCED)
    overdue(running)
    return running


def press(site: Site, name: str, begin: Callable[[Site, str], str] = start) -> list[dict[str, Any]]:
    """Press a task's button; the jobs of Stash from then on, once all is at rest."""
    before = len(jobs(site, ""))
    begin(site, name)
    until(lambda: at_rest(site))
    return jobs(site, "")[before:]


def test_an_edit_brings_what_nobody_was_told_of(site: Site) -> None:
    edited, silent = site.scenes("in_sync")[:2]
    tag = site.behind("create", kind="tag", values={"name": "By auto-tag"})["id"]
    site.behind("auto_tag", scene_id=silent, tag_ids=[tag])
    before = len(jobs(site))

    site.edit_scene(edited, title="By hand")
    until(lambda: at_rest(site))

    (job,) = jobs(site)[before:]
    assert job["output"]["reconcile"]["stale_sync_count"] == 1
    assert job["output"]["items_edited"] == 2
    assert "By auto-tag" in site.item(site.key(silent))["genre"]
    assert differing(site) == set()


def test_another_task_has_stash_start_it(site: Site) -> None:
    ran = len(SyncDriver(site).automatic())
    (looked,) = press(site, "queue_status", start_mode)
    assert looked["output"]["reconcile"]["next_due_in"] == 0

    _other, job = press(site, "clear_dlq", start_mode)

    assert job["output"]["reconcile"]["total_gaps"] == 0
    assert len(SyncDriver(site).automatic()) == ran + 1


def test_one_that_the_user_starts_stands_for_it(site: Site) -> None:
    ran = len(SyncDriver(site).automatic())

    (job,) = press(site, "Reconcile Library (All)")

    assert job["plugin_error"] is None
    assert len(SyncDriver(site).automatic()) == ran


def test_switched_off_it_does_not_run(site: Site) -> None:
    site.use(**SYNCED, enabled=False)
    ran = len(SyncDriver(site).automatic())

    site.edit_scene(site.scenes("in_sync")[2], title="Later")
    until(lambda: at_rest(site))

    assert len(SyncDriver(site).automatic()) == ran
