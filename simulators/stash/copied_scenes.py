"""The scenes of a library of copies; see `simulators.copies`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from simulators.copies import MARK, Copies, mark_of, step_over
from simulators.stash.library import Library
from simulators.stash.model import Scene, VideoFile


class CopiedScenes(Mapping[int, Scene]):
    """All copies of all scenes by their ids."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._step = step_over(library.scenes)
        self._file_step = step_over(library.files)

    def listed(self, patterns: Sequence[Scene], *, by_id: bool) -> Copies[Scene]:
        """All of them in the order of the patterns, or of ids if these are."""
        return Copies.all_of(patterns, self._library.copies, self._copy, by_copy=by_id)

    def __getitem__(self, num: int) -> Scene:
        copy, pattern = divmod(num, self._step)
        if not 0 <= copy < self._library.copies:
            raise KeyError(num)
        return self._copy(self._library.scenes[pattern], copy)

    def __iter__(self) -> Iterator[int]:
        for copy in range(self._library.copies):
            yield from (copy * self._step + num for num in self._library.scenes)

    def __len__(self) -> int:
        return len(self._library.scenes) * self._library.copies

    def _copy(self, scene: Scene, copy: int) -> Scene:
        files = [self._file(file, copy) for file in scene.files]
        return replace(scene, num=copy * self._step + scene.num, files=files)

    def _file(self, file: VideoFile, copy: int) -> VideoFile:
        path = file.path.replace(MARK, mark_of(copy))
        return replace(file, num=copy * self._file_step + file.num, path=path)
