"""Which item a file is: each kind of evidence, and what evidence cannot decide."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from core.matching.match import match_file, match_scene
from core.matching.match_outcome import Claim, Evidence, FileMatch, SceneMatch
from core.models import Confidence, ItemRef, MediaFile
from core.paths import PathMap
from tests.core.builders import file, index, ref, scene

Library = Mapping[str, Sequence[MediaFile]]


@dataclass(frozen=True)
class Case:
    """A file of Stash, the files of a section by rating key, and what must come out.

    `found` names the one item (HIGH) or, as a set, the contenders (LOW); None: no candidate.
    """

    name: str
    file: MediaFile
    library: Library
    found: str | set[str] | None
    evidence: Evidence = Evidence.NONE
    pairs: tuple[tuple[str, str], ...] = field(default=())


HERE = "/d/x/scene.mp4"
DECOMPOSED = unicodedata.normalize("NFD", "/d/Übung/Müller.mp4")

CASES = [
    # Equal paths.
    Case(
        "path", file(HERE), {"1": [file(HERE)], "2": [file("/e/x/scene.mp4")]}, "1", Evidence.PATH
    ),
    Case(
        "path, mapped as a whole",
        file(HERE),
        {"1": [file("/m/other.mp4")]},
        "1",
        Evidence.PATH,
        ((HERE, "/m/other.mp4"),),
    ),
    Case("path, size", file(HERE, 5), {"1": [file(HERE, 5)]}, "1", Evidence.PATH),
    Case("path, one size", file(HERE, 5), {"1": [file(HERE)]}, "1", Evidence.PATH),
    Case("re-muxed", file(HERE, 5, 900), {"1": [file(HERE, 6, 901.9)]}, "1", Evidence.SUFFIX),
    Case("re-muxed, long", file(HERE, 5, 9000), {"1": [file(HERE, 6, 9170)]}, "1", Evidence.SUFFIX),
    Case("not analysed", file(HERE, 5, 900), {"1": [file(HERE, 6)]}, "1", Evidence.SUFFIX),
    Case("replaced", file(HERE, 5, 900), {"1": [file(HERE, 6, 925)]}, None),
    Case("replaced, short", file(HERE, 5, 10), {"1": [file(HERE, 6, 12.1)]}, None),
    Case("length alone", file(HERE, 5, 900), {"1": [file(HERE, 5, 100)]}, "1", Evidence.PATH),
    Case("any part", file(HERE), {"1": [file("/o.mp4"), file(HERE)]}, "1", Evidence.PATH),
    Case("NFD in Plex", file("/d/Übung/Müller.mp4"), {"1": [file(DECOMPOSED)]}, "1", Evidence.PATH),
    Case(
        "NFD in Stash", file(DECOMPOSED), {"1": [file("/d/Übung/Müller.mp4")]}, "1", Evidence.PATH
    ),
    Case("doubled slash", file("/d//x/scene.mp4"), {"1": [file(HERE)]}, "1", Evidence.PATH),
    Case("case, POSIX", file("/d/x/Scene.mp4"), {"1": [file(HERE)]}, None),
    Case("case, Windows", file("D:\\X\\a.mp4"), {"1": [file("d:/x/A.MP4")]}, "1", Evidence.PATH),
    Case("two items", file(HERE), {"1": [file(HERE)], "2": [file(HERE)]}, {"1", "2"}),
    Case("two equal", file(HERE, 5), {"1": [file(HERE, 5)], "2": [file(HERE, 5)]}, {"1", "2"}),
    Case(
        "two items at a path, one has the size",
        file(HERE, 5),
        {"1": [file(HERE)], "2": [file(HERE, 5)], "3": [file(HERE, 6)]},
        "2",
        Evidence.PATH,
    ),
    Case(
        "two items at a path, one has another size",
        file(HERE, 5),
        {"1": [file(HERE, 6)], "2": [file(HERE)]},
        "2",
        Evidence.PATH,
    ),
    # Paths through the map.
    Case(
        "mapped",
        file("/data/a.mp4"),
        {"1": [file("/mnt/a.mp4")], "2": [file("/data/a.mp4")]},
        "1",
        Evidence.PATH,
        (("/data", "/mnt"),),
    ),
    Case(
        "mapped to Windows",
        file("/data/Sub/a.mp4"),
        {"1": [file("M:\\VIDEOS\\sub\\A.mp4")]},
        "1",
        Evidence.PATH,
        (("/data", "m:\\Videos"),),
    ),
    Case(
        "mapped to two places, there in one",
        file("/data/a.mp4", 5),
        {"1": [file("/two/a.mp4")]},
        "1",
        Evidence.PATH,
        (("/data", "/one"), ("/data", "/two")),
    ),
    Case(
        "mapped to two places, the size decides",
        file("/data/a.mp4", 5, 900),
        {"1": [file("/one/a.mp4", 6)], "2": [file("/two/a.mp4", 5)]},
        "2",
        Evidence.PATH,
        (("/data", "/one"), ("/data", "/two")),
    ),
    Case(
        "mapped to two places, nothing decides",
        file("/data/a.mp4"),
        {"1": [file("/one/a.mp4")], "2": [file("/two/a.mp4")]},
        {"1", "2"},
        pairs=(("/data", "/one"), ("/data", "/two")),
    ),
    # Two mounts with one path: another film lies where the scene's file seems to be.
    Case(
        "crossed mounts",
        file(HERE, 5),
        {"1": [file(HERE, 6)], "2": [file("/f/y/scene.mp4", 5)]},
        "2",
        Evidence.SIZE,
    ),
    # Equal name and size.
    Case("size", file(HERE, 5), {"1": [file("/m/y/scene.mp4", 5)]}, "1", Evidence.SIZE),
    Case("veto", file(HERE, 5), {"1": [file("/m/x/scene.mp4", 6)]}, None),
    Case("veto of a long suffix", file("/d" + HERE, 5), {"1": [file("/m" + HERE, 6)]}, None),
    Case("other name", file(HERE, 5), {"1": [file("/m/x/other.mp4", 5)]}, None),
    Case("end of a name", file("/d/x/a.mp4", 5), {"1": [file("/m/x/aa.mp4", 5)]}, None),
    Case(
        "size before an unknown size that is nearer",
        file(HERE, 5),
        {"1": [file("/m/x/scene.mp4")], "2": [file("/m/y/scene.mp4", 5)]},
        "2",
        Evidence.SIZE,
    ),
    Case(
        "equal sizes, nearest folder",
        file("/d/t/2/scene.mp4", 5),
        {"1": [file("/m/b/2/scene.mp4", 5)], "2": [file("/m/t/2/scene.mp4", 5)]},
        "2",
        Evidence.SIZE,
    ),
    Case(
        "equal sizes, equally far",
        file(HERE, 5),
        {"1": [file("/m/a/scene.mp4", 5)], "2": [file("/m/b/scene.mp4", 5)]},
        {"1", "2"},
    ),
    Case(
        "two versions of one item",
        file(HERE, 5),
        {"1": [file("/m/a/scene.mp4", 5), file("/m/b/scene.mp4", 5)]},
        "1",
        Evidence.SIZE,
    ),
    # Unknown sizes: the folders have to agree.
    Case("suffix", file(HERE, 5), {"1": [file("/m/x/scene.mp4")]}, "1", Evidence.SUFFIX),
    Case("suffix, Stash", file(HERE), {"1": [file("/m/x/scene.mp4", 5)]}, "1", Evidence.SUFFIX),
    Case("suffix, Windows", file(HERE), {"1": [file("M:\\X\\scene.mp4")]}, "1", Evidence.SUFFIX),
    Case("name only", file(HERE, 5), {"1": [file("/m/y/scene.mp4")]}, {"1"}),
    Case("in the root", file("/scene.mp4"), {"1": [file("/m/scene.mp4")]}, {"1"}),
    Case(
        "longest suffix",
        file("/d/t/2/scene.mp4"),
        {"1": [file("/m/b/2/scene.mp4")], "2": [file("/m/t/2/scene.mp4")]},
        "2",
        Evidence.SUFFIX,
    ),
    Case(
        "equal suffixes",
        file(HERE),
        {"1": [file("/m/x/scene.mp4")], "2": [file("/n/x/scene.mp4")]},
        {"1", "2"},
    ),
    Case(
        "names only",
        file(HERE),
        {"1": [file("/m/y/scene.mp4")], "2": [file("/n/z/scene.mp4")]},
        {"1", "2"},
    ),
    Case(
        "the suffix counts after the map",
        file("/data/a.mp4"),
        {"1": [file("/x/films/a.mp4")], "2": [file("/x/other/a.mp4")]},
        "1",
        Evidence.SUFFIX,
        (("/data", "/mnt/films"),),
    ),
    Case("empty section", file(HERE, 5), {}, None),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_file_in_one_section(case: Case) -> None:
    for library in (case.library, dict(reversed(list(case.library.items())))):
        found = match_file(case.file, index(library), PathMap(case.pairs))
        if case.found is None:
            assert found is None
            continue
        assert found is not None
        assert found.evidence is case.evidence
        if isinstance(case.found, set):
            assert found.confidence is Confidence.LOW
            assert found.refs == tuple(map(ref, sorted(case.found)))
        else:
            assert found.confidence is Confidence.HIGH
            assert found.refs == (ref(case.found),)


@pytest.mark.parametrize(
    ("folders", "size", "key", "evidence"),
    [
        pytest.param(("/d", "/m"), None, "1", Evidence.LEARNED, id="a weak match is agreed with"),
        pytest.param(("/d/x", "/o"), None, "1", Evidence.SUFFIX, id="or stays as it is"),
        pytest.param(("/d", "/m"), 5, "1", Evidence.LEARNED, id="one of two of its size"),
        pytest.param(("/d/x", "/o"), 5, None, Evidence.NONE, id="none beside the two"),
        pytest.param(("/d/x", "/q"), 5, None, Evidence.NONE, id="two cannot be told apart"),
    ],
)
def test_learned_folders_lead_away_from_no_item(
    folders: tuple[str, str], size: int | None, key: str | None, evidence: Evidence
) -> None:
    library = {"1": [file("/m/x/scene.mp4", size)], "2": [file("/o/scene.mp4")]}
    library |= {"4": [file("/q/scene.mp4")], "5": [file("/q/scene.mp4")]}
    if size is not None:
        library["3"] = [file("/p/x/scene.mp4", size)]

    found = match_file(file(HERE, size), index(library), PathMap(), PathMap((folders,)))

    assert found is not None
    assert found.evidence is evidence
    assert found.refs == ((ref("1"), ref("3")) if key is None else (ref(key),))


@pytest.mark.parametrize(("size", "length"), [(6, None), (None, 100)])
def test_what_is_another_recording_is_not_found_by_learned_folders(
    size: int | None, length: float | None
) -> None:
    library = {"1": [file("/q/scene.mp4", size, length)], "2": [file("/m/y/scene.mp4")]}

    found = match_file(file(HERE, 5, 900), index(library), PathMap(), PathMap((("/d/x", "/q"),)))

    assert found is not None
    assert found.confidence is Confidence.LOW


def claims(match: SceneMatch) -> dict[ItemRef, tuple[Evidence, int]]:
    return {claim.ref: (claim.evidence, claim.file_rank) for claim in match.claims}


def test_a_scene_without_files_matches_nothing() -> None:
    match = match_scene(scene(), {"1": index({"1": [file(HERE)]})}, PathMap())
    assert match == SceneMatch(1, (), ())
    assert not match.is_ambiguous


def test_a_scene_owns_an_item_for_each_file_and_section() -> None:
    first, second, nowhere = file("/d/a.mp4", 1), file("/d/b.mp4", 2), file("/d/c.mp4", 3)
    sections = {
        "1": index({"1": [first], "2": [file("/m/b.mp4", 2)], "9": [file("/m/z.mp4")]}),
        "2": index({"1": [second]}, section="2"),
        "3": index({}, section="3"),
    }
    match = match_scene(scene(nowhere, first, second), sections, PathMap())
    assert claims(match) == {
        ref("1"): (Evidence.PATH, 1),
        ref("2"): (Evidence.SIZE, 2),
        ref("1", "2"): (Evidence.PATH, 2),
    }
    assert set(match.refs) == claims(match).keys()
    assert match.undecided == ()


def test_several_files_of_one_item_make_one_claim_with_the_best_evidence() -> None:
    one_item = index({"1": [file("/m/a.mp4", 1), file("/d/b.mp4", 2)]})
    match = match_scene(scene(file("/d/a.mp4", 1), file("/d/b.mp4", 2)), {"1": one_item}, PathMap())
    assert claims(match) == {ref("1"): (Evidence.PATH, 1)}
    both = index({"1": [file("/d/a.mp4", 1), file("/d/b.mp4", 2)]})
    match = match_scene(scene(file("/d/a.mp4", 1), file("/d/b.mp4", 2)), {"1": both}, PathMap())
    assert claims(match) == {ref("1"): (Evidence.PATH, 0)}


UNDECIDED = {"1": [file("/m/y/scene.mp4")], "2": [file("/n/z/scene.mp4")]}


def test_what_is_undecided_is_reported_and_not_guessed() -> None:
    match = match_scene(scene(file(HERE)), {"1": index(UNDECIDED)}, PathMap())
    assert match.claims == ()
    assert [low.refs for low in match.undecided] == [(ref("1"), ref("2"))]
    assert match.is_ambiguous


def test_one_sure_section_does_not_hide_an_undecided_one() -> None:
    sections = {"1": index(UNDECIDED), "2": index({"5": [file(HERE)]}, section="2")}
    match = match_scene(scene(file(HERE)), sections, PathMap())
    assert match.refs == (ref("5", "2"),)
    assert len(match.undecided) == 1
    assert not match.is_ambiguous


def test_another_film_in_one_section_hides_no_match_in_the_next() -> None:
    sections = {
        "1": index({"4": [file("/m/x/scene.mp4", 6)]}),
        "2": index({"5": [file(HERE, 5)]}, section="2"),
    }
    match = match_scene(scene(file(HERE, 5)), sections, PathMap())
    assert match.refs == (ref("5", "2"),)


def test_contenders_of_which_the_scene_owns_one_are_no_question() -> None:
    sure = file("/d/v/other.mp4")
    library = {"1": [file("/m/y/scene.mp4"), sure], "2": [file("/n/z/scene.mp4")]}
    match = match_scene(scene(file(HERE), sure), {"1": index(library)}, PathMap())
    assert match.refs == (ref("1"),)
    assert match.undecided == ()


def test_a_guess_takes_the_first_and_says_that_it_has_no_evidence() -> None:
    match = match_scene(scene(file(HERE)), {"1": index(UNDECIDED)}, PathMap(), guess=True)
    assert match.claims == (Claim(ref("1"), Evidence.NONE, 0),)
    assert match.undecided == ()


def test_a_guess_never_weakens_evidence() -> None:
    sure = file("/d/v/other.mp4")
    library = {"1": [file("/m/y/scene.mp4"), sure], "2": [file("/n/z/scene.mp4")]}
    for files in ((sure, file(HERE)), (file(HERE), sure)):
        match = match_scene(scene(*files), {"1": index(library)}, PathMap(), guess=True)
        assert claims(match) == {ref("1"): (Evidence.PATH, files.index(sure))}


def test_a_veto_is_no_doubt() -> None:
    """Another film of the same name is no contender, guess or not."""
    other = index({"1": [file("/m/x/scene.mp4", 6)]})
    for guess in (False, True):
        match = match_scene(scene(file(HERE, 5)), {"1": other}, PathMap(), guess=guess)
        assert match == SceneMatch(1, (), ())


def test_evidence_is_ordered() -> None:
    assert [each.name for each in sorted(Evidence)] == [
        "NONE",
        "SUFFIX",
        "LEARNED",
        "SIZE",
        "PATH",
        "VERIFIED",
        "PINNED",
    ]
    low = FileMatch(Confidence.LOW, (), Evidence.NONE)
    assert low.shared == 0
