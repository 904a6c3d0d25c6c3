"""Which folders Plex is asked to scan, and how long jobs wait for scans: tables and laws."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import Section
from core.paths import PathMap, folder, lies_below, lies_in_any, path_key
from core.scans import (
    LONGEST_SCAN,
    UNSEEN,
    AwaitedScan,
    outermost,
    places,
)

SAME = PathMap()
NFC, NFD = (unicodedata.normalize(form, "Übung") for form in ("NFC", "NFD"))


def section(*locations: str, key: str = "1") -> Section:
    return Section(key, "Films", "movie", "com.plexapp.agents.none", locations, False)


def folders(path: str, path_map: PathMap, *sections: Section) -> list[tuple[str, str]]:
    return [(place.section, place.folder) for place in places(path, path_map, None, sections)]


@pytest.mark.parametrize(
    ("path", "pairs", "location", "wanted"),
    [
        ("/data/films/A/1.mp4", (), "/data/films", "/data/films/A"),
        ("/data/films/1.mp4", (), "/data/films", "/data/films"),
        ("/data/films/1.mp4", (), "/data/films/", "/data/films/"),
        ("/1.mp4", (), "/", "/"),
        ("/a/1.mp4", (), "/", "/a"),
        ("/data/A/B/1.mp4", (("/data", "/mnt/x"),), "/mnt", "/mnt/x/A/B"),
        ("/data/A/B/1.mp4", (("/data", "/mnt/x"),), "/mnt/x/A", "/mnt/x/A/B"),
        # Windows on either side, or on both, with the case and the slashes of Plex's location.
        ("/data/A b/1.mp4", (("/data", "m:/media"),), "M:\\Media", "M:\\Media\\A b"),
        ("/data/A/1.mp4", (("/data", "M:\\"),), "M:\\", "M:\\A"),
        ("D:\\Films\\A\\1.mp4", (("d:\\films", "/mnt"),), "/mnt", "/mnt/A"),
        ("d:/films/A/1.mp4", (), "D:\\Films", "D:\\Films\\A"),
        ("/data/A/1.mp4", (("/data", "\\\\NAS\\v"),), "\\\\nas\\V", "\\\\nas\\V\\A"),
        ("/data/A/1.mp4", (("/data", "//nas/v"),), "//nas/v", "//nas/v/A"),
        # What the disk says, byte for byte, though it was compared in one form.
        (f"/data/{NFD}/1.mp4", (("/data", "/mnt"),), "/mnt", f"/mnt/{NFD}"),
        (f"/data/{NFD}/1.mp4", (), "/data", f"/data/{NFD}"),
        (f"/data/{NFC}/A/1.mp4", (), f"/data/{NFD}", f"/data/{NFD}/A"),
        ("/data/a\\b/1.mp4", (("/data", "/mnt"),), "/mnt", "/mnt/a\\b"),
    ],
)
def test_the_folder_is_spelled_as_the_server_spells_it(
    path: str, pairs: tuple[tuple[str, str], ...], location: str, wanted: str
) -> None:
    assert folders(path, PathMap(pairs), section(location)) == [("1", wanted)]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/data/films/1.mp4", "/data/film"),
        ("/data/Films/1.mp4", "/data/films"),
        ("/data/films/1.mp4", ""),
        ("/data/films", "/data/films"),
        ("D:\\films\\1.mp4", "/films"),
    ],
)
def test_a_file_outside_every_location_is_nowhere(path: str, location: str) -> None:
    assert places(path, SAME, None, [section(location)]) == ()


def test_every_section_that_holds_the_file_once() -> None:
    two = section("/data/a", key="2")
    nested = section("/data", "/data/a", key="3")

    assert folders("/data/a/b/1.mp4", SAME, section("/x"), two, nested) == [
        ("2", "/data/a/b"),
        ("3", "/data/a/b"),
    ]
    split = PathMap((("/data", "/one"), ("/data", "/two")))
    assert folders("/data/1.mp4", split, section("/one", "/two")) == [("1", "/one"), ("1", "/two")]


def test_learned_folders_fill_what_the_path_map_leaves_open() -> None:
    learned, there = PathMap((("/data", "/mnt"),)), [section("/mnt"), section("/data/a", key="2")]
    assert places("/elsewhere/1.mp4", SAME, None, there) == ()

    assert places("/data/b/1.mp4", SAME, learned, there)[0].folder == "/mnt/b"
    assert [each.section for each in places("/data/a/1.mp4", SAME, learned, there)] == ["2"]


def test_a_file_is_known_again_in_any_spelling_that_the_server_takes_for_the_same() -> None:
    windows = [section("M:\\Films")]
    one, other = (places(p, SAME, None, windows) for p in ("M:\\Films\\A.mp4", "m:/films/a.MP4"))
    assert one == other
    linux = [section("/films")]
    assert places("/films/A.mp4", SAME, None, linux) != places("/films/a.mp4", SAME, None, linux)
    odd = places("/films/\udcff.mp4", SAME, None, linux)[0]
    assert odd.file.encode()


# Laws --------------------------------------------------------------------------------------

names = st.text(alphabet="abAB é\u0301", min_size=1, max_size=2)
below = st.lists(names, max_size=4)
roots = st.sampled_from(["/", "/data", "/data/a", "C:\\", "M:\\Media", "\\\\nas\\x"])


def join(root: str, parts: list[str]) -> str:
    slash = "\\" if root[0] != "/" else "/"
    return slash.join([root.rstrip("/\\"), *parts]) if parts else root


@given(st.lists(st.builds(join, roots, below), max_size=12))
def test_the_outermost_folders_cover_all_and_none_lies_in_another(asked: list[str]) -> None:
    covered = outermost(asked)

    assert sorted(each for group in covered.values() for each in group) == sorted(set(asked))
    for top, group in covered.items():
        assert top in asked
        assert all(lies_below(each, top) for each in group)
        assert not any(lies_below(top, other) for other in covered if other != top)


@given(
    root=roots,
    inner=below,
    name=names,
    location_depth=st.integers(0, 4),
    source=st.sampled_from(["/stash", "D:\\Stash"]),
    is_mapped=st.booleans(),
)
def test_a_folder_lies_in_its_location_and_is_that_of_the_file(
    root: str, inner: list[str], name: str, location_depth: int, source: str, is_mapped: bool
) -> None:
    there = join(root, [*inner, name])
    location = join(root, inner[:location_depth])
    path_map = PathMap(((source, root),)) if is_mapped else SAME
    path = join(source, [*inner, name]) if is_mapped else there

    (place,) = places(path, path_map, None, [section(location)])

    assert place.section == "1"
    assert lies_below(place.folder, location)
    assert place.folder.startswith(location)
    assert path_key(place.folder).rstrip("/") == path_key(folder(there)).rstrip("/")
    assert path_key(place.file) == path_key(there)


@given(st.builds(join, roots, below), st.lists(roots, max_size=3))
def test_what_is_asked_for_lies_in_a_location_and_nothing_else_is(
    path: str, locations: list[str]
) -> None:
    found = places(path, SAME, None, [section(*locations)])

    assert all(lies_in_any([place.folder], locations) for place in found)
    if not found:
        assert not [
            each
            for each in locations
            if lies_below(path, each) and path_key(path) != path_key(each)
        ]


# Scans that jobs wait for ----------------------------------------------------------------


def test_a_scan_is_the_same_while_a_name_of_it_is() -> None:
    first = AwaitedScan(100.0, 100.0, frozenset("a"))

    assert first.seen_again(frozenset("ab"), 9e5) == AwaitedScan(100.0, 9e5, frozenset("ab"))
    assert first.seen_again(frozenset("b"), 110.0).since == 110.0


def test_without_a_name_it_is_the_same_if_it_was_seen_lately() -> None:
    asked, later = AwaitedScan(100.0, 2 * UNSEEN), 3 * UNSEEN

    assert asked.seen_again(frozenset("a"), later - 10).since == 100.0
    assert asked.seen_again(frozenset(), later - 1).since == 100.0
    assert asked.seen_again(frozenset(), later).since == later


def test_a_scan_that_does_not_end_is_not_waited_for() -> None:
    scan = AwaitedScan(100.0, 0.0)

    assert not scan.is_endless(100 + LONGEST_SCAN)
    assert scan.is_endless(100 + LONGEST_SCAN + 1)
