"""Which Plex item a scene's file is, decided by evidence alone (design: "Matching").

Evidence, strongest first: a verified earlier match; an equal path after the path map; an equal base
name with an equal size; the longest common path suffix among same-named candidates. Each file is
matched on its own and per section. What evidence cannot decide is LOW, and never guessed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from core.index import Candidate, ItemIndex
from core.models import Confidence, ItemRecord, ItemRef, MediaFile, Record, Scene
from core.paths import PathMap, base_key, common_suffix, path_key, same_name, same_path

# Trailing path components that must agree where no size can tell two same-named files apart.
MIN_SUFFIX = 2
# Two files at one path are the same recording when their lengths agree this well: a re-mux or a
# file that one side has not rescanned yet keeps its length, another film in its place does not.
DURATION_SECONDS = 2.0
DURATION_SHARE = 0.02


class Evidence(IntEnum):
    """Why a match is believed; a greater value is stronger."""

    NONE = 0
    SUFFIX = 1
    SIZE = 2
    PATH = 3
    VERIFIED = 4


@dataclass(frozen=True, slots=True)
class FileMatch:
    """The outcome for one file in one section: one item when HIGH, the contenders when LOW.

    `shared` counts the equal trailing path components where these are part of the evidence.
    """

    confidence: Confidence
    refs: tuple[ItemRef, ...]
    evidence: Evidence
    reason: str
    shared: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A scene's claim on an item; `file_rank` 0 is the scene's primary file.

    Of claims with equal evidence the one with more `shared` path components is the stronger.
    """

    ref: ItemRef
    evidence: Evidence
    file_rank: int
    shared: int = 0

    @property
    def strength(self) -> tuple[int, int]:
        return self.evidence, self.shared


@dataclass(frozen=True, slots=True)
class SceneMatch:
    """All items that a scene's files are, and what could not be decided."""

    scene_id: int
    claims: tuple[Claim, ...]
    undecided: tuple[FileMatch, ...]

    @property
    def refs(self) -> tuple[ItemRef, ...]:
        return tuple(claim.ref for claim in self.claims)

    @property
    def is_ambiguous(self) -> bool:
        return not self.claims and bool(self.undecided)


def sizes_differ(one: MediaFile, other: MediaFile) -> bool:
    """A veto: both sizes are known and not equal."""
    return one.size is not None and other.size is not None and one.size != other.size


def _lengths_agree(one: MediaFile, other: MediaFile) -> bool:
    if not one.duration or not other.duration:
        return True
    slack = max(DURATION_SECONDS, DURATION_SHARE * max(one.duration, other.duration))
    return abs(one.duration - other.duration) <= slack


def may_be_same_file(one: MediaFile, other: MediaFile) -> bool:
    """Whether nothing that is known of two files at one path says that they differ."""
    return not sizes_differ(one, other) or _lengths_agree(one, other)


@dataclass(frozen=True, slots=True)
class Sought:
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


def match_file(file: MediaFile, index: ItemIndex, path_map: PathMap) -> FileMatch | None:
    """Match one file within one section; None when no candidate is left by the evidence."""
    return match_sought(Sought.of(file, path_map), index)


def match_sought(sought: Sought, index: ItemIndex) -> FileMatch | None:
    """`match_file` for a file that is looked for in several sections."""
    if not index.may_hold(sought.keys, sought.name):
        return None
    file, paths = sought.file, sought.paths
    at_path = [
        candidate
        for path, key in zip(paths, sought.keys, strict=True)
        for candidate in index.at_key(key)
        if same_path(path, candidate.file.path) and may_be_same_file(file, candidate.file)
    ]
    for believed in (_sized(file, at_path), [c for c in at_path if not sizes_differ(file, c.file)]):
        if believed:
            return _decide(believed, Evidence.PATH, "equal path")
    named = [
        candidate
        for candidate in index.named_like(sought.name, file.size)
        if not sizes_differ(file, candidate.file) and same_name(file.path, candidate.file.path)
    ]
    sized = _sized(file, named)
    if sized:
        nearest, shared = _nearest(sized, paths)
        return _decide(nearest, Evidence.SIZE, "equal name and size", shared)
    if at_path:
        # Weaker than an equal size, also where two scenes claim one item.
        shared = max(_suffix(candidate, paths) for candidate in at_path)
        return _decide(at_path, Evidence.SUFFIX, "equal path, another size", shared)
    if named:
        return _by_suffix(named, paths)
    return None


