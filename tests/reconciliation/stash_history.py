"""A simulated Stash within this process, and random histories of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from graphql import DocumentNode, parse, validate
from graphql.execution import ExecutionResult, execute

from core.errors import StashError
from core.timestamps import rfc3339
from simulators.library.generate import generate
from simulators.stash.executor import ProjectingExecutor
from simulators.stash.library import StashError as Refused
from simulators.stash.resolvers import schema_of
from simulators.stash.server import build_simulator, parse_arguments
from simulators.stash.session import Caller
from simulators.stash.silent_changes import SilentEdits
from simulators.stash.state import RequestContext
from stash.queries import find_scenes_query

SCENES = 24
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
