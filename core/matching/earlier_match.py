"""Whether an earlier match still holds: what a record says is believed only while both sides agree.

A file that was renamed or moved keeps its item here, by its size and length.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.matching.index import ItemIndex
from core.matching.same_recording import may_be_same_file, same_recording
from core.models import MediaFile, Scene
from core.paths import common_suffix, same_name
from core.records import ItemRecord, Record


def still_verified(scene: Scene, record: Record, item: ItemRecord, index: ItemIndex) -> int | None:
    """The rank of the scene's file for which an earlier match still holds; None if none does.

    A remembered match is trusted only while the scene still has a file that it had, the item still
    has a file that it had, and the two still can be one file. A file that was renamed or moved is
    known again by its size and length.
    """
    holding = [
        (rank, file, old, other)
        for rank, file in enumerate(scene.files)
        for old in _earlier(file, scene, record)
        for other in index.files(item.ref)
        if _still_holds(file, old, other, record, item, index)
    ]
    if len(holding) > 1:  # parts with equal names: cd1/scene.mp4, cd2/scene.mp4
        return max(holding, key=_likeness)[0]
    return holding[0][0] if holding else None


def _likeness(candidate: tuple[int, MediaFile, MediaFile, MediaFile]) -> tuple[bool, int]:
    _, file, old, other = candidate
    return same_recording(file, other), common_suffix(old.path, other.path)


def _earlier(file: MediaFile, scene: Scene, record: Record) -> Sequence[MediaFile]:
    """What the record has of a scene's file: by its path, or it was renamed since."""
    for old in record.files:
        if old.path == file.path:
            return (old,)
    present = {each.path for each in scene.files}
    return [o for o in record.files if o.path not in present and same_recording(file, o)]


def _still_holds(
    file: MediaFile,
    old: MediaFile,
    other: MediaFile,
    record: Record,
    item: ItemRecord,
    index: ItemIndex,
) -> bool:
    if other.path in item.files:
        if same_recording(file, other):
            return True
        # Of several files the name tells which was which; a lone pair may bear two names by now.
        paired = other.path in _namesakes(old, item) or len(record.files) == len(item.files) == 1
        return paired and may_be_same_file(file, other)
    # Renamed in Plex: only while the file is not listed elsewhere under the path that it had.
    return same_recording(file, other) and not any(
        candidate.file.path == path for path in item.files for candidate in index.at_path(path)
    )


def _namesakes(old: MediaFile, item: ItemRecord) -> list[str]:
    """The item's recorded files that bear a file's name; of several those in the likest folder."""
    named = [path for path in item.files if same_name(old.path, path)]
    shared = [common_suffix(old.path, path) for path in named]
    return [path for path, count in zip(named, shared, strict=True) if count == max(shared)]
