"""The pure gap detectors: data in, gaps out, no request, no clock.

They speak the wire shape of Stash (dicts with string ids), so that anything which can fetch scenes
can use them. A scene counts through any of its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from core.models import ItemRef, Record
from core.planning.drift import Shown, drift_reason
from core.text import says_something
from core.timestamps import parse_timestamp

EMPTY_METADATA = "empty_metadata"
STALE_SYNC = "stale_sync"
MISSING = "missing"
DRIFT = "drift"

SceneData = dict[str, Any]
_MEANINGFUL = ("studio", "performers", "tags", "details", "date")


@dataclass(frozen=True, slots=True)
class GapResult:
    """One gap. `scene_data` is the scene as Stash told it; `reason` is for people."""

    scene_id: int
    gap_type: str
    scene_data: SceneData
    reason: str


def has_meaningful_metadata(data: Mapping[str, Any]) -> bool:
    """Whether any of studio, performers, tags, details, date is there.

    The quality gate of the contract: a rating or a title alone is not enough, since empty values
    clear what Plex has. Blank and invisible text is no metadata.
    """
    for name in _MEANINGFUL:
        value = data.get(name)
        if value and (not isinstance(value, str) or says_something(value)):
            return True
    return False


def scene_id_of(scene: Mapping[str, Any]) -> int | None:
    """A scene's id as a number; None for what is no number (ids are strings on the wire)."""
    try:
        return int(scene["id"])
    except (KeyError, TypeError, ValueError):
        return None


def paths_of(scene: Mapping[str, Any]) -> list[str]:
    """The paths of all files of a scene, primary first."""
    return [file["path"] for file in scene.get("files") or () if file.get("path")]


class GapDetector:
    """Finds gaps in data that has already been fetched.

    `stash_scenes` are scene dicts: id, files[{path}], studio, performers, tags, details, date,
    updated_at. Paths in the other arguments are those of Stash.
    """

    def detect_empty_metadata(
        self,
        stash_scenes: Iterable[SceneData],
        plex_items_metadata: Mapping[str, Mapping[str, Any]],
    ) -> list[GapResult]:
        """Scenes with metadata whose item shows none of studio, performers, tags, details, date.

        Args:
            plex_items_metadata: file path → {studio, performers, tags, details, date, …}.
        """
        gaps = []
        for scene_id, scene in _identified(stash_scenes):
            shown = [plex_items_metadata[p] for p in paths_of(scene) if p in plex_items_metadata]
            empty = any(not has_meaningful_metadata(item) for item in shown)
            if empty and has_meaningful_metadata(scene):
                reason = "Plex shows none of studio, performers, tags, summary and date"
                gaps.append(GapResult(scene_id, EMPTY_METADATA, scene, reason))
        return gaps

    def detect_stale_syncs(
        self, stash_scenes: Iterable[SceneData], sync_timestamps: Mapping[int, float]
    ) -> list[GapResult]:
        """Scenes synced before their last change in Stash; a newer timestamp is never stale.

        Args:
            sync_timestamps: scene id → epoch seconds.
        """
        gaps = []
        for scene_id, scene in _identified(stash_scenes):
            synced_at = sync_timestamps.get(scene_id)
            if synced_at is None:
                continue
            updated_at = parse_timestamp(scene.get("updated_at"))
            if updated_at is not None and synced_at < updated_at:
                reason = f"changed in Stash after the last sync ({scene['updated_at']})"
                gaps.append(GapResult(scene_id, STALE_SYNC, scene, reason))
        return gaps

    def detect_missing(
        self,
        stash_scenes: Iterable[SceneData],
        sync_timestamps: Mapping[int, float],
        matched_paths: Set[str],
    ) -> list[GapResult]:
        """Scenes never synced and with no item for any of their files."""
        return [
            GapResult(scene_id, MISSING, scene, "no item in Plex for any of its files")
            for scene_id, scene in _identified(stash_scenes)
            if paths_of(scene)
            and scene_id not in sync_timestamps
            and not any(path in matched_paths for path in paths_of(scene))
        ]

    def detect_drift(
        self,
        stash_scenes: Iterable[SceneData],
        records: Mapping[int, Record],
        fingerprints: Mapping[int, str],
        shown: Mapping[int, Mapping[ItemRef, Shown]],
        enabled: frozenset[str],
    ) -> list[GapResult]:
        """Scenes whose items exist but were never written, or no longer are as they were left.

        Args:
            records: what was last applied, by scene id.
            fingerprints: the digest of what is desired now, by scene id.
            shown: the items that a scene owns, as Plex shows them, by scene id.
            enabled: the synced fields.
        """
        gaps = []
        for scene_id, scene in _identified(stash_scenes):
            items = shown.get(scene_id)
            if not items:
                continue
            wanted = fingerprints[scene_id]
            reason = drift_reason(records.get(scene_id), wanted, items, enabled)
            if reason is not None:
                gaps.append(GapResult(scene_id, DRIFT, scene, reason))
        return gaps


def _identified(scenes: Iterable[SceneData]) -> Iterator[tuple[int, SceneData]]:
    for scene in scenes:
        scene_id = scene_id_of(scene)
        if scene_id is not None:
            yield scene_id, scene
