"""An index of one Plex section by file name and path: the join of the two libraries, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from core.models import ItemRef, MediaFile
from core.paths import path_key

# Above this many same-named files ("scene.mp4" in every folder) a bucket is split by size.
BIG_BUCKET = 24


class Candidate(NamedTuple):
    """One file of one item."""

    ref: ItemRef
    file: MediaFile


@dataclass(slots=True)
class ItemIndex:
    """Files of one section's items. Buckets hold what *may* be equal; the matcher confirms."""

    _names: dict[str, list[Candidate]] = field(default_factory=dict)
    _paths: dict[str, list[Candidate]] = field(default_factory=dict)
    _sizes: dict[str, dict[int | None, list[Candidate]]] = field(default_factory=dict)
    _folders: dict[str, dict[str, list[Candidate]]] = field(default_factory=dict)
    _refs: dict[ItemRef, tuple[MediaFile, ...]] = field(default_factory=dict)

    def add(self, ref: ItemRef, files: Iterable[MediaFile]) -> None:
        """Index every file of an item; an item added again is ignored (pages may overlap)."""
        if ref in self._refs:
            return
        self._refs[ref] = known = tuple(files)
        for file in known:
            candidate = Candidate(ref, file)
            path = path_key(file.path)
            name = path.rpartition("/")[2]
            self._names.setdefault(name, []).append(candidate)
            self._paths.setdefault(path, []).append(candidate)
            self._sizes.pop(name, None)
            self._folders.pop(name, None)

    def copy(self) -> ItemIndex:
        """One with the same items, to which others may be added."""
        names, paths = (
            {key: bucket.copy() for key, bucket in buckets.items()}
            for buckets in (self._names, self._paths)
        )
        return ItemIndex(names, paths, _refs=self._refs.copy())

    def __len__(self) -> int:
        return len(self._refs)

    def __contains__(self, ref: ItemRef) -> bool:
        return ref in self._refs

    def __iter__(self) -> Iterator[ItemRef]:
        return iter(self._refs)

    def files(self, ref: ItemRef) -> tuple[MediaFile, ...]:
        """The files of an indexed item; () for an unknown one."""
        return self._refs.get(ref, ())

    def may_hold(self, path_keys: Iterable[str], name: str) -> bool:
        """Whether any file may lie at one of these paths, or bear this name (both are keys)."""
        return name in self._names or not self._paths.keys().isdisjoint(path_keys)

    def at_path(self, path: str) -> list[Candidate]:
        """Files that may lie at this path (as Plex sees it)."""
        return self.at_key(path_key(path))

    def at_key(self, key: str) -> list[Candidate]:
        """Files that may lie at the path with this `path_key`."""
        return self._paths.get(key, [])

    def named(self, name: str) -> list[Candidate]:
        """All files whose base name has this key."""
        return self._names.get(name, [])

    def named_like(self, name: str, size: int | None) -> list[Candidate]:
        """Files whose base name has this key; in a big bucket only those that the size allows."""
        bucket = self._names.get(name, [])
        if size is None or len(bucket) <= BIG_BUCKET:
            return bucket
        by_size = self._sizes.get(name)
        if by_size is None:
            by_size = self._sizes[name] = {}
            for candidate in bucket:
                by_size.setdefault(candidate.file.size, []).append(candidate)
        return by_size.get(size, []) + by_size.get(None, [])

    def named_beside(self, name: str, path_keys: Iterable[str]) -> list[Candidate]:
        """Of the files whose base name has this key, in a big bucket only those whose folder bears
        the name of that of one of these paths (keys); no other one ends as any of them does."""
        bucket = self._names.get(name, [])
        if len(bucket) <= BIG_BUCKET:
            return bucket
        by_folder = self._folders.get(name)
        if by_folder is None:
            by_folder = self._folders[name] = {}
            for candidate in bucket:
                by_folder.setdefault(_folder(path_key(candidate.file.path)), []).append(candidate)
        wanted = dict.fromkeys(map(_folder, path_keys))
        return [candidate for folder in wanted for candidate in by_folder.get(folder, ())]


def _folder(key: str) -> str:
    """The name of the folder right around a file, of the key of its path."""
    return key.rpartition("/")[0].rpartition("/")[2]
