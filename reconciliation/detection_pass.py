"""One pass over Stash's scenes: match some at a time, run the detectors, collect the gaps.

In memory are the scenes in hand and the items that may be theirs, and nothing else of a library.
Who owns an item is only known when every scene has been seen. So each page is judged as if it owned
what it matches, and the few scenes that lose a claim are judged again at the end, without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from core.id_set import IdSet
from core.matching.match import match_scene
from core.matching.match_outcome import Claim, SceneMatch
from core.matching.ownership import Contest, is_copy
from core.models import ItemRef, Scene
from core.paths import PathMap
from core.records import Record
from plex.full_items import FullItems
from plex.library import PlexSnapshot
from plex.lookup_keys import NameMap, wanted
from reconciliation.batch_detectors import Batch, BatchDetectors
from reconciliation.detection_state import DetectionState
from reconciliation.drift_check import DriftCheck
from reconciliation.prefix_learning import Learning
from reconciliation.renamed_files import Moves
from reconciliation.rules import Rules
from reconciliation.verdict_cache import VerdictCache, Verified
from stash.mapping import SceneReader, UnreadScene
from storage.files.database import chunks
from storage.files.scratch import Scratch, Spool
from storage.state import State
from sync_queue.operations import load_sync_timestamps

REPORT_EVERY = 50  # scenes
JUDGED = 500  # scenes in hand at once
NOTHING_LOST: Mapping[int, Sequence[Contest]] = {}


class Sweep:
    """Judges scenes against one listed Plex side.

    Args:
        state: has the records, times and verdicts of earlier runs.
        scratch: keeps what is found.
        read_full: see `DriftCheck`.
        on_matched: told how many scenes are matched so far, every 50 of them.
        verdicts: those of earlier runs; only for runs that see every scene.
    """

    def __init__(
        self,
        side: PlexSnapshot,
        rules: Rules,
        state: State,
        scratch: Scratch,
        read_full: Callable[[Sequence[str]], FullItems],
        on_matched: Callable[[int], None],
        verdicts: VerdictCache | None = None,
    ) -> None:
        self.side = side
        self._rules = rules
        self._state = state
        self._on_matched = on_matched
        self._verdicts = verdicts
        self._matched = 0
        self._is_cut_off = False
        self._names = NameMap(rules.path_map)
        self.claims = side.cache.claims()
        titles = {key: section.title for key, section in side.sections.items()}
        self.findings = DetectionState(scratch, titles)
        self.learning = Learning(side, rules.learned, scratch)
        self.moves = Moves(side)
        self.kept: Spool[dict[str, Any]] = scratch.spool("kept", dict)
        self.seen = IdSet()
        self._rivals: set[int] = set()
        written = state.journal.unrecorded_items()
        refs = {ref for _, ref in written}
        self._unproven = {*state.records.owners_of(refs).values(), *(i for i, _ in written)}
        self._drift = DriftCheck(rules.sync_policy, read_full, refs, state, self.findings)
        self._detectors = BatchDetectors(side, rules, self.findings, self._drift, self._maps)

    def judge(
        self, scenes: Sequence[Scene], lost: Mapping[int, Sequence[Contest]] = NOTHING_LOST
    ) -> None:
        """Match and judge some scenes; a scene in `lost` does not own the items named there."""
        for start in range(0, len(scenes), JUDGED):
            self._judge(scenes[start : start + JUDGED], lost)

    def _judge(self, scenes: Sequence[Scene], lost: Mapping[int, Sequence[Contest]]) -> None:
        ids = [scene.id for scene in scenes]
        records = self._state.records.get_many(ids)
        if self._verdicts is not None:
            self._verdicts.note_records(records)
        self._focus(scenes, records)
        matches = {scene.id: self._match(scene, records.get(scene.id)) for scene in scenes}
        taken = [i for i, match in matches.items() if i in lost and match.copies]
        matches |= {i: matches[i]._replace(undecided=()) for i in taken}
        owned = {i: _without(match.refs, lost.get(i, ())) for i, match in matches.items()}
        self.findings.forget(ids)
        self._drift.forget(ids)
        offered = {i: match.claims for i, match in matches.items() if i not in lost}
        self._rivals |= self.claims.offer(offered)
        copied: dict[int, int] = {}
        ignored = self._rules.ignored.intersection(ids)
        self.findings.ignored.update(ignored)
        heeded = [scene for scene in scenes if scene.id not in ignored]
        told = set(ignored) | lost.keys() & set(ids)
        is_complete = self.side.is_complete
        for scene in heeded:
            match = matches[scene.id]
            if match.undecided or match.lost_pins:
                self.findings.note(match, is_complete=is_complete)
            if match.undecided:
                told.add(scene.id)
            if scene.id in lost:
                by, is_itemless = lost[scene.id], not owned[scene.id]
                is_copied = self._is_copied(scene, by)
                if self.findings.note_lost(match, by, is_itemless=is_itemless, is_copied=is_copied):
                    copied[scene.id] = by[0].owner
                continue
            self._note(scene, match, records.get(scene.id))
        synced = load_sync_timestamps(self._state, ids)
        batch = Batch(heeded, records, matches, owned, copied, synced)
        found, drifted = self._detectors.run(batch)
        told |= found
        of = self.side.items
        others = [(s, [of[ref] for ref in owned[s.id]]) for s in scenes if s.id in told]
        self.findings.tell([*drifted, *others])

    def _note(self, scene: Scene, match: SceneMatch, record: Record | None) -> None:
        """Take in for later what a scene matches that has lost nothing."""
        self.learning.note(scene, match)
        pins = self._rules.pins.get(scene.id, ())
        if pins:
            self.findings.pinned.add(scene.id)
        self.moves.note(scene, match, record, pins)
        if self._verdicts is not None:
            self._verdicts.note(scene, match, record)

    def _focus(self, scenes: Sequence[Scene], records: Mapping[int, Record]) -> None:
        """Have the items at hand that concern some scenes."""
        files = (file for scene in scenes for file in scene.files)
        pins = (pin for scene in scenes for pin in self._rules.pins.get(scene.id, ()))
        learned = self.learning.path_map
        self.side.focus(wanted(files, self._names, learned, records.values(), pins))

    def judge_fetched(self, scenes: Sequence[UnreadScene]) -> list[int]:
        """Judge scenes as they come: only those that have to be looked at are read.

        Returns those of them that have to be read whole first.
        """
        self._rivals = set()
        fresh = self._without_verdict(scenes)
        unread = [scene.id for scene in fresh if not scene.raw]
        self.seen.update({scene.id for scene in scenes}.difference(unread))
        whole = [scene for scene in fresh if scene.raw]
        if self._verdicts is not None:
            self._verdicts.look_at(whole)
        self.judge([scene.read() for scene in whole])
        # Of those that claim what others have claimed, most will lose it, as many did before.
        likely = self._rivals | self._rules.suspects
        self.kept.put({scene.id: scene.raw for scene in whole if scene.id in likely})
        self.learning.keep_unsure(whole)
        return unread

    def _without_verdict(self, scenes: Sequence[UnreadScene]) -> Sequence[UnreadScene]:
        """Those scenes that have to be looked at; the others make the claims that they made."""
        if self._verdicts is None:
            return scenes
        apart = self._rules.pins.keys() | self._rules.ignored | self._unproven
        unchanged = self._verdicts.unchanged([s for s in scenes if s.id not in apart])
        for _, verdict in unchanged:
            self._count_matched()
            self.learning.votes.note_folders(verdict.taught)
        self.claims.offer({scene.id: verdict.claims for scene, verdict in unchanged})
        known = {scene.id for scene, _ in unchanged}
        return [scene for scene in scenes if scene.id not in known]

    def look_again(self, learned: PathMap) -> None:
        """Judge what has little evidence of its own by the folders that others have taught."""
        for some in self.learning.second_look(learned):
            self.claims.withdraw({scene.id: refs for scene, refs in some})
            self.judge([scene for scene, _ in some])

    def settle(
        self,
        contests: Mapping[int, Sequence[Contest]],
        fetch: Callable[[Sequence[int]], Iterable[Scene]],
    ) -> None:
        """Judge the scenes that lost a claim once more, without what they lost.

        Args:
            fetch: brings those that are not at hand.
        """
        for ids in chunks(contests, JUDGED):
            kept = self.kept.of(ids)
            reader = SceneReader()
            known = [scene for raw in kept.values() if (scene := reader.read(raw)) is not None]
            self.judge([*known, *fetch([i for i in ids if i not in kept])], contests)

    def contests(self) -> dict[int, list[Contest]]:
        """For each scene that lost a claim, or might only be what others own, to whom and why."""
        lost = self.claims.contests()
        for some in self.findings.alike.batches():
            copies = {i: [ItemRef(*ref) for ref in refs] for i, refs in some.items()}
            claims = self.claims.on(ref for refs in copies.values() for ref in refs)
            of_copies = {i: claims.of_copies(i, refs) for i, refs in copies.items()}
            lost |= {i: contests for i, contests in of_copies.items() if contests}
        return lost

    def save_verdicts(self, *, saw_all: bool = True) -> None:
        """Spare later runs what has been looked at; of a run that was cut off, nothing.

        What a library has and could not be read speaks against no verdict: it rests on items that
        were, and ends where others come into sight.
        """
        if self._verdicts is not None and not self._is_cut_off:
            found = self.findings
            noted = found.outcomes.of, found.kinds_of
            self._verdicts.save(found.in_disorder(), *noted, found.read_whole)
            if saw_all:
                self._state.verdicts.forget_others(self.seen)

    def verified(self) -> Verified | None:
        """What all verdicts were held against; None where some were not."""
        return None if self._verdicts is None or self._is_cut_off else self._verdicts.verified

    def cut_off(self) -> None:
        """Not all scenes are judged to their end."""
        self._is_cut_off = True

    def claims_of(self, scenes: Iterable[Scene]) -> dict[int, tuple[Claim, ...]]:
        """What some scenes claim, without judging them."""
        found: dict[int, tuple[Claim, ...]] = {}
        for known in chunks(scenes, JUDGED):
            records = self._state.records.get_many([scene.id for scene in known])
            self._focus(known, records)
            found |= {s.id: self._match(s, records.get(s.id)).claims for s in known}
        return found

    def _match(self, scene: Scene, record: Record | None) -> SceneMatch:
        rules = self._rules
        self._count_matched()
        return match_scene(
            scene,
            self.side.indexes,
            rules.path_map,
            record,
            pins=rules.pins.get(scene.id, ()),
            learned=self.learning.path_map,
            guess=not rules.strict,
        )

    def _count_matched(self) -> None:
        self._matched += 1
        if self._matched % REPORT_EVERY == 0:
            self._on_matched(self._matched)

    def _is_copied(self, scene: Scene, lost: Iterable[Contest]) -> bool:
        """Whether all that a scene has lost are copies of its file, other scenes' own."""
        maps = self._maps()
        return all(is_copy(each, scene, self.side.items[each.ref].files, maps) for each in lost)

    def _maps(self) -> list[PathMap]:
        learned = self.learning.path_map
        return [self._rules.path_map, *([learned] if learned is not None else [])]

    def doubt(self) -> None:
        """What Stash says of its scenes contradicts itself: nothing counts as missing."""
        self.cut_off()
        self._detectors.doubt()

    def finish(self) -> None:
        """Judge the scenes that wait for items which have to be read whole."""
        self.findings.tell(self._drift.finish())


def _without(refs: Iterable[ItemRef], lost: Iterable[Contest]) -> list[ItemRef]:
    gone = {contest.ref for contest in lost}
    return [ref for ref in refs if ref not in gone]
