"""A large library, in the soak one of 10,000 scenes: everything is found, with few requests, and a
drain stays cheap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from simulators.library.generate import generate
from simulators.library.oracle import differences
from simulators.seed import Truth
from sync_queue.operations import enqueue
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.soak import amount

SCENES = amount(1000, 10_000)
MOST_REQUESTS = amount(28, 59)
DRAINED = amount(60, 500)
MOST_WRITES = 1.1  # for each changed scene
MOST_READS = 0.1
# Cases in which there is something to write, whatever the scene.
DIFFERENT = (
    "empty_no_agent",
    "empty_agent",
    "empty_titled",
    "stale",
    "drift_title",
    "drift_studio",
)


def _is_true(found: dict[str, int], truth: Truth) -> None:
    """The figures of a run in which nothing is recorded yet."""
    assert found["scenes_checked"] == SCENES
    assert found["empty_metadata_count"] == len(truth["empty_metadata"])
    assert found["stale_sync_count"] == len(truth["stale_sync"])
    assert found["missing_count"] == len(truth["missing"]) - len(truth["outside"])
    assert found["outside_count"] == len(truth["outside"])
    assert found["ambiguous_count"] == len(truth["ambiguous"])
    assert found["orphan_count"] == len(truth["orphans"])


def _queued(site: Site) -> dict[str, set[int]]:
    """The queued scenes by the gap type that they are queued for."""
    found: dict[str, set[int]] = {}
    with site.queue() as queue:
        for job in queue.due(2e9):
            found.setdefault(job.reason.partition(":")[0], set()).add(job.scene_id)
    return found


def _gated(scenes: Iterable[int], truth: Truth) -> set[int]:
    return set(scenes) - set(truth["no_metadata"])


@pytest.mark.timeout(300)  # on a machine with other things to do
def test_a_large_library(open_alone: Open) -> None:
    site = open_alone(generate(SCENES, seed=7))
    truth = site.truth
    site.use(first_sync="mirror", max_clear_percent=100)
    site.inherit_timestamps()

    for _ in range(2):
        site.reset_counters()
        found = site.run("reconcile_all").output
        _is_true(found, truth)
        asked = [server.counters()["total"] for server in (site.both.stash, site.both.plex)]
        assert sum(asked) <= MOST_REQUESTS

    queued = _queued(site)
    empty, stale = set(truth["empty_metadata"]), set(truth["stale_sync"])
    matched = set(map(int, truth["matches"]))
    assert queued["empty_metadata"] == empty
    assert queued["stale_sync"] == stale - empty
    gone = {int(s) for s in truth["sync_timestamps"] if s in truth["cases"]} - matched - stale
    absent = (set(truth["missing"]) - set(truth["outside"])) | gone
    assert queued["missing"] == _gated(absent, truth)
    assert queued["drift"] == _gated(matched - empty - stale, truth)

    _drain_some(site)


def _drain_some(site: Site) -> None:
    """Some scenes that differ, and no others."""
    truth, plex = site.truth, site.both.plex
    chosen = {scene for case in DIFFERENT for scene in site.scenes(case)}
    chosen = set(sorted(chosen)[:DRAINED])
    before = plex.state()
    with site.queue() as queue:
        queue.clear_waiting()
        for scene_id in chosen:
            enqueue(queue, scene_id, "metadata", {}, "asked for by a test")
    site.reset_counters()

    drained = site.run("process_queue").output

    counted = plex.counters()
    assert drained["succeeded"] == DRAINED
    changed = drained["items_edited"]
    assert changed >= 0.98 * DRAINED
    assert counted["writes"] <= MOST_WRITES * changed
    assert counted["reads"] <= MOST_READS * changed
    rightful = {item: scene for item, scene in site.rightful().items() if scene in chosen}
    assert site.recorded() == rightful
    stash = site.both.stash.state()
    stash["scenes"] = [row for row in stash["scenes"] if row["num"] in chosen]
    was, now = (_only(state, set(rightful)) for state in (before, plex.state()))
    assert differences(stash, truth, was, now, "mirror") == []


def _only(plex: dict[str, Any], items: set[str]) -> dict[str, Any]:
    """A dump of Plex with no other items than these."""
    sections = {
        key: {**row, "items": [item for item in row["items"] if f"{key}:{item}" in items]}
        for key, row in plex["sections"].items()
    }
    return {**plex, "sections": sections}
