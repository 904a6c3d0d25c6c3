"""One pass over Stash's scenes: match them page by page, run the detectors, collect the gaps.

Who owns an item is only known when every scene has been seen. So each page is judged as if it owned
what it matches, and the few scenes that lose a claim are judged again at the end, without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.desired import SyncPolicy
from core.fields import listed_value
from core.matching.match import match_scene
from core.matching.match_outcome import Claim, SceneMatch
from core.matching.ownership import Claims, Contest, is_copy
from core.matching.pins import Pin
from core.models import ItemRef, Scene
from core.paths import PathMap, lies_in_any
from core.planning.drift import is_left_undone
from core.records import Record
from plex.full_items import FullItems
from plex.library import PlexSnapshot
from reconciliation.detection_state import DetectionState
from reconciliation.detector import MISSING, Gap, GapDetector, GapResult
from reconciliation.drift_check import DriftCheck
from reconciliation.prefix_learning import Learning
from reconciliation.renamed_files import Moves
from reconciliation.verdict_cache import VerdictCache
from stash.mapping import UnreadScene

REPORT_EVERY = 50  # scenes
JUDGED = 100  # scenes looked at for the second time at once
NOTHING_LOST: Mapping[int, Sequence[Contest]] = {}

__all__ = ["DetectionState", "Rules", "Sweep"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that a sweep needs, and what the user and earlier runs have decided.

    Attributes:
        pins: by scene id.
        ignored: scenes that are left alone; what they claim is theirs all the same.
        suspects: scenes to be kept at hand, since they are likely to be judged again.
        learned: see `Learning`.
    """

    sync_policy: SyncPolicy
    path_map: PathMap
    strict: bool
    detect_missing: bool
    pins: Mapping[int, Sequence[Pin]] = field(default_factory=dict)
    ignored: frozenset[int] = frozenset()
    suspects: frozenset[int] = frozenset()
    learned: PathMap | None = None


