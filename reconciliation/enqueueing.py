"""From gaps to jobs: once per scene, through the quality gate, and never what cannot help."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.models import Failure, Job
from core.paths import PathMap, folder, lies_in_any, path_key
from core.timestamps import parse_timestamp
from plex.library import PlexSnapshot
from reconciliation.detection_state import DetectionState
from reconciliation.detector import GapResult, has_meaningful_metadata, paths_of
from reconciliation.result import GapDetectionResult
from sync_queue.queue import SyncQueue

UPDATE_TYPE = "metadata"


@dataclass(frozen=True, slots=True)
class Reach:
    """Which paths of Stash Plex can have: those that the path map, or a prefix that matches have
    shown, leads below a location of a synced section."""

    path_map: PathMap
    locations: tuple[str, ...]
    learned: PathMap

    def covers(self, paths: Iterable[str]) -> bool:
        """Whether any of these paths of Stash lies in a library of Plex."""
        return any(lies_in_any(self.places(path), self.locations) for path in paths)

    def places(self, path: str) -> list[str]:
        """Where in Plex a path of Stash may lie."""
        known = (*self.path_map.to_plex(path), *self.learned.to_plex(path))
        return list(dict.fromkeys(known))


class GapQueue:
    """Sorts gaps and enqueues them.

    Args:
        queue: None only counts.
        with_record: the scenes that have a record; these pass the quality gate, since what we
            wrote for them must go when Stash has nothing any more.
    """

    def __init__(
        self, queue: SyncQueue | None, side: PlexSnapshot, reach: Reach, with_record: set[int]
    ) -> None:
        self._queue = queue
        self._side = side
        self._reach = reach
        self._with_record = with_record
        self._gained: dict[str, int] | None = None

    def fill(
        self, findings: DetectionState, only: frozenset[str] | None, result: GapDetectionResult
    ) -> list[GapResult]:
        """Enqueue each scene with a gap once, and count what was left out and why.

        Returns the gaps chosen, one a scene; without a queue that is all that happens to them.
        """
        for absent in (findings.missing, findings.vanished):
            for scene_id in self._outside(absent, findings.reached):
                findings.outside[scene_id] = absent.pop(scene_id)
        result.outside_count = len(findings.outside)
        queued = self._queue.queued_scene_ids() if self._queue is not None else set()
        dead = self._dead()
        chosen: dict[int, GapResult] = {}
        dropped: set[int] = set()
        for gap in findings.repairable():
            if gap.scene_id in chosen or gap.scene_id in dropped:
                continue
            if only is not None and gap.gap_type not in only:
                continue
            if self._is_dropped(gap, findings, queued, dead, result):
                dropped.add(gap.scene_id)
            else:
                chosen[gap.scene_id] = gap
        if self._queue is not None and chosen:
            result.enqueued_count = self._queue.put_many(map(job_item, chosen.values())).new
        return list(chosen.values())

    def _is_dropped(
        self,
        gap: GapResult,
        findings: DetectionState,
        queued: set[int],
        dead: Mapping[int, Job],
        result: GapDetectionResult,
    ) -> bool:
        recorded = gap.scene_id in self._with_record
        if not recorded and not has_meaningful_metadata(gap.scene_data):
            result.skipped_no_metadata += 1
            return True
        if gap.scene_id in queued:
            result.skipped_already_queued += 1
            return True
        if self._is_hopeless(gap, findings):
            return True
        if gap.scene_id in dead and not self._has_news(gap, dead[gap.scene_id], findings):
            result.skipped_dead += 1
            return True
        return False

    def _is_hopeless(self, gap: GapResult, findings: DetectionState) -> bool:
        """Whether no job could do anything: the scene is reported for what it is instead."""
        scene_id = gap.scene_id
        apart = (findings.ambiguous, findings.itemless, findings.outside)
        return not paths_of(gap.scene_data) or any(scene_id in found for found in apart)

    def _outside(self, absent: Mapping[int, GapResult], reached: Collection[int]) -> list[int]:
        return [
            scene_id
            for scene_id, gap in absent.items()
            if scene_id not in reached and not self._reach.covers(paths_of(gap.scene_data))
        ]

    def _dead(self) -> dict[int, Job]:
        if self._queue is None:
            return {}
        return {job.scene_id: job for job in self._queue.dead_letters()}

    def _has_news(self, gap: GapResult, dead: Job, findings: DetectionState) -> bool:
        """Whether anything changed that could help a scene which was given up on.

        That is what Stash says of it; for one that Plex lacks its file, or items that Plex has
        gained in its folder; and for what was in doubt, that it is not any more.
        """
        absent = gap.scene_id in findings.missing or gap.scene_id in findings.vanished
        if dead.failure is not Failure.NOT_FOUND:
            touched = parse_timestamp(gap.scene_data.get("updated_at")) or 0.0
            said = job_item(gap)["data"]
            return (
                dead.failure is Failure.AMBIGUOUS or touched > dead.enqueued_at or said != dead.data
            )
        if not absent:
            return True
        paths = paths_of(gap.scene_data)
        if dead.data.get("path") not in paths[:1]:
            return True
        places = (place for path in paths for place in self._reach.path_map.to_plex(path))
        newest = self._newest()
        return any(newest.get(path_key(folder(p)), 0) > dead.enqueued_at for p in places)

    def _newest(self) -> Mapping[str, int]:
        """When each folder of Plex last gained an item."""
        if self._gained is None:
            self._gained = {}
            for item in self._side.items.values():
                for file in item.files:
                    key = path_key(folder(file.path))
                    self._gained[key] = max(self._gained.get(key, 0), item.added_at or 0)
        return self._gained


def job_item(gap: GapResult) -> dict[str, Any]:
    """The job for a gap. Its `data` is a snapshot for people: the worker reads the scene afresh."""
    scene = gap.scene_data
    studio = scene.get("studio")
    return {
        "scene_id": gap.scene_id,
        "update_type": UPDATE_TYPE,
        "reason": f"{gap.gap_type}: {gap.reason}",
        "data": {
            "path": next(iter(paths_of(scene)), ""),
            "title": scene.get("title"),
            "details": scene.get("details"),
            "date": scene.get("date"),
            "rating100": scene.get("rating100"),
            "studio": studio["name"] if studio else None,
            "performers": [performer["name"] for performer in scene.get("performers") or ()],
            "tags": [tag["name"] for tag in scene.get("tags") or ()],
            "poster_url": None,
            "background_url": None,
        },
    }
