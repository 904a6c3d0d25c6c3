"""What matches teach about folders: when a pair is believed, how far it reaches, and of whom."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from core.matching.prefix_votes import (
    AGREEING,
    BRANCHES,
    MOST_PAIRS,
    LearnedPair,
    PrefixVotes,
    folders_of,
    new_pairs,
    path_map_of,
)
from core.paths import PathMap

Matches = Iterable[tuple[str, str]]


def taught(*matches: tuple[str, str], section: str = "1") -> PrefixVotes:
    """Lessons of one scene for each match."""
    lessons = PrefixVotes()
    for stash, plex in matches:
        lessons.note([(section, stash, plex)])
    return lessons


def settings(lessons: PrefixVotes) -> dict[str, int]:
    return {pair.setting: pair.scenes for pair in lessons.pairs()}


def tree(stash: str, plex: str, folders: Iterable[object], files: int = 1) -> list[tuple[str, str]]:
    """Files in subfolders of a mount, with the separators of each side."""
    return [
        (_joined(stash, folder, f"{n}.mp4"), _joined(plex, folder, f"{n}.mp4"))
        for folder in folders
        for n in range(files)
    ]


def _joined(root: str, *parts: object) -> str:
    separator = "\\" if "\\" in root else "/"
    return separator.join([root, *(str(part) for part in parts if part != "")])


CASES: list[tuple[str, Matches, dict[str, int]]] = [
    ("two files in a folder", tree("/d", "/m", [""], 2), {"/d=>/m": 2}),
    ("one file in a folder", tree("/d", "/m", [""], 1), {}),
    ("three subfolders", tree("/d/lib", "/m/vid", "abc"), {"/d/lib=>/m/vid": 3}),
    ("two subfolders", tree("/d/lib", "/m/vid", "ab"), {}),
    (
        "two well filled subfolders",
        tree("/d/lib", "/m/vid", "ab", 5),
        {"/d/lib/a=>/m/vid/a": 5, "/d/lib/b=>/m/vid/b": 5},
    ),
    # No further up than the matches reach, though the bare prefixes are shorter.
    ("equal folder names", tree("/d/lib", "/m/lib", "abc"), {"/d/lib=>/m/lib": 3}),
    (
        "three mounts side by side",
        tree("/d/a", "/m/a", [""], 2) + tree("/d/b", "/m/b", [""], 2) + tree("/d/c", "/m/c", "x"),
        {"/d=>/m": 5},
    ),
    (
        "two mounts side by side",
        tree("/d/a", "/m/a", [""], 2) + tree("/d/b", "/m/b", [""], 2),
        {"/d/a=>/m/a": 2, "/d/b=>/m/b": 2},
    ),
    (
        "two mounts of different kinds",
        tree("/d/a", "/m/x", range(9)) + tree("/d/b", "/n/y", range(5)),
        {"/d/a=>/m/x": 9, "/d/b=>/n/y": 5},
    ),
    # Exceptions: a few are borne, and where they agree among themselves they are learned too.
    (
        "one moved file",
        [*tree("/d", "/m", range(30)), ("/d/7/odd.mp4", "/m/elsewhere/odd.mp4")],
        {"/d=>/m": 30},
    ),
    (
        "a folder that lies elsewhere",
        tree("/d", "/m", range(60)) + tree("/d/odd", "/x/odd", [""], 3),
        {"/d=>/m": 60, "/d/odd=>/x/odd": 3},
    ),
    (
        "too many exceptions",
        tree("/d", "/m", range(30)) + [(f"/d/{n}/o.mp4", f"/m/z{n}/o.mp4") for n in range(8)],
        {},
    ),
    (
        "one folder here, two there",
        [(f"/d/{n}.mp4", f"/{'mn'[n % 2]}/{n}.mp4") for n in range(40)],
        {},
    ),
    # Nothing to learn.
    ("equal paths", tree("/d/lib", "/d/lib", "abc", 5), {}),
    ("other names", [(f"/d/{n}.mp4", f"/m/x{n}.mp4") for n in range(9)], {}),
    (
        "folders renamed one by one",
        [(f"/d/Take {n}/s.mp4", f"/d/Shoot {n}/s.mp4") for n in range(500)],
        {},
    ),
    # Roots, Windows, odd spellings.
    ("into the root", tree("/m", "", "abc"), {"/m=>/": 3}),
    ("out of the root", tree("", "/m", "abc"), {"/=>/m": 3}),
    ("drives", tree("D:\\", "M:\\", "abc"), {"D:\\=>M:\\": 3}),
    ("to Windows", tree("/d/lib", "M:\\Vid", "abc"), {"/d/lib=>M:\\Vid": 3}),
    ("to a share", tree("D:\\Lib", "\\\\nas\\v", "abc"), {"D:\\Lib=>\\\\nas\\v": 3}),
    (
        "Windows spells as it likes",
        [
            ("/d/a/1.mp4", "M:\\V\\A\\1.MP4"),
            ("/d/b/1.mp4", "m:\\v\\b\\1.mp4"),
            *tree("/d", "M:\\v", "c"),
        ],
        {"/d=>M:\\V": 3},
    ),
    (
        "case tells folders apart elsewhere",
        tree("/d/A", "/m/x", [""], 1) + tree("/d/a", "/m/x", [""], 1),
        {},
    ),
    (
        "decomposed names",
        [(f"/d/é/{n}.mp4", f"/m/e\u0301/{n}.mp4") for n in "ab"],
        {"/d/é=>/m/é": 2},
    ),
]


@pytest.mark.parametrize(
    ("matches", "learned"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_is_learned(matches: Matches, learned: dict[str, int]) -> None:
    listed = list(matches)
    assert settings(taught(*listed)) == learned
    assert settings(taught(*reversed(listed))) == learned


def test_a_learned_pair_leads_where_its_matches_are() -> None:
    matches = tree("D:\\Lib", "\\\\nas\\v", "abc") + tree("/d", "/m", range(60))
    matches += tree("/d/odd", "/x/odd", [""], 3)
    lessons = taught(*matches)
    learned = path_map_of(lessons.pairs())

    assert lessons.agreeing(learned) == len(matches)
    assert learned.to_plex("/d/new/s.mp4") == ("/m/new/s.mp4",)
    assert learned.to_plex("/d/odd/deep/s.mp4") == ("/x/odd/deep/s.mp4",)
    assert learned.to_plex("/elsewhere/s.mp4") == ("/elsewhere/s.mp4",)


def test_files_of_two_names_or_without_a_folder_teach_nothing() -> None:
    matched = [("1", "/d/a.mp4", "/m/b.mp4"), ("1", "/a.mp4", "/m/a.mp4"), ("1", "/d/a", "a")]
    assert folders_of([*matched, ("1", "/d/a.mp4", "/m/a.mp4")]) == {("1", "/d", "/m")}


def test_a_scene_counts_once_whatever_it_has() -> None:
    lessons = PrefixVotes()
    lessons.note([("1", "/d/a.mp4", "/m/a.mp4"), ("1", "/d/b.mp4", "/m/b.mp4")])
    assert lessons.pairs() == ()
    lessons.note([("1", "/d/c.mp4", "/m/c.mp4")])
    assert settings(lessons) == {"/d=>/m": AGREEING}


def test_sections_do_not_contradict_each_other() -> None:
    """One disk under two names in Plex: files in both libraries have both."""
    lessons = PrefixVotes()
    for n in range(4):
        lessons.note([("1", f"/d/{n}.mp4", f"/m/{n}.mp4"), ("2", f"/d/{n}.mp4", f"/n/{n}.mp4")])

    assert settings(lessons) == {"/d=>/m": 4, "/d=>/n": 4}
    assert set(path_map_of(lessons.pairs()).to_plex("/d/x.mp4")) == {"/m/x.mp4", "/n/x.mp4"}


def test_only_the_best_of_thousands_of_folders_are_kept() -> None:
    many = [match for n in range(300) for match in tree(f"/d/t{n}", f"/m/s{n}", [""], 2 + n % 3)]
    pairs = taught(*many).pairs()
    assert len(pairs) == MOST_PAIRS
    assert {pair.scenes for pair in pairs} == {4}


def test_what_the_path_map_says_is_no_news() -> None:
    pairs = [
        LearnedPair("/d/a", "/m/a", 9),
        LearnedPair("/d/b", "/n/b", 5),
        LearnedPair("D:\\x", "M:\\Y", 4),
        LearnedPair("/e", "/f", 3),
    ]
    known = PathMap((("/d", "/m"), ("d:\\X", "m:\\y")))
    assert new_pairs(pairs, known) == [pairs[1], pairs[3]]
    assert new_pairs(pairs, PathMap()) == pairs
    assert new_pairs(pairs, path_map_of(pairs)) == []


def test_bare_prefixes_need_two_scenes_and_say_more_than_is_believed() -> None:
    lessons = taught(*tree("/d/lib", "/m/lib", "ab"), ("/e/a.mp4", "/f/a.mp4"))
    assert lessons.roots() == PathMap((("/d", "/m"),))
    assert lessons.pairs() == ()


def test_a_path_map_is_right_about_the_scenes_that_lie_where_it_leads() -> None:
    lessons = taught(
        *tree("/d", "/m", "abc"), ("/d/z/1.mp4", "/x/z/1.mp4"), *tree("/same", "/same", "ab")
    )
    assert lessons.agreeing(PathMap((("/d", "/m"),))) == 3
    assert lessons.agreeing(PathMap((("/d", "/m"), ("/d/z", "/x/z")))) == 4
    assert lessons.agreeing(PathMap((("/d", "/nowhere"),))) == 0
    assert lessons.agreeing(PathMap()) == 0


@pytest.mark.parametrize("branches", range(1, BRANCHES + 2))
def test_one_match_each_speaks_for_the_folder_above_from_three_subfolders_on(branches: int) -> None:
    learned = taught(*tree("/d", "/m", range(branches))).pairs()
    assert bool(learned) is (branches >= BRANCHES)


def test_a_path_that_no_disk_could_have_teaches_nothing() -> None:
    lessons = taught(("/a\0b/x/1.mp4", "/p/x/1.mp4"), ("/a/x/1.mp4", "/p\0/x/1.mp4"))
    assert lessons.pairs() == ()
    assert lessons.roots() == PathMap()
