"""An edit in Stash is in Plex seconds later, by real hooks and tasks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import pytest

from simulators.dumps import stash_seed
from simulators.library.generate import generate
from sync_queue.inbox import FREE_DECLINES, UNANSWERED_SECONDS
from tests.acceptance.always_on import (
    always_on,
    at_rest,
    has_no_secret,
    hooks,
    jobs,
    noted,
    start,
    title,
    until,
)
from tests.acceptance.site import Site
from tests.acceptance.soak import chosen
from tests.pool import Pool

BOTH = ["inside", "processes"]
INSIDE, PROCESSES = (
    pytest.mark.parametrize("running", chosen([one], [other]), indirect=True)
    for one, other in (BOTH, BOTH[::-1])
)


@pytest.fixture(scope="module", params=BOTH)
def running(
    request: pytest.FixtureRequest, pool: Pool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    seed = generate(24, seed=4, only=("in_sync",))
    with always_on(pool, seed, tmp_path_factory.mktemp("on"), request.param) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    """At rest, and with nothing asked for."""
    running.use(first_sync="mirror", max_clear_percent=100)
    yield running
    running.both.stash.faults([])
    running.both.plex.faults([])
    until(lambda: at_rest(running))


def test_an_edit_is_in_plex_within_seconds(site: Site) -> None:
    scene = site.scenes("in_sync")[0]
    before = len(jobs(site))

    site.edit_scene(scene, title="Seen at Once")
    took = until(lambda: title(site, scene) == "Seen at Once")

    assert took < 10  # some three where nothing else runs
    until(lambda: at_rest(site))
    (job,) = jobs(site)[before:]
    assert job["plugin_error"] is None
    assert (job["output"]["events"], job["output"]["items_edited"]) == (1, 1)
    assert job["progress"] == 1.0
    assert hooks(site)[-1]["output"] == "noted, and asked for Sync Changes"
    log = [line["message"] for line in site.both.stash.control("GET", "plugin_log")]
    assert any("1 change noted (scenes: 1 queued); 1 scene: 1 changed" in line for line in log)
    assert noted(site) == 0
    has_no_secret(site)


@PROCESSES
def test_a_new_name_of_a_tag_is_in_plex_within_seconds(site: Site) -> None:
    rows = stash_seed(site.both.stash.state())["scenes"]
    scene = next(row for row in rows if row["tag_ids"])
    mutation = "mutation($i: TagUpdateInput!) { tagUpdate(input: $i) { id } }"

    told = {"id": str(scene["tag_ids"][0]), "name": "Renamed at Once"}
    site.both.stash.graphql(mutation, {"i": told})
    took = until(lambda: "Renamed at Once" in site.item(site.key(scene["id"]))["genre"])

    assert took < 10  # some three where nothing else runs
    until(lambda: at_rest(site))
    assert jobs(site)[-1]["output"]["events"] == 1


@INSIDE
def test_edits_that_follow_each_other_are_one_task(site: Site) -> None:
    first, second = site.scenes("in_sync")[1:3]
    before = len(jobs(site))

    for number in range(4):
        site.edit_scene(first, title=f"First {number}")
    site.edit_scene(second, title="Second")
    until(lambda: at_rest(site))

    done = [job["output"] for job in jobs(site)[before:]]
    assert done[0]["processed"] == done[0]["items_edited"] == 2
    assert [each["processed"] for each in done[1:]] in ([], [0])
    assert (title(site, first), title(site, second)) == ("First 3", "Second")


@PROCESSES
def test_a_change_whose_request_was_lost_is_caught_up_with(site: Site) -> None:
    first, second = site.scenes("in_sync")[6:8]
    before = len(jobs(site))
    broken = {"match": "runPluginTask", "action": "status", "status": 500, "times": -1}
    site.both.stash.faults([broken])
    site.edit_scene(first, title="Not Asked For")
    assert hooks(site)[-1]["output"] == "noted"
    assert noted(site) == 1
    site.both.stash.faults([])

    site.edit_scene(second, title="Asks for Both")
    until(lambda: at_rest(site))

    assert len(jobs(site)) == before + 1
    assert (title(site, first), title(site, second)) == ("Not Asked For", "Asks for Both")


@pytest.mark.parametrize("running", BOTH[:1], indirect=True)  # processes note them all the same
def test_a_task_that_cannot_work_is_asked_for_few_times_in_a_burst(site: Site) -> None:
    """And not at all, with nothing noted, where a switch says so."""
    scenes = site.scenes("in_sync")[8:20]
    before = len(jobs(site))
    site.use(enabled=False)
    describe(site, scenes[:6])
    assert (len(jobs(site)), noted(site)) == (before, 0)
    assert hooks(site)[-1]["output"] == "Stash2Plex is switched off"
    site.use(max_retries=-5)
    started = time.monotonic()

    describe(site, scenes[6:])
    until(lambda: at_rest(site))

    took = time.monotonic() - started
    assert 1 <= len(jobs(site)) - before <= (1 + FREE_DECLINES + took / UNANSWERED_SECONDS)
    assert 1 <= noted(site) <= 6
    site.use(first_sync="mirror", max_clear_percent=100)
    start(site, "Sync Changes")
    until(lambda: at_rest(site))
    assert jobs(site)[-1]["output"]["items_edited"] == len(scenes)
    assert noted(site) == 0


def describe(site: Site, scenes: Sequence[int]) -> None:
    site.both.stash.graphql(
        "mutation($i: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $i) { id } }",
        {"i": {"ids": [str(each) for each in scenes], "details": "All at once."}},
    )


@INSIDE
def test_a_scan_notes_and_is_seen_after_it(site: Site) -> None:
    """Its hooks ask once; the task waits behind the scan."""
    paths = [f"/data/library/new-{number}.mp4" for number in range(4)]
    site.both.stash.control("POST", "disk", {"add": [{"path": path} for path in paths]})
    before, fired = len(jobs(site)), len(hooks(site))

    site.both.stash.graphql("mutation { metadataScan(input: {}) }")
    until(lambda: at_rest(site) and len(jobs(site)) > before)

    new = [each for each in hooks(site)[fired:] if each["args"]["hookContext"]["input"] is None]
    assert len(new) >= 4
    assert len(jobs(site)) == before + 1
    assert jobs(site)[-1]["output"]["skipped_no_metadata"] >= 4
