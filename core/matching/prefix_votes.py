"""What matches teach about mounts: which folder of Stash is which folder of Plex.

Each certain match of a file with the same name in both implies a pair of prefixes: what is left of
the two paths without the trailing components that they share. A pair is believed of a folder when
the matches below it agree (with a few exceptions, moved files say), and when enough of them are
there: two directly in the folder, or some in each of three of its subfolders. Only then does it say
anything about files that no match has spoken for. Of nested folders that teach the same, the
outermost is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core.paths import (
    PathMap,
    canonical,
    differing_roots,
    folder,
    is_windows,
    same_name,
    same_path,
)
from core.quoted_lists import quoted
from core.text import name_key

# Scenes from which on a pair of prefixes that they imply is believed.
AGREEING = 2
# Subfolders that must agree before their parent is believed to lie where they do.
BRANCHES = 3
# So many times as many must agree as disagree.
MAJORITY = 10
# The best supported ones; thousands of renamed folders teach nothing about the next one.
MOST_PAIRS = 100

Taught = tuple[str, str, str]  # section key, folder of Stash, folder of Plex
_Pair = tuple[int, str]  # how deep Stash's prefix is, and the key of Plex's


@dataclass(frozen=True, slots=True)
class LearnedPair:
    """A folder of Stash, the folder of Plex that it is, and how many scenes say so."""

    stash: str
    plex: str
    scenes: int

    @property
    def setting(self) -> str:
        """The pair as the setting `path_map` has it."""
        return f"{quoted(self.stash)}=>{quoted(self.plex)}"


@dataclass(frozen=True, slots=True)
class _Vote:
    """All matches between two folders."""

    components: tuple[str, ...]  # of Stash's folder
    keys: tuple[str, ...]  # the same, folded for Windows
    pair: _Pair
    root: str  # Plex's prefix as it is spelled
    scenes: int


@dataclass(slots=True)
class PrefixVotes:
    """Collects matches, scene by scene."""

    # What is taught, as one text each: a library has a folder for every few of its scenes.
    _seen: Counter[str] = field(default_factory=Counter)

    def note(self, matched: Iterable[tuple[str, str, str]]) -> None:
        """Take in one scene: section key, path in Stash and path in Plex of each of its matches."""
        self.note_folders(folders_of(matched))

    def note_folders(self, taught: Iterable[Taught]) -> None:
        """The same with what `folders_of` makes of the matches of a scene. What holds the sign that
        parts them, which no folder's name does, teaches nothing."""
        for each in taught:
            joined = "\0".join(each)
            if joined.count("\0") == 2:
                self._seen[joined] += 1

    def pairs(self) -> tuple[LearnedPair, ...]:
        """What is believed, the best supported first."""
        found: dict[tuple[str, str], int] = {}
        for section in sorted({each.partition("\0")[0] for each in self._seen}):
            for pair in _grow(self._votes(section), 0, None):
                known = found.get((pair.stash, pair.plex), 0)
                found[pair.stash, pair.plex] = max(known, pair.scenes)
        made = [LearnedPair(stash, plex, scenes) for (stash, plex), scenes in found.items()]
        return tuple(sorted(made, key=lambda p: (-p.scenes, p.stash, p.plex))[:MOST_PAIRS])

    def roots(self) -> PathMap:
        """The bare prefixes that at least `AGREEING` scenes imply: too general to match by."""
        counted: Counter[tuple[str, str]] = Counter()
        for (_, stash, plex), scenes in self._taught():
            counted[differing_roots(stash, plex)] += scenes
        best = [pair for pair, n in counted.most_common(MOST_PAIRS) if n >= AGREEING and all(pair)]
        return PathMap(tuple(best))

    def agreeing(self, path_map: PathMap) -> int:
        """How many scenes (for each section) have their item where a path map leads."""
        if not path_map.pairs:
            return 0
        agreeing = 0
        for (_, stash, plex), scenes in self._taught():
            places = [place for place in path_map.to_plex(stash) if place != stash]
            if plex in places or any(same_path(place, plex) for place in places):
                agreeing += scenes
        return agreeing

    def _taught(self, by: str = "") -> Iterator[tuple[Taught, int]]:
        """What was taught, all of it or that which begins so, and by how many scenes."""
        for each, scenes in self._seen.items():
            if each.startswith(by):
                section, stash, plex = each.split("\0")
                yield (section, stash, plex), scenes

    def _votes(self, section: str) -> list[_Vote]:
        known: dict[str, str] = {}  # most folders have most of their components in common
        return [
            _vote(stash, plex, scenes, known)
            for (_, stash, plex), scenes in sorted(self._taught(f"{section}\0"))
        ]


