"""Comparing paths of two servers, on any mixture of systems."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.paths import (
    PathMap,
    base_key,
    base_name,
    canonical,
    common_suffix,
    differing_roots,
    folder,
    is_windows,
    lies_below,
    lies_in_any,
    path_key,
    same_name,
    same_path,
    spellings,
    stem,
)

NFD = unicodedata.normalize("NFD", "/v/Übung.mp4")

components = st.text(alphabet="abAB ß\u0301é.東", min_size=1, max_size=4)
posix_paths = st.lists(components, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
windows_paths = st.tuples(
    st.sampled_from(["C:", "d:", "\\\\nas\\share", "//nas/share"]),
    st.lists(components, min_size=1, max_size=3),
    st.sampled_from("\\/"),
).map(lambda path: path[2].join([path[0], *path[1]]))
any_path = posix_paths | windows_paths


@pytest.mark.parametrize(
    ("path", "windows"),
    [
        ("C:\\Videos\\a.mp4", True),
        ("d:/videos/a.mp4", True),
        ("\\\\nas\\films\\a.mp4", True),
        ("//nas/films/a.mp4", True),
        ("/data/a.mp4", False),
        ("/data/back\\slash.mp4", False),
        ("/data/C:\\a.mp4", False),
        ("videos/a.mp4", False),
        ("", False),
    ],
)
def test_whose_path_it_is(path: str, windows: bool) -> None:
    assert is_windows(path) is windows


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/data//videos///a.mp4", "/data/videos/a.mp4"),
        ("/data/videos/", "/data/videos"),
        ("a/", "a"),
        ("/", "/"),
        ("/data/back\\slash.mp4", "/data/back\\slash.mp4"),
        ("C:\\Videos\\\\Sub\\a.mp4", "C:/Videos/Sub/a.mp4"),
        ("C:\\", "C:"),
        ("C:/Videos\\a.mp4", "C:/Videos/a.mp4"),
        ("\\\\nas\\films\\\\a.mp4", "//nas/films/a.mp4"),
        ("//nas//films/a.mp4", "//nas/films/a.mp4"),
        ("\\\\nas\\films\\", "//nas/films"),
        (NFD, "/v/Übung.mp4"),
        ("", ""),
    ],
)
def test_canonical_form(path: str, form: str) -> None:
    assert canonical(path) == form


@pytest.mark.parametrize(
    ("path", "name", "bare"),
    [
        ("/data/a.b.mp4", "a.b.mp4", "a.b"),
        ("/data/.hidden", ".hidden", ".hidden"),
        ("/data/ends.", "ends.", "ends."),
        ("/data/none", "none", "none"),
        ("/data/back\\slash.mp4", "back\\slash.mp4", "back\\slash"),
        ("D:\\Videos\\Night Walk.mkv", "Night Walk.mkv", "Night Walk"),
        (NFD, "Übung.mp4", "Übung"),
    ],
)
def test_names_of_files(path: str, name: str, bare: str) -> None:
    assert base_name(path) == name
    assert stem(path) == bare


@pytest.mark.parametrize(
    ("path", "parent"),
    [("/a/b.mp4", "/a"), ("D:\\a\\b.mp4", "D:/a"), ("\\\\nas\\a\\b.mp4", "//nas/a"), ("/b", "")],
)
def test_folder(path: str, parent: str) -> None:
    assert folder(path) == parent


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("/v/a.mp4", "/v/a.mp4", True),
        ("/v/a.mp4", "/v//a.mp4", True),
        ("/v/a.mp4", "/v/A.mp4", False),  # two files on Linux
        ("/v/\u00dcbung.mp4", NFD, True),
        ("D:\\V\\a.mp4", "d:/v/A.MP4", True),
        ("\\\\NAS\\films\\Ä.mp4", "//nas/Films/ä.mp4", True),
        ("D:\\v\\a.mp4", "E:\\v\\a.mp4", False),
        ("/v/a\\b.mp4", "/v/a/b.mp4", False),  # a backslash is a letter there
        ("/nas/films/a.mp4", "\\\\nas\\films\\a.mp4", False),
    ],
)
def test_equal_paths(one: str, other: str, equal: bool) -> None:
    assert same_path(one, other) is equal
    assert same_path(other, one) is equal
    if equal:
        assert path_key(one) == path_key(other)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("/d/x/a.mp4", "/m/x/a.mp4", 2),
        ("/d/x/a.mp4", "/d/x/a.mp4", 3),
        ("/d/x/a.mp4", "/d/y/a.mp4", 1),
        ("/d/x/a.mp4", "/d/x/b.mp4", 0),
        ("/d/X/a.mp4", "/m/x/a.mp4", 1),
        ("/d/X/a.mp4", "M:\\x\\A.mp4", 2),
        ("/films/X/a.mp4", "\\\\nas\\films\\x\\a.mp4", 3),
        ("D:\\x\\a.mp4", "d:/x/a.mp4", 3),
        ("/a.mp4", "a.mp4", 1),
        ("", "", 0),
    ],
)
def test_common_suffix(one: str, other: str, shared: int) -> None:
    assert common_suffix(one, other) == shared
    assert same_name(one, other) is (shared > 0)


def test_what_differs_above_a_common_suffix() -> None:
    assert differing_roots("/data/x/a.mp4", "M:\\Videos\\X\\A.mp4") == ("/data", "M:/Videos")
    assert differing_roots("/m/x/a.mp4", "/m/x/a.mp4") == ("", "")


def test_a_name_as_disks_may_hold_it() -> None:
    composed, decomposed = "Übung.mp4", unicodedata.normalize("NFD", "Übung.mp4")
    assert set(spellings(composed)) == set(spellings(decomposed)) == {composed, decomposed}
    assert spellings("plain.mp4") == ("plain.mp4",)


@given(any_path, any_path)
def test_laws_of_comparison(one: str, other: str) -> None:
    assert canonical(canonical(one)) == canonical(one)
    assert is_windows(canonical(one)) is is_windows(one)
    assert same_path(one, canonical(one))
    assert base_key(one) == path_key(one).rpartition("/")[2]
    assert same_path(one, unicodedata.normalize("NFD", one))
    assert common_suffix(one, other) == common_suffix(other, one)
    if same_path(one, other):
        assert path_key(one) == path_key(other)
        assert same_name(one, other)
    if same_name(one, other):
        assert base_key(one) == base_key(other)


@pytest.mark.parametrize(
    ("path", "root", "below"),
    [
        ("/data/videos/a.mp4", "/data/videos", True),
        ("/data/videos/a.mp4", "/data/videos/", True),
        ("/data/videos", "/data/videos/", True),
        ("/data/videos2/a.mp4", "/data/videos", False),
        ("/data/Videos/a.mp4", "/data/videos", False),
        ("/anything", "/", True),
        ("D:\\Videos\\a.mp4", "d:/videos", True),
        ("D:\\Videos\\a.mp4", "D:\\", True),
        ("D:\\Videos\\a.mp4", "d:", True),
        ("D:", "d:\\", True),
        ("D:\\Videos2\\a.mp4", "D:\\Videos", False),
        ("\\\\nas\\films\\a.mp4", "//NAS/Films/", True),
        ("\\\\nas2\\films\\a.mp4", "\\\\nas", False),
        (NFD, "/v", True),
    ],
)
def test_lying_below(path: str, root: str, below: bool) -> None:
    assert lies_below(path, root) is below
    assert lies_in_any(["/elsewhere/b.mp4", path], ["/nowhere", root]) is below


def test_lying_in_no_place_at_all() -> None:
    assert not lies_in_any([], ["/"])
    assert not lies_in_any(["/a"], [])


@pytest.mark.parametrize(
    ("pairs", "path", "mapped"),
    [
        ((), "/data/a.mp4", ["/data/a.mp4"]),
        ((("/data", "/mnt/media"),), "/data/x/a.mp4", ["/mnt/media/x/a.mp4"]),
        ((("/data/", "/mnt/media/"),), "/data//x/a.mp4", ["/mnt/media/x/a.mp4"]),
        ((("/data", "/mnt"),), "/data2/a.mp4", ["/data2/a.mp4"]),  # only whole components
        ((("/data", "/mnt"),), "/data", ["/mnt"]),
        ((("/", "/mnt"),), "/data/a.mp4", ["/mnt/data/a.mp4"]),
        ((("/data", "/"),), "/data/a.mp4", ["/a.mp4"]),
        # The longest prefix wins, in whatever order the pairs are given.
        ((("/d", "/1"), ("/d/films", "/2")), "/d/films/a.mp4", ["/2/a.mp4"]),
        ((("/d/films", "/2"), ("/d", "/1")), "/d/films/a.mp4", ["/2/a.mp4"]),
        ((("/d/films", "/2"), ("/d", "/1")), "/d/shows/a.mp4", ["/1/shows/a.mp4"]),
        ((("/d/films", "/2"), ("/d", "/1")), "/d", ["/1"]),
        # One folder of Stash that lies in two places of Plex.
        ((("/d", "/1"), ("/d", "/2")), "/d/a.mp4", ["/1/a.mp4", "/2/a.mp4"]),
        # Windows on either side.
        ((("/data", "D:\\Videos"),), "/data/x/a.mp4", ["D:/Videos/x/a.mp4"]),
        ((("/data", "D:\\"),), "/data/a.mp4", ["D:/a.mp4"]),
        ((("/data", "\\\\nas\\films\\"),), "/data/a.mp4", ["//nas/films/a.mp4"]),
        ((("D:\\Library", "/mnt"),), "d:\\library\\Sub\\A.mp4", ["/mnt/Sub/A.mp4"]),
        ((("D:\\", "/mnt"),), "D:\\Sub\\a.mp4", ["/mnt/Sub/a.mp4"]),
        ((("d:", "/mnt"),), "D:\\Sub\\a.mp4", ["/mnt/Sub/a.mp4"]),
        ((("\\\\nas\\s", "/mnt"),), "//NAS/S/a.mp4", ["/mnt/a.mp4"]),
        ((("D:\\Straße", "/mnt"),), "D:\\STRAẞE\\a.mp4", ["/mnt/a.mp4"]),
        ((("D:\\Straße", "/mnt"),), "D:\\STRASSE\\a.mp4", ["D:\\STRASSE\\a.mp4"]),
        ((("/v/\u00dcbung", "/mnt"),), NFD[:-4] + "/a.mp4", ["/mnt/a.mp4"]),
        # Neither lies in the other.
        ((("/", "/mnt"),), "\\\\nas\\a.mp4", ["\\\\nas\\a.mp4"]),
        ((("\\\\nas", "/mnt"), ("D:", "/n")), "/nas/a.mp4", ["/nas/a.mp4"]),
        # A backslash in a POSIX name is a letter of that name.
        ((("/data", "/mnt"),), "/data/back\\slash.mp4", ["/mnt/back\\slash.mp4"]),
    ],
)
def test_path_map(pairs: tuple[tuple[str, str], ...], path: str, mapped: list[str]) -> None:
    assert list(PathMap(pairs).to_plex(path)) == mapped


@given(any_path, any_path, any_path)
def test_a_mapped_path_lies_below_its_target_and_keeps_its_end(
    source: str, target: str, rest: str
) -> None:
    tail = rest.replace("\\", "/").lstrip("/").replace(":", "")
    (mapped,) = PathMap(((source, target),)).to_plex(f"{source}/{tail}")
    assert lies_below(mapped, target)
    assert common_suffix(mapped, f"{source}/{tail}") >= len(tail.split("/"))
