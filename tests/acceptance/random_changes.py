"""What may happen to two libraries in the course of time, in any order, loud and silent."""

from __future__ import annotations

import copy
import random
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.tasks.pins import pin, unpin
from app.tasks.undo import undo_last_run
from core.errors import SyncError
from core.timestamps import rfc3339
from simulators.launch import RefusedError
from simulators.seed import PlexItem, PlexPart, Seed
from sync_queue.operations import save_sync_timestamp
from tests.acceptance.site import Site
from tests.acceptance.small_library import FILMS, OTHER, SERIES, SmallLibrary, part

NAME = "Amélie Ünï.mp4"
NAMES = (
    *("scene.mp4",) * 4,
    *("clip.mp4", "Straße.mkv", "STRASSE.mkv", NAME, unicodedata.normalize("NFD", NAME)),
)
SIZES = (500, 501, 502, 503)
LENGTHS = (600.0, 700.0)
# Where Stash has a folder, where Plex has it, and the sections that it lies in.
ROOTS = (
    ("/d/films", "/m/films", (FILMS,)),
    ("D:\\Videos", "M:\\Videos", (FILMS,)),
    ("/d/nas", "\\\\nas\\films", (OTHER,)),
    ("/m/other", "/m/other", (FILMS, OTHER)),
    ("/d/series", "/m/series", (SERIES,)),
    ("/q/elsewhere", "/m/films", (OTHER,)),
)
PATH_MAP = "/d/films=>/m/films; D:\\Videos=>M:\\Videos"


def crowded(scenes: int, seed: int) -> Seed:
    """A library in which many files bear few names, on mounts of all kinds, several in a scene."""
    rng = random.Random(seed)
    made = SmallLibrary(
        {
            FILMS: ["/m/films", "M:\\Videos"],
            OTHER: ["/m/other", "\\\\nas\\films"],
            SERIES: ["/m/series"],
        }
    )
    keys = iter(range(1000, 1_000_000))
    for scene_id in range(1, scenes + 1):
        files = []
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            ours, theirs, sections = rng.choice(ROOTS)
            name = rng.choice(NAMES) if rng.random() < 0.6 else f"own {scene_id}.mp4"
            place = (f"F{rng.randrange(60)}", name)
            size = rng.choice(SIZES) if rng.random() < 0.1 else rng.randrange(10**6)
            files.append(made.file(_join(ours, *place), size, rng.choice(LENGTHS)))
            if rng.random() < 0.9:
                for section in sections:
                    parts = _parts(rng, _join(theirs, *place), size, files[-1]["duration"])
                    made.item(section, next(keys), *parts)
        made.scene(
            scene_id,
            *files,
            details="Words." if rng.random() < 0.8 else "",
            rating100=rng.choice([None, None, 77]),
            tag_ids=rng.sample(range(1, 10), rng.choice([0, 1, 1, 2, 2, 3])),
        )
    return made.seed(PATH_MAP)


def _join(root: str, *names: str) -> str:
    return ("\\" if "\\" in root else "/").join([root, *names])


def _parts(
    rng: random.Random, path: str, size: int, length: float
) -> list[PlexPart] | list[list[PlexPart]]:
    known = size if rng.random() < 0.95 else rng.choice([None, size + 1])
    parts = [part(path, known, length if rng.random() < 0.8 else None)]
    if rng.random() < 0.1:
        folder, _, name = path.rpartition("\\" if "\\" in path else "/")
        parts.append(part(_join(folder, f"cd2 {name}"), rng.choice(SIZES), length))
    return parts if rng.random() < 0.5 else [parts]


