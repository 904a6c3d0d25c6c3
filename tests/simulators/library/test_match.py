"""The oracle's own matching, file by file, against the words of the contract."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.library.match import Location, Part, PathMap, SectionIndex, common_suffix
from simulators.seed import StashFile


def _file(path: str, size: int = 1000, duration: float = 100.0) -> StashFile:
    return {"id": 1, "path": path, "size": size, "duration": duration, "oshash": "0" * 16}


def _look(
    file: StashFile, *parts: tuple[str, int | None, int | None], path_map: str = ""
) -> tuple[str | None, int]:
    """(the item found for certain or None, how many are in doubt) among parts 1, 2, …"""
    index = SectionIndex()
    for number, (path, size, duration) in enumerate(parts, start=1):
        index.add(Part(str(number), Location.of(path), size, duration))
    found = index.find(file, PathMap.parse(path_map).apply(file["path"]))
    return found.sure, len(found.doubtful)


@pytest.mark.parametrize(
    ("plex", "found"),
    [
        ((("/a/x.mp4", 1000, None),), ("1", 0)),
        ((("/a/x.mp4", 999, None),), ("1", 0)),
        ((("/a/x.mp4", 999, 101_900),), ("1", 0)),
        ((("/a/x.mp4", 999, 102_100),), (None, 0)),
        ((("/b/x.mp4", 1000, None),), ("1", 0)),
        ((("/b/x.mp4", 999, 100_000),), (None, 0)),
        ((("/b/x.mp4", None, 100_000),), (None, 1)),
        ((("/b/a/x.mp4", None, None),), ("1", 0)),
        ((("/b/a/X.mp4", None, None),), (None, 0)),
        ((("M:\\b\\A\\X.MP4", None, None),), ("1", 0)),
        ((("/b/x.mp4", 1000, None), ("/c/x.mp4", 1000, None)), (None, 2)),
        ((("/b/x.mp4", 1000, None), ("/c/a/x.mp4", 1000, None)), ("2", 0)),
        ((("/b/x.mp4", 1000, None), ("/c/a/x.mp4", None, None)), ("1", 0)),
        ((("/b/x.mp4", None, None), ("/c/x.mp4", None, None)), (None, 2)),
        ((("/b/x.mp4", 1000, None), ("/a/x.mp4", None, None)), ("2", 0)),
        ((("/b/y.mp4", 1000, None),), (None, 0)),
    ],
)
def test_evidence(
    plex: tuple[tuple[str, int | None, int | None], ...], found: tuple[str | None, int]
) -> None:
    assert _look(_file("/a/x.mp4"), *plex) == found


def test_long_films_may_differ_by_two_per_cent() -> None:
    film = _file("/a/x.mp4", duration=6000)
    assert _look(film, ("/a/x.mp4", 1, 6_119_000)) == ("1", 0)
    assert _look(film, ("/a/x.mp4", 1, 6_121_000)) == (None, 0)


@pytest.mark.parametrize(
    ("path", "mapped"),
    [
        ("/data/lib/a/x.mp4", "/mnt/videos/a/x.mp4"),
        ("/data/lib/special/x.mp4", "/other/x.mp4"),
        ("/data/library/x.mp4", "/data/library/x.mp4"),
        ("/data/win/a/x.mp4", "M:\\Videos\\a\\x.mp4"),
        ("d:\\STASH\\a\\x.mp4", "/mnt/d/a/x.mp4"),
    ],
)
def test_the_path_map_swaps_whole_components_longest_prefix_first(path: str, mapped: str) -> None:
    rules = PathMap.parse(
        "/data/lib=>/mnt/videos; /data/lib/special=>/other;"
        " /data/win=>M:\\Videos ;D:\\Stash=>/mnt/d; "
    )
    assert rules.apply(path) == Location.of(mapped)


_PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=5).map(lambda p: "/" + "/".join(p))


@given(_PATHS, _PATHS)
def test_a_common_suffix_is_the_same_both_ways(one: str, other: str) -> None:
    left, right = Location.of(one), Location.of(other)
    count = common_suffix(left, right)
    assert count == common_suffix(right, left)
    assert count <= min(len(left.components), len(right.components))
    assert (count == len(left.components) == len(right.components)) == (one == other)
