"""Many events at once: nobody waits, nothing is lost, nothing runs twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from simulators.library.generate import generate
from sync_queue.inbox_reader import Inbox
from tests.acceptance.always_on import always_on, at_rest, hooks, jobs, noted, runs, title, until
from tests.acceptance.entry import API_KEY
from tests.acceptance.faults import differing
from tests.acceptance.site import Site
from tests.acceptance.soak import chosen
from tests.pool import Pool

SCENES = 24  # `make bench` does it with 500
EDITS = 25
AT_ONCE = 20
KILLS = 3


BOTH = ["processes", "inside"]
PROCESSES, INSIDE = (
    pytest.mark.parametrize("site", chosen([one], [other]), indirect=True)
    for one, other in (BOTH, BOTH[::-1])
)


@pytest.fixture(scope="module")
def site(
    request: pytest.FixtureRequest, pool: Pool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("bursts")
    seed = generate(SCENES, seed=4, only=("in_sync",))
    with always_on(pool, seed, folder, request.param) as found:
        yield found


def never_two_at_once(site: Site) -> bool:
    """Whether each drain began after its predecessor had ended, or had been found dead."""
    return all(
        earlier.finished_at is not None and earlier.finished_at <= later.started_at
        for earlier, later in pairwise(runs(site))
    )


def kill_drain(site: Site, scenes: Sequence[int]) -> None:
    """Start a drain, and kill whoever drains then: it, or the task whose drain kept it out."""
    site.enqueue(*scenes)
    site.both.plex.reset()
    process = site.start("process_queue", STASH_API_KEY=API_KEY)
    until(lambda: site.both.plex.counters()["total"] > 1)
    by_hand = process.poll() is None
    process.kill()
    with process:
        process.communicate()
    # In this order: a task that is not at work yet would be killed with the request for it.
    running = [job["id"] for job in jobs(site) if job["status"] == "RUNNING"]
    with Inbox(site.data) as inbox:
        at_work = inbox.lease().begun_at is not None
    if running and at_work:
        stop = "mutation($id: ID!) { stopJob(job_id: $id) }"
        site.both.stash.graphql(stop, {"id": running[0]})
    assert by_hand or (running and at_work)


@INSIDE
def test_many_scenes_edited_in_one_go(site: Site) -> None:
    scenes = site.scenes("in_sync")
    assert len(scenes) == SCENES
    site.reset_counters()

    site.both.stash.graphql(
        "mutation($i: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $i) { id } }",
        {"i": {"ids": [str(each) for each in scenes], "details": "All of them at once."}},
    )
    until(lambda: at_rest(site))

    assert len(hooks(site)) == SCENES
    replies = [each["output"] for each in hooks(site)]
    assert set(replies) <= {"noted", "noted, and asked for Sync Changes", "Sync Changes waits"}
    assert replies.count("noted, and asked for Sync Changes") <= 3
    assert len(jobs(site)) <= 3
    outputs = [job["output"] for job in jobs(site)]
    assert sum(output["processed"] for output in outputs) == SCENES
    assert sum(output["enqueued_count"] for output in outputs) == SCENES
    assert site.writes() <= SCENES
    assert never_two_at_once(site)
    assert differing(site) == set()
    assert noted(site) == 0


@PROCESSES
def test_many_hooks_during_a_drain_that_is_killed_three_times(site: Site) -> None:
    """One drain is started by hand, beside those that the hooks ask for; both are killed."""
    scenes = site.scenes("in_sync")[:8]
    before = len(hooks(site))
    site.both.plex.configure(latency=0.05)

    def edit(number: int) -> None:
        site.edit_scene(scenes[number % len(scenes)], title=f"Edit {number}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        edits = pool.map(edit, range(EDITS))
        for _ in range(KILLS):
            kill_drain(site, site.scenes("in_sync")[8:])
        list(edits)
    site.both.plex.configure(latency=0)
    edit(EDITS)  # the last event comes after the last kill
    until(lambda: at_rest(site) and not site.queued(), 60)

    assert len(hooks(site)) == before + EDITS + 1
    assert {each["status"] for each in hooks(site)} == {"done"}
    assert {each["error"] for each in hooks(site)} == {None}
    assert differing(site) == set()
    assert title(site, scenes[EDITS % len(scenes)]) == f"Edit {EDITS}"
    assert noted(site) == 0
    assert site.dead() == {}
    assert never_two_at_once(site)
    ended = [job for job in jobs(site) if job["status"] == "FINISHED"]
    assert not [job for job in ended if job["plugin_error"]]
