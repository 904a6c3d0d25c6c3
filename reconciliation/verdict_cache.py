"""Skips scenes of which nothing has changed since a whole run found them in order.

What a run says of a scene follows from the scene, its record, the rules, and those items of Plex
that bear the name of one of its files or are its own. While all of these are the same, so is the
verdict. A record that was touched drops the verdict by itself (`storage.state_tables.verdicts`); a
digest covers the rest. Which scene owns an item is decided anew in every run, from the claims kept
here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from core.desired import SyncPolicy
from core.digests import digest, digest_of
from core.id_set import IdSet
from core.matching.index import Candidate
from core.matching.match_outcome import Evidence, SceneMatch
from core.models import ItemRef, MediaFile, Scene, Section
from core.paths import PathMap
from core.records import Record
from plex.library import PlexSnapshot
from plex.lookup_keys import NameMap, wanted
from reconciliation.prefix_learning import taught
from reconciliation.rules import Rules
from stash.mapping import UnreadScene
from storage.code_digest import code_digest
from storage.files.json_checks import Maybe
from storage.files.scratch import Scratch, Spool
from storage.key_value import Key
from storage.plex_index.moved_items import Moved
from storage.state import State
from storage.state_tables.verdicts import (
    GapOutcome,
    Verdict,
    VerdictStore,
    claim_of,
    claim_row,
)

# All that says how scenes and items are read and judged; a change of it voids the verdicts.
RULES = ("core", "reconciliation", "stash.mapping", "plex.mapping")
UNSIZED = -1
AT_ONCE = 2000  # verdicts that are written in one transaction: each waits for the disk
MOST_MOVED = 5000  # items that have moved; where more have, each verdict is held against all


def rules_digest(
    sync_policy: SyncPolicy, path_map: PathMap, sections: Iterable[Section], *switches: bool
) -> bytes:
    """Everything that all verdicts of a run rest on."""
    return digest_of(
        (
            code_digest(*RULES),
            sync_policy.parts,
            path_map.pairs,
            sorted((section.key, section.type, section.agent) for section in sections),
            switches,
        )
    )


class Verified(NamedTuple):
    """By which rules, and against which items, all verdicts were looked at."""

    rules: str
    items: int


# Of the last run that saw everything.
VERIFIED: Key[Verified | None] = Key(
    "verified", None, Maybe((str, int)), lambda known: known and Verified(*known), lambda v: v
)


class VerdictCache:
    """The verdicts of earlier runs, held against what both sides say now.

    Args:
        rules: see `rules_digest`.
        scratch: keeps what is noted until the end.
        verified: by which rules and which index all verdicts were held against everything last.
    """

    def __init__(
        self,
        store: VerdictStore,
        side: PlexSnapshot,
        path_map: PathMap,
        rules: bytes,
        scratch: Scratch,
        verified: Verified | None = None,
    ) -> None:
        self._store = store
        self._side = side
        self._path_map = path_map
        self._rules = rules
        self._names = NameMap(path_map)
        self._noted: Spool[tuple[Any, ...]] = scratch.spool("noted", tuple)
        self.verified = Verified(rules.hex(), side.cache.seal())
        # While none of these concerns it, a verdict holds where its scene is the same.
        self._moved: Moved | None = None
        if side.is_complete and verified is not None and verified.rules == rules.hex():
            self._moved = side.cache.moves.since(verified.items, MOST_MOVED)
        self._noted_ids = IdSet()
        self._void = IdSet()
        # After the first run most scenes are written to.
        self._notes_all = verified is not None
        self._looked_at: Spool[bytes] = scratch.spool("looked_at", bytes)
        self._claims: Spool[list[Any]] = scratch.spool("claims", list)
        self._taught: Spool[list[Any]] = scratch.spool("taught", list)
        self._taught_ids = IdSet()
        self._recorded = IdSet()
        self._around: dict[tuple[str, int | None], bytes] = {}
        self._fetched: dict[int, UnreadScene] = {}

    def unchanged(self, scenes: Sequence[UnreadScene]) -> list[tuple[UnreadScene, Verdict]]:
        """Those scenes whose last verdict still holds, with it."""
        verdicts = self._store.get_many([scene.id for scene in scenes])
        self._fetched = {scene.id: scene for scene in scenes}
        self._around = {}
        known = [scene for scene in scenes if scene.id in verdicts]
        if not known:
            return []
        parts: tuple[list[UnreadScene], list[UnreadScene]] = ([], [])
        for scene in known:
            parts[self._is_untouched(scene, verdicts[scene.id])].append(scene)
        touched, untouched = parts
        held = self._held(untouched, verdicts, lambda scene, verdict: scene.digest == verdict.scene)
        if not touched:
            return held
        sought = wanted((file for scene in touched for file in scene.files), self._names)
        sought.refs.update(c.ref for s in touched for c in verdicts[s.id].claims)
        self._side.focus(sought)

        def holds(scene: UnreadScene, verdict: Verdict) -> bool:
            return self._digest(scene, [c.ref for c in verdict.claims]) == verdict.digest

        return held + self._held(touched, verdicts, holds)

    def _is_untouched(self, scene: UnreadScene, verdict: Verdict) -> bool:
        """Whether none of the items has moved that a verdict rests on, and none has come that it
        would rest on."""
        moved = self._moved
        if moved is None or not moved.refs:
            return moved is not None
        return moved.refs.isdisjoint([claim.ref for claim in verdict.claims]) and not any(
            name in moved.names for file in scene.files for name in self._names.of(file)
        )

    def _held(
        self,
        scenes: Iterable[UnreadScene],
        verdicts: Mapping[int, Verdict],
        holds: Callable[[UnreadScene, Verdict], bool],
    ) -> list[tuple[UnreadScene, Verdict]]:
        found = []
        for scene in scenes:
            if holds(scene, verdicts[scene.id]):
                found.append((scene, verdicts[scene.id]))
            else:
                self._void.add(scene.id)
        return found

    def look_at(self, scenes: Iterable[UnreadScene]) -> None:
        """Take in scenes that are about to be judged, whatever comes of it."""
        if self._notes_all:
            self._looked_at.put({scene.id: scene.digest for scene in scenes})

    def note_records(self, recorded: Iterable[int]) -> None:
        """Take in which of some scenes that are about to be judged have a record."""
        self._recorded.update(recorded)

    def note(self, scene: Scene, match: SceneMatch, record: Record | None) -> None:
        """Take in a scene that was looked at; whether it is in order shows at the end."""
        # One that is looked at for the second time is in doubt, or was.
        fetched = self._fetched.pop(scene.id, None)
        whole = fetched is not None and record is not None and _is_whole(match, record)
        seen = self._digest(fetched, match.refs) if whole and fetched is not None else None
        if seen is not None and fetched is not None:
            # Of such an item a listing can never prove that its lists did not move.
            is_timeless = any(self._side.items[ref].updated_at is None for ref in match.refs)
            outcome = GapOutcome.TIMELESS if is_timeless else GapOutcome.IN_ORDER
            self._noted.put({scene.id: (seen, fetched.digest, int(outcome))})
            self._noted_ids.add(scene.id)
        else:
            if scene.id in self._noted_ids:
                self._noted.discard([scene.id])
                self._noted_ids.discard(scene.id)
            self._void.add(scene.id)
        if self._notes_all or scene.id in self._noted_ids:
            self._note_match(scene, match)

    def _note_match(self, scene: Scene, match: SceneMatch) -> None:
        self._claims.put({scene.id: [claim_row(claim) for claim in match.claims]})
        if scene.id not in self._taught_ids:  # what it teaches it has taught at the first look
            self._taught_ids.add(scene.id)
            paths = [file.path for file in scene.files]
            self._taught.put({scene.id: sorted(taught(self._side.items, paths, match.claims))})

    def save(
        self,
        in_disorder: Collection[int],
        outcomes: Callable[[Iterable[int]], Mapping[int, int]] = lambda _ids: {},
        kinds: Callable[[Collection[int]], Mapping[int, int]] = lambda _ids: {},
        unsure: Container[int] = (),
    ) -> None:
        """Keep the verdicts on what was noted, but for those in disorder.

        Args:
            outcomes: tells of some scenes what became of their gaps, each a `GapOutcome`.
            kinds: tells what was found of some scenes, a bit for each kind.
            unsure: scenes that are to be looked at each time.
        """
        if self._store.count():
            void = (i for ids in (self._void, in_disorder) for i in ids)
            self._store.save({}, (i for i in void if i not in self._noted_ids))
        kept = IdSet()
        for batch in self._noted.batches(AT_ONCE):
            claims, folders = self._claims.of(batch), self._taught.of(batch)
            good = {
                i: Verdict(seen, tuple(map(claim_of, claims[i])), scene, (*folders[i],), outcome)
                for i, (seen, scene, outcome) in batch.items()
                if i not in in_disorder
            }
            self._store.save(good, [i for i in batch if i not in good])
            kept.update(good)
        for looked_at in self._looked_at.batches(AT_ONCE):
            outcome_of, kinds_of = outcomes(looked_at), kinds(looked_at)
            claims, folders = self._claims.of(looked_at), self._taught.of(looked_at)
            others = {
                i: Verdict(
                    *(b"", tuple(map(claim_of, claims.get(i, ()))), scene, (*folders.get(i, ()),)),
                    *(outcome_of.get(i, GapOutcome.NO_GAP), kinds_of.get(i, 0), i not in unsure),
                )
                for i, scene in looked_at.items()
                if i not in kept
            }
            self._store.save(others, recorded=self._recorded)

    def _digest(self, scene: UnreadScene, refs: Sequence[ItemRef]) -> bytes | None:
        """A digest of all that a verdict rests on; None where an item is not there."""
        items = self._side.items
        own = [items[ref].digest if ref in items else b"" for ref in refs]
        if not all(own):
            return None
        around = [
            self._alike(file, name, refs) for file in scene.files for name in self._names.of(file)
        ]
        return digest((self._rules, scene.digest, *own, *around))

    def _alike(self, file: MediaFile, name: str, own: Sequence[ItemRef]) -> bytes:
        """The items of one name that this file may be; its scene's `own` speak for themselves."""
        if name in self._side.big:
            return self._alike_of_many(file, name)
        bucket = [c for index in self._side.indexes.values() for c in index.named(name)]
        if bucket and all(candidate.ref in own for candidate in bucket):
            return b"its own"
        known = self._around.get((name, None))
        if known is None:
            known = self._around[name, None] = self._digest_of(bucket)
        return known

    def _digest_of(self, candidates: Iterable[Candidate]) -> bytes:
        items = self._side.items
        return digest(sorted(items[ref].digest for ref in {each.ref for each in candidates}))

    def _alike_of_many(self, file: MediaFile, name: str) -> bytes:
        """The same among hundreds of files of one name: those that size or path speaks for."""
        indexes = self._side.indexes.values()
        size = UNSIZED if file.size is None else file.size
        known = self._around.get((name, size))
        if known is None:
            named = (c for index in indexes for c in index.named(name))
            # In memory are those that other scenes may be, too.
            fitting = [c for c in named if size == UNSIZED or c.file.size in (None, size)]
            known = self._around[name, size] = self._digest_of(fitting)
        places = self._path_map.to_plex(file.path)
        there = [c for index in indexes for place in places for c in index.at_path(place)]
        return digest((known, self._digest_of(there)))


def _is_whole(match: SceneMatch, record: Record) -> bool:
    """Whether a scene is for certain just the items that its record has."""
    recorded = {item.ref for item in record.items}
    certain = all(claim.evidence is Evidence.VERIFIED for claim in match.claims)
    return certain and bool(recorded) and recorded == set(match.refs)


def verdicts_of(state: State, side: PlexSnapshot, rules: Rules, scratch: Scratch) -> VerdictCache:
    """The verdicts of earlier runs for one that is to see every scene."""
    switches = rules.strict, rules.detect_missing
    seal = rules_digest(rules.sync_policy, rules.path_map, side.sections.values(), *switches)
    verified = state.get_value(VERIFIED)
    return VerdictCache(state.verdicts, side, rules.path_map, seal, scratch, verified)
