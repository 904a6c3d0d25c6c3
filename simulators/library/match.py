"""Which Plex item a Stash file is: the contract's matching, read and written a second time.

It serves the truth of a generated library and the oracle, and shares nothing with the
product: where the two disagree, one of them has misread the contract.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from simulators.library.oracle_text import lower
from simulators.seed import PlexPart, PlexSection, StashFile, StashScene

VIDEO_TYPES = frozenset({"movie", "show"})
SAME_PATH, SAME_SIZE, SAME_FOLDER = 3, 2, 1  # kinds of evidence, strongest first
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")

Components = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Location:
    """A path taken apart: NFC components, also case-folded; Windows: it has a drive or is UNC."""

    components: Components
    windows: bool
    folded: Components

    @classmethod
    def of(cls, path: str) -> Location:
        return cls.parse(path, windows=_WINDOWS.match(path) is not None)

    @classmethod
    def parse(cls, path: str, *, windows: bool) -> Location:
        slashed = unicodedata.normalize("NFC", path).replace("\\", "/")
        return cls.joined(filter(None, slashed.split("/")), windows)

    @classmethod
    def joined(cls, components: Iterable[str], windows: bool) -> Location:
        parts = tuple(components)
        return cls(parts, windows, tuple(map(lower, parts)))

    def against(self, other: Location) -> tuple[Components, Components]:
        """Both, case-folded if either side is Windows."""
        if self.windows or other.windows:
            return self.folded, other.folded
        return self.components, other.components

    def inside(self, folder: Location) -> bool:
        mine, theirs = self.against(folder)
        return mine[: len(theirs)] == theirs


@dataclass(frozen=True, slots=True)
class PathMap:
    """The `path_map` setting: `/stash/prefix=>/plex/prefix; …`, the longest prefix first."""

    rules: tuple[tuple[Location, Location], ...]

    @classmethod
    def parse(cls, setting: str) -> PathMap:
        pairs = [rule.split("=>") for rule in setting.split(";") if rule.strip()]
        rules = [(Location.of(old.strip()), Location.of(new.strip())) for old, new in pairs]
        return cls(tuple(sorted(rules, key=lambda rule: -len(rule[0].components))))

    def apply(self, path: str) -> Location:
        location = Location.of(path)
        for old, new in self.rules:
            if location.inside(old):
                rest = location.components[len(old.components) :]
                return Location.joined(new.components + rest, new.windows)
        return location


@dataclass(frozen=True, slots=True)
class Part:
    """One file of one present item."""

    item: str  # "section:ratingKey"
    location: Location
    size: int | None
    duration: int | None  # milliseconds


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a file is an item: the kind first, then how many trailing components are equal."""

    kind: int
    suffix: int


@dataclass(frozen=True, slots=True)
class Found:
    """What one file found in one section: one item for certain, or several that fit equally."""

    sure: str | None = None
    evidence: Evidence = Evidence(0, 0)
    doubtful: tuple[str, ...] = ()