def folders_of(matched: Iterable[tuple[str, str, str]]) -> set[Taught]:
    """The folders in which the files of a scene lie, from the section key, the path in Stash and
    the path in Plex of each of its matches."""
    return {
        (section, *folders)
        for section, stash, plex in matched
        if (folders := _folders(stash, plex)) is not None
    }


def path_map_of(pairs: Iterable[LearnedPair]) -> PathMap:
    return PathMap(tuple((pair.stash, pair.plex) for pair in pairs))


def new_pairs(pairs: Iterable[LearnedPair], path_map: PathMap) -> list[LearnedPair]:
    """The learned pairs that the user's path map does not say already."""
    return [
        pair
        for pair in pairs
        if not any(same_path(place, pair.plex) for place in path_map.to_plex(pair.stash))
    ]


def _folders(stash: str, plex: str) -> tuple[str, str] | None:
    """The two folders of files with one name; None where the names differ or a folder is none."""
    above, _, name = stash.rpartition("/")
    below, _, other = plex.rpartition("/")
    if name != other or is_windows(stash) or is_windows(plex):
        if not same_name(stash, plex):
            return None
        above, below = folder(stash), folder(plex)
    return (above, below) if above and below else None


def _vote(stash: str, plex: str, scenes: int, known: dict[str, str]) -> _Vote:
    parts, other = canonical(stash).split("/"), canonical(plex).split("/")
    components = tuple([known.setdefault(part, part) for part in parts])
    folded = is_windows(stash + "/")
    keys = tuple(map(name_key, components)) if folded else components
    fold = folded or is_windows(plex + "/")
    depth, rest = len(components), len(other)
    while depth and rest and _equal(components[depth - 1], other[rest - 1], fold):
        depth -= 1
        rest -= 1
    if depth == rest == 1 and components[0] == other[0] == "":
        depth = rest = 0  # the very same path
    root = "/".join(other[:rest])
    root = known.setdefault(root, root)
    return _Vote(components, keys, (depth, name_key(root) if fold else root), root, scenes)


def _equal(one: str, other: str, fold: bool) -> bool:
    return one != "" and (one == other or (fold and name_key(one) == name_key(other)))


def _grow(votes: Sequence[_Vote], depth: int, above: _Pair | None) -> Iterator[LearnedPair]:
    """What is believed of the folder that the first `depth` components name, and of those in it.

    Args:
        above: what is believed of a folder around it.
    """
    tally: Counter[_Pair] = Counter()
    for vote in votes:
        tally[vote.pair] += vote.scenes
    pair, agreeing = max(tally.items(), key=lambda vote: (vote[1], vote[0]))
    disagreeing = tally.total() - agreeing
    if disagreeing * MAJORITY <= agreeing and depth >= pair[0]:
        yes = [vote for vote in votes if vote.pair == pair]
        if _is_rooted(yes, depth):
            if pair != above and pair != (0, ""):
                yield _made(yes[0], depth, agreeing)
            above = pair
    if len(tally) == 1 and pair == above:
        return
    branches: dict[str, list[_Vote]] = {}
    for vote in votes:
        if len(vote.keys) > depth:
            branches.setdefault(vote.keys[depth], []).append(vote)
    for branch in branches.values():
        yield from _grow(branch, depth + 1, above)


def _is_rooted(agreeing: Iterable[_Vote], depth: int) -> bool:
    """Whether enough matches spread widely enough in a folder to speak for all of it."""
    direct = 0
    branches = set()
    for vote in agreeing:
        if len(vote.keys) == depth:
            direct += vote.scenes
        else:
            branches.add(vote.keys[depth])
        if direct >= AGREEING or len(branches) >= BRANCHES:
            return True
    return False


def _made(vote: _Vote, depth: int, scenes: int) -> LearnedPair:
    between = vote.components[vote.pair[0] : depth]
    plex = "/".join((vote.root, *between)) if between else vote.root
    return LearnedPair(_spelled("/".join(vote.components[:depth])), _spelled(plex), scenes)


def _spelled(path: str) -> str:
    """A folder as people write it: a root with its slash, Windows with backslashes."""
    rooted = f"{path}/" if path == "" or path.endswith(":") else path
    return rooted.replace("/", "\\") if is_windows(rooted) else rooted
