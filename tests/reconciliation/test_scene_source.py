"""What stands as it was read is what Stash would say: random histories of a Stash, within this
process. `STASH2PLEX_HISTORIES` says how many; the nightly run takes thousands."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.errors import StashError
from core.records import Record
from reconciliation import scene_source
from reconciliation.scene_source import SceneSource
from stash import scalars
from stash.mapping import UnreadScene
from stash.scenes import count_scenes, iter_unread_pages
from storage.scene_reads import READS_FILE, Look, SceneReads
from storage.state import State
from storage.state_tables.verdicts import Verdict
from tests.reconciliation.stash_history import DAY, SCENES, History, StashInside
from tests.stored import spoil

HISTORIES = int(os.environ.get("STASH2PLEX_HISTORIES", "24"))
ROUNDS = 6
MOST = 4 * SCENES  # ids that have a record


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """Every scene has a record, and a verdict once it was read."""
    with State(tmp_path_factory.mktemp("state"), pytest.fail) as opened:
        ids = range(1, MOST + 1)
        opened.records.save_many([Record(i, 1.0, "", (), None, (), (), ()) for i in ids])
        yield opened


@pytest.fixture
def reads(tmp_path: Path) -> Iterator[SceneReads]:
    with SceneReads(tmp_path, pytest.fail) as opened:
        yield opened


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for where, name, size in (
        *((scalars, "PAGE", 7), (scalars, "SOME", 3), (scalars, "WHOLE", 4)),
        (scene_source, "WHOLE", 4),
    ):
        monkeypatch.setattr(where, name, size)


def run(
    stash: StashInside,
    reads: SceneReads,
    state: State,
    *,
    full: bool = False,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[UnreadScene]:
    """One pass; `meanwhile` happens after each page."""
    source = SceneSource(stash, reads, state, lambda: stash.now + 0.5, full=full)
    expected = count_scenes(stash)
    list(source.survey(expected))
    judged = state.verdicts.looked_at(0, MOST)
    stands = source.moved is not None and not source.moved and len(judged) == expected
    found: list[UnreadScene] = []
    for page in source.pages(expected):
        found += page
        meanwhile()
    if stands:
        assert {each.id: each.digest for each in found} == judged
    state.verdicts.save({each.id: Verdict(b"", (), each.digest) for each in found}, ())
    state.verdicts.forget_others({each.id for each in found})
    return found


def truth(stash: StashInside) -> Mapping[int, UnreadScene]:
    return {scene.id: scene for page in iter_unread_pages(stash) for scene in page}


def check(found: Sequence[UnreadScene], stash: StashInside, why: object) -> int:
    """Every scene once, and each as it is; how many came as they were read."""
    there = truth(stash)
    assert sorted(scene.id for scene in found) == sorted(there), why
    wrong = [
        scene.id
        for scene in found
        if (scene.digest, scene.files) != (there[scene.id].digest, there[scene.id].files)
    ]
    assert wrong == [], why
    return sum(not scene.raw for scene in found)


@pytest.mark.parametrize("version", ["v0.30.1", "v0.28.0"])
@pytest.mark.usefixtures("small_pages")
def test_what_stands_is_what_stash_would_say(version: str, state: State, reads: SceneReads) -> None:
    stood = 0
    for seed in range(HISTORIES):
        rng = random.Random(f"{version} {seed}")
        stash = StashInside(version)
        stash.pass_time(0)
        life = History(stash, rng)
        run(stash, reads, state, full=True)
        for _ in range(ROUNDS):
            for _ in range(rng.choice([0, 1, 1, 2, 5])):
                life.change()
                stash.pass_time(rng.choice([0, 0, 1, 1000]))
            if rng.random() < 0.2:  # changes that come while the pass reads
                run(stash, reads, state, meanwhile=life.change)
            else:
                stood += check(run(stash, reads, state), stash, (seed, life.told))
            stash.pass_time(rng.choice([0, 1, 400, 3 * DAY]))
            life.told.append("pass")
    assert stood > HISTORIES * ROUNDS * SCENES / 4


def test_a_pass_over_nothing_new_reads_no_scene(state: State, reads: SceneReads) -> None:
    stash = StashInside("v0.30.1")
    run(stash, reads, state)
    stash.requests = 0

    found = run(stash, reads, state)

    assert stash.requests == 3  # the count, what moves without times, and what is cheap
    assert check(found, stash, "nothing has changed") == len(found)
    source = SceneSource(stash, reads, state, lambda: stash.now + 1, full=False)
    list(source.survey(len(found)))
    assert source.moved is not None
    assert not source.moved


class SpoiledRow(StashInside):
    """One scene of the first ones whose files were touched has no number."""

    def call_GQL(self, query: str, variables: Any = None) -> Any:  # noqa: N802
        data = super().call_GQL(query, variables)
        if query.startswith("query Look"):
            data["moved"]["scenes"][1]["id"] = "none"
        return data


@pytest.mark.usefixtures("small_pages")
def test_a_row_that_makes_no_sense_hides_no_later_one() -> None:
    moved = scalars.look(SpoiledRow("v0.30.1"), 0.0).moved
    assert len(moved) == SCENES - 1


def test_where_stash_fails_to_tell_names_all_are_read(
    state: State, reads: SceneReads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One performer whose row it cannot read, say."""
    stash = StashInside("v0.30.1")
    run(stash, reads, state)
    ask = stash.call_GQL

    def spoilt(query: str, variables: Any = None) -> Any:
        if "findPerformers" in query:
            raise StashError("sql: Scan error")
        return ask(query, variables)

    with monkeypatch.context() as patched:
        patched.setattr(stash, "call_GQL", spoilt)
        for _ in range(2):
            assert check(run(stash, reads, state), stash, "nothing is known to stand") == 0

    assert check(run(stash, reads, state), stash, "it was not seen what moved") == 0
    found = run(stash, reads, state)
    assert check(found, stash, "nothing has changed") == len(found)


