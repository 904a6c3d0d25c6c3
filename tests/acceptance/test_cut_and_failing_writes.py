"""Items that Plex always fails for, and runs that are cut off: what other tasks make of them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pytest

from app.sync_changes.destroyed_scene_jobs import enqueue_destroyed
from app.tasks.preview import apply_preview, preview_all
from app.tasks.undo import release, undo_last_run
from core.errors import SyncError
from core.models import Failure
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.plex_state import now
from tests.acceptance.site import FAR, Site

CASES = ("empty_no_agent", "empty_agent", "drift_title", "extra_genre", "two_sections")
SCENES = 10
READ = "^GET /library/metadata/[0-9,]+\\?"
ALWAYS = {"times": -1}
FAILS: dict[str, Any] = {"action": "status", "status": 500, "body": "oops"}
EMPTY: dict[str, Any] = {"action": "status", "status": 200, "body": ""}


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=11, only=CASES))


def edits_of(site: Site, scenes: Iterable[int]) -> str:
    """What matches the edits of single items that these scenes own."""
    keys = "|".join(item.partition(":")[2] for scene in scenes for item in site.items(scene))
    return rf"^PUT /library/sections/\d+/all.*[?&]id=({keys})(&|$| )"


def cut_off(site: Site, match: str, after: int) -> None:
    site.both.plex.faults([{"match": match, "after": after, "action": "reset", **ALWAYS}])
    with pytest.raises(SyncError):
        site.drain()
    site.both.plex.faults([])


def test_an_item_that_fails_at_its_second_try_is_charged_alone(site: Site) -> None:
    site.reconcile()
    match = edits_of(site, [site.scene("empty_no_agent")])
    site.both.plex.faults([{"match": match, **EMPTY}, {"match": match, **FAILS, **ALWAYS}])

    drained = site.drain()

    assert (drained["succeeded"], drained["retried"]) == (SCENES - 1, 1)
    with site.queue() as queue:
        (job,) = queue.due(FAR)
    assert (job.scene_id, job.failure) == (site.scene("empty_no_agent"), Failure.ITEM_FAILED)


def test_bad_items_in_a_row_do_not_hold_up_the_others_and_are_given_up_on(site: Site) -> None:
    site.use(first_sync="mirror", max_clear_percent=100, max_retries=1)
    site.reconcile()
    bad = sorted(site.queued())[:4]
    site.both.plex.faults([{"match": edits_of(site, bad), **FAILS, **ALWAYS}])

    site.drain()

    assert len(set(site.recorded().values())) >= SCENES - len(bad)
    failing = set(site.queued())
    assert failing <= set(bad)
    assert len(failing) >= 3
    # They are alone now, and known.
    site.drain(lambda: time.time() + 1e6)
    assert set(site.dead()) == failing


def test_what_fails_of_a_preview_is_not_called_changed(site: Site) -> None:
    site.do(preview_all)
    key = site.key(site.scene("empty_no_agent"))
    read = rf"^GET /library/metadata/([0-9]+,)*{key}[,?]"
    site.both.plex.faults([{"match": read, **FAILS, **ALWAYS}])

    applied = site.do(apply_preview)

    assert (applied["changed_meanwhile"], applied["failed"]) == (0, 1)
    assert "HTTP 500" in applied["failures"][0]


def test_locks_of_a_run_that_was_cut_off_are_released(site: Site) -> None:
    before = {item: row["locked"] for item, row in now(site).items()}
    site.reconcile()
    cut_off(site, READ, after=1)
    assert site.recorded() == {}
    assert {item: row["locked"] for item, row in now(site).items()} != before

    released = site.do(release)

    assert released["unlocked"] > 0
    assert {item: row["locked"] for item, row in now(site).items()} == before
    assert site.do(release)["unlocked"] == 0


def test_a_run_that_was_undone_is_not_gone_on_with(site: Site) -> None:
    before = now(site)
    site.reconcile()
    cut_off(site, "^PUT ", after=3)
    first = site.do(undo_last_run)
    assert first["scenes"] > 0
    assert now(site) == before
    site.reconcile()
    assert site.drain()["items_edited"] > 0

    second = site.do(undo_last_run)

    assert second["undone_run"] > first["run_id"]
    assert now(site) == before


def test_what_a_run_that_was_cut_off_has_added_for_a_destroyed_scene_goes(open_alone: Open) -> None:
    seed = generate(6, seed=3, only=("in_sync", "empty_no_agent"))
    site = open_alone(seed)
    site.use(sync_collection=True, remove_on_destroy=True)
    with_studio = {row["id"] for row in seed["stash"]["scenes"] if row["studio_id"]}
    scene = next(each for each in site.scenes("empty_no_agent") if each in with_studio)
    site.reconcile()
    cut_off(site, READ, after=1)
    assert site.record(scene) is None
    assert site.item(site.key(scene))["collection"]
    site.both.stash.graphql(f'mutation {{ sceneDestroy(input: {{id: "{scene}"}}) }}', {})
    with site.queue() as queue:
        queue.clear_waiting()
    with site.context() as context:
        assert enqueue_destroyed(context, [scene]) == 1

    assert site.drain()["failed"] == 0

    assert not site.item(site.key(scene))["collection"]
