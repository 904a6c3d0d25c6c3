"""What a sweep learns about mounts, and the scenes that this may help.

A scene with too little evidence of its own is looked at again when all others have been seen: by
then it is known which folders of Stash are which of Plex.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.matching.match_outcome import Claim, Evidence, SceneMatch
from core.matching.prefix_votes import LearnedPair, PrefixVotes, Taught, folders_of, path_map_of
from core.models import ItemRef, ListedItem, Scene
from core.paths import PathMap, path_key
from plex.library import PlexSnapshot
from reconciliation.listing_guard import PathMapGuard
from stash.mapping import SceneReader, UnreadScene
from storage.files.scratch import Scratch, Spool
from storage.key_value import Key
from storage.plex_index.saved_index import ItemQuery
from storage.state import State

# The learned folders of the last full run, kept as [[Stash's, Plex's, scenes], ...].
LEARNED: Key[tuple[LearnedPair, ...]] = Key(
    "learned_path_map",
    (),
    [(str, str, int)],
    lambda pairs: tuple(LearnedPair(*pair) for pair in pairs),
    lambda pairs: [[pair.stash, pair.plex, pair.scenes] for pair in pairs],
)
_TEACHERS = (Evidence.PATH, Evidence.SIZE, Evidence.VERIFIED, Evidence.SUFFIX)


def saved_map(state: State) -> PathMap:
    """The folders that the last full run has learned."""
    return PathMap(tuple((pair.stash, pair.plex) for pair in state.get_value(LEARNED)))


def learn(
    votes: PrefixVotes, setting: tuple[tuple[str, str], ...], guard: PathMapGuard, state: State
) -> tuple[LearnedPair, ...]:
    """What a full run has learned, saved for the worker and for runs over a part of the scenes.

    Raises:
        GuardStopped: the user's path map, or what was learned before, has lost most of its scenes.
    """
    agreeing = votes.agreeing(PathMap(setting))
    guard.check("path_map", "the path map", setting, agreeing)
    known, pairs = saved_map(state), votes.pairs()
    learned = path_map_of(pairs)
    taught = votes.agreeing(learned)
    still = taught if learned == known else votes.agreeing(known)
    guard.check("learned", "what was learned of folders", known.pairs, still)
    state.set_value(LEARNED, tuple(pairs))
    guard.remember({"path_map": (setting, agreeing), "learned": (learned.pairs, taught)})
    return pairs


class Learning:
    """Learns from the matches of one sweep.

    Args:
        known: folders learned before, to be used from the start: a run over a part of the scenes
            does not look twice.
    """

    def __init__(self, side: PlexSnapshot, known: PathMap | None, scratch: Scratch) -> None:
        self._side = side
        # What was matched, as [section, key] pairs, and the scene as Stash told it.
        self._unsure: Spool[tuple[list[tuple[str, str]], Any]] = scratch.spool("unsure", tuple)
        self._just_noted: dict[int, list[tuple[str, str]]] = {}
        self._looks_twice = known is None
        self._is_second = False
        self.votes = PrefixVotes()
        self.path_map = known

    def note(self, scene: Scene, match: SceneMatch) -> None:
        """Take in a match of the first look."""
        if self._is_second:
            return
        self.teach([file.path for file in scene.files], match.claims)
        unsure = not match.claims or match.undecided or any(map(_is_weak, match.claims))
        if unsure and self._looks_twice:
            self._just_noted[scene.id] = [(ref.section, ref.key) for ref in match.refs]

    def keep_unsure(self, scenes: Iterable[UnreadScene]) -> None:
        """Keep those of some scenes that were noted just now and may be looked at again."""
        if self._just_noted:
            noted, self._just_noted = self._just_noted, {}
            self._unsure.put({s.id: (noted[s.id], s.raw) for s in scenes if s.id in noted})

    def teach(self, paths: Sequence[str], claims: Iterable[Claim]) -> None:
        """Take in certain matches of a scene whose files lie at these paths."""
        self.votes.note_folders(taught(self._side.items, paths, claims))

    def second_look(self, learned: PathMap) -> Iterator[list[tuple[Scene, tuple[ItemRef, ...]]]]:
        """Use these folders from now on; the scenes that they may help, with their items so far,
        some at a time."""
        self.path_map = learned
        self._is_second = True
        reader = SceneReader()
        for batch in self._unsure.batches():
            some = [(UnreadScene(i, raw, reader), refs) for i, (refs, raw) in batch.items()]
            keys = {
                scene.id: [path_key(p) for file in scene.files for p in _places(file.path, learned)]
                for scene, _ in some
            }
            self._side.focus(ItemQuery(paths={key for each in keys.values() for key in each}))
            indexes = self._side.indexes.values()
            yield [
                (scene.read(), tuple(ItemRef(*ref) for ref in refs))
                for scene, refs in some
                if any(index.at_key(key) for key in keys[scene.id] for index in indexes)
            ]


def taught(
    items: Mapping[ItemRef, ListedItem], paths: Sequence[str], claims: Iterable[Claim]
) -> set[Taught]:
    """What the certain matches of a scene teach whose files lie at these paths."""
    return folders_of(
        [
            (claim.ref.section, paths[claim.file_rank], file.path)
            for claim in claims
            if claim.evidence in _TEACHERS
            for file in items[claim.ref].files
        ]
    )


def _is_weak(claim: Claim) -> bool:
    return claim.evidence < Evidence.LEARNED


def _places(path: str, learned: PathMap) -> list[str]:
    """Where learned folders say that a file lies, but for where it lies in Stash."""
    return [place for place in learned.to_plex(path) if place != path]
