"""From gaps to jobs: once per scene, through the quality gate, and never what cannot help."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from core.models import Failure, Job, Scene
from core.paths import PathMap, folder, lies_in_any, path_key
from core.planning.drift import NEVER_SYNCED
from core.quality_gate import passes_gate
from plex.library import PlexSnapshot
from reconciliation.detection_state import DetectionState
from reconciliation.detector import Gap
from reconciliation.result import GapDetectionResult
from stash.mapping import snapshot
from sync_queue.jobs import BULK
from sync_queue.operations import enqueue_all, get_queued_scene_ids
from sync_queue.queue import SyncQueue

UPDATE_TYPE = "metadata"
FOREVER = float("inf")


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
    ) -> list[Gap]:
        """Enqueue each scene with a gap once, and count what was left out and why.

        Returns the gaps chosen, one a scene; without a queue that is all that happens to them.
        """
        self._drop_ungated(findings, result)
        for absent in (findings.missing, findings.vanished):
            for scene_id in self._outside(absent, findings.reached):
                findings.outside[scene_id] = absent.pop(scene_id)
        result.outside_count = len(findings.outside)
        chosen: list[Gap] = []
        seen: set[int] = set()
        refuses = self._refuses(findings, result)
        for gap in findings.repairable():
            if gap.scene_id in seen or (only is not None and gap.gap_type not in only):
                continue
            seen.add(gap.scene_id)
            if not refuses(gap):
                chosen.append(gap)
        result.scenes_with_gaps, result.scenes_to_sync = len(seen), len(chosen)
        if self._queue is not None and chosen:
            jobs = [job_of(gap.scene_data, gap.gap_type, gap.reason) for gap in chosen]
            result.enqueued_count = enqueue_all(self._queue, jobs).new
        return chosen

    def _drop_ungated(self, findings: DetectionState, result: GapDetectionResult) -> None:
        """A scene never synced and below the quality gate is no gap: nothing may be written."""
        for scene_id, gap in list(findings.drift.items()):
            if gap.reason == NEVER_SYNCED and not passes_gate(gap.scene_data, self._with_record):
                del findings.drift[scene_id]
                result.skipped_no_metadata += 1
                result.ungated_count += 1

    def _refuses(
        self, findings: DetectionState, result: GapDetectionResult
    ) -> Callable[[Gap], bool]:
        """Says of a gap whether it gets no job, and counts why."""
        queued = get_queued_scene_ids(self._queue) if self._queue is not None else set()
        held = self._queue.held() if self._queue is not None else []
        # Stash may tell times in whole seconds.
        held_since = {each.job.scene_id: floor(each.job.enqueued_at) for each in held}
        dead = self._dead()

        def refuses(gap: Gap) -> bool:
            known = dead.get(gap.scene_id)
            if not passes_gate(gap.scene_data, self._with_record):
                result.skipped_no_metadata += 1
            elif gap.scene_id in queued and not (
                # What Stash says since may take nothing away, or be the cure.
                held_since.get(gap.scene_id, FOREVER) <= gap.scene_data.updated_at
            ):
                result.skipped_already_queued += 1
            elif self._is_hopeless(gap, findings):
                result.skipped_unmatched += 1
            elif known is not None and not self._may_help(gap, known, findings):
                result.skipped_dead += 1
            else:
                return False
            return True

        return refuses

    def _is_hopeless(self, gap: Gap, findings: DetectionState) -> bool:
        """Whether no job could do anything: the scene is reported for what it is instead."""
        scene_id = gap.scene_id
        apart = (findings.ambiguous, findings.itemless, findings.outside)
        return not gap.scene_data.files or any(scene_id in found for found in apart)

    def _outside(self, absent: Mapping[int, Gap], reached: Collection[int]) -> list[int]:
        return [
            scene_id
            for scene_id, gap in absent.items()
            if scene_id not in reached and not self._reach.covers(_paths(gap.scene_data))
        ]

    def _dead(self) -> dict[int, Job]:
        if self._queue is None:
            return {}
        return {job.scene_id: job for job in self._queue.dead_letters()}

    def _may_help(self, gap: Gap, dead: Job, findings: DetectionState) -> bool:
        """Whether anything changed that could help a scene which was given up on.

        That is what Stash says of it; for one that Plex lacks its file, or items that Plex has
        gained in its folder; and for what was in doubt, that it is not any more.
        """
        absent = gap.scene_id in findings.missing or gap.scene_id in findings.vanished
        if dead.failure is not Failure.NOT_FOUND:
            return (
                dead.failure is Failure.AMBIGUOUS
                or gap.scene_data.updated_at > dead.enqueued_at
                or snapshot(gap.scene_data) != dead.data
            )
        if not absent:
            return True
        paths = _paths(gap.scene_data)
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


@dataclass(frozen=True, slots=True)
class Enqueued:
    """What became of scenes that were to be enqueued.

    Attributes:
        new, refreshed: scenes with a new job, and with one that waited already.
        without_metadata, unorganized, ignored: scenes that are left alone.
    """

    new: int = 0
    refreshed: int = 0
    without_metadata: int = 0
    unorganized: int = 0
    ignored: int = 0

    def __add__(self, other: Enqueued) -> Enqueued:
        return Enqueued(
            self.new + other.new,
            self.refreshed + other.refreshed,
            self.without_metadata + other.without_metadata,
            self.unorganized + other.unorganized,
            self.ignored + other.ignored,
        )


@dataclass(frozen=True, slots=True)
class SceneJobs:
    """Enqueues scenes, whatever Plex shows.

    Attributes:
        recorded: the scenes that have a record.
        organized_only: scenes that are not marked as organized are left alone.
        ignored: scenes that the user wants to be left alone.
    """

    queue: SyncQueue
    recorded: Container[int]
    organized_only: bool
    ignored: Container[int] = frozenset()

    def put(
        self,
        scenes: Sequence[Scene],
        kind: str,
        reason: Callable[[Scene], str],
        priority: int = BULK,
    ) -> Enqueued:
        """Enqueue those of some scenes that may be synced.

        Args:
            kind: is put before the reason, as the type of a gap does.
            reason: why a scene is enqueued, for people.
            priority: EDIT or BULK, of `sync_queue.jobs`.
        """
        heeded = [scene for scene in scenes if scene.id not in self.ignored]
        organized = [scene for scene in heeded if scene.organized or not self.organized_only]
        wanted = [scene for scene in organized if passes_gate(scene, self.recorded)]
        jobs = [job_of(scene, kind, reason(scene)) for scene in wanted]
        outcome = enqueue_all(self.queue, jobs, priority=priority)
        return Enqueued(
            outcome.new,
            outcome.refreshed,
            without_metadata=len(organized) - len(wanted),
            unorganized=len(heeded) - len(organized),
            ignored=len(scenes) - len(heeded),
        )


def job_of(scene: Scene, kind: str, reason: str) -> dict[str, Any]:
    """The job for a scene. Its `data` is for people: the worker reads the scene afresh."""
    return {
        "scene_id": scene.id,
        "update_type": UPDATE_TYPE,
        "reason": f"{kind}: {reason}",
        "data": snapshot(scene),
    }


def _paths(scene: Scene) -> list[str]:
    return [file.path for file in scene.files]
