"""What can happen to the library, without hooks: for mutations, jobs and silent edits alike.

Each change moves `updated_at` exactly where Stash moves it: an edit of a scene, a cover, a merge
and a new or lost file do; moves, file assignments, plays and everything that happens to a
performer, studio or tag leave the scene's time alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from simulators.seed import StashFile, StashScene
from simulators.stash.edits import Editor
from simulators.stash.library import NO_ROWS, Library, StashError, load_scene, pick, to_num
from simulators.stash.model import (
    Folder,
    Performer,
    Scene,
    Studio,
    Tag,
    VideoFile,
    by_id,
    primary_first,
    split_path,
    tag_order,
)
from simulators.stash.times import Clock

Given = Mapping[str, Any]


class Changes:
    """Changes one library.

    Args:
        partial_dates: tells whether the simulated version takes dates like 2024-05.
    """

    def __init__(self, library: Library, clock: Clock, partial_dates: Callable[[], bool]) -> None:
        self._library = library
        self._clock = clock
        self._partial_dates = partial_dates

    def _editor(self) -> Editor:
        return Editor(self._library, self._partial_dates())

    # Scenes

    def scene(self, scene_id: Any) -> Scene:
        """Raises StashError: there is none."""
        return pick(self._library.scenes, [scene_id], "scene", "converting id")[0]

    def update_scene(self, scene: Scene, given: Given) -> None:
        """Raises StashError: a value is bad."""
        values = self._editor().values(scene, given)
        if values.get("title") == "" and not scene.files:
            raise StashError("title must be set if scene has no files")
        for name, value in values.items():
            setattr(scene, name, value)
        self._stamp(scene)

    def create_scene(self, given: Given) -> Scene:
        """Raises StashError: a value is bad, or there is neither title nor file."""
        library = self._library
        now = self._clock.text()
        values = self._editor().values(None, given)
        files = [self._free_file(file_id) for file_id in given.get("file_ids") or ()]
        if not values.get("title") and not files:
            raise StashError("title must be set if scene has no files")
        scene = Scene(library.next_id("scenes", library.scenes), now, now)
        for name, value in values.items():
            setattr(scene, name, value)
        for file in files:
            self._release(file)
        scene.files = primary_first(files)
        library.scenes[scene.num] = scene
        library.touch()
        return scene

    def _free_file(self, file_id: Any) -> VideoFile:
        """A file that a new scene may take."""
        about = f"assigning file {file_id} to new scene"
        file = self._library.files.get(to_num(file_id, "converting ids"))
        if file is None:
            raise StashError(f"{about}: getting file by id {file_id}: {NO_ROWS}")
        owner = self._library.owner(file)
        if owner is not None and owner.files[0] is file:
            raise StashError(f"{about}: cannot reassign primary file")
        return file

    def import_scene(self, raw: StashScene) -> Scene:
        scene = load_scene(self._library, raw)
        self._library.scenes[scene.num] = scene
        self._library.touch()
        return scene

    def destroy_scene(self, scene: Scene, delete_file: bool = False) -> None:
        del self._library.scenes[scene.num]
        if delete_file:
            for file in scene.files:
                self._erase(file)
        self._library.touch()

    def merge_scenes(self, sources: Sequence[Scene], destination: Scene) -> None:
        """The sources' files go to the destination, the sources go.

        Raises:
            StashError: the destination is among the sources.
        """
        if destination in sources:
            raise StashError("destination scene cannot be in source list")
        self._stamp(destination)
        for source in dict.fromkeys(sources):
            destination.files = primary_first([*destination.files, *source.files])
            self.destroy_scene(source)

    def set_cover(self, scene: Scene, cover: str | bytes | None) -> None:
        """A generated cover; None takes it away."""
        scene.cover = cover
        self._stamp(scene)

    def auto_tag(
        self,
        scene: Scene,
        performers: Iterable[Performer] = (),
        tags: Iterable[Tag] = (),
        studio: Studio | None = None,
    ) -> None:
        """Adds what is not there yet; a studio only where there is none."""
        new_performers = [row for row in performers if row not in scene.performers]
        new_tags = [tag for tag in tags if tag not in scene.tags]
        new_studio = studio if scene.studio is None else None
        if not (new_performers or new_tags or new_studio):
            return
        scene.performers = sorted([*scene.performers, *new_performers], key=by_id)
        scene.tags = sorted([*scene.tags, *new_tags], key=tag_order)
        scene.studio = scene.studio or new_studio
        self._stamp(scene)

    def play(self, scene: Scene) -> None:
        scene.play_history.insert(0, self._clock.utc_text())
        self._library.touch()

    def count_o(self, scene: Scene) -> None:
        scene.o_history.insert(0, self._clock.utc_text())
        self._library.touch()

    # Files

    def file(self, file_id: Any) -> VideoFile:
        """Raises StashError: there is none."""
        return pick(self._library.files, [file_id], "file")[0]

    def add_file(self, raw: Given) -> VideoFile:
        """A file that a scan found."""
        library, now = self._library, self._clock.text()
        num = library.next_id("files", library.files)
        known = StashFile(
            id=num,
            path=raw["path"],
            size=raw["size"],
            duration=raw["duration"],
            oshash=raw["oshash"],
        )
        library.touch()
        return library.add_file(known, now, now)

    def attach_file(self, scene: Scene, file: VideoFile) -> None:
        scene.files = primary_first([*scene.files, file])
        self._stamp(scene)

    def assign_file(self, scene: Scene, file: VideoFile) -> None:
        """Raises StashError: it is the primary file of another scene."""
        owner = self._library.owner(file)
        if owner is not None and owner.files[0] is file:
            raise StashError("assigning file to scene: cannot reassign primary file")
        self._release(file)
        scene.files = primary_first([*scene.files, file])
        self._library.touch()

    def move_file(self, file: VideoFile, path: str) -> None:
        now = self._clock.text()
        self._library.move_on_disk(file.path, path)
        file.move(path, self._library.folder(split_path(path)[0], now))
        file.updated_at = now
        self._library.touch()

    def rename_folder(self, folder: Folder, path: str) -> None:
        """The paths of all that is below follow; no time moves."""
        library, old = self._library, folder.path
        separator = split_path(old)[1]
        below = [row for row in library.folders.values() if row.path.startswith(old + separator)]
        for row in [folder, *below]:
            del library.folders[row.path]
            row.path = path + row.path.removeprefix(old)
            library.folders[row.path] = row
        folder.parent_folder = library.folder(split_path(path)[0], self._clock.text())
        nums = {row.num for row in [folder, *below]}
        for file in library.files.values():
            if file.parent_folder.num in nums:
                file.move(
                    f"{file.parent_folder.path}{separator}{file.basename}", file.parent_folder
                )
        library.touch()

    def delete_file(self, file: VideoFile) -> None:
        """Raises StashError: it is a scene's primary file."""
        owner = self._library.owner(file)
        if owner is not None and owner.files[0] is file:
            raise StashError(f"cannot delete primary file {file.path}")
        self._release(file)
        self._erase(file)
        self._library.touch()

    def drop_file(self, file: VideoFile) -> None:
        """A clean found it gone: its scene goes with its last file."""
        owner = self._library.owner(file)
        self._release(file)
        self._library.files.pop(file.num, None)
        self._library.touch()
        if owner is None:
            return
        if owner.files:
            self._stamp(owner)
        else:
            self.destroy_scene(owner)

    def _erase(self, file: VideoFile) -> None:
        self._library.files.pop(file.num, None)
        self._library.disk.pop(file.path, None)

    def _release(self, file: VideoFile) -> None:
        owner = self._library.owner(file)
        if owner is not None:
            owner.files.remove(file)

    def _stamp(self, scene: Scene) -> None:
        scene.updated_at = self._clock.text()
        self._library.touch()
