"""Scenes that would lose much are held back until the user confirms; a lost side stops a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.sync_changes.process_queue import process_queue
from app.tasks.queue import confirm_stopped_run
from app.tasks.status_messages import held_line
from core.errors import GuardStopped
from plex.exceptions import PlexServerDown
from simulators.library.generate import generate
from simulators.library.oracle import differences
from simulators.seed import Seed
from tests.acceptance.conftest import Open
from tests.acceptance.faults import BUSY
from tests.acceptance.site import Site

# Mirroring these takes away: a studio, a summary, six list entries and three more, in each round.
EACH = 11
SCENES = 5 * EACH
CASES = ("cleared_lists", "cleared_studio", "cleared_details", "extra_genre", "in_sync")


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(SCENES, seed=2, only=CASES))


@pytest.fixture
def used() -> dict[str, Any]:
    return {"first_sync": "mirror"}


def _wrong(site: Site) -> list[str]:
    plex = site.both.plex.state()
    return differences(site.both.stash.state(), site.truth, plex, plex)


def _held(site: Site) -> set[int]:
    with site.queue() as queue:
        return {each.job.scene_id for each in queue.held()}


def test_scenes_that_lose_too_much_are_held_back_and_all_others_are_written(site: Site) -> None:
    before = site.both.plex.state()["items"]
    site.reconcile()

    ended = site.run("process_queue")

    lists = EACH * 7 + EACH  # four tags or so and four actors each; one tag each
    cleared = int(ended.error.partition("would lose ")[2].partition(" ")[0])
    assert EACH * 2 + lists <= cleared <= EACH * (2 + 8 + 1)
    assert ended.error.startswith(f"{4 * EACH} scenes are held back")
    assert "'Confirm Stopped Run'" in ended.error
    losing = {scene for case in CASES[:4] for scene in site.scenes(case)}
    assert _held(site) == losing
    assert site.queued() == {}
    keys = {key for scene in losing for key in site.items(scene)}
    after = site.both.plex.state()["items"]
    assert {key: after[key.split(":")[1]] for key in keys} == {
        key: before[key.split(":")[1]] for key in keys
    }
    with site.state() as state:
        run = state.runs.latest("drain")[0]
    assert (run.status, run.figures["held"], run.figures["failed"]) == ("done", 4 * EACH, 0)


def test_a_confirmation_writes_just_what_was_held(site: Site) -> None:
    site.reconcile()
    with pytest.raises(GuardStopped):
        site.drain()

    confirmed = site.do(confirm_stopped_run)

    assert confirmed["confirmed"]
    assert (confirmed["failed"], confirmed["succeeded"], confirmed["held"]) == (0, 4 * EACH, 0)
    assert _wrong(site) == []
    assert _held(site) == set()
    # Another run of the same size needs another word.
    assert not site.do(confirm_stopped_run)["confirmed"]
    site.both.plex.load(site.both.seed)
    site.reconcile()
    with pytest.raises(GuardStopped):
        site.drain()


def test_what_is_held_is_told_once_and_stops_nothing_else(open_alone: Open) -> None:
    """One large clearing never keeps the title of a scene from Plex, not even of one it holds."""
    site = open_alone(generate(SCENES, seed=2, only=CASES))
    site.use(first_sync="mirror")
    site.reconcile()
    with pytest.raises(GuardStopped):
        site.drain()
    held = _held(site)
    other, same = site.scene("in_sync"), site.scene("cleared_lists")
    for scene in (other, same):
        site.edit_scene(scene, title=f"Edited {scene}")
        site.enqueue(scene)
    before = site.item(site.key(same))

    drained = site.drain()

    assert drained["held"] == 0
    assert site.item(site.key(other))["title"] == f"Edited {other}"
    after = site.item(site.key(same))
    assert after["title"] == f"Edited {same}"
    assert (after["genre"], after["actor"]) == (before["genre"], before["actor"])
    assert _held(site) == held
    site.reconcile()
    assert site.drain()["failed"] == 0
    assert _held(site) == held


def test_what_stash_says_since_reaches_held_scenes_by_a_reconcile_as_well(open_alone: Open) -> None:
    site = open_alone(generate(SCENES, seed=2, only=CASES))
    site.use(first_sync="mirror")
    site.reconcile()
    with pytest.raises(GuardStopped):
        site.drain()
    held = _held(site)
    back, renamed = site.scene("cleared_details"), site.scene("cleared_lists")
    site.edit_scene(back, details=site.item(site.key(back))["summary"])
    site.edit_scene(renamed, title="Edited")

    assert site.reconcile()["enqueued_count"] == 2
    assert site.drain()["held"] == 0

    assert site.item(site.key(renamed))["title"] == "Edited"
    assert _held(site) == held - {back}


def test_a_confirmation_covers_no_more_than_was_shown(site: Site) -> None:
    """The same scenes and the same figures: only the values are others than those confirmed."""
    lists = site.scenes("cleared_lists")
    site.enqueue(*lists)
    with pytest.raises(GuardStopped):
        site.drain()
    edited = lists[:3]
    for scene in edited:
        genres = [f"Mine {number}" for number, _ in enumerate(site.item(site.key(scene))["genre"])]
        site.hand_edit(site.key(scene), genre=genres)
    by_hand = {scene: site.item(site.key(scene))["genre"] for scene in edited}

    confirmed = site.do(confirm_stopped_run)

    assert (confirmed["held"], confirmed["succeeded"]) == (3, len(lists) - 3)
    assert _held(site) == set(edited)
    assert {scene: site.item(site.key(scene))["genre"] for scene in edited} == by_hand
    assert site.do(confirm_stopped_run)["held"] == 0
    assert _held(site) == set()


def test_what_would_go_is_said_by_field_and_the_first_of_it_line_by_line(site: Site) -> None:
    site.enqueue(*site.scenes("cleared_lists"))
    shown = site.run("process_queue", dry_run="true").output

    ended = site.run("process_queue")

    told = [line for line in ended.log.splitlines() if line.startswith("held back: ")]
    assert len(told) == 10
    assert "Discarded Tag" in told[0] + told[1]
    assert f"would lose {shown['values_cleared']} values (" in ended.error
    assert f"{shown['changes']['performers']['remove']} performers" in ended.error
    with site.queue() as queue:
        lines = [held_line(each).partition(": ")[2] for each in queue.held()]
    assert {line.removeprefix("held back: ") for line in told} <= set(lines)


def test_a_confirmation_that_was_interrupted_goes_on_with_the_next(site: Site) -> None:
    site.reconcile()
    with pytest.raises(GuardStopped):
        site.drain()
    site.both.plex.faults([{"match": "PUT ", "after": 3, "times": -1, **BUSY}])
    with pytest.raises(PlexServerDown):
        site.do(confirm_stopped_run)
    site.both.plex.faults([])
    assert _held(site)

    assert site.do(confirm_stopped_run)["failed"] == 0

    assert _wrong(site) == []
    assert _held(site) == set()


def test_a_few_values_may_always_go(site: Site) -> None:
    site.enqueue(*site.scenes("cleared_studio"), *site.scenes("cleared_details"))

    drained = site.drain()

    assert drained["values_cleared"] == 2 * EACH
    assert drained["items_edited"] == 2 * EACH


def test_a_higher_limit_lets_it_pass(site: Site) -> None:
    site.use(first_sync="mirror", max_clear_percent=100)
    site.reconcile()

    site.drain()

    assert _wrong(site) == []


def test_a_merge_has_nothing_to_confirm(site: Site) -> None:
    site.use(first_sync="merge")
    site.reconcile()

    assert site.drain()["values_cleared"] == 0


def test_a_large_run_is_weighed_as_a_whole(open_alone: Open) -> None:
    """Also what comes in a later batch counts before anything is taken away."""
    site = open_alone(generate(160, seed=4, only=("empty_agent",) * 7 + ("cleared_lists",)))
    site.use(first_sync="mirror", max_clear_percent=5)
    site.reconcile()
    losing = site.scenes("cleared_lists")
    before = {scene: site.item(site.key(scene)) for scene in losing}

    with pytest.raises(GuardStopped, match=r"would lose 1[46]\d values"):
        site.drain()

    assert {scene: site.item(site.key(scene)) for scene in losing} == before
    assert site.do(confirm_stopped_run)["failed"] == 0
    assert _wrong(site) == []


def test_what_is_queued_while_a_drain_runs_is_weighed_too(site: Site) -> None:
    """A bulk edit in Stash may queue thousands of scenes behind the one in hand."""
    lists = site.scenes("cleared_lists")
    before = {scene: site.item(site.key(scene)) for scene in lists}
    site.enqueue(site.scene("in_sync"))

    waiting = [lists]

    def bulk_edit(_share: float) -> None:
        while waiting:
            site.enqueue(*waiting.pop())

    with site.context() as context, pytest.raises(GuardStopped):
        process_queue(replace(context, on_progress=bulk_edit))

    assert {scene: site.item(site.key(scene)) for scene in lists} == before
    assert _held(site) == set(lists)
    assert site.do(confirm_stopped_run)["values_cleared"] > 50


# A side that is suddenly empty -------------------------------------------------------------


def _without_items(seed: Seed, section: int) -> Seed:
    sections = [
        {**row, "items": []} if row["key"] == section else row for row in seed["plex"]["sections"]
    ]
    plex = {**seed["plex"], "sections": sections}
    return {**seed, "plex": plex}  # type: ignore[typeddict-item]


def test_an_emptied_library_of_plex_stops_the_run(site: Site) -> None:
    site.reconcile()
    queued = site.queued()
    site.both.plex.load(_without_items(site.both.seed, 1))

    ended = site.run("reconcile_all")

    assert "items in library 'Clips' of Plex at the last full run, now there are 0" in ended.error
    assert "'Confirm Stopped Run'" in ended.error
    assert ended.status == 0
    assert site.queued() == queued
    with pytest.raises(GuardStopped):
        site.reconcile()

    site.do(confirm_stopped_run)
    found = site.reconcile()
    assert found["missing_count"] > 0
    assert site.reconcile()["missing_count"] == found["missing_count"]  # that is normal now


def test_a_confirmation_of_an_emptied_side_ends_when_the_side_is_back(site: Site) -> None:
    site.reconcile()
    empty = _without_items(site.both.seed, 1)
    site.both.plex.load(empty)
    with pytest.raises(GuardStopped):
        site.reconcile()
    site.do(confirm_stopped_run)
    site.both.plex.load(site.both.seed)
    site.reconcile()

    site.both.plex.load(empty)

    with pytest.raises(GuardStopped):
        site.reconcile()
    site.both.plex.load(site.both.seed)
    site.reconcile()
    assert not site.do(confirm_stopped_run)["confirmed"]


def test_an_emptied_stash_stops_the_run(site: Site) -> None:
    more = {"action": "alter", "find": f'"count":{SCENES}', "replace": f'"count":{10**9}'}
    site.both.stash.faults([{"match": "findScenes", "times": -1, **more}])
    assert f"{10**9 - SCENES} scenes that it counts" in site.reconcile()["errors"][0]
    site.both.stash.faults([])
    site.reconcile()  # a count that was wrong is not what there was
    queued = site.queued()
    nothing = '{"data": {"findScenes": {"count": 0, "scenes": []}}}'
    answer = {"action": "status", "status": 200, "body": nothing, "times": -1}
    site.both.stash.faults([{"match": "findScenes", "content_type": "application/json", **answer}])

    ended = site.run("reconcile_all")

    site.both.stash.faults([])
    assert f"there were {SCENES} scenes in Stash at the last full run" in ended.error
    assert "now there are 0" in ended.error
    assert site.queued() == queued
    assert site.reconcile()["errors"] == []


def test_a_recent_run_does_not_mistake_few_scenes_for_a_loss(site: Site) -> None:
    site.reconcile()
    site.edit_scene(site.scene("in_sync"), title="Only this")

    found = site.run("reconcile_recent").output

    assert (found["scenes_checked"], found["errors"]) == (1, [])
    assert site.reconcile()["scenes_checked"] == SCENES


def test_libraries_that_are_empty_from_the_start_are_no_error(open_alone: Open) -> None:
    seed = generate(0)
    assert seed["stash"]["scenes"] == []
    site = open_alone(seed)

    for mode in ("reconcile_all", "process_queue", "all", "queue_status", "health_check"):
        ended = site.run(mode)
        assert "output" in ended.reply
        assert ended.status == 0
    for section in (1, 2, 3, 4):
        site.both.plex.load(_without_items(site.both.seed, section))
    assert site.reconcile()["total_gaps"] == 0
