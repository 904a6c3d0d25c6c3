"""What a reconcile finds is exactly what is there to be found: each type, scene by scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from core.finding_types import DRIFT, EMPTY_METADATA, MISSING, STALE_SYNC
from reconciliation.detection_pass import Sweep
from reconciliation.detection_state import FoundGap
from reconciliation.engine import GapDetectionEngine
from reconciliation.result import GapDetectionResult
from simulators.library.generate import generate
from simulators.library.places import Mounts
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.small_library import FILMS, SmallLibrary, part

LOSERS = ("merged_loser", "primary_loser", "twins_loser")


@dataclass(frozen=True)
class Findings:
    """The scenes that were found, by kind, and all gaps."""

    empty: set[int]
    stale: set[int]
    missing: set[int]
    vanished: set[int]
    drift: set[int]
    ambiguous: set[int]
    contested: set[int]
    gaps: list[FoundGap]


class Watched(GapDetectionEngine):
    """An engine that keeps what it found beside the figures."""

    findings: Findings
    result: GapDetectionResult
    orphans: set[str]

    def _count(self, sweep: Sweep, result: GapDetectionResult, *, saw_all: bool) -> None:
        super()._count(sweep, result, saw_all=saw_all)
        found = sweep.findings
        self.findings = Findings(
            set(found.empty),
            set(found.stale),
            set(found.missing),
            set(found.vanished),
            set(found.drift),
            set(found.ambiguous),
            set(found.contested),
            [gap for gaps in found.gaps_of(list(found.concerned())).values() for gap in gaps],
        )
        orphans = sweep.claims.orphans(sweep.side.counts, found.contenders())
        self.orphans = {str(item.ref) for some in orphans for item in some}


@pytest.fixture(scope="module", params=["mixed", "windows"])
def site(request: pytest.FixtureRequest, open_site: Open) -> Site:
    mounts: Mounts = request.param
    found = open_site(generate(160, seed=len(mounts), mounts=mounts))
    found.inherit_timestamps()
    return found


@pytest.fixture(scope="module")
def engine(site: Site) -> Iterator[Watched]:
    """An engine that has run once over all, without a queue."""
    with site.context() as context:
        watched = Watched(context.stash, context.settings, context.data_dir)
        watched.result = watched.run()
        yield watched


def test_every_gap_type_is_the_truth(site: Site, engine: Watched) -> None:
    truth, found = site.truth, engine.findings
    assert set(found.empty) == set(truth["empty_metadata"])
    assert set(found.stale) == set(truth["stale_sync"])
    assert set(found.missing) == set(truth["missing"]) - set(truth["outside"])
    assert set(found.ambiguous) == set(truth["ambiguous"])
    assert engine.orphans == set(truth["orphans"])
    losers = {scene for case in LOSERS for scene in site.scenes(case)}
    assert set(found.contested) == losers
    known = set(map(int, truth["matches"])) - set(truth["no_metadata"])
    assert set(found.drift) == known - set(found.empty) - set(found.stale)
    gone = {int(scene) for scene in truth["sync_timestamps"]} - set(map(int, truth["matches"]))
    assert set(found.vanished) == gone & set(map(int, truth["cases"]))


def test_the_figures_add_up(engine: Watched) -> None:
    result, findings = engine.result, engine.findings
    assert result.scenes_with_gaps == len({gap.scene_id for gap in findings.gaps})
    bare = result.skipped_no_metadata - result.ungated_count
    assert result.scenes_with_gaps == result.scenes_to_sync + bare + result.skipped_unmatched
    assert min(bare, result.ungated_count) > 0


@pytest.mark.parametrize("gap_type", [EMPTY_METADATA, STALE_SYNC, MISSING, DRIFT])
def test_each_type_is_queued_by_itself(site: Site, engine: Watched, gap_type: str) -> None:
    found = engine.findings
    by_type: dict[str, Any] = {
        EMPTY_METADATA: found.empty,
        STALE_SYNC: found.stale,
        MISSING: {*found.missing, *found.vanished},
        DRIFT: found.drift,
    }
    with site.queue() as queue, site.context() as context:
        context.engine(queue).run(only=frozenset({gap_type}))
        jobs = queue.due(context.clock())
        queue.clear_waiting()
    ungated = set(site.truth["no_metadata"])
    assert {job.scene_id for job in jobs} == set(by_type[gap_type]) - ungated
    assert all(job.reason.startswith(f"{gap_type}: ") for job in jobs)


def test_a_run_queues_each_scene_once_and_adds_up(site: Site, engine: Watched) -> None:
    found, ungated = engine.findings, set(site.truth["no_metadata"])
    repairable = {gap.scene_id for gap in found.gaps}
    with site.queue() as queue, site.context() as context:
        first = context.engine(queue).run()
        second = context.engine(queue).run()
        queued = queue.queued_scene_ids()
        reasons = {job.scene_id: job.reason for job in queue.due(context.clock())}
        queue.clear_waiting()
    assert queued == repairable - ungated
    assert first.enqueued_count == len(queued)
    both = found.empty & found.stale
    assert both
    assert all(reasons[scene].startswith("empty_metadata: ") for scene in both)
    assert first.total_gaps == len(found.gaps)
    assert (second.enqueued_count, second.skipped_already_queued) == (0, len(queued))
    assert first.outside_count == len(site.truth["outside"])
    assert first.scenes_checked == len(site.truth["cases"])
    assert first.errors == []


def test_what_was_in_plex_has_vanished_wherever_its_path_leads(open_alone: Open) -> None:
    """No path map leads there; the record knows better."""
    made = SmallLibrary({FILMS: ["/plex/films"]})
    for scene, name in ((1, "once there"), (2, "never there")):
        made.scene(scene, made.file(f"/stash/{name}.mp4", 10 + scene))
    made.item(FILMS, 101, part("/plex/films/other/once there.mp4", 11))
    site = open_alone(made.seed())
    site.reconcile()
    site.drain()
    site.drop_item("101")

    found = site.reconcile()

    assert (found["vanished_count"], found["outside_count"]) == (1, 1)
    assert site.queued().keys() == {1}