@dataclass(slots=True)
class SectionIndex:
    """The present parts of one section, by folded path, and by folded base name and size."""

    by_path: dict[Components, list[Part]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[tuple[str, int | None], list[Part]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, part: Part) -> None:
        self.by_path[part.location.folded].append(part)
        self.by_name[part.location.folded[-1], part.size].append(part)

    def find(self, file: StashFile, location: Location) -> Found:
        same_path = [
            part
            for part in self.by_path.get(location.folded, ())
            if same_place(location, part.location) and _may_be(file, part)
        ]
        if same_path:
            exact = [part for part in same_path if part.size == file["size"]]
            return _decided(exact or same_path, location, SAME_PATH)
        equal = self._named(location, file["size"])
        if equal:
            return _decided(equal, location, SAME_SIZE)
        return _decided(self._named(location, None), location, SAME_FOLDER)

    def _named(self, location: Location, size: int | None) -> list[Part]:
        """Parts of that base name and size; a known other size is a veto."""
        return [
            part
            for part in self.by_name.get((location.folded[-1], size), ())
            if common_suffix(location, part.location) >= 1
        ]


def same_place(one: Location, other: Location) -> bool:
    """Whether two paths name one file."""
    mine, theirs = one.against(other)
    return mine == theirs


def _may_be(file: StashFile, part: Part) -> bool:
    """Equal paths: another size is believed only while the durations do not contradict it."""
    if part.size is None or part.size == file["size"] or part.duration is None:
        return True
    seconds = part.duration / 1000
    return abs(seconds - file["duration"]) <= max(2.0, 0.02 * file["duration"])


def common_suffix(one: Location, other: Location) -> int:
    """How many trailing path components are equal; the base name counts as one."""
    mine, theirs = one.against(other)
    count = 0
    for left, right in zip(reversed(mine), reversed(theirs), strict=False):
        if left != right:
            break
        count += 1
    return count


def _decided(parts: list[Part], location: Location, kind: int) -> Found:
    """The part with the longest common suffix, if it is alone and the evidence suffices."""
    if not parts:
        return Found()
    ranked = [(common_suffix(location, part.location), part.item) for part in parts]
    best = max(suffix for suffix, _ in ranked)
    items = sorted({item for suffix, item in ranked if suffix == best})
    if len(items) > 1 or (kind == SAME_FOLDER and best < 2):
        return Found(doubtful=tuple(items))
    return Found(sure=items[0], evidence=Evidence(kind, best))


def present_parts(section: PlexSection) -> Iterator[Part]:
    """Parts of items and media that are not in the trash."""
    for item in section["items"]:
        if item["deleted_at"] is not None:
            continue
        name = f"{section['key']}:{item['rating_key']}"
        for version in item["media"]:
            if all(part["deleted_at"] is None for part in version):
                yield from (_part(name, part) for part in version)


def _part(item: str, raw: PlexPart) -> Part:
    return Part(item, Location.of(raw["file"]), raw["size"], raw["duration"])


@dataclass(frozen=True, slots=True)
class Matches:
    """The outcome for a whole library."""

    owned: dict[int, list[str]]  # scene -> its items, sorted
    owner: dict[str, int]  # item -> scene
    found: dict[int, list[str]]  # scene -> items found for certain, owned or not
    doubtful: dict[int, list[str]]  # scene -> items that only might be its own


def match_library(
    scenes: Iterable[StashScene], sections: Iterable[PlexSection], path_map: str
) -> Matches:
    """Match every file of every scene in every video section, then give each item one owner."""
    indexes = [_indexed(section) for section in sections if section["type"] in VIDEO_TYPES]
    rules = PathMap.parse(path_map)
    claims: dict[str, tuple[int, int, bool, int]] = {}
    outcome = Matches({}, {}, {}, {})
    for scene in scenes:
        for number, file in enumerate(scene["files"]):
            location = rules.apply(file["path"])
            for result in (index.find(file, location) for index in indexes):
                _note(outcome, claims, scene["id"], number == 0, result)
    for item, (_, _, _, negative_id) in claims.items():
        outcome.owner[item] = -negative_id
        outcome.owned.setdefault(-negative_id, []).append(item)
    for items in outcome.owned.values():
        items.sort()
    return outcome


def _indexed(section: PlexSection) -> SectionIndex:
    index = SectionIndex()
    for part in present_parts(section):
        index.add(part)
    return index


def _note(
    outcome: Matches,
    claims: dict[str, tuple[int, int, bool, int]],
    scene: int,
    primary: bool,
    result: Found,
) -> None:
    if result.doubtful:
        outcome.doubtful.setdefault(scene, []).extend(result.doubtful)
    if result.sure is None:
        return
    outcome.found.setdefault(scene, []).append(result.sure)
    claim = (result.evidence.kind, result.evidence.suffix, primary, -scene)
    claims[result.sure] = max(claim, claims.get(result.sure, claim))
