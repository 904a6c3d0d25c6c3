"""Whether items still show what they were left at; those that a listing cannot tell of wait.

What has to be read whole for that is read many items at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.desired import SyncPolicy, fingerprint
from core.finding_types import DRIFT
from core.models import FullItem, ItemRef, ListedItem, Scene
from core.planning.drift import (
    Shown,
    altered_fields,
    is_in_doubt,
    needs_full_read,
    picture_moved,
    refused_fields,
)
from core.records import Record
from plex.full_items import FullItems
from reconciliation.detection_state import DetectionState, SceneItems
from reconciliation.detector import Gap, GapDetector, GapResult
from storage.state import State

FULL_READ = 100  # items read whole in one request


@dataclass(frozen=True, slots=True)
class _Pending:
    """A scene to be judged, with the items that it owns."""

    scene: Scene
    record: Record | None
    items: Mapping[ItemRef, ListedItem]


class DriftCheck:
    """Judges scenes for drift, and notes the gaps.

    Args:
        read_full: brings whole items by their rating keys (many per request).
        unproven: items that were written to without a record of it. Two changes within a second
            leave an item with one and the same time.
        state: is told of items that moved since our read-back but still show what they should.
    """

    def __init__(
        self,
        sync_policy: SyncPolicy,
        read_full: Callable[[Sequence[str]], FullItems],
        unproven: Container[ItemRef],
        state: State,
        findings: DetectionState,
    ) -> None:
        self._sync_policy = sync_policy
        self._read_full = read_full
        self._unproven = unproven
        self._state = state
        self._findings = findings
        self._detector = GapDetector()
        self._pending: dict[int, _Pending] = {}
        self._to_read: dict[str, int] = {}  # rating key -> the scene that waits for it

    def add(self, scene: Scene, record: Record | None, items: Mapping[ItemRef, ListedItem]) -> None:
        """Take in a scene with the items that it owns."""
        self._pending[scene.id] = _Pending(scene, record, items)
        for item in record.items if record is not None else ():
            if item.ref not in items:
                continue
            listed = items[item.ref]
            if is_in_doubt(item, listed, self._sync_policy.enabled):
                self._findings.in_doubt.add(scene.id)
            elif item.ref not in self._unproven and not needs_full_read(item, listed):
                continue
            self._to_read[item.ref.key] = scene.id
            self._findings.read_whole.add(scene.id)

    def forget(self, scene_ids: Iterable[int]) -> None:
        """Forget scenes that are about to be judged again."""
        gone = self._pending.keys() & set(scene_ids)
        if gone:
            self._pending = {i: each for i, each in self._pending.items() if i not in gone}
            self._to_read = {key: i for key, i in self._to_read.items() if i not in gone}

    def judge(self) -> list[SceneItems]:
        """Judge what can be judged by now; returns the scenes that there is something to say of."""
        if len(self._to_read) >= FULL_READ:
            return self.finish()
        waiting = set(self._to_read.values())
        return self._judge([i for i in self._pending if i not in waiting], {})

    def finish(self) -> list[SceneItems]:
        """The same of all: read what has to be read whole, and judge what waited for it."""
        full = self._read_full(list(self._to_read)) if self._to_read else FullItems()
        self._findings.unread.update({self._to_read[k]: why for k, why in full.unreadable.items()})
        self._to_read.clear()
        return self._judge(list(self._pending), full)

    def _judge(self, ids: Sequence[int], full: Mapping[str, FullItem]) -> list[SceneItems]:
        pending = {scene_id: self._pending.pop(scene_id) for scene_id in ids}
        shown: dict[int, Mapping[ItemRef, Shown]] = {
            i: {ref: full.get(ref.key, item) for ref, item in each.items.items()}
            if full
            else each.items
            for i, each in pending.items()
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
        drifted = {gap.scene_id for gap in gaps}
        refused = list(self._refused(records, pending, drifted))
        found = self._findings
        found.put(found.drift, gaps)
        found.put(found.refused, refused)
        self._confirm(records, shown)
        return [
            (pending[gap.scene_id].scene, pending[gap.scene_id].items.values())
            for gap in (*gaps, *refused)
        ]

    def _refused(
        self,
        records: Mapping[int, Record],
        pending: Mapping[int, _Pending],
        drifted: Collection[int],
    ) -> Iterator[Gap]:
        """Scenes that are as they were left, but not all of what they want was taken."""
        for scene_id, record in records.items():
            names = refused_fields(record, self._sync_policy.enabled)
            if names and scene_id not in drifted:
                why = f"Plex did not take {', '.join(names)} when it was written last"
                yield GapResult(scene_id, DRIFT, pending[scene_id].scene, why)

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
            self._state.records.touch_items(confirmed)
