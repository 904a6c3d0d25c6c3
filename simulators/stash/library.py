"""The simulated Stash's database: entities by id, their links, and the rows' natural orders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from simulators.seed import StashFile, StashScene, StashSeed
from simulators.stash.model import (
    DiskFile,
    Entity,
    Folder,
    Group,
    Performer,
    Scene,
    SceneGroup,
    Studio,
    Tag,
    VideoFile,
    plain,
    primary_first,
    split_path,
    tag_order,
)

E = TypeVar("E", bound=Entity)
NO_ROWS = "sql: no rows in result set"
INTEGER = re.compile(r"[+-]?[0-9]+")


class StashError(Exception):
    """An error that a resolver answers with: HTTP 200, its text as the message."""


def to_num(text: Any, doing: str = "") -> int:
    """A client's id as a number.

    Args:
        doing: what Stash says it was about, as in "converting ids"; some places say nothing.

    Raises:
        StashError: it is none, in the words of Go's strconv.
    """
    if not INTEGER.fullmatch(str(text)):
        prefix = f"{doing}: " if doing else ""
        raise StashError(f'{prefix}strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text)


@dataclass(slots=True)
class Library:
    """All tables. `revision` counts writes, so that sorted listings can be kept between them."""

    scenes: dict[int, Scene] = field(default_factory=dict)
    performers: dict[int, Performer] = field(default_factory=dict)
    studios: dict[int, Studio] = field(default_factory=dict)
    tags: dict[int, Tag] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    files: dict[int, VideoFile] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)
    disk: dict[str, DiskFile] = field(default_factory=dict)  # what a scan would find, by path
    lost_folders: set[str] = field(default_factory=set)  # that were on the disk once
    copies: int = 1  # of each scene; see `simulators.copies`
    revision: int = 0
    last_ids: dict[str, int] = field(default_factory=dict)

    def touch(self) -> None:
        self.revision += 1

    def next_id(self, table: str, rows: Iterable[int]) -> int:
        """Ids are never used twice, not even after the newest row is gone."""
        if table not in self.last_ids:
            self.last_ids[table] = max(rows, default=0)
        self.last_ids[table] += 1
        return self.last_ids[table]

    def folder(self, path: str, now: str) -> Folder:
        known = self.folders.get(path)
        if known is None:
            parent = split_path(path)[0]
            above = self.folder(parent, now) if parent not in ("", path) else None
            known = Folder(len(self.folders) + 1, path, above, now, now, now)
            self.folders[path] = known
        return known

    def add_file(self, raw: StashFile, now: str, mod_time: str) -> VideoFile:
        folder = self.folder(split_path(raw["path"])[0], now)
        added = VideoFile(
            num=raw["id"],
            path=raw["path"],
            size=raw["size"],
            duration=raw["duration"],
            oshash=raw["oshash"],
            parent_folder=folder,
            mod_time=mod_time,
            created_at=now,
            updated_at=now,
        )
        self.files[added.num] = added
        self.last_ids["files"] = max(self.last_ids.get("files", 0), added.num)
        return added

    def put_on_disk(self, file: DiskFile) -> None:
        self.disk[file.path] = file
        if self.lost_folders:
            self.lost_folders.discard(split_path(file.path)[0])

    def move_on_disk(self, old: str, new: str) -> None:
        """Nothing happens where the file is not there. Its folder stays, if need be empty."""
        file = self.disk.pop(old, None)
        if file is not None:
            self.put_on_disk(replace(file, path=new))

    def rename_on_disk(self, old: str, new: str) -> None:
        """A whole folder with all that is in it. Raises KeyError: there is none."""
        below = [path for path in self.disk if path.startswith(old + split_path(old)[1])]
        if not below:
            raise KeyError(old)
        self.lost_folders.add(old)
        for path in below:
            self.lost_folders.add(split_path(path)[0])
            self.move_on_disk(path, new + path.removeprefix(old))

    def owner(self, file: VideoFile) -> Scene | None:
        return next((scene for scene in self.scenes.values() if file in scene.files), None)

    def scenes_of(self, entity: Entity) -> list[Scene]:
        """The scenes that show a performer, a studio or a tag, or are in a group."""
        if isinstance(entity, Group):
            return [s for s in self.scenes.values() if entity in [g.group for g in s.groups]]
        if isinstance(entity, Studio):
            return [scene for scene in self.scenes.values() if scene.studio is entity]
        if isinstance(entity, Tag):
            return [scene for scene in self.scenes.values() if entity in scene.tags]
        return [scene for scene in self.scenes.values() if entity in scene.performers]

    def dump(self) -> dict[str, Any]:
        return {
            name: [plain(row) for _num, row in sorted(rows.items())]
            for name, rows in (
                ("scenes", self.scenes),
                ("performers", self.performers),
                ("studios", self.studios),
                ("tags", self.tags),
                ("groups", self.groups),
            )
        }


def pick(
    rows: Mapping[int, E], ids: Iterable[Any], kind: str, doing: str = "converting ids"
) -> list[E]:
    """The rows of those ids, in their order.

    Raises:
        StashError: an id is no number or has no row.
    """
    found = []
    for text in ids:
        row = rows.get(to_num(text, doing))
        if row is None:
            raise StashError(f"{kind} with id {text} not found")
        found.append(row)
    return found


def by_ids(rows: Mapping[int, E], ids: Sequence[Any], kind: str, reject_twins: bool) -> list[E]:
    """`pick`, which finds nothing for an id that comes a second time.

    Args:
        reject_twins: v0.30 looks for equal texts before, where ids are texts.
    """
    if reject_twins and (twin := _twin(ids)) is not None:
        raise StashError(f"validating ids: duplicate id found: {twin}")
    nums = [to_num(text, "converting ids") for text in ids]
    found = pick(rows, nums, kind)
    if (twin := _twin(nums)) is not None:
        raise StashError(f"{kind} with id {twin} not found")
    return found


def _twin(entries: Iterable[Any]) -> Any:
    """The first entry that has been there before, or None."""
    seen: set[Any] = set()
    for entry in entries:
        if entry in seen:
            return entry
        seen.add(entry)
    return None


def load(seed: StashSeed, now: str) -> Library:
    """Builds the database from a seed; entities get `now` as their times."""
    library = Library(copies=seed.get("copies", 1))
    for raw in seed["tags"]:
        library.tags[raw["id"]] = Tag(raw["id"], raw["name"], now, now)
    for studio in seed["studios"]:
        library.studios[studio["id"]] = Studio(studio["id"], studio["name"], now, now)
    for studio in seed["studios"]:
        parent = studio["parent_id"]
        if parent is not None:
            library.studios[studio["id"]].parent_studio = library.studios[parent]
    for person in seed["performers"]:
        library.performers[person["id"]] = Performer(
            person["id"],
            person["name"],
            now,
            now,
            disambiguation=person["disambiguation"],
            gender=person["gender"],
        )
    for scene in sorted(seed["scenes"], key=lambda row: row["id"]):
        library.scenes[scene["id"]] = load_scene(library, scene)
    for raw_group in seed.get("groups", ()):
        group = Group(raw_group["id"], raw_group["name"], now, now)
        library.groups[group.num] = group
        for num in raw_group["scene_ids"]:
            library.scenes[num].groups.append(SceneGroup(group))
    return library


def load_scene(library: Library, raw: StashScene) -> Scene:
    """Makes a scene and its files from a seed; adding it to the table is the caller's."""
    studio = raw["studio_id"]
    scene = Scene(
        raw["id"],
        raw["created_at"],
        raw["updated_at"],
        title=raw["title"],
        details=raw["details"],
        director=raw["director"],
        date=raw["date"],
        rating100=raw["rating100"],
        organized=raw["organized"],
        studio=None if studio is None else library.studios[studio],
        performers=[library.performers[num] for num in sorted(raw["performer_ids"])],
        tags=[library.tags[num] for num in raw["tag_ids"]],
        cover=raw["cover"],
    )
    scene.tags.sort(key=tag_order)
    for file in raw["files"]:
        scene.files.append(library.add_file(file, raw["created_at"], raw["created_at"]))
        library.put_on_disk(DiskFile(file["path"], file["size"], file["duration"], file["oshash"]))
    scene.files = primary_first(scene.files)
    return scene
