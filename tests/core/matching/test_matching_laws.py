"""Matching over random libraries: whatever the mounts, no scene is ever taken for another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from core.matching.index import BIG_BUCKET, ItemIndex
from core.matching.match import match_scene
from core.matching.match_outcome import SceneMatch
from core.matching.ownership import Claims
from core.models import ItemRef, MediaFile
from core.paths import PathMap, base_key, same_path
from tests.core.builders import FEWER, file, index, item_record, losers, record, scene

# So few names, folders and sizes that everything looks like everything else.
NAMES = st.sampled_from(["scene.mp4", "Scene.mp4", "walk.mkv"])
FOLDERS = st.sampled_from(["a", "b", "A", "a/b"])
STASH_ROOTS = st.sampled_from(["/d", "/m", "D:\\lib"])
PLEX_ROOTS = st.sampled_from(["/d", "/m", "M:\\lib", "\\\\nas\\lib"])
MAP = PathMap((("D:\\lib", "\\\\nas\\lib"),))


@dataclass(frozen=True)
class Pair:
    """One recording on both sides; scenes and items may have several."""

    stash: MediaFile
    plex: MediaFile
    scene_id: int
    ref: ItemRef

    def decided_by_path(self) -> bool:
        return _at(self.stash, self.plex)

    def decided_by_size(self, others: Sequence[Pair]) -> bool:
        if self.stash.size is None or self.plex.size is None:
            return False
        alike = [o for o in others if base_key(o.plex.path) == base_key(self.plex.path)]
        return all(self.stash.size not in (o.stash.size, o.plex.size) for o in alike)


def _at(stash: MediaFile, plex: MediaFile) -> bool:
    return any(same_path(path, plex.path) for path in MAP.to_plex(stash.path))


def _path(root: str, folder: str, name: str) -> str:
    separator = "\\" if "\\" in root else "/"
    return separator.join([root, *folder.split("/"), name])


@st.composite
def _pairs(draw: st.DrawFn, sections: int) -> Pair:
    name, size, folder = draw(NAMES), draw(st.integers(1, 12)), draw(FOLDERS)
    stash = file(_path(draw(STASH_ROOTS), folder, name), size, size * 100.0)
    plex_folder = draw(st.sampled_from([folder, folder, "a", "b"]))
    plex = stash._replace(path=_path(draw(PLEX_ROOTS), plex_folder, name))
    # Plex may know neither size nor length, Stash not the size.
    plex = plex._replace(size=draw(st.sampled_from([size, size, None])))
    plex = plex._replace(duration=draw(st.sampled_from([plex.duration, None])))
    stash = stash._replace(size=draw(st.sampled_from([size, size, size, None])))
    scene_id = draw(st.integers(1, 8))
    section = str(draw(st.integers(1, sections)))
    return Pair(stash, plex, scene_id, ItemRef(section, f"{scene_id}-{draw(st.integers(1, 2))}"))


def _decided(pair: Pair, others: Sequence[Pair]) -> bool:
    return pair.decided_by_path() or pair.decided_by_size(others)


def _contradict(pair: Pair, other: Pair) -> bool:
    """Whether one of the files has more right to the other's item than its own scene has."""
    if pair.stash.path == other.stash.path or same_path(pair.plex.path, other.plex.path):
        return True
    for stash, plex in ((pair.stash, other.plex), (other.stash, pair.plex)):
        # Another film may lie at the same path of another mount, but its size must tell.
        told = None not in (stash.size, plex.size) and stash.size != plex.size
        if _at(stash, plex) and not told:
            return True
    return False


@st.composite
def libraries(draw: st.DrawFn, sections: int) -> list[Pair]:
    """Pairs of which each has a path, or a name with a size, of its own."""
    kept: list[Pair] = []
    for pair in draw(st.lists(_pairs(sections), min_size=1, max_size=BIG_BUCKET * 2)):
        alone = _decided(pair, kept) and all(_decided(each, [pair]) for each in kept)
        if alone and not any(_contradict(pair, each) for each in kept):
            kept.append(pair)
    return kept


def match_all(library: Sequence[Pair], *unscanned: MediaFile) -> dict[int, SceneMatch]:
    """Match every scene of the library; files that Plex lacks make scene 0."""
    indexes = {pair.ref.section: ItemIndex() for pair in library}
    for ref in dict.fromkeys(pair.ref for pair in library):
        indexes[ref.section].add(ref, [pair.plex for pair in library if pair.ref == ref])
    scenes = {0: list(unscanned)}
    for pair in library:
        scenes.setdefault(pair.scene_id, []).append(pair.stash)
    return {
        scene_id: match_scene(scene(*files, scene_id=scene_id), indexes, MAP)
        for scene_id, files in scenes.items()
    }


def truth(library: Sequence[Pair], scene_id: int) -> set[ItemRef]:
    return {pair.ref for pair in library if pair.scene_id == scene_id}


unscanned = st.builds(
    lambda root, name, size: file(_path(root, "only here", name), size, size * 100.0),
    STASH_ROOTS,
    NAMES,
    st.integers(100, 102),
)


@FEWER
@given(libraries(sections=1), st.lists(unscanned, max_size=2))
def test_every_scene_finds_its_items_and_no_other(
    library: list[Pair], missing: list[MediaFile]
) -> None:
    for scene_id, match in match_all(library, *missing).items():
        assert set(match.refs) == truth(library, scene_id)


@FEWER
@given(libraries(sections=3))
def test_over_several_sections_every_item_ends_with_its_true_owner(library: list[Pair]) -> None:
    """Where a file's own item is not in a section, another may fit; its scene fits it better."""
    claims = Claims()
    matches = match_all(library)
    for scene_id, match in matches.items():
        claims.offer(scene_id, match.claims)
    lost = losers(claims)
    for scene_id, match in matches.items():
        assert set(match.refs) - lost.get(scene_id, frozenset()) == truth(library, scene_id)


FILES = st.builds(
    file,
    st.builds(_path, PLEX_ROOTS, FOLDERS, NAMES),
    st.sampled_from([None, 1, 2]),
    st.sampled_from([None, 100.0, 200.0]),
)


@FEWER
@given(
    items=st.lists(st.lists(FILES, min_size=1, max_size=2), min_size=1, max_size=BIG_BUCKET + 2),
    files=st.lists(FILES, min_size=1, max_size=2),
    had=st.lists(FILES, max_size=2),
    had_item=st.lists(FILES, max_size=2),
    is_taught=st.booleans(),
    guess=st.booleans(),
)
def test_an_item_alone_is_believed_no_less_than_among_others(
    items: list[list[MediaFile]],
    files: list[MediaFile],
    had: list[MediaFile],
    had_item: list[MediaFile],
    is_taught: bool,
    guess: bool,
) -> None:
    """So whoever is told once more which files an item has need not match it again."""
    learned = PathMap((("/d", "/m"), ("D:\\lib", "M:\\lib"))) if is_taught else None
    old = item_record(*(each.path for each in had_item), key="0")
    known = record(old, files=had or files)

    def match(of: Mapping[str, Sequence[MediaFile]]) -> SceneMatch:
        return match_scene(
            scene(*files), {"1": index(of)}, MAP, known, learned=learned, guess=guess
        )

    held = {str(key): each for key, each in enumerate(items)}
    for claim in match(held).claims:
        alone = match({claim.ref.key: held[claim.ref.key]})
        assert [each.ref for each in alone.claims] == [claim.ref]
        assert alone.claims[0].evidence >= claim.evidence