def test_who_asks_for_it_gets_a_full_pass(state: State, reads: SceneReads) -> None:
    stash = StashInside("v0.30.1")
    run(stash, reads, state)

    assert check(run(stash, reads, state, full=True), stash, "") == 0


@pytest.mark.parametrize("doubt", ["another version of Stash", "a clock put back", "lost", "asked"])
def test_where_there_is_a_doubt_all_is_read(state: State, reads: SceneReads, doubt: str) -> None:
    stash = StashInside("v0.30.1")
    run(stash, reads, state)
    if doubt == "another version of Stash":
        stash.sim.switches["version"] = "v0.30.0"
    elif doubt == "a clock put back":
        stash.now -= 1000.0
    elif doubt == "lost":
        reads.doubt()

    found = run(stash, reads, state, full=doubt == "asked")

    assert check(found, stash, doubt) == 0


def test_what_changes_twice_within_a_second_is_read_again(state: State, reads: SceneReads) -> None:
    """Times of Stash are whole seconds: the second change moves none."""
    stash = StashInside("v0.30.1")
    scene = min(stash.sim.library.scenes)
    stash.pass_time(0)
    stash.do("edit_scene", scene_id=scene, values={"title": "One"})
    run(stash, reads, state)
    stash.do("edit_scene", scene_id=scene, values={"title": "Other"})

    found = {each.id: each for each in run(stash, reads, state)}
    later: list[Any] = []
    for _ in range(2):
        stash.pass_time(1000)
        later = run(stash, reads, state)

    assert found[scene].raw
    assert check(later, stash, "long past") == len(later)


def test_a_time_is_settled_once_it_has_stood_for_long(reads: SceneReads) -> None:
    reads.begin(Look(1, b"", 0.0), {}, None, None)
    settled = {}
    for updated_at, now in (("a", 0.0), ("a", 200.0), ("a", 400.0), ("b", 500.0), ("b", 750.0)):
        reads.save(1, [(7, updated_at, "", b"", (), "", now, 0)])
        settled[now] = reads.told(7, 7)[0][3]
    assert settled == {0.0: 0, 200.0: 0, 400.0: 1, 500.0: 0, 750.0: 0}


def test_a_pass_that_another_one_has_overtaken_keeps_nothing(
    state: State, reads: SceneReads
) -> None:
    stash = StashInside("v0.30.1")
    tag = min(stash.sim.library.tags)
    slow = SceneSource(stash, reads, state, lambda: stash.now, full=True)
    pages = slow.pages(count_scenes(stash))
    read = list(next(iter(pages)))
    run(stash, reads, state)
    values = {"name": "Renamed meanwhile"}
    stash.do("update", kind="tag", id=tag, values=values)
    run(stash, reads, state)

    slow.whole([scene.id for scene in read])

    check(run(stash, reads, state), stash, "as the others have left it")


def test_a_row_that_makes_no_sense_costs_one_scene(state: State, tmp_path: Path) -> None:
    stash = StashInside("v0.30.1")
    warnings: list[str] = []
    with SceneReads(tmp_path, warnings.append) as reads:
        run(stash, reads, state)
    spoil(tmp_path / READS_FILE, "reads.files", "'no files'", "scene_id = 3")

    with SceneReads(tmp_path, warnings.append) as reads:
        found = run(stash, reads, state)

    assert check(found, stash, warnings) == len(found) - 1
    assert len(warnings) == 1