def _sized(file: MediaFile, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those candidates whose size is known to be that of the file."""
    return [c for c in candidates if file.size is not None and c.file.size == file.size]


def _by_suffix(named: Sequence[Candidate], paths: Sequence[str]) -> FileMatch:
    nearest, shared = _nearest(named, paths)
    if shared >= MIN_SUFFIX:
        reason = f"{shared} equal trailing path components"
        return _decide(nearest, Evidence.SUFFIX, reason, shared)
    return FileMatch(
        Confidence.LOW,
        _refs(named),
        Evidence.NONE,
        "only the base name is equal, and a size is unknown",
    )


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
    candidates: Sequence[Candidate], evidence: Evidence, reason: str, shared: int = 0
) -> FileMatch:
    refs = _refs(candidates)
    if len(refs) == 1:
        return FileMatch(Confidence.HIGH, refs, evidence, reason, shared)
    return FileMatch(
        Confidence.LOW,
        refs,
        Evidence.NONE,
        f"{reason} in {len(refs)} items, nothing tells them apart",
    )


def still_verified(scene: Scene, record: Record, item: ItemRecord, index: ItemIndex) -> int | None:
    """The rank of the scene's file for which an earlier match still holds; None if none does.

    A remembered match is trusted only while the scene still has a file that it had, the item still
    has a file that it had, and the two still can be one file. A file that was renamed or moved is
    known again by its size and length.
    """
    holding = [
        (rank, file, old, other)
        for rank, file in enumerate(scene.files)
        for old in _earlier(file, scene, record)
        for other in index.files(item.ref)
        if _still_holds(file, old, other, record, item, index)
    ]
    if len(holding) > 1:  # parts with equal names: cd1/scene.mp4, cd2/scene.mp4
        return max(holding, key=_likeness)[0]
    return holding[0][0] if holding else None


def _likeness(held: tuple[int, MediaFile, MediaFile, MediaFile]) -> tuple[bool, int]:
    _, file, old, other = held
    return _same_recording(file, other), common_suffix(old.path, other.path)


def _earlier(file: MediaFile, scene: Scene, record: Record) -> Sequence[MediaFile]:
    """What the record has of a scene's file: by its path, or it was renamed since."""
    for old in record.files:
        if old.path == file.path:
            return (old,)
    present = {each.path for each in scene.files}
    return [o for o in record.files if o.path not in present and _same_recording(file, o)]


def _still_holds(
    file: MediaFile,
    old: MediaFile,
    other: MediaFile,
    record: Record,
    item: ItemRecord,
    index: ItemIndex,
) -> bool:
    if other.path in item.files:
        # Of several files the name tells which was which; a lone pair may bear two names by now.
        paired = same_name(old.path, other.path) or len(record.files) == len(item.files) == 1
        return _same_recording(file, other) or (paired and may_be_same_file(file, other))
    # Renamed in Plex: only while the file is not listed elsewhere under the path that it had.
    return _same_recording(file, other) and not any(
        candidate.file.path == path for path in item.files for candidate in index.at_path(path)
    )


def _same_recording(one: MediaFile, other: MediaFile) -> bool:
    """Sizes and lengths are known on both sides, and equal."""
    known = one.size is not None and one.duration and other.duration
    return bool(known) and one.size == other.size and _lengths_agree(one, other)


def match_scene(
    scene: Scene,
    indexes: Mapping[str, ItemIndex],
    path_map: PathMap,
    record: Record | None = None,
    *,
    guess: bool = False,
) -> SceneMatch:
    """Match all files of a scene in all sections (`indexes` by section key).

    Args:
        guess: take the first of several equal candidates (`strict_matching` switched off).
    """
    best: dict[ItemRef, Claim] = {}
    undecided: list[FileMatch] = []
    for claim in _verified_claims(scene, indexes, record):
        best.setdefault(claim.ref, claim)
    settled = {(claim.ref.section, claim.file_rank) for claim in best.values()}
    for rank, file in enumerate(scene.files):
        sought = Sought.of(file, path_map)
        for section, index in indexes.items():
            if (section, rank) in settled:
                continue
            found = match_sought(sought, index)
            if found is None:
                continue
            if found.confidence is Confidence.LOW and not guess:
                undecided.append(found)
                continue
            claim = Claim(found.refs[0], found.evidence, rank, found.shared)
            known = best.get(claim.ref)
            if known is None or claim.strength > known.strength:
                best[claim.ref] = claim
    return SceneMatch(
        scene.id,
        tuple(best.values()),
        tuple(low for low in undecided if not best.keys() & set(low.refs)),
    )


def _verified_claims(
    scene: Scene, indexes: Mapping[str, ItemIndex], record: Record | None
) -> Iterable[Claim]:
    for item in record.items if record is not None else ():
        index = indexes.get(item.ref.section)
        if record is None or index is None:
            continue
        rank = still_verified(scene, record, item, index)
        if rank is not None:
            yield Claim(item.ref, Evidence.VERIFIED, rank)