class RandomChanges:
    """Random changes on both sides and of what the plugin knows. Each method is one."""

    def __init__(self, site: Site, rng: random.Random) -> None:
        self.site = site
        self.rng = rng
        self.stash = site.both.seed["stash"]
        sections = [s for s in site.both.seed["plex"]["sections"] if s["type"] in ("movie", "show")]
        self.types = {section["key"]: section["type"] for section in sections}
        self.raw = [(section["key"], item) for section in sections for item in section["items"]]
        self.told: list[str] = []

    def change(self, *names: str) -> None:
        """One change, of these or of all; what cannot be done just now is left."""
        every = [n for n in vars(RandomChanges) if not n.startswith("_") and n != "change"]
        name = self.rng.choice(names or every)
        act: Callable[[], object] = getattr(self, name)
        try:
            self.told.append(f"{name} {act()}")
        except RefusedError as refused:
            self.told.append(f"{name}: {refused}")

    def _scene(self) -> int:
        there = sorted(int(scene["id"]) for scene in self.site.both.stash.state()["scenes"])
        return self.rng.choice(there)

    def _file(self) -> dict[str, Any]:
        asked = "{ findScenes(filter: {per_page: -1}) { scenes { files { id path } } } }"
        found = self.site.both.stash.graphql(asked)["findScenes"]["scenes"]
        files = [file for scene in found for file in scene["files"]]
        chosen: dict[str, Any] = self.rng.choice(sorted(files, key=lambda file: int(file["id"])))
        return {"id": int(chosen["id"]), "path": chosen["path"]}

    def _item(self) -> tuple[str, int]:
        """The key and the section of an item that has files."""
        rows = self.site.both.plex.state()["items"]
        keys = [key for key, row in rows.items() if row["type"] in ("movie", "episode")]
        key = self.rng.choice(sorted(keys, key=int))
        return key, int(rows[key]["section"])

    def _key(self) -> str:
        return self._item()[0]

    def _put(self, section: int, raw: PlexItem, **values: Any) -> str:
        item = {**raw, "rating_key": self.rng.randrange(10**7, 10**8), "deleted_at": None, **values}
        made = self.site.both.plex.control("POST", "items", {"section": section, "item": item})
        return str(made["ratingKey"])

    # Stash

    def edit(self) -> int:
        scene_id = self._scene()
        self.site.edit_scene(scene_id, title=f"Title {self.rng.random()}")
        return scene_id

    def edit_around_a_drain(self) -> int:
        """Twice within a second, with what the first edit says in Plex in between."""
        scene_id = self._scene()
        for _ in range(2):
            self.site.edit_scene(scene_id, details=f"Words {self.rng.random()}")
            self.site.enqueue(scene_id)
            if _ == 0:
                self.site.drain()
        return scene_id

    def empty(self) -> int:
        scene_id = self._scene()
        self.site.edit_scene(scene_id, tag_ids=[], performer_ids=[], details="", date=None)
        return scene_id

    def tag(self) -> int:
        scene_id, tag = self._scene(), self._entity("tag")[1]
        self.site.behind("auto_tag", scene_id=scene_id, tag_ids=[tag])
        return scene_id

    def rename_entity(self) -> int:
        kind, num = self._entity()
        values = {"name": f"{kind} {self.rng.random()}"}
        self.site.behind("update", kind=kind, id=num, values=values)
        return num

    def destroy_entity(self) -> int:
        kind, num = self._entity()
        self.site.behind("destroy", kind=kind, id=num)
        return num

    def merge_tags(self) -> tuple[int, int]:
        one, other = (self._entity("tag")[1] for _ in range(2))
        if one != other:
            self.site.behind("merge_tags", source=[one], destination=other)
        return one, other

    def _entity(self, kind: str = "") -> tuple[str, int]:
        """One that there is; new ones take the place of those destroyed."""
        kind = kind or self.rng.choice(["performer", "studio", "tag"])
        there = sorted(int(each["id"]) for each in self.site.both.stash.state()[f"{kind}s"])
        if len(there) > 1:
            return kind, self.rng.choice(there)
        made = self.site.behind(
            "create", kind=kind, values={"name": f"New {kind} {self.rng.random()}"}
        )
        return kind, int(made["id"])

    def rename_folder(self) -> str:
        path: str = self._file()["path"]
        folder = path.rpartition("\\" if "\\" in path else "/")[0]
        self.site.behind("rename_folder", path=folder, to=f"{folder} {self.rng.randrange(99)}")
        return folder

    def assign_file(self) -> tuple[int, int]:
        scene_id, file_id = self._scene(), self._file()["id"]
        self.site.behind("assign_file", scene_id=scene_id, file_id=file_id)
        return scene_id, file_id

    def delete_file(self) -> int:
        file_id: int = self._file()["id"]
        self.site.behind("delete_file", file_id=file_id)
        return file_id

    def drop_file(self) -> int:
        file_id: int = self._file()["id"]
        self.site.behind("drop_file", file_id=file_id)
        return file_id

    def move(self) -> str:
        return self._move(self.rng.choice(NAMES[3:]), keep=True)

    def rename(self) -> str:
        return self._move(self.rng.choice(NAMES), keep=False)

    def _move(self, name: str, *, keep: bool) -> str:
        file = self._file()
        separator = "\\" if "\\" in file["path"] else "/"
        folder, _, old = file["path"].rpartition(separator)
        place = (f"moved {self.rng.randrange(99)}", old) if keep else (name,)
        moved = separator.join([folder, *place])
        self.site.behind("move_file", file_id=file["id"], path=moved)
        return moved

    def encode_anew(self) -> str:
        file = self._file()
        values: dict[str, Any] = self.rng.choice(
            [{"size": 501}, {"size": 777}, {"duration": 700.0}]
        )
        values["updated_at"] = rfc3339(time.time())
        self.site.behind("set", kind="file", id=file["id"], attributes=values)
        return str(file["path"])

    def merge(self) -> tuple[int, int]:
        one, other = self._scene(), self._scene()
        if one != other:
            self.site.behind("merge_scenes", source=[one], destination=other)
        return one, other

    def destroy(self) -> int:
        scene_id = self._scene()
        self.site.behind("destroy_scene", scene_id=scene_id)
        return scene_id

    def restore(self) -> int:
        """A scene as it was at first, as after a backup of Stash was played back."""
        raw = self.rng.choice(self.stash["scenes"])
        self.site.behind("import_scene", scene=raw)
        return raw["id"]

    # Plex

    def hand_edit(self) -> str:
        key = self._key()
        self.site.hand_edit(key, summary=f"By hand {self.rng.random()}")
        return key

    def list_edit(self) -> str:
        key = self._key()
        self.site.hand_edit(key, lock=False, genre=[f"Mine {self.rng.random()}"])
        return key

    def reset(self) -> str:
        key = self._key()
        nothing: dict[str, Any] = {"summary": "", "studio": "", "genre": [], "actor": []}
        self.site.hand_edit(key, lock=False, **nothing)
        return key

    def unlock(self) -> str:
        key = self._key()
        self.site.hand_edit(key, lock=False, locked=[])
        return key

    def drop(self) -> str:
        key = self._key()
        self.site.drop_item(key)
        return key

    def trash(self) -> str:
        key = self._key()
        self.site.both.plex.control("POST", "trash", {"key": key})
        return key

    def bring_back(self) -> str:
        key = self._key()
        self.site.both.plex.control("POST", "trash", {"key": key, "deleted_at": None})
        return key

    def put(self) -> str:
        return self._put(*self.rng.choice(self.raw))

    def copy(self) -> str:
        """An item for the same file in another library."""
        section, raw = self.rng.choice(self.raw)
        alike = [key for key, kind in self.types.items() if kind == self.types[section]]
        return self._put(self.rng.choice(alike), raw)

    def encode_in_plex(self) -> str:
        section, raw = self.rng.choice(self.raw)
        media = copy.deepcopy(raw["media"])
        for each in (known for version in media for known in version):
            each["size"] = self.rng.choice([None, 500, each["size"]])
            each["duration"] = self.rng.choice([None, each["duration"]])
        return self._put(section, raw, media=media)

    def reuse_key(self) -> str:
        """The key of an item names another film, and the item seems not to have changed since."""
        key, section = self._item()
        at = self.site.item(key)["updatedAt"]
        others = [raw for place, raw in self.raw if place == section]
        self.site.drop_item(key)
        other = self.rng.choice(others)
        return self._put(section, other, rating_key=int(key), updated_at=at)

    # What the plugin knows

    def pin(self) -> str:
        return self._tell(pin, scene_id=self._scene(), rating_key=self._key())

    def unpin(self) -> str:
        with self.site.state() as state:
            pinned = sorted(state.pins.all())
        return self._tell(unpin, scene_id=self.rng.choice(pinned or [1]))

    def undo(self) -> str:
        return self._tell(undo_last_run) if self.rng.random() < 0.3 else "not now"

    def _tell(self, task: Any, **args: object) -> str:
        try:
            with self.site.context() as context:
                task(replace(context, args=args))
        except SyncError as refused:
            return str(refused)
        return str(args)

    def timestamp(self) -> int:
        scene_id = self._scene()
        save_sync_timestamp(self.site.data, scene_id, self.rng.choice([1.0, 1.9e9]))
        return scene_id
