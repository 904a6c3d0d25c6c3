"""What a reconcile found and did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from reconciliation.detection_state import DetectionState

DETAILS = 100  # entries of each kind that a reply tells
# What is told of single scenes, and of folders.
TOLD = ("ambiguous", "contested", "outside", "refused", "ignored_pins", "suggested_path_map")
Details = Mapping[str, list[dict[str, Any]]]


@dataclass(slots=True)
class GapDetectionResult:
    """The figures of one run.

    Attributes:
        total_gaps: what can be repaired by a job: empty + stale + missing + vanished + drift.
            A scene may count under several types, but is enqueued once.
        scenes_with_gaps: the scenes that have gaps of the types asked for, each once.
        scenes_to_sync: those of them for which a job is enqueued, or would be with a queue. The
            others are among skipped_already_queued, skipped_no_metadata, skipped_dead and
            skipped_unmatched: ambiguous, contested, outside, or without a file.
        ungated_count: scenes below the quality gate that were never synced: no gaps, though counted
            in skipped_no_metadata.
        missing_count: never synced, and no item; without those counted in `outside_count`.
        vanished_count: synced once, and its item has gone from Plex since.
        outside_count: no item, and no file below any location of the synced sections.
        unlisted: of libraries that were synced and that Plex does not list any more, by title: how
            many scenes have their item there. They are left alone.
        ambiguous_count: several items fit, or too little evidence; never guessed.
        contested_count: scenes whose item belongs to another scene with better evidence.
        orphan_count: items that no scene's file matches (full runs only).
        skipped_dead: missing scenes given up on before, with nothing new that would help.
        skipped_unorganized: scenes left alone because `organized_only` is on.
        undone_count: scenes that the user undid, left alone until Stash says something else.
        ignored_count: scenes that the user wants to be left alone.
        refused_count: scenes of which Plex has not taken everything when it was written last. They
            get no job until Stash or Plex says something else.
        in_order_count: scenes with nothing to do and nothing to tell; with those that have gaps of
            any type and those that are left alone they are all that were checked.
        scenes_spared: scenes that were not read whole, since nothing of them has changed.
        partial: a server went away, so the figures are those of what was seen until then.
        errors: sentences for people; empty after a run that saw everything.
        details: what is told of single scenes, at most `DETAILS` of each kind. `as_dict` has each
            kind under its name: ambiguous, contested, outside: why scenes were left out, and what
            would help, as `core.matching.reasons` has them; refused: {scene_id, why};
            ignored_pins: {scene_id, library, rating_key, why} of pins that could not be used;
            suggested_path_map: {setting, scenes}: pairs that matches imply and `path_map` does not
            say, with how many scenes agree (full runs only).
    """

    empty_metadata_count: int = 0
    stale_sync_count: int = 0
    missing_count: int = 0
    total_gaps: int = 0
    enqueued_count: int = 0
    skipped_already_queued: int = 0
    skipped_no_metadata: int = 0
    scenes_checked: int = 0
    errors: list[str] = field(default_factory=list)
    drift_count: int = 0
    vanished_count: int = 0
    outside_count: int = 0
    ambiguous_count: int = 0
    contested_count: int = 0
    orphan_count: int = 0
    scenes_with_gaps: int = 0
    scenes_to_sync: int = 0
    skipped_unmatched: int = 0
    ungated_count: int = 0
    skipped_dead: int = 0
    skipped_unorganized: int = 0
    undone_count: int = 0
    ignored_count: int = 0
    refused_count: int = 0
    in_order_count: int = 0
    items_listed: int = 0
    plex_requests: int = 0
    scenes_spared: int = 0
    unlisted: dict[str, int] = field(default_factory=dict)
    partial: bool = False
    details: Details = field(default_factory=lambda: {kind: [] for kind in TOLD})

    def as_dict(self) -> dict[str, Any]:
        """The figures by name, as a task replies with them."""
        figures = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**figures, **figures.pop("details")}

    def figures(self) -> dict[str, Any]:
        """The same without what is told of single scenes, as the history of runs keeps them."""
        return brief(self.as_dict())

    def count(self, found: DetectionState) -> None:
        """Set the counts of scenes, once all gaps are sorted."""
        self.empty_metadata_count = len(found.empty)
        self.stale_sync_count = len(found.stale)
        self.missing_count = len(found.missing)
        self.vanished_count = len(found.vanished)
        self.drift_count = len(found.drift)
        self.ambiguous_count = len(found.ambiguous)
        self.contested_count = len(found.contested)
        self.skipped_unorganized = len(found.unorganized)
        self.undone_count = len(found.undone)
        self.ignored_count = len(found.ignored)
        self.refused_count = len(found.refused)
        unlisted = (title for some in found.unlisted.batches() for title in some.values())
        self.unlisted = dict(Counter(unlisted))
        concerned = len(found.concerned())
        self.in_order_count = self.scenes_checked - concerned - self.ungated_count

    def add_up(self) -> None:
        """Set `total_gaps` from the counts."""
        self.total_gaps = (
            self.empty_metadata_count
            + self.stale_sync_count
            + self.missing_count
            + self.vanished_count
            + self.drift_count
        )


def brief(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures without what is told of single scenes."""
    return {name: value for name, value in figures.items() if name not in TOLD}
