"""From gaps to jobs: once per scene, through the quality gate, and never what cannot help."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import astuple, dataclass
from math import floor
from typing import Any

from core.models import Failure, Scene
from core.paths import PathMap, folder, lies_in_any, path_key
from core.planning.drift import NEVER_SYNCED
from core.quality_gate import passes_gate
from plex.library import PlexSnapshot
from reconciliation.detection_state import DetectionState, FoundGap, ToldScene
from reconciliation.result import GapDetectionResult
from stash.mapping import snapshot
from storage.state_tables.verdicts import GapOutcome
from sync_queue.jobs import BULK, Encoded
from sync_queue.operations import enqueue_all
from sync_queue.queue import SyncQueue

UPDATE_TYPE = "metadata"
AT_ONCE = 1000  # scenes whose jobs are written in one transaction
FOREVER = float("inf")
Gaps = Callable[[Sequence[FoundGap]], None]  # is told gaps


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
    """Sorts gaps and enqueues them, some scenes at a time.

    Args:
        queue: None only counts.
        written: which of some scenes something was written for; these pass the quality gate, since
            it must go when Stash has nothing any more.
        on_gaps: told the gaps chosen, one a scene; without a queue that is all that happens.
    """

    def __init__(
        self,
        queue: SyncQueue | None,
        side: PlexSnapshot,
        reach: Reach,
        written: Callable[[Collection[int]], Collection[int]],
        on_gaps: Gaps,
    ) -> None:
        self._queue = queue
        self._side = side
        self._reach = reach
        self._written = written
        self._on_gaps = on_gaps
        held = queue.held() if queue is not None else []
        # Stash may tell times in whole seconds.
        self._held_since = {each.job.scene_id: floor(each.job.enqueued_at) for each in held}
        dead = queue.dead_letters() if queue is not None else []
        self._dead = {job.scene_id: job for job in dead}

    def fill(
        self, findings: DetectionState, only: frozenset[str] | None, result: GapDetectionResult
    ) -> None:
        """Enqueue each scene with a gap once, and count what was left out and why."""
        with self._queue.bulk() if self._queue is not None else nullcontext():
            self._fill(findings, only, result)
        result.outside_count = len(findings.outside)

    def _fill(
        self, findings: DetectionState, only: frozenset[str] | None, result: GapDetectionResult
    ) -> None:
        for rows in findings.scenes.batches(AT_ONCE):
            scenes = {scene_id: ToldScene(*row) for scene_id, row in rows.items()}
            written = self._written(scenes)
            open_to = {i for i, told in scenes.items() if told.is_meaningful or i in written}
            outcomes: dict[int, int] = _drop_ungated(findings, scenes, open_to, result)
            self._set_outside_apart(findings, scenes)
            queued = self._queued(scenes)
            apart = findings.ambiguous.among(scenes) | findings.outside.among(scenes)
            chosen: list[FoundGap] = []
            for scene_id, gaps in findings.gaps_of(list(scenes)).items():
                wanted = gaps if only is None else [gap for gap in gaps if gap.gap_type in only]
                if not wanted:
                    continue
                gap = wanted[0]
                result.scenes_with_gaps += 1
                told = scenes[scene_id]
                if scene_id not in open_to:
                    result.skipped_no_metadata += 1
                    outcomes[scene_id] = GapOutcome.UNGATED
                elif scene_id in queued and not (
                    # What Stash says since may take nothing away, or be the cure.
                    self._held_since.get(scene_id, FOREVER) <= told.updated_at
                ):
                    result.skipped_already_queued += 1
                    outcomes[scene_id] = GapOutcome.QUEUED
                # No job could do anything: the scene is reported for what it is instead.
                elif not told.paths or scene_id in apart or scene_id in findings.itemless:
                    result.skipped_unmatched += 1
                    outcomes[scene_id] = GapOutcome.LEFT
                elif self._dead and not self._may_help(scene_id, told):
                    result.skipped_dead += 1
                    outcomes[scene_id] = GapOutcome.GIVEN_UP
                else:
                    chosen.append(gap)
                    outcomes[scene_id] = GapOutcome.QUEUED
            findings.outcomes.put({i: int(outcome) for i, outcome in outcomes.items()})
            self._put(chosen, scenes, result)

    def _queued(self, scenes: Mapping[int, ToldScene]) -> set[int]:
        """Those of some scenes that have a job; one that waits for an item which Plex has by now
        is made due."""
        if self._queue is None:
            return set()
        queued = self._queue.queued_among(scenes)
        there = [scene_id for scene_id in queued if scenes[scene_id].items]
        found = self._queue.waiting_for(Failure.NOT_FOUND, there)
        if found:
            self._queue.wake(Failure.NOT_FOUND, found)
        return queued

    def _put(
        self,
        chosen: Sequence[FoundGap],
        scenes: Mapping[int, ToldScene],
        result: GapDetectionResult,
    ) -> None:
        result.scenes_to_sync += len(chosen)
        if self._queue is not None and chosen:
            jobs = [
                _job(g.scene_id, Encoded(scenes[g.scene_id].data), g.gap_type, g.reason)
                for g in chosen
            ]
            result.enqueued_count += enqueue_all(self._queue, jobs).new
        self._on_gaps(chosen)

    def _set_outside_apart(self, findings: DetectionState, scenes: Mapping[int, ToldScene]) -> None:
        for absent in (findings.missing, findings.vanished):
            reasons = {
                scene_id: reason
                for scene_id, reason in absent.of(scenes).items()
                if scene_id not in findings.reached
                and not self._reach.covers(scenes[scene_id].paths)
            }
            findings.outside.put(reasons)
            absent.discard(reasons)

    def _may_help(self, scene_id: int, told: ToldScene) -> bool:
        """Whether anything changed that could help a scene which was given up on, if it was.

        That is what Stash says of it; for one that Plex lacks its file, or items that Plex has
        gained in its folder; and for what was in doubt, that it is not any more.
        """
        dead = self._dead.get(scene_id)
        if dead is None:
            return True
        if dead.failure is not Failure.NOT_FOUND:
            return (
                dead.failure is Failure.AMBIGUOUS
                or told.updated_at > dead.enqueued_at
                or json.loads(told.data) != dead.data
            )
        if told.items:
            return True
        if dead.data.get("path") not in told.paths[:1]:
            return True
        places = [place for path in told.paths for place in self._reach.path_map.to_plex(path)]
        newest = self._side.cache.newest_below
        return any(newest(path_key(folder(p))) > dead.enqueued_at for p in places)


def _drop_ungated(
    findings: DetectionState,
    scenes: Collection[int],
    open_to: Container[int],
    result: GapDetectionResult,
) -> dict[int, int]:
    """A scene never synced and below the quality gate is no gap: nothing may be written. Returns
    the outcomes of those that there are."""
    closed = [scene_id for scene_id in scenes if scene_id not in open_to]
    ungated = [i for i, reason in findings.drift.of(closed).items() if reason == NEVER_SYNCED]
    findings.drift.discard(ungated)
    result.skipped_no_metadata += len(ungated)
    result.ungated_count += len(ungated)
    return dict.fromkeys(ungated, GapOutcome.UNGATED)


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
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Enqueued(*(one + more for one, more in pairs))


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
    return _job(scene.id, snapshot(scene), kind, reason)


def _job(
    scene_id: int, data: Mapping[str, object] | Encoded, kind: str, reason: str
) -> dict[str, Any]:
    return {
        "scene_id": scene_id,
        "update_type": UPDATE_TYPE,
        "reason": f"{kind}: {reason}",
        "data": data,
    }
