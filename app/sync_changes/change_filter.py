"""Whether Stash says anything of a scene that was not brought to Plex already.

Told by what we remember of it alone, without asking Plex: most events change nothing that Plex
would show, and a job costs a look at both servers. What was changed in Plex is found by reconcile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.desired import SyncPolicy, fingerprint
from core.models import Scene
from core.records import Record
from storage.state_tables.records import RecordStore


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Sorts out scenes of which there is nothing new to say. One without a record is always new."""

    records: RecordStore
    sync_policy: SyncPolicy

    def not_applied(self, scenes: Sequence[Scene]) -> list[Scene]:
        """Those that want Plex to show something else than what was applied last."""
        summaries = self.records.summaries([scene.id for scene in scenes])
        applied = {scene_id: known.fingerprint for scene_id, known in summaries.items()}
        return [scene for scene in scenes if applied.get(scene.id) != self._wanted(scene)]

    def after_a_scan(self, scenes: Sequence[Scene]) -> list[Scene]:
        """The same, and those with other files, or that Stash has touched since for other reasons:
        its cover is part of no comparison."""
        records = self.records.get_many([scene.id for scene in scenes])
        return [scene for scene in scenes if self._is_new(scene, records.get(scene.id))]

    def _is_new(self, scene: Scene, record: Record | None) -> bool:
        if record is None or record.fingerprint != self._wanted(scene):
            return True
        if record.undone:
            return False  # the worker would leave it alone
        return scene.updated_at > record.scene_updated_at or set(scene.files) != set(record.files)

    def _wanted(self, scene: Scene) -> str:
        return fingerprint(self.sync_policy.of(scene))
