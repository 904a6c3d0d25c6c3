"""A library of 10,000 scenes: everything is found, with few requests, and a drain stays cheap."""

from __future__ import annotations

from collections.abc import Iterable

from reconciliation.engine import CONTESTED
from simulators.library import generate
from simulators.oracle import differences
from simulators.seed import Truth
from sync_queue.operations import enqueue
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site

SCENES = 10_000
MOST_REQUESTS = 60
DRAINED = 500
MOST_WRITES = 1.1  # for each changed scene
MOST_READS = 0.1


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


def test_ten_thousand_scenes(open_site: Open) -> None:
    site = open_site(generate(SCENES, seed=7))
    truth = site.truth
    site.use(first_sync="mirror", max_clear_percent=100)
    site.inherit_timestamps()

    for _ in range(2):
        site.reset_counters()
        found = site.run("reconcile_all").output
        _is_true(found, truth)
        stash_requests = site.both.stash.counters()["total"]
        assert site.plex_requests() + stash_requests <= MOST_REQUESTS

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
    """500 scenes that differ, and no others."""
    truth, plex = site.truth, site.both.plex
    before, stash = plex.state(), site.both.stash.state()
    wrong = {int(line.split()[1]) for line in differences(stash, truth, before, before)}
    single = [s for s in sorted(wrong) if len(site.items(s)) == 1]
    chosen = [s for s in single if truth["cases"][str(s)] != "drift_director"][:DRAINED]
    assert len(chosen) == DRAINED
    with site.queue() as queue:
        queue.clear_waiting()
        for scene_id in chosen:
            enqueue(queue, scene_id, "metadata", {}, "asked for by a test")
    site.reset_counters()

    drained = site.run("process_queue").output

    counted = plex.counters()
    assert drained["succeeded"] == DRAINED
    changed = drained["items_edited"]
    assert changed >= 0.95 * DRAINED
    assert counted["writes"] <= MOST_WRITES * changed
    assert counted["reads"] <= MOST_READS * changed
    after = plex.state()
    lines = differences(stash, truth, before, after, "mirror", chosen)
    assert [line for line in lines if ", directors:" not in line] == []
    rightful = {item: s for item, s in site.rightful().items() if s in set(chosen)}
    assert site.recorded() == rightful
    with site.state() as state:
        owners = {f"{section}:{key}": owner for section, key, owner in state.get_fact(CONTESTED)}
    assert owners.items() <= site.rightful().items()
