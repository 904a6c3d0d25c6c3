"""Which Plex item a scene's file is, decided by evidence alone (design: "Matching").

Evidence, strongest first: the user's pin; a verified earlier match; an equal path after the path
map; an equal base name with an equal size; an equal path after folders that other matches have
taught us; the longest common path suffix among same-named candidates. Each file is matched on its
own and per section. What evidence cannot decide is LOW, and never guessed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from core.matching.earlier_match import still_verified
from core.matching.index import Candidate, ItemIndex
from core.matching.match_outcome import Claim, Evidence, FileMatch, SceneMatch
from core.matching.pins import Pin, pinned_item
from core.matching.same_recording import lengths_agree, may_be_same_file, sizes_differ
from core.models import Confidence, ItemRef, MediaFile, Scene
from core.paths import PathMap, base_key, common_suffix, path_key, same_name, same_path
from core.records import Record

# Trailing path components that must agree where no size can tell two same-named files apart.
MIN_SUFFIX = 2


class Sought(NamedTuple):
    """A scene's file made ready to be looked for in several sections.

    Attributes:
        paths: those that it may have in Plex, with their keys beside them.
        name: the key of its base name.
    """

    file: MediaFile
    paths: tuple[str, ...]
    keys: tuple[str, ...]
    name: str

    @classmethod
    def of(cls, file: MediaFile, path_map: PathMap) -> Sought:
        paths = path_map.to_plex(file.path)
        return cls(file, paths, tuple(map(path_key, paths)), base_key(file.path))


def match_file(
    file: MediaFile, index: ItemIndex, path_map: PathMap, learned: PathMap | None = None
) -> FileMatch | None:
    """Match one file within one section; None when no candidate is left by the evidence.

    Args:
        learned: folders that other matches have taught us.
    """
    return _match_taught(Sought.of(file, path_map), index, learned)


def _match_sought(sought: Sought, index: ItemIndex) -> FileMatch | None:
    """What evidence of its own says of a file that the section may hold."""
    file, paths = sought.file, sought.paths
    at_path = [
        candidate
        for path, key in zip(paths, sought.keys, strict=True)
        for candidate in index.at_key(key)
        if same_path(path, candidate.file.path) and may_be_same_file(file, candidate.file)
    ]
    if at_path:
        believed = _sized(file, at_path) or [c for c in at_path if not sizes_differ(file, c.file)]
        if believed:
            return _decide(file, believed, Evidence.PATH)
    if file.size is not None:
        sized = _fitting(file, _sized(file, index.named_like(sought.name, file.size)))
        if sized:
            nearest, shared = _nearest(sized, paths)
            return _decide(file, nearest, Evidence.SIZE, shared)
    if at_path:
        # Weaker than an equal size, also where two scenes claim one item.
        shared = max(_suffix(candidate, paths) for candidate in at_path)
        return _decide(file, at_path, Evidence.SUFFIX, shared)
    beside = _fitting(file, index.named_beside(sought.name, sought.keys))
    if beside:
        nearest, shared = _nearest(beside, paths)
        if shared >= MIN_SUFFIX:
            return _decide(file, nearest, Evidence.SUFFIX, shared)
    named = _fitting(file, index.named_like(sought.name, file.size))
    return _undecided(file, named, Evidence.NONE) if named else None


def _sized(file: MediaFile, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those candidates whose size is known to be that of the file."""
    return [c for c in candidates if file.size is not None and c.file.size == file.size]


