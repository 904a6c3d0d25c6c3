"""Plans on their way to a simulated Plex: what is journaled, proven, recorded and told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.images import Fit, ImageKind
from core.models import FullItem, ItemRef, Scene
from core.planning.three_way_merge import FirstSync, MergeRules
from core.records import Record
from plex.client import PlexClient
from plex.exceptions import PlexError
from plex.images import PlexImages
from simulators.launch import PlexHandle
from stash.images import NoCover
from storage.state import State
from tests.core.builders import ALL_FIELDS, desired, file, scene
from tests.plex_seeds import plex_item, plex_section, plex_seed
from transport.retrying import Retrying
from worker.executor import edits_ahead
from worker.executor.executor import Executor
from worker.executor.journaling import Journaling
from worker.executor.outcome import Outcome, Status
from worker.executor.read_back import WINDOW
from worker.pictures.poster_fit import PosterFitter
from worker.pictures.supply import FetchCover
from worker.pictures.sync import PictureSync
from worker.pictures.writer import PictureWriter
from worker.plan import ItemEdit, Proof, ScenePlan
from worker.preview.plan_source import job_for
from worker.scene_sync.record_transfer import bare_record
from worker.scene_sync.scene_plan import scene_plan
from worker.scene_sync.unproven_writes import recall

RULES = MergeRules(FirstSync.MERGE)
EDIT, READ = "PUT /library/sections/1/all", "GET /library/metadata/"
Fault = dict[str, Any]


@dataclass
class Bench:
    """One run after the other over the scenes of a small section: scene 3 has item 3."""

    process: PlexHandle
    plex: PlexClient
    state: State
    outcomes: list[Outcome] = field(default_factory=list)
    run_id: int = 1
    clock: Callable[[], float] = lambda: 1.0

    def wanted(self, number: int, **changes: Any) -> Scene:
        known = {"title": f"Scene {number}", "tags": ["Night", "Jazz"], "details": "Ours."}
        return scene(file(f"/d/{number:04d}.mp4"), scene_id=number, **{**known, **changes})

    def items(self, *numbers: int) -> dict[ItemRef, FullItem]:
        full = self.plex.full_items(map(str, numbers))
        return {item.ref: item for item in full.values()}

    def record(self, number: int) -> Record | None:
        return self.state.records.get_many([number]).get(number)

    def plan(self, wanted: Scene) -> ScenePlan:
        """As a drain makes it, of what is there now."""
        items = self.items(wanted.id)
        unsettled = self.state.journal.unrecorded(items)
        entries = [entry for each in unsettled.values() for entry in each]
        known = recall(self.record(wanted.id), bare_record(wanted), items, entries)
        desire = desired(wanted, ALL_FIELDS)
        return scene_plan(job_for(wanted.id), wanted, desire, known, items, RULES)

    def run(
        self,
        *plans: ScenePlan,
        is_over: Callable[[], bool] = lambda: False,
        more: Callable[[], Sequence[ScenePlan]] = tuple,
        fetch: FetchCover | None = None,
    ) -> Sequence[ScenePlan]:
        images = PlexImages(self.plex)

        def pictures(writer: PictureWriter) -> PictureSync | None:
            return fetch and PictureSync(fetch, images, PosterFitter(Fit.NONE), writer)

        executor = Executor(
            self.plex,
            self.state,
            self.run_id,
            partial(PictureWriter, images),
            pictures,
            self.clock,
            self.outcomes.extend,
            lambda: None,
        )
        self.run_id += 1
        self.outcomes.clear()
        return executor.execute(plans, is_over, more)

    def faults(self, *faults: Fault) -> None:
        self.process.control("POST", "faults", list(faults))

    def told(self) -> dict[int, Status]:
        return {outcome.plan.scene_id: outcome.status for outcome in self.outcomes}

    def unsettled(self) -> set[int]:
        return self.state.journal.unrecorded_scene_ids()


@pytest.fixture
def bench(process: PlexHandle, tmp_path: Path) -> Iterator[Bench]:
    process.load(plex_seed(plex_section([plex_item(n) for n in range(1, 4)])))
    plex = PlexClient(process.url, process.token, retrying=Retrying(lambda _seconds: None))
    with State(tmp_path, print) as state:
        made = Bench(process, plex, state)
        yield made
    made.faults()
    plex.close()


def test_what_is_proven_is_recorded_settled_and_told(bench: Bench) -> None:
    assert bench.run(bench.plan(bench.wanted(1)), bench.plan(bench.wanted(2))) == []

    assert bench.told() == {1: Status.PROVEN, 2: Status.PROVEN}
    assert [len(outcome.edited) for outcome in bench.outcomes] == [1, 1]
    known = bench.record(1)
    assert known is not None
    assert known.items[0].fields["title"].read_back == "Scene 1"
    assert known.items[0].updated_at == bench.items(1)[ItemRef("1", "1")].updated_at
    assert bench.unsettled() == set()
    # A second run finds nothing to do.
    again = bench.plan(bench.wanted(1))
    assert [edit.names for edit in again.edits] == [()]


def test_what_comes_while_others_are_under_way_is_carried_out_like_these(bench: Bench) -> None:
    parts = [[bench.plan(bench.wanted(2)), bench.plan(bench.wanted(3))]]

    left = bench.run(bench.plan(bench.wanted(1)), more=lambda: parts.pop() if parts else ())

    assert (left, bench.told()) == ([], dict.fromkeys((1, 2, 3), Status.PROVEN))
    assert bench.unsettled() == set()


def test_a_scene_that_comes_again_with_another_item_is_journaled_again(bench: Bench) -> None:
    journal = Journaling(bench.state.journal, 1, lambda: 1.0)
    plans = [replace(bench.plan(bench.wanted(number)), scene_id=1) for number in (1, 2)]

    for plan in plans:
        journal.expect([plan])
        journal.write([plan])
        journal.done([plan])

    assert bench.state.journal.items(1) == [(1, ItemRef("1", "1")), (1, ItemRef("1", "2"))]


def test_an_edit_that_was_answered_and_not_carried_out_is_not_taken(bench: Bench) -> None:
    bench.faults({"match": EDIT, "action": "status", "status": 200, "times": -1})

    bench.run(bench.plan(bench.wanted(1)))

    assert bench.told() == {1: Status.NOT_TAKEN}
    assert bench.outcomes[0].edited == set()
    assert bench.record(1) is None
    assert bench.unsettled() == {1}
    bench.faults()
    again = bench.plan(bench.wanted(1))
    assert again.carried_out == frozenset()
    bench.run(again)
    assert bench.told() == {1: Status.PROVEN}
    assert bench.unsettled() == set()


def test_an_outage_costs_no_scene_what_was_proven_before(bench: Bench) -> None:
    """What was written before it is recorded and told; of the rest nobody is to blame."""
    plans = [bench.plan(bench.wanted(n, title=f"Own {n}")) for n in (1, 2, 3)]
    away = {"action": "reset", "times": -1}
    bench.faults(*({"match": m, **away} for m in (f"{EDIT}.*[?&]id=2", "GET /identity")))

    with pytest.raises(PlexError):
        bench.run(*plans)

    assert bench.told() == {1: Status.PROVEN}
    assert bench.record(1) is not None
    assert bench.record(2) is None
    # Journaled before anything was sent, all of the batch.
    assert bench.unsettled() == {2, 3}


def test_what_could_not_be_read_back_counts_as_ours_in_the_next_run(bench: Bench) -> None:
    plans = [bench.plan(bench.wanted(1))]
    bench.faults({"match": READ, "action": "reset", "times": -1})
    with pytest.raises(PlexError):
        bench.run(*plans)
    assert (bench.told(), bench.record(1), bench.unsettled()) == ({}, None, {1})

    bench.faults()
    changed = bench.wanted(1, tags=["Night"], details="")
    plan = bench.plan(changed)
    bench.run(plan)

    ref = ItemRef("1", "1")
    assert plan.carried_out == {ref}
    item = bench.items(1)[ref]
    assert item.values["summary"] == ""
    # PictureEnd work that was there before us stays.
    assert item.values["tags"] == ("Drama", "Night", "Outdoor")
    assert bench.unsettled() == set()


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"action": "status", "status": 400}, Status.REJECTED),
        ({"action": "reset"}, Status.ITEM_FAILED),
    ],
)
def test_one_scene_that_fails_holds_up_no_other(bench: Bench, fault: Fault, status: Status) -> None:
    bench.faults({"match": f"{EDIT}.*[?&]id=2", "times": -1, **fault})

    bench.run(*(bench.plan(bench.wanted(n, title=f"Own {n}")) for n in (1, 2, 3)))

    assert bench.told() == {1: Status.PROVEN, 2: status, 3: Status.PROVEN}
    assert "item 1:2" in bench.outcomes[1].why
    assert (bench.record(2), bench.unsettled()) == (None, {2})


def test_what_others_wait_for_ends_a_run_between_two_scenes(bench: Bench) -> None:
    plans = [bench.plan(bench.wanted(n, title=f"Own {n}")) for n in (1, 2, 3)]
    asked = iter([False, True])

    left = bench.run(*plans, is_over=lambda: next(asked))

    assert [plan.scene_id for plan in left] == [3]
    assert bench.told() == {1: Status.PROVEN, 2: Status.PROVEN}


def test_what_is_begun_and_not_sent_waits_for_no_slow_plex_where_others_do(
    process: PlexHandle, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits_ahead, "FEWEST", 2)
    count = 16
    process.load(plex_seed(plex_section([plex_item(n) for n in range(1, count + 1)])))
    plans = [bench.plan(bench.wanted(n, title=f"Own {n}")) for n in range(1, count + 1)]
    process.reset()
    bench.faults({"match": EDIT, "action": "delay", "seconds": 0.3, "after": 4, "times": -1})
    bench.clock = time.monotonic
    began = time.monotonic()

    left = bench.run(*plans, is_over=lambda: time.monotonic() - began > 0.2)

    written = process.counters()["writes"]
    assert written <= 8
    assert len(left) == count - written
    assert bench.told() == dict.fromkeys(range(1, written + 1), Status.PROVEN)


def test_scenes_that_share_an_edit_are_seen_to_the_end_all_the_same(bench: Bench) -> None:
    same = {"title": "One for all", "tags": []}
    plans = [bench.plan(bench.wanted(n, **same)) for n in (1, 2, 3)]

    left = bench.run(*plans, is_over=lambda: True)

    assert left == []
    assert bench.told() == dict.fromkeys((1, 2, 3), Status.PROVEN)
    assert bench.process.counters()["writes"] == 1


def test_items_are_read_back_many_at_once(process: PlexHandle, bench: Bench) -> None:
    count = WINDOW + 5
    process.load(plex_seed(plex_section([plex_item(n) for n in range(1, count + 1)])))
    plans = [bench.plan(bench.wanted(n, title=f"Own {n}")) for n in range(1, count + 1)]
    process.reset()

    bench.run(*plans)

    counters = process.counters()
    assert (counters["writes"], counters["total"]) == (count, count + 2)
    assert len(bench.told()) == count


# What is no sync -------------------------------------------------------------------------------


def test_a_picture_that_is_back_is_known_though_the_edit_of_its_item_was_refused(
    bench: Bench,
) -> None:
    proofs: list[Proof] = []
    wanted = bench.plan(bench.wanted(1))
    (edit,) = wanted.edits
    own = PlexImages(bench.plex).entries("1", ImageKind.POSTER)[0].rating_key
    edit = replace(edit, pictures={"poster": own}, shown_pictures={"poster": None})
    bench.faults({"match": f"{EDIT}.*[?&]id=1&", "action": "status", "status": 400, "times": -1})

    bench.run(undoing(wanted, edit, proofs))

    assert bench.told() == {1: Status.REJECTED}
    (proof,) = proofs
    assert {ref.key: set(names) for ref, names in proof.back.items()} == {"1": {"poster"}}
    assert proof.shown.keys() == {edit.ref}
    assert proof.shown[edit.ref] == bench.items(1)[edit.ref]


def undoing(plan: ScenePlan, edit: ItemEdit, proofs: list[Proof]) -> ScenePlan:
    def remember(_plan: ScenePlan, proof: Proof) -> Record | None:
        proofs.append(proof)
        return None

    return replace(plan, edits=(edit,), remember=remember, is_partial_ok=True)


def test_pictures_of_two_scenes_are_under_way_at_once(bench: Bench) -> None:
    both = threading.Barrier(2, timeout=10)

    def fetch(_scene_id: int, _etag: str) -> NoCover:
        both.wait()
        return NoCover("")

    plans = [bench.plan(bench.wanted(number)) for number in (1, 2)]
    bench.run(*(replace(plan, cover=frozenset({"poster"})) for plan in plans), fetch=fetch)

    assert bench.told() == {1: Status.PROVEN, 2: Status.PROVEN}
    assert not both.broken
