"""What stands as it was read is what Stash would say: random histories of a Stash, within this
process. `STASH2PLEX_HISTORIES` says how many; the nightly run takes thousands."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from graphql import DocumentNode, parse, validate
from graphql.execution import ExecutionResult, execute

from core.errors import StashError
from core.records import Record
from core.timestamps import rfc3339
from reconciliation import scene_source
from reconciliation.scene_source import SceneSource
from simulators.library.generate import generate
from simulators.stash.executor import ProjectingExecutor
from simulators.stash.library import StashError as Refused
from simulators.stash.resolvers import schema_of
from simulators.stash.server import build_simulator, parse_arguments
from simulators.stash.session import Caller
from simulators.stash.silent_changes import SilentEdits
from simulators.stash.state import RequestContext
from stash import scalars
from stash.mapping import UnreadScene
from stash.queries import find_scenes_query
from stash.scenes import count_scenes, iter_unread_pages
from storage.scene_reads import READS_FILE, SceneRead, SceneReads
from storage.state import State
from storage.verdicts import Verdict
from tests.stored import spoil

HISTORIES = int(os.environ.get("STASH2PLEX_HISTORIES", "24"))
ROUNDS = 6
SCENES = 24
MOST = 4 * SCENES  # ids that have a record
START = 1_790_000_000.0
DAY = 86_400.0
LIBRARY = generate(SCENES, seed=3)["stash"]


@lru_cache
def _checked(query: str, version: str) -> tuple[DocumentNode, str]:
    """A query, and what is wrong with it."""
    document = parse(query)
    wrong = validate(schema_of(version), document)
    return document, str(wrong[0]) if wrong else ""


class StashInside:
    """A simulated Stash without a server."""

    def __init__(self, version: str) -> None:
        self.sim = build_simulator({**LIBRARY, "version": version}, parse_arguments([]))
        self.sim.schema = schema_of(version)
        self._edits = SilentEdits(self.sim)
        self.requests = 0
        self.now = START

    def call_GQL(self, query: str, variables: Any = None) -> Any:  # noqa: N802
        self.requests += 1
        document, wrong = _checked(query, self.sim.switches["version"])
        if wrong:
            raise StashError(wrong)
        context = RequestContext(self.sim, Caller("", ()), "http://stash")
        found = execute(
            self.sim.schema,
            document,
            context_value=context,
            variable_values=dict(variables or {}),
            executor_class=ProjectingExecutor,
        )
        assert isinstance(found, ExecutionResult)
        if found.errors:
            raise StashError(str(found.errors[0]))
        return found.data

    def find_scenes(
        self,
        f: Any = None,
        filter: Any = None,  # noqa: A002
        *,
        fragment: Any = None,
    ) -> Any:
        data = self.call_GQL(find_scenes_query(fragment), {"filter": filter, "scene_filter": f})
        return data["findScenes"]["scenes"]

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.sim.switches["now"] = rfc3339(self.now)

    def do(self, action: str, **parameters: Any) -> Any:
        return self._edits.edit({"action": action, **parameters})


class History:
    """Random changes; each method is one. What Stash refuses is no change."""

    def __init__(self, stash: StashInside, rng: random.Random) -> None:
        self.stash, self.rng = stash, rng
        self.told: list[str] = []

    def change(self) -> None:
        own = [n for n in vars(History) if not n.startswith("_") and n != "change"]
        name = self.rng.choice(own)
        act: Callable[[], object] = getattr(self, name)
        with suppress(Refused, KeyError, IndexError):
            self.told.append(f"{name} {act()}")

    def _scene(self) -> int:
        return self.rng.choice(sorted(self.stash.sim.library.scenes))

    def _file(self) -> Any:
        files = self.stash.sim.library.files
        return files[self.rng.choice(sorted(files))]

    def _entity(self, kind: str) -> int:
        there: dict[int, Any] = getattr(self.stash.sim.library, f"{kind}s")
        if len(there) < 3:
            values = {"name": f"New {self.rng.random()}"}
            self.stash.do("create", kind=kind, values=values)
        return self.rng.choice(sorted(there))

    def _kind(self) -> str:
        return self.rng.choice(["performer", "tag", "studio"])

    def edit(self) -> object:
        values = {"title": f"Title {self.rng.random()}", "organized": self.rng.random() < 0.5}
        return self._edit(**values)

    def edit_links(self) -> object:
        return self._edit(
            tag_ids=[self._entity("tag")],
            performer_ids=[self._entity("performer")],
            studio_id=self._entity("studio"),
        )

    def _edit(self, **values: Any) -> int:
        scene = self._scene()
        self.stash.do("edit_scene", scene_id=scene, values=values)
        return scene

    def auto_tag(self) -> object:
        scene, tag = self._scene(), self._entity("tag")
        self.stash.do("auto_tag", scene_id=scene, tag_ids=[tag])
        return scene, tag

    def rename(self) -> object:
        kind = self._kind()
        num = self._entity(kind)
        self.stash.do("update", kind=kind, id=num, values={"name": f"{kind} {self.rng.random()}"})
        return kind, num

    def swap_names(self) -> object:
        one, other = (self.stash.sim.library.tags[self._entity("tag")] for _ in range(2))
        names = one.name, other.name
        for tag, name in ((one, "in between"), (other, names[0]), (one, names[1])):
            self.stash.do("update", kind="tag", id=tag.num, values={"name": name})
        return names

    def destroy(self) -> object:
        kind = self._kind()
        num = self._entity(kind)
        self.stash.do("destroy", kind=kind, id=num)
        return kind, num

    def merge_tags(self) -> object:
        one, other = self._entity("tag"), self._entity("tag")
        self.stash.do("merge_tags", source=[one], destination=other)
        return one, other

    def merge_scenes(self) -> object:
        one, other = self._scene(), self._scene()
        if one != other and len(self.stash.sim.library.scenes) > SCENES // 2:
            self.stash.do("merge_scenes", source=[one], destination=other)
        return one, other

    def destroy_scene(self) -> object:
        scene = self._scene()
        if len(self.stash.sim.library.scenes) > SCENES // 2:
            self.stash.do("destroy_scene", scene_id=scene)
        return scene

    def create_scene(self) -> object:
        values = {"title": "New", "tag_ids": [self._entity("tag")]}
        return self.stash.do("create_scene", values=values)["id"]

    def attach_file(self) -> object:
        rng = self.rng
        path, digest = f"/new/{rng.random()}.mp4", f"{rng.getrandbits(64):016x}"
        file = {"path": path, "size": rng.randrange(9999), "duration": 7.0, "oshash": digest}
        return self.stash.do("attach_file", scene_id=self._scene(), file=file)["id"]

    def assign_file(self) -> object:
        scene, file = self._scene(), self._file().num
        self.stash.do("assign_file", scene_id=scene, file_id=file)
        return scene, file

    def move_file(self) -> object:
        file, to = self._file(), f"/moved/{self.rng.randrange(9)}/{self.rng.random()}.mp4"
        self.stash.do("move_file", file_id=file.num, path=to)
        return to

    def rename_folder(self) -> object:
        folder = self._file().parent_folder.path
        to = f"/renamed/{self.rng.randrange(20)}"
        self.stash.do("rename_folder", path=folder, to=to)
        return folder, to

    def drop_file(self) -> object:
        file = self._file().num
        self.stash.do("drop_file", file_id=file)
        return file

    def delete_file(self) -> object:
        file = self._file().num
        self.stash.do("delete_file", file_id=file)
        return file

    def encode_anew(self) -> object:
        """A file whose content has changed, as a scan notes it."""
        file = self._file()
        values = {"size": self.rng.randrange(9999), "updated_at": self.stash.sim.clock.text()}
        self.stash.do("set", kind="file", id=file.num, attributes=values)
        return file.num

    def play(self) -> object:
        scene = self._scene()
        self.stash.do("play", scene_id=scene)
        return scene

    def cover(self) -> object:
        scene = self._scene()
        self.stash.do("cover", scene_id=scene, cover="another")
        return scene


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """Every scene has a record and a verdict."""
    with State(tmp_path_factory.mktemp("state"), pytest.fail) as opened:
        ids = range(1, MOST + 1)
        opened.records.save_many([Record(i, 1.0, "", (), None, (), (), ()) for i in ids])
        opened.verdicts.save({i: Verdict(b"", ()) for i in ids}, ())
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


Told = UnreadScene | SceneRead


def run(
    stash: StashInside,
    reads: SceneReads,
    state: State,
    *,
    full: bool = False,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[Told]:
    """One pass; `meanwhile` happens after each page."""
    source = SceneSource(stash, reads, state, lambda: stash.now + 0.5, full=full)
    found: list[Told] = []
    for page in source.pages(count_scenes(stash)):
        found += page
        meanwhile()
    return found


def truth(stash: StashInside) -> Mapping[int, UnreadScene]:
    return {scene.id: scene for page in iter_unread_pages(stash) for scene in page}


def check(found: Sequence[Told], stash: StashInside, why: object) -> int:
    """Every scene once, and each as it is; how many came as they were read."""
    there = truth(stash)
    assert sorted(scene.id for scene in found) == sorted(there), why
    wrong = [
        scene.id
        for scene in found
        if (scene.digest, scene.files) != (there[scene.id].digest, there[scene.id].files)
    ]
    assert wrong == [], why
    return sum(isinstance(scene, SceneRead) for scene in found)


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

    assert isinstance(found[scene], UnreadScene)
    assert check(later, stash, "long past") == len(later)


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
