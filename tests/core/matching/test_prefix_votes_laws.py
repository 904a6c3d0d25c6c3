"""Learned folders over random libraries with random mounts: they help, and never mislead.

A disk holds files in folders. Stash may have it mounted at one place, Plex at another, each may
have scanned only some of it, and Plex may not know the sizes. The same few names lie everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from core.matching.index import ItemIndex
from core.matching.match import match_scene
from core.matching.match_outcome import Claim, Evidence, SceneMatch
from core.matching.prefix_votes import PrefixVotes, path_map_of
from core.models import ItemRef, MediaFile, Scene
from core.paths import PathMap
from tests.core.builders import file, scene
from tests.examples import examples

NAMES = ("scene.mp4", "clip.mkv")
FOLDERS = ("", "a", "b", "a/b", "c", "c/a")
# No two roots lie in one another, and no more than three below one folder.
STASH_ROOTS = ("/data/one", "/data/two", "/srv", "D:\\lib", "\\\\nas\\x")
PLEX_ROOTS = ("/mnt/one", "/mnt/two", "/srv", "M:\\lib", "\\\\nas\\y")


@dataclass(frozen=True)
class Disk:
    """Where a disk is mounted, None where it is not, and what is on it by path: the size."""

    stash: str | None
    plex: str | None
    files: Mapping[str, int]


@dataclass
class Library:
    """Both sides of some disks, and which scene is truly which item."""

    scenes: list[Scene]
    index: ItemIndex
    truth: dict[int, ItemRef]

    def wrong(self, matches: Sequence[SceneMatch]) -> set[ItemRef]:
        return {
            claim.ref
            for match in matches
            for claim in match.claims
            if self.truth.get(match.scene_id) != claim.ref
        }

    def without(self, refs: set[ItemRef]) -> Library:
        index = ItemIndex()
        for ref in self.index:
            if ref not in refs:
                index.add(ref, self.index.files(ref))
        truth = {scene_id: ref for scene_id, ref in self.truth.items() if ref not in refs}
        return Library(self.scenes, index, truth)


def _path(root: str, path: str) -> str:
    return "\\".join([root, *path.split("/")]) if "\\" in root else f"{root}/{path}"


def make_library(seed: int, count: int) -> Library:
    """A library of so many disks."""
    rng = random.Random(seed)
    stash_roots, plex_roots = rng.sample(STASH_ROOTS, count), rng.sample(PLEX_ROOTS, count)
    library = Library([], ItemIndex(), {})
    sizes = rng.sample(range(1, 1000), 200)
    for disk in range(count):
        stash = stash_roots[disk] if rng.random() < 0.85 else None
        plex = plex_roots[disk] if rng.random() < 0.85 else None
        on_disk = [f"{folder}/{name}".lstrip("/") for folder in FOLDERS for name in NAMES]
        for path in rng.sample(on_disk, rng.randint(1, len(on_disk))):
            _add(library, rng, (stash, plex), path, sizes.pop())
    return library


def _add(
    library: Library,
    rng: random.Random,
    roots: tuple[str | None, str | None],
    path: str,
    size: int,
) -> None:
    number = len(library.scenes) + len(library.index) + 1
    there = ItemRef("1", str(number))
    stash, plex = roots
    in_stash = stash is not None and rng.random() < 0.9
    in_plex = plex is not None and rng.random() < 0.8
    if stash is not None and in_stash:
        library.scenes.append(scene(file(_path(stash, path), size, 60.0), scene_id=number))
    if plex is not None and in_plex:
        known = size if rng.random() < 0.6 else None
        library.index.add(there, [MediaFile(_path(plex, path), known, None)])
    if in_stash and in_plex:
        library.truth[number] = there


def _match(library: Library, learned: PathMap | None = None) -> list[SceneMatch]:
    return [
        match_scene(each, {"1": library.index}, PathMap(), learned=learned)
        for each in library.scenes
    ]


def _taught(library: Library, matches: Sequence[SceneMatch]) -> PrefixVotes:
    lessons = PrefixVotes()
    by_id = {each.id: each for each in library.scenes}
    for match in matches:
        lessons.note(
            ("1", by_id[match.scene_id].files[claim.file_rank].path, found.path)
            for claim in match.claims
            for found in library.index.files(claim.ref)
        )
    return lessons


def _sound(library: Library) -> Library:
    """The library without what looks like something else, so that all teachers are right."""
    while wrong := library.wrong(_match(library)):
        library = library.without(wrong)
    return library


libraries = st.builds(make_library, st.integers(0, 2**32), st.integers(1, 4))


@examples(150)
@given(libraries)
def test_learned_folders_never_make_a_wrong_match(drawn: Library) -> None:
    library = _sound(drawn)
    first = _match(library)
    learned = path_map_of(_taught(library, first).pairs())

    second = _match(library, learned)

    assert library.wrong(second) == set()
    for before, after in zip(first, second, strict=True):
        assert set(before.refs) <= set(after.refs)  # nor is one lost
        for claim in after.claims:
            known = {old.ref: old for old in before.claims}.get(claim.ref)
            assert known is None or claim.evidence >= known.evidence


@given(libraries, st.randoms(use_true_random=False))
def test_the_order_of_lessons_does_not_matter(drawn: Library, rng: random.Random) -> None:
    matches = _match(drawn)
    shuffled = rng.sample(matches, len(matches))

    assert _taught(drawn, shuffled).pairs() == _taught(drawn, matches).pairs()


@given(libraries)
def test_stronger_evidence_stands_whatever_was_learned(drawn: Library) -> None:
    """Also what wrong matches teach only fills gaps."""
    first = _match(drawn)
    second = _match(drawn, path_map_of(_taught(drawn, first).pairs()))

    for before, after in zip(first, second, strict=True):
        strong = {c for c in before.claims if c.evidence > Evidence.LEARNED}
        assert strong <= set(after.claims)
        assert {c.ref for c in before.claims} <= {c.ref for c in after.claims}


def test_learning_fills_the_gap_that_it_is_for() -> None:
    """Sizes unknown to Plex, no folder in common: without the others nobody could tell."""
    index = ItemIndex()
    scenes = []
    for n in range(3):
        scenes.append(scene(file(f"/data/inbox/{n}.mp4", n + 1), scene_id=n))
        index.add(ItemRef("1", str(n)), [file(f"/mnt/arrivals/{n}.mp4", n + 1)])
    scenes.append(scene(file("/data/inbox/late.mp4", 9), scene_id=9))
    index.add(ItemRef("1", "9"), [file("/mnt/arrivals/late.mp4")])
    index.add(ItemRef("1", "8"), [file("/mnt/backup/late.mp4")])
    library = Library(scenes, index, {})
    first = _match(library)
    assert first[-1].is_ambiguous

    second = _match(library, path_map_of(_taught(library, first).pairs()))

    assert second[-1].claims == (Claim(ItemRef("1", "9"), Evidence.LEARNED, 0),)
