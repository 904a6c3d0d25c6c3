"""Whether items still show what they were left at; those that a listing cannot tell of wait.

What has to be read whole for that is read many items at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.desired import SyncPolicy, fingerprint
from core.models import FullItem, ItemRef, Scene
from core.planning.drift import (
    Shown,
    altered_fields,
    needs_full_read,
    picture_moved,
    refused_fields,
)
from core.records import Record
from plex.full_items import FullItems
from plex.library import PlexSnapshot
from reconciliation.detection_state import DetectionState
from reconciliation.detector import DRIFT, GapDetector, GapResult

FULL_READ = 100  # items read whole in one request


@dataclass(frozen=True, slots=True)
class _Pending:
    """A scene to be judged, with the items that it owns."""

    scene: Scene
    record: Record | None
    owned: Sequence[ItemRef]


class DriftCheck:
    """Judges scenes for drift, and notes the gaps.

    Args:
        read_full: brings whole items by their rating keys (many per request).
        on_confirmed: told items that moved since our read-back but still show what they should,
            with the scene that owns them and their new `updatedAt`.
    """

    def __init__(
        self,
        side: PlexSnapshot,
        sync_policy: SyncPolicy,
        read_full: Callable[[Sequence[str]], FullItems],
        on_confirmed: Callable[[list[tuple[int, ItemRef, int | None]]], None],
        findings: DetectionState,
    ) -> None:
        self._side = side
        self._sync_policy = sync_policy
        self._read_full = read_full
        self._on_confirmed = on_confirmed
        self._findings = findings
        self._detector = GapDetector()
        self._pending: dict[int, _Pending] = {}
        self._to_read: dict[str, int] = {}  # rating key -> the scene that waits for it

    def add(self, scene: Scene, record: Record | None, owned: Sequence[ItemRef]) -> None:
        """Take in a scene."""
        self._pending[scene.id] = _Pending(scene, record, owned)
        for item in record.items if record is not None else ():
            if item.ref in owned and needs_full_read(item, self._side.items[item.ref]):
                self._to_read[item.ref.key] = scene.id

    def forget(self, scene_id: int) -> None:
        """Forget a scene that is about to be judged again."""
        if self._pending.pop(scene_id, None) is not None:
            self._to_read = {key: i for key, i in self._to_read.items() if i != scene_id}

    def judge(self) -> None:
        """Judge what can be judged by now."""
        if len(self._to_read) >= FULL_READ:
            self.finish()
        else:
            waiting = set(self._to_read.values())
            self._judge([i for i in self._pending if i not in waiting], {})

    def finish(self) -> None:
        """Read what has to be read whole, and judge the scenes that waited for it."""
        full = self._read_full(list(self._to_read)) if self._to_read else FullItems()
        self._findings.unread.update({self._to_read[k]: why for k, why in full.unreadable.items()})
        self._to_read.clear()
        self._judge(list(self._pending), full)

    def _judge(self, ids: Sequence[int], full: Mapping[str, FullItem]) -> None:
        pending = {scene_id: self._pending.pop(scene_id) for scene_id in ids}
        shown = {
            scene_id: {ref: full.get(ref.key, self._side.items[ref]) for ref in each.owned}
            for scene_id, each in pending.items()
        }
        records = {i: each.record for i, each in pending.items() if each.record is not None}
        # Without a record it is a gap whatever it wants.
        wanted = {i: fingerprint(self._sync_policy.of(pending[i].scene)) for i in records}
        gaps = self._detector.detect_drift(
            [each.scene for each in pending.values()],
            records,
            wanted,
            shown,
            self._sync_policy.enabled,
            respect_overlays=self._sync_policy.respect_overlays,
        )
        self._findings.drift |= {gap.scene_id: gap for gap in gaps}
        self._note_refused(records, pending)
        self._confirm(records, shown)

    def _note_refused(self, records: Mapping[int, Record], pending: Mapping[int, _Pending]) -> None:
        """Scenes that are as they were left, but not all of what they want was taken."""
        for scene_id, record in records.items():
            names = refused_fields(record, self._sync_policy.enabled)
            if names and scene_id not in self._findings.drift:
                why = f"Plex did not take {', '.join(names)} when it was written last"
                gap = GapResult(scene_id, DRIFT, pending[scene_id].scene, why)
                self._findings.refused[scene_id] = gap

    def _confirm(
        self, records: Mapping[int, Record], shown: Mapping[int, Mapping[ItemRef, Shown]]
    ) -> None:
        """Remember items that moved but still show what they should: not to be read again."""
        respects = self._sync_policy.respect_overlays
        confirmed = [
            (scene_id, item.ref, view.updated_at)
            for scene_id, record in records.items()
            for item in record.items
            if isinstance(view := shown[scene_id].get(item.ref), FullItem)
            and view.updated_at != item.updated_at
            and not altered_fields(item, view, self._sync_policy.enabled)
            and not picture_moved(record, view, respect_overlays=respects)
        ]
        if confirmed:
            self._on_confirmed(confirmed)
