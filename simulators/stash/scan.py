"""What a scan and a clean do with what lies on the disk.

Rules from Stash's pkg/file/scan.go, folder_rename_detect.go and pkg/scene/scan.go. A folder that is
gone, while half of its files or more lie unchanged in a new one, has been renamed: the paths of all
its files change, and nothing tells of it, neither a hook nor any time. A file that was moved by
itself fires a hook, but its scene's time stays. Covers come last and announce nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from simulators.stash.library import Library
from simulators.stash.model import DiskFile, Folder, Scene, VideoFile, split_path
from simulators.stash.scene_writes import UPDATED
from simulators.stash.state import RequestContext


class Scan:
    """One scan.

    Args:
        options: the input of metadataScan.
    """

    def __init__(self, ctx: RequestContext, options: Mapping[str, Any]) -> None:
        self._ctx = ctx
        self._rescan = bool(options.get("rescan"))
        self._covers = bool(options.get("scanGenerateCovers"))
        self._by_path: dict[str, VideoFile] = {}
        self._by_hash: dict[str, list[VideoFile]] = {}
        self._owned: set[int] = set()

    def begin(self) -> None:
        """Follows renamed folders, and notes which files are known now: a job starts later than it
        was asked for."""
        for folder, path in renamed_folders(self._ctx.library):
            self._ctx.sim.changes.rename_folder(folder, path)
        library = self._ctx.library
        for file in library.files.values():
            self._by_path[file.path] = file
            self._by_hash.setdefault(file.oshash, []).append(file)
        self._owned = {file.num for scene in library.scenes.values() for file in scene.files}

    def wanted(self) -> list[DiskFile]:
        """What needs more than a look at its time: new and changed files, and those that belong to
        no scene any more."""
        return [
            found for _path, found in sorted(self._ctx.library.disk.items()) if self._new(found)
        ]

    def _new(self, found: DiskFile) -> bool:
        known = self._by_path.get(found.path)
        if self._rescan or found.modified or known is None:
            return True
        return known.num not in self._owned

    async def file(self, found: DiskFile) -> None:
        library, changes = self._ctx.library, self._ctx.sim.changes
        known = self._by_path.get(found.path)
        if known is not None:
            await self._known(known, found)
            return
        twins = self._by_hash.setdefault(found.oshash, [])
        moved = next((twin for twin in twins if twin.path not in library.disk), None)
        if moved is not None:
            changes.move_file(moved, found.path)
            found.modified = False
            await self._updated(library.owner(moved))
            return
        file = changes.add_file(found.facts())
        owners = (library.owner(twin) for twin in twins)
        owner = next((scene for scene in owners if scene is not None), None)
        twins.append(file)
        await self._belong(file, owner)

    async def _known(self, file: VideoFile, found: DiskFile) -> None:
        owner = self._ctx.library.owner(file)
        if owner is None:
            await self._belong(file, None)
            return
        found.modified = False
        file.size, file.duration, file.oshash = found.size, found.duration, found.oshash
        file.updated_at = self._ctx.sim.clock.text()
        self._ctx.library.touch()
        await self._updated(owner)

    async def _belong(self, file: VideoFile, owner: Scene | None) -> None:
        """The file joins the scene that has the same content, or gets one of its own."""
        changes = self._ctx.sim.changes
        if owner is not None:
            changes.attach_file(owner, file)
            await self._updated(owner)
            return
        scene = changes.create_scene({"file_ids": [file.id]})
        await self._ctx.sim.fire(self._ctx.caller, "Scene.Create.Post", scene.num)
        self._cover(scene)

    async def _updated(self, scene: Scene | None) -> None:
        if scene is not None:
            await self._ctx.sim.fire(self._ctx.caller, UPDATED, scene.num)
            self._cover(scene)

    def _cover(self, scene: Scene) -> None:
        if self._covers and scene.cover is None:
            self._ctx.sim.changes.set_cover(scene, f"cover of scene {scene.num}")


def renamed_folders(library: Library) -> list[tuple[Folder, str]]:
    """The folders that lie elsewhere now, with their new paths, parents before children."""
    found: list[tuple[Folder, str]] = []
    known = {folder.path for folder in library.folders.values()}
    files: dict[str, list[DiskFile]] = {}
    for path, file in library.disk.items():
        files.setdefault(split_path(path)[0], []).append(file)
    gone: dict[int, Folder] = {
        folder.num: folder
        for folder in library.folders.values()
        if folder.path in library.lost_folders
    }
    for path in sorted(set(files) - known):
        folder = _moved_here(library, gone, files[path])
        if folder is not None:
            found.append((folder, path))
            del gone[folder.num]
    return found


def _moved_here(
    library: Library, gone: Mapping[int, Folder], files: list[DiskFile]
) -> Folder | None:
    here = {_signature(file.path, file.size, file.oshash) for file in files if not file.modified}
    had: Counter[int] = Counter()
    kept: Counter[int] = Counter()
    for file in library.files.values():
        num = file.parent_folder.num
        if num in gone:
            had[num] += 1
            kept[num] += _signature(file.path, file.size, file.oshash) in here
    best = max(
        (num for num in had if kept[num] and kept[num] >= had[num] // 2),
        key=lambda num: kept[num],
        default=None,
    )
    return None if best is None else gone[best]


def _signature(path: str, size: int, oshash: str) -> tuple[str, int, str]:
    # Stash compares the time of change instead of the hash.
    return split_path(path)[2], size, oshash
