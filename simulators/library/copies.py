"""A generated library as the pattern of a larger one; see `simulators.copies`."""

from __future__ import annotations

from collections.abc import Iterator

from simulators.copies import MARK
from simulators.seed import PlexItem, PlexPart, Seed, StashFile


def copied(seed: Seed, copies: int) -> Seed:
    """The seed, changed in place: each scene and item is there `copies` times, its files under
    other names. What `truth` says holds of the first copy, but for those names.

    Raises:
        ValueError: more copies than the names tell apart.
    """
    if not 1 <= copies < 10_000:
        raise ValueError(f"{copies} copies: 1 to 9,999 can be told apart")
    for file in _stash_files(seed):
        file["path"] = _marked(file["path"])
    for part in _plex_parts(seed):
        part["file"] = _marked(part["file"])
    seed["stash"]["copies"] = seed["plex"]["copies"] = copies
    return seed


def _stash_files(seed: Seed) -> Iterator[StashFile]:
    for scene in seed["stash"]["scenes"]:
        yield from scene["files"]


def _plex_parts(seed: Seed) -> Iterator[PlexPart]:
    items: list[PlexItem] = [item for sec in seed["plex"]["sections"] for item in sec["items"]]
    for item in (*items, *seed["plex"]["unscanned"]):
        for version in item["media"]:
            yield from version


def _marked(path: str) -> str:
    """The mark before the ending of the file's name."""
    cut = max(path.rfind("/"), path.rfind("\\"))
    stem, dot, ending = path[cut + 1 :].rpartition(".")
    return f"{path[: cut + 1]}{stem}{MARK}{dot}{ending}"
