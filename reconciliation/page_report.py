"""Keeps what a run has found of single scenes, for people to look at."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core import paths
from core.fields import TITLE, listed_value
from core.matching.reasons import doubt, losses, outside
from core.models import ItemRef, ListedItem, Scene
from core.paths import lies_in_any
from core.planning.drift import NEVER_SYNCED
from plex.library import PlexSnapshot
from reconciliation.detection_pass import Sweep
from reconciliation.enqueueing import Reach
from reconciliation.result import GapDetectionResult
from storage.finding_query import AMBIGUOUS, CONTESTED, IGNORED, OUTSIDE, REFUSED
from storage.findings import Finding, Item
from storage.orphans import Orphan
from storage.page_facts import LAST
from storage.page_file import PageFile

log = logging.getLogger(__name__)

# A scene, the type of its finding, why, and its candidates.
Told = tuple[Scene, str, str, tuple[dict[str, Any], ...]]
IGNORED_WHY = "ignored: left alone until you say otherwise"


@dataclass(frozen=True, slots=True)
class PageReport:
    """What a run has found, once all is judged."""

    sweep: Sweep
    side: PlexSnapshot
    reach: Reach
    result: GapDetectionResult

    def keep(self, data_dir: Path, at: float, orphans: Sequence[ItemRef] | None) -> None:
        """Keep it in the place of what was known of the scenes that were seen.

        Args:
            at: now, epoch seconds.
            orphans: the items that are no scene's; None: not everything was seen.
        """
        found = list(self._findings())
        with PageFile(data_dir, log.warning) as page:
            if orphans is None:
                page.findings.replace(self.sweep.seen, found)
                return
            page.findings.replace_all(found, map(self._orphan, orphans))
            result = self.result
            left = result.ungated_count + result.skipped_unorganized
            titles = {key: section.title for key, section in self.side.sections.items()}
            page.set_value(
                LAST,
                {
                    "at": at,
                    "scenes": result.scenes_checked,
                    "left_alone": left,
                    "libraries": titles,
                },
            )

    def _findings(self) -> Iterator[Finding]:
        """One of each scene that there is anything to say of: the first that is."""
        told: dict[int, Told] = {}
        for each in self._told():
            told.setdefault(each[0].id, each)
        items = self._items(told)
        for scene, kind, reason, candidates in told.values():
            yield self._finding(scene, kind, reason, items.get(scene.id, ()), candidates)

    def _told(self) -> Iterator[Told]:
        """What there is to say of scenes, the more telling first."""
        found = self.sweep.findings
        titles = {key: section.title for key, section in self.side.sections.items()}
        for scene_id in sorted(found.ignored):
            yield found.scenes[scene_id], IGNORED, IGNORED_WHY, ()
        for scene_id, low in found.ambiguous.items():
            known = doubt(scene_id, low, titles)
            why = f"{known.why}. What you can do: {known.remedy}"
            candidates = tuple(map(asdict, known.candidates))
            yield found.scenes[scene_id], AMBIGUOUS, why, candidates
        for is_itemless in (True, False):
            for scene_id, contests in found.contested.items():
                if (scene_id in found.itemless) is is_itemless and scene_id in found.scenes:
                    why = "; ".join(map(str, losses(scene_id, contests, titles)))
                    yield found.scenes[scene_id], CONTESTED, why, ()
            if is_itemless:
                for gap in found.repairable():
                    yield gap.scene_data, gap.gap_type, gap.reason, ()
        for gap in found.refused.values():
            yield gap.scene_data, REFUSED, gap.reason, ()
        for scene_id, gap in found.outside.items():
            path = gap.scene_data.files[0].path
            why = str(outside(scene_id, path, self.reach.places(path)))
            yield gap.scene_data, OUTSIDE, why, ()

    def _items(self, scene_ids: Container[int]) -> Mapping[int, Sequence[ListedItem]]:
        """The items that some scenes own."""
        owned: dict[int, list[ListedItem]] = {}
        for ref, scene_id in self.sweep.claims.holders().items():
            if scene_id in scene_ids and ref in self.side.items:
                owned.setdefault(scene_id, []).append(self.side.items[ref])
        return owned

    def _finding(
        self,
        scene: Scene,
        kind: str,
        reason: str,
        items: Sequence[ListedItem],
        candidates: tuple[dict[str, Any], ...],
    ) -> Finding:
        path = scene.files[0].path if scene.files else ""
        return Finding(
            scene.id,
            kind,
            scene.title or paths.stem(path),
            path,
            "it was never synced so far" if reason == NEVER_SYNCED else reason,
            scene.studio.name if scene.studio else "",
            self._library(path, items),
            scene.updated_at,
            tuple(Item(*item.ref, _title(item)) for item in items),
            candidates,
        )

    def _library(self, path: str, items: Sequence[ListedItem]) -> str:
        """The library of a scene: that of its item, or that in which its file would be."""
        if items:
            return self.side.sections[items[0].ref.section].title
        places = self.reach.places(path) if path else []
        for section in self.side.sections.values():
            if lies_in_any(places, section.locations):
                return section.title
        return ""

    def _orphan(self, ref: ItemRef) -> Orphan:
        item = self.side.items[ref]
        library = self.side.sections[ref.section].title
        path = item.files[0].path if item.files else ""
        return Orphan(*ref, library, _title(item), path, item.added_at)


def _title(item: ListedItem) -> str:
    return str(listed_value(item, TITLE) or "")