def _fitting(file: MediaFile, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those candidates that bear the file's name, and may have its size."""
    return [
        c
        for c in candidates
        if not sizes_differ(file, c.file) and same_name(file.path, c.file.path)
    ]


def _suffix(candidate: Candidate, paths: Sequence[str]) -> int:
    return max(common_suffix(path, candidate.file.path) for path in paths)


def _nearest(candidates: Sequence[Candidate], paths: Sequence[str]) -> tuple[list[Candidate], int]:
    """Those candidates whose path ends most like the scene's, and how many components that is."""
    shared = [_suffix(candidate, paths) for candidate in candidates]
    most = max(shared)
    return [c for c, count in zip(candidates, shared, strict=True) if count == most], most


def _refs(candidates: Iterable[Candidate]) -> tuple[ItemRef, ...]:
    return tuple(sorted({candidate.ref for candidate in candidates}))


def _decide(
    file: MediaFile, candidates: Sequence[Candidate], evidence: Evidence, shared: int = 0
) -> FileMatch:
    refs = _refs(candidates) if len(candidates) > 1 else (candidates[0].ref,)
    if len(refs) == 1:
        return FileMatch(Confidence.HIGH, refs, evidence, shared)
    return _undecided(file, candidates, evidence)


def _undecided(file: MediaFile, candidates: Iterable[Candidate], tie: Evidence) -> FileMatch:
    ordered = tuple(sorted(candidates, key=lambda found: (found.ref, found.file.path)))
    refs = _refs(ordered)
    return FileMatch(Confidence.LOW, refs, Evidence.NONE, 0, tie, ordered, file)


def _taught(sought: Sought, index: ItemIndex, learned: PathMap) -> tuple[ItemRef, ...]:
    """The items at the places where other matches say that the file lies; a size still vetoes."""
    file = sought.file
    places = [place for place in learned.to_plex(file.path) if place != file.path]
    return _refs(
        candidate
        for place in places
        for candidate in index.at_path(place)
        if same_path(place, candidate.file.path)
        and not sizes_differ(file, candidate.file)
        and lengths_agree(file, candidate.file)
    )


def _match_taught(sought: Sought, index: ItemIndex, learned: PathMap | None) -> FileMatch | None:
    """`match_file` for a file that is looked for in several sections.

    Learned folders decide what weaker or no evidence leaves open, and strengthen a weaker match
    that they agree with. They never lead away from an item, nor from contenders with stronger
    evidence.
    """
    found = _match_sought(sought, index) if index.may_hold(sought.keys, sought.name) else None
    if learned is None or (found is not None and found.evidence > Evidence.LEARNED):
        return found
    refs = _taught(sought, index, learned)
    if len(refs) != 1 or (found is not None and not _open_to(found, refs)):
        return found
    return FileMatch(Confidence.HIGH, refs, Evidence.LEARNED)


def _open_to(found: FileMatch, refs: tuple[ItemRef, ...]) -> bool:
    if found.confidence is Confidence.HIGH:
        return found.refs == refs
    return found.tie < Evidence.LEARNED or refs[0] in found.refs


def match_scene(
    scene: Scene,
    indexes: Mapping[str, ItemIndex],
    path_map: PathMap,
    record: Record | None = None,
    *,
    pins: Sequence[Pin] = (),
    learned: PathMap | None = None,
    guess: bool = False,
) -> SceneMatch:
    """Match all files of a scene in all sections (`indexes` by section key).

    In a section where the user has pinned the scene, its pins are all that it owns.

    Args:
        pins: the scene's, released ones included.
        learned: folders that other matches have taught us.
        guess: take the first of several equal candidates (`strict_matching` switched off).
    """
    best, lost = _pinned_claims(pins, indexes) if pins else ({}, [])
    free = indexes
    if best:
        pinned = {ref.section for ref in best}
        free = {section: index for section, index in indexes.items() if section not in pinned}
    sought = [Sought.of(file, path_map) for file in scene.files]
    if record is not None:
        released = {pin.ref for pin in pins if pin.released}
        for claim in _verified_claims(scene, sought, free, record, learned):
            if claim.ref not in released:
                best.setdefault(claim.ref, claim)
    undecided = _search(sought, free, best, learned, guess=guess)
    return SceneMatch(
        scene.id,
        tuple(best.values()),
        tuple([low for low in undecided if best.keys().isdisjoint(low.refs)]),
        tuple(lost),
    )


def _pinned_claims(
    pins: Iterable[Pin], indexes: Mapping[str, ItemIndex]
) -> tuple[dict[ItemRef, Claim], list[Pin]]:
    """What pins claim, and those pins whose item is not there."""
    claims: dict[ItemRef, Claim] = {}
    lost: list[Pin] = []
    for pin in pins:
        if pin.released or pin.ref.section not in indexes:
            continue
        ref = pinned_item(pin, indexes[pin.ref.section])
        if ref is None:
            lost.append(pin)
        else:
            claims[ref] = Claim(ref, Evidence.PINNED, 0)
    return claims, lost


def _search(
    sought: Sequence[Sought],
    indexes: Mapping[str, ItemIndex],
    best: dict[ItemRef, Claim],
    learned: PathMap | None,
    *,
    guess: bool,
) -> list[FileMatch]:
    """Add what evidence says of the files that no claim settles yet; return what it leaves open."""
    settled = {(claim.ref.section, claim.file_rank) for claim in best.values()}
    undecided: list[FileMatch] = []
    for rank, each in enumerate(sought):
        for section, index in indexes.items():
            if learned is None and not index.may_hold(each.keys, each.name):
                continue  # most files are in one section only
            if (section, rank) in settled:
                continue
            found = _match_taught(each, index, learned)
            if found is None:
                continue
            if found.confidence is Confidence.LOW and not guess:
                undecided.append(found)
                continue
            claim = Claim(found.refs[0], found.evidence, rank, found.shared)
            known = best.get(claim.ref)
            if known is None or claim.strength > known.strength:
                best[claim.ref] = claim
    return undecided


def _verified_claims(
    scene: Scene,
    sought: Sequence[Sought],
    indexes: Mapping[str, ItemIndex],
    record: Record,
    learned: PathMap | None,
) -> Iterable[Claim]:
    for item in record.items:
        index = indexes.get(item.ref.section)
        if index is None:
            continue
        rank = still_verified(scene, record, item, index)
        if rank is None:
            continue
        found = _match_taught(sought[rank], index, learned)
        if found is not None and found.refs == (item.ref,):
            yield Claim(item.ref, Evidence.VERIFIED, rank, found.shared, found.evidence)
        else:  # renamed, or one of several equal ones: only the record tells
            yield Claim(item.ref, Evidence.VERIFIED, rank, 0, Evidence.SIZE)