class Sweep:
    """Judges scenes against one listed Plex side.

    Args:
        records: brings the records of some scene ids.
        read_full, on_confirmed: see `DriftCheck`.
        on_matched: told how many scenes are matched so far, every 50 of them.
        verdicts: those of earlier runs; only for runs that see every scene.
    """

    def __init__(
        self,
        side: PlexSnapshot,
        rules: Rules,
        timestamps: Mapping[int, float],
        records: Callable[[Sequence[int]], Mapping[int, Record]],
        read_full: Callable[[Sequence[str]], FullItems],
        on_confirmed: Callable[[list[tuple[int, ItemRef, int | None]]], None],
        on_matched: Callable[[int], None],
        verdicts: VerdictCache | None = None,
    ) -> None:
        self._side = side
        self._rules = rules
        self._timestamps = timestamps
        self._records = records
        self._on_matched = on_matched
        self._verdicts = verdicts
        self._matched = 0
        self._is_sure = True
        self._is_cut_off = False
        self._detector = GapDetector()
        self.claims = Claims()
        self.findings = DetectionState()
        self.learning = Learning(side, rules.learned)
        self.moves = Moves(side)
        self.kept: dict[int, Scene] = {}
        self.seen: set[int] = set()
        self._drift = DriftCheck(side, rules.sync_policy, read_full, on_confirmed, self.findings)

    def judge(
        self, scenes: Sequence[Scene], lost: Mapping[int, Sequence[Contest]] = NOTHING_LOST
    ) -> None:
        """Match and judge some scenes; a scene in `lost` does not own the items named there."""
        records = self._records([scene.id for scene in scenes])
        matches = {scene.id: self._match(scene, records.get(scene.id)) for scene in scenes}
        owned = {
            scene_id: _without(match.refs, lost.get(scene_id, ()))
            for scene_id, match in matches.items()
        }
        for scene in scenes:
            match = matches[scene.id]
            self.findings.forget(scene.id)
            self._drift.forget(scene.id)
            if scene.id in self._rules.ignored:
                self._pass_over(scene, match, is_known=scene.id in lost)
                continue
            if match.undecided or scene.id in lost:
                self.findings.scenes[scene.id] = scene
            self.findings.note(match, is_complete=self._side.is_complete)
            if scene.id in lost:
                self.findings.note_lost(
                    match,
                    lost[scene.id],
                    is_itemless=not owned[scene.id],
                    is_copied=self._is_copied(scene, lost[scene.id]),
                )
                continue
            self.claims.offer(scene.id, match.claims)
            self.learning.note(scene, match)
            pins = self._rules.pins.get(scene.id, ())
            if pins:
                self.findings.pinned.add(scene.id)
            self.moves.note(scene, match, records.get(scene.id), pins)
            if self._verdicts is not None:
                self._verdicts.note(scene, match, records.get(scene.id))
        ignored = self._rules.ignored
        self._detect([s for s in scenes if s.id not in ignored], records, matches, owned)

    def _pass_over(self, scene: Scene, match: SceneMatch, *, is_known: bool) -> None:
        """Leave a scene alone; `is_known`: it has made its claims."""
        self.findings.ignored.add(scene.id)
        self.findings.scenes[scene.id] = scene
        if not is_known:
            self.claims.offer(scene.id, match.claims)

    def judge_fetched(self, scenes: Sequence[UnreadScene]) -> None:
        """Judge scenes as they come from Stash: only those that have to be looked at are read."""
        suspects = self._rules.suspects
        self.seen.update(scene.id for scene in scenes)
        self.kept.update((scene.id, scene.read()) for scene in scenes if scene.id in suspects)
        self.judge([scene.read() for scene in self._without_verdict(scenes)])

    def _without_verdict(self, scenes: Sequence[UnreadScene]) -> Sequence[UnreadScene]:
        """Those scenes that have to be looked at; the others make the claims that they made."""
        if self._verdicts is None:
            return scenes
        apart = self._rules.pins.keys() | self._rules.ignored
        unchanged = self._verdicts.unchanged([s for s in scenes if s.id not in apart])
        for scene, claims in unchanged:
            self._count_matched()
            self.claims.offer(scene.id, claims)
            self.learning.teach([file.path for file in scene.files], claims)
        known = {scene.id for scene, _ in unchanged}
        return [scene for scene in scenes if scene.id not in known]

    def look_again(self, learned: PathMap) -> None:
        """Judge what has little evidence of its own by the folders that others have taught."""
        again: list[Scene] = []
        for scene, refs in self.learning.second_look(learned):
            self.claims.withdraw(scene.id, refs)
            again.append(scene)
        for start in range(0, len(again), JUDGED):
            self.judge(again[start : start + JUDGED])

    def save_verdicts(self) -> None:
        """Spare later runs the scenes that are in order; of a run that was cut off, none.

        What a library has and could not be read speaks against no verdict: it rests on items that
        were, and ends where others come into sight.
        """
        if self._verdicts is not None and not self._is_cut_off:
            self._verdicts.save(self.findings.in_disorder())

    def cut_off(self) -> None:
        """Not all scenes are judged to their end."""
        self._is_cut_off = True

    def claims_of(self, scenes: Iterable[Scene]) -> dict[int, tuple[Claim, ...]]:
        """What some scenes claim, without judging them."""
        known = list(scenes)
        records = self._records([scene.id for scene in known])
        return {scene.id: self._match(scene, records.get(scene.id)).claims for scene in known}

    def _match(self, scene: Scene, record: Record | None) -> SceneMatch:
        rules = self._rules
        self._count_matched()
        return match_scene(
            scene,
            self._side.indexes,
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
        return all(is_copy(each, scene, self._side.items[each.ref].files, maps) for each in lost)

    def _maps(self) -> list[PathMap]:
        learned = self.learning.path_map
        return [self._rules.path_map, *([learned] if learned is not None else [])]

    def _detect(
        self,
        scenes: Sequence[Scene],
        records: Mapping[int, Record],
        matches: Mapping[int, SceneMatch],
        owned: Mapping[int, Sequence[ItemRef]],
    ) -> None:
        found = self.findings
        sync_policy = self._rules.sync_policy
        if sync_policy.organized_only:
            found.unorganized |= {scene.id for scene in scenes if not scene.organized}
            scenes = [scene for scene in scenes if scene.organized]
        self._detect_absent(scenes, matches, records)
        undone = {s.id for s in scenes if is_left_undone(records.get(s.id), s, sync_policy)}
        if undone:
            found.undone |= undone
            scenes = [scene for scene in scenes if scene.id not in undone]
        metadata = self._shown_metadata(scenes, records, owned)
        empty = self._detector.detect_empty_metadata(scenes, metadata)
        # What settings keep out of Plex is not lacking there.
        found.empty |= _by_scene(gap for gap in empty if sync_policy.of(gap.scene_data).fills)
        found.stale |= _by_scene(self._detector.detect_stale_syncs(scenes, self._timestamps))
        for scene in scenes:
            if scene.id not in found.empty and scene.id not in found.stale and owned[scene.id]:
                self._drift.add(scene, records.get(scene.id), owned[scene.id])
        self._drift.judge()

    def doubt(self) -> None:
        """What Stash says of its scenes contradicts itself: nothing counts as missing."""
        self._is_sure = False
        self.cut_off()
        self.findings.missing.clear()
        self.findings.vanished.clear()

    def finish(self) -> None:
        """Judge the scenes that wait for items which have to be read whole."""
        self._drift.finish()

    def _detect_absent(
        self,
        scenes: Sequence[Scene],
        matches: Mapping[int, SceneMatch],
        records: Mapping[int, Record],
    ) -> None:
        """Only a side that was listed to its end can prove that something is not there."""
        if self._side.unknown or not (self._rules.detect_missing and self._is_sure):
            return
        if self._side.passed_over:
            scenes = [scene for scene in scenes if not self._may_be_passed_over(scene)]
        copied = self.findings.copied
        there = {
            s.id
            for s in scenes
            if s.id not in copied and (matches[s.id].claims or matches[s.id].undecided)
        }
        paths = {file.path for s in scenes if s.id in there for file in s.files}
        for gap in self._detector.detect_missing(scenes, self._timestamps, paths):
            contests = copied.get(gap.scene_id)
            if contests:
                told = f"Plex has a copy of its file, which is that of scene {contests[0].owner}"
                gap = replace(gap, reason=told)
            self.findings.missing[gap.scene_id] = gap
        for scene in scenes:
            if scene.id in self._timestamps and scene.id not in there and scene.files:
                gap = GapResult(scene.id, MISSING, scene, "its item has gone from Plex (vanished)")
                self.findings.vanished[scene.id] = gap
                had = records[scene.id].items if scene.id in records else ()
                if any(item.ref.section in self._side.sections for item in had):
                    self.findings.reached.add(scene.id)

    def _may_be_passed_over(self, scene: Scene) -> bool:
        """Whether a scene's item may be one that Plex fails for: it lies in a library with such
        items, or nobody knows where it lies."""
        maps = self._maps()
        spots = [spot for file in scene.files for way in maps for spot in way.to_plex(file.path)]
        sections = self._side.sections.items()
        around = [key for key, section in sections if lies_in_any(spots, section.locations)]
        return not around or any(map(self._side.has_holes, around))

    def _shown_metadata(
        self,
        scenes: Sequence[Scene],
        records: Mapping[int, Record],
        owned: Mapping[int, Sequence[ItemRef]],
    ) -> dict[str, dict[str, Any]]:
        """What Plex shows, by file path; of several items the one that shows least."""
        shown: dict[str, dict[str, Any]] = {}
        for scene in scenes:
            record = records.get(scene.id)
            views = [self._view(ref, record) for ref in owned[scene.id]]
            if views and scene.files:
                shown[scene.files[0].path] = min(
                    views, key=lambda view: sum(map(bool, view.values()))
                )
        return shown

    def _view(self, ref: ItemRef, record: Record | None) -> dict[str, Any]:
        item = self._side.items[ref]
        # Without an agent an item's date is that of its file and says nothing, unless we set it.
        ours = record is not None and any(known.ref == ref for known in record.items)
        dated = ours or self._side.sections[ref.section].has_agent
        return {
            "studio": listed_value(item, "studio"),
            "performers": item.has_performers,
            "tags": item.has_tags,
            "details": listed_value(item, "summary"),
            "date": listed_value(item, "date") if dated else "",
        }


def _without(refs: Iterable[ItemRef], lost: Iterable[Contest]) -> list[ItemRef]:
    gone = {contest.ref for contest in lost}
    return [ref for ref in refs if ref not in gone]


def _by_scene(gaps: Iterable[Gap]) -> dict[int, Gap]:
    return {gap.scene_id: gap for gap in gaps}
