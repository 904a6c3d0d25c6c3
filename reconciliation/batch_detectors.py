"""Runs the detectors over some scenes whose items are at hand, and notes what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.fields import listed_value
from core.finding_types import MISSING
from core.matching.match_outcome import SceneMatch
from core.models import ItemRef, Scene
from core.paths import PathMap, lies_in_any
from core.planning.drift import is_left_undone
from core.records import Record
from plex.library import PlexSnapshot
from reconciliation.detection_state import DetectionState, SceneItems
from reconciliation.detector import GapDetector, GapResult
from reconciliation.drift_check import DriftCheck
from reconciliation.rules import Rules

_COPY = "Plex has a copy of its file, which is that of scene {}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Some scenes, and by their ids what is known of them.

    Attributes:
        matches: what their files are in Plex.
        owned: the items that are theirs.
        copied: whose the item is that is a copy of a scene's file.
        timestamps: when they were in agreement last.
    """

    scenes: Sequence[Scene]
    records: Mapping[int, Record]
    matches: Mapping[int, SceneMatch]
    owned: Mapping[int, Sequence[ItemRef]]
    copied: Mapping[int, int]
    timestamps: Mapping[int, float]


class BatchDetectors:
    """The detectors of one sweep.

    Args:
        maps: tells which folders of Stash are known to be which of Plex by now.
    """

    def __init__(
        self,
        side: PlexSnapshot,
        rules: Rules,
        findings: DetectionState,
        drift: DriftCheck,
        maps: Callable[[], Sequence[PathMap]],
    ) -> None:
        self._side = side
        self._rules = rules
        self._findings = findings
        self._drift = drift
        self._maps = maps
        self._is_sure = True
        self._detector = GapDetector()

    def run(self, batch: Batch) -> tuple[set[int], list[SceneItems]]:
        """Note what the detectors find.

        Returns the scenes of the batch that they have something to say of, and others, among them
        some of earlier batches.
        """
        found, scenes, owned = self._findings, batch.scenes, batch.owned
        sync_policy = self._rules.sync_policy
        if sync_policy.organized_only:
            found.unorganized.update(scene.id for scene in scenes if not scene.organized)
            scenes = [scene for scene in scenes if scene.organized]
        unlisted = self._note_unlisted(batch, scenes)
        scenes = [scene for scene in scenes if scene.id not in unlisted]
        told = unlisted | self._detect_absent(batch, scenes)
        recorded = [(s, batch.records[s.id]) for s in scenes if s.id in batch.records]
        undone = {s.id for s, record in recorded if is_left_undone(record, s, sync_policy)}
        if undone:
            found.undone.update(undone)
            scenes = [scene for scene in scenes if scene.id not in undone]
        empty = [
            gap
            for some in _parts_without_shared_paths(scenes)
            for gap in self._detector.detect_empty_metadata(some, self._shown_metadata(batch, some))
        ]
        # What settings keep out of Plex is not lacking there.
        empty = [gap for gap in empty if sync_policy.fills(gap.scene_data)]
        stale = self._detector.detect_stale_syncs(scenes, batch.timestamps)
        found.put(found.empty, empty)
        found.put(found.stale, stale)
        gaps = {gap.scene_id for gap in (*empty, *stale)}
        for scene in scenes:
            if scene.id not in gaps and owned[scene.id]:
                items = {ref: self._side.items[ref] for ref in owned[scene.id]}
                self._drift.add(scene, batch.records.get(scene.id), items)
        return told | gaps, self._drift.judge()

    def doubt(self) -> None:
        """What Stash says of its scenes contradicts itself: nothing counts as missing."""
        self._is_sure = False
        for found in (self._findings.missing, self._findings.vanished):
            found.discard(list(found))

    def _detect_absent(self, batch: Batch, scenes: Sequence[Scene]) -> set[int]:
        """Only a side that was listed to its end can prove that something is not there."""
        if self._side.unknown or not (self._rules.detect_missing and self._is_sure):
            return set()
        if self._side.passed_over:
            scenes = [scene for scene in scenes if not self._may_be_passed_over(scene)]
        there = {
            s.id
            for s in scenes
            if s.id not in batch.copied
            and (batch.matches[s.id].claims or batch.matches[s.id].undecided)
        }
        paths = {file.path for s in scenes if s.id in there for file in s.files}
        missing = [
            replace(gap, reason=_COPY.format(batch.copied[gap.scene_id]))
            if gap.scene_id in batch.copied
            else gap
            for gap in self._detector.detect_missing(scenes, batch.timestamps, paths)
        ]
        vanished = [
            GapResult(scene.id, MISSING, scene, "its item has gone from Plex")
            for scene in scenes
            if scene.id in batch.timestamps and scene.id not in there and scene.files
        ]
        for gap in vanished:
            had = batch.records[gap.scene_id].items if gap.scene_id in batch.records else ()
            if any(item.ref.section in self._side.sections for item in had):
                self._findings.reached.add(gap.scene_id)
        self._findings.put(self._findings.missing, missing)
        self._findings.put(self._findings.vanished, vanished)
        return {gap.scene_id for gap in (*missing, *vanished)}

    def _note_unlisted(self, batch: Batch, scenes: Sequence[Scene]) -> set[int]:
        """The scenes of which all that is known in Plex is in libraries that it does not list."""
        titles: dict[int, str] = {}
        for scene in scenes if self._side.unlisted else ():
            record, match = batch.records.get(scene.id), batch.matches[scene.id]
            if record is not None and not match.claims and not match.undecided:
                known = (self._side.unlisted.get(item.ref.section, "") for item in record.items)
                if title := next(filter(None, known), ""):
                    titles[scene.id] = title
        self._findings.unlisted.put(titles)
        return set(titles)

    def _may_be_passed_over(self, scene: Scene) -> bool:
        """Whether a scene's item may be one that Plex fails for: it lies in a library with such
        items, or nobody knows where it lies."""
        maps = self._maps()
        spots = [spot for file in scene.files for way in maps for spot in way.to_plex(file.path)]
        sections = self._side.sections.items()
        around = [key for key, section in sections if lies_in_any(spots, section.locations)]
        return not around or any(map(self._side.has_holes, around))

    def _shown_metadata(self, batch: Batch, scenes: Sequence[Scene]) -> dict[str, dict[str, Any]]:
        """What Plex shows, by file path; of several items the one that shows least."""
        shown: dict[str, dict[str, Any]] = {}
        for scene in scenes:
            record = batch.records.get(scene.id)
            views = [self._view(ref, record) for ref in batch.owned[scene.id]]
            if views and scene.files:
                shown[scene.files[0].path] = min(views, key=_shows) if views[1:] else views[0]
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


def _shows(view: Mapping[str, Any]) -> int:
    """How much there is to see."""
    return sum(map(bool, view.values()))


def _parts_without_shared_paths(scenes: Iterable[Scene]) -> Iterator[Sequence[Scene]]:
    """Scenes in parts in which a path means one scene: Stash lets two have one file."""
    paths: set[str] = set()
    together: list[Scene] = []
    for scene in scenes:
        own = {file.path for file in scene.files}
        if paths.isdisjoint(own):
            paths |= own
            together.append(scene)
        else:
            yield [scene]
    yield together
