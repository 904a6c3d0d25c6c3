"""The pure gap detectors: data in, gaps out, no request, no clock.

They take scenes as the product has them, or as Stash's GraphQL tells them (dicts with string ids),
so that anything which can fetch scenes can use them. A scene counts through any of its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from core.finding_types import DRIFT, EMPTY_METADATA, MISSING, STALE_SYNC
from core.models import ItemRef, Scene
from core.planning.drift import Shown, drift_of
from core.quality_gate import has_meaningful_metadata, is_meaningful
from core.records import Record
from stash.mapping import SceneReader

__all__ = ["GapDetector", "GapResult", "has_meaningful_metadata"]

SceneData = dict[str, Any]
S = TypeVar("S", Scene, SceneData)


@dataclass(frozen=True, slots=True)
class GapResult(Generic[S]):
    """One gap.

    Attributes:
        scene_data: the scene as the detector got it.
        reason: for people.
        fields: those that no longer show what was written, if that is why.
    """

    scene_id: int
    gap_type: str
    scene_data: S
    reason: str
    fields: tuple[str, ...] = ()


Gap = GapResult[Scene]


class GapDetector:
    """Finds gaps in data that has already been fetched.

    `stash_scenes` are scenes, or dicts with id, files[{path}], studio, performers, tags, details,
    date, updated_at (RFC 3339, epoch seconds or a datetime); a dict without a numeric id is passed
    over. Paths in the other arguments are those of Stash.
    """

    def detect_empty_metadata(
        self, stash_scenes: Iterable[S], plex_items_metadata: Mapping[str, Mapping[str, Any]]
    ) -> list[GapResult[S]]:
        """Scenes with metadata whose item shows none of studio, performers, tags, details, date.

        Args:
            plex_items_metadata: file path → {studio, performers, tags, details, date, …}.
        """
        reason = "Plex shows none of studio, performers, tags, summary and date"
        return [
            GapResult(scene.id, EMPTY_METADATA, told, reason)
            for scene, told in _read(stash_scenes)
            if (is_meaningful(told) if isinstance(told, Scene) else has_meaningful_metadata(told))
            and any(
                (shown := plex_items_metadata.get(file.path)) is not None
                and not has_meaningful_metadata(shown)
                for file in scene.files
            )
        ]

    def detect_stale_syncs(
        self, stash_scenes: Iterable[S], sync_timestamps: Mapping[int, float]
    ) -> list[GapResult[S]]:
        """Scenes synced before their last change in Stash; a newer timestamp is never stale.

        Args:
            sync_timestamps: scene id → epoch seconds.
        """
        gaps: list[GapResult[S]] = []
        for scene, told in _read(stash_scenes) if sync_timestamps else ():
            synced_at = sync_timestamps.get(scene.id)
            if synced_at is not None and synced_at < scene.updated_at:
                reason = "changed in Stash after the last sync"
                gaps.append(GapResult(scene.id, STALE_SYNC, told, reason))
        return gaps

    def detect_missing(
        self,
        stash_scenes: Iterable[S],
        sync_timestamps: Mapping[int, float],
        matched_paths: Set[str],
    ) -> list[GapResult[S]]:
        """Scenes never synced and with no item for any of their files."""
        return [
            GapResult(scene.id, MISSING, told, "no item in Plex for any of its files")
            for scene, told in _read(stash_scenes)
            if scene.files
            and scene.id not in sync_timestamps
            and not any(file.path in matched_paths for file in scene.files)
        ]

    def detect_drift(
        self,
        stash_scenes: Iterable[S],
        records: Mapping[int, Record],
        fingerprints: Mapping[int, str],
        shown: Mapping[int, Mapping[ItemRef, Shown]],
        enabled: frozenset[str],
        *,
        respect_overlays: bool = False,
    ) -> list[GapResult[S]]:
        """Scenes whose items exist but were never written, or no longer are as they were left.

        Args:
            records: what was last applied, by scene id.
            fingerprints: the digest of what is desired now, by the ids of scenes with a record.
            shown: the items that a scene owns, as Plex shows them, by scene id.
            enabled: the synced fields.
            respect_overlays: see `core.planning.drift.picture_moved`.
        """
        gaps = []
        for scene, told in _read(stash_scenes):
            items = shown.get(scene.id)
            if not items:
                continue
            wanted = fingerprints.get(scene.id, "")
            drift = drift_of(
                records.get(scene.id), wanted, items, enabled, respect_overlays=respect_overlays
            )
            if drift is not None:
                gaps.append(GapResult(scene.id, DRIFT, told, drift.reason, drift.fields))
        return gaps


def _read(scenes: Iterable[S]) -> Iterator[tuple[Scene, S]]:
    """Each scene beside what was told of it."""
    reader = SceneReader()
    for told in scenes:
        scene = told if isinstance(told, Scene) else reader.read(told)
        if scene is not None:
            yield scene, told
