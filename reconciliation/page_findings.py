"""Keeps what a run has found of single scenes, for people to look at."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core import paths
from core.fields import TITLE, listed_value
from core.finding_types import AMBIGUOUS, CONTESTED, DRIFT, IGNORED, OUTSIDE, REFUSED
from core.matching.reasons import LostItem, outside
from core.models import ListedItem
from core.paths import lies_in_any
from core.quality_gate import NOT_YET
from plex.library import PlexSnapshot
from reconciliation.detection_pass import Sweep
from reconciliation.detection_state import DetectionState, ToldScene
from reconciliation.enqueueing import Reach
from reconciliation.result import GapDetectionResult
from storage.page.findings import Finding, Item
from storage.page.orphans import Orphan
from storage.page.page_facts import LAST
from storage.page.page_file import PageFile
from storage.state_tables.verdicts import GapOutcome

log = logging.getLogger(__name__)

NOT_LISTED = "Plex does not list library {!r} any more, which has its item"
IGNORED_WHY = "ignored: left alone until you say otherwise"


@dataclass(frozen=True, slots=True)
class PageFindings:
    """What a run has found, once all is judged."""

    sweep: Sweep
    side: PlexSnapshot
    reach: Reach
    result: GapDetectionResult

    def keep(
        self, data_dir: Path, at: float, orphans: Iterable[Sequence[ListedItem]] | None
    ) -> None:
        """Keep it in the place of what was known of the scenes that were seen.

        Args:
            at: now, epoch seconds.
            orphans: the items that are no scene's, some at a time; None: not everything was seen.
        """
        with PageFile(data_dir, log.warning) as page:
            if orphans is None:
                page.findings.replace(self.sweep.seen, self._findings())
                return
            listed = (self._orphan(item) for some in orphans for item in some)
            page.findings.replace_all(self._findings(), listed)
            page.set_value(LAST, self._last(at))

    def keep_some(self, data_dir: Path, at: float) -> None:
        """The same where all other scenes are as they were."""
        with PageFile(data_dir, log.warning) as page:
            page.findings.replace(self.sweep.seen, self._findings())
            page.set_value(LAST, self._last(at))

    def _last(self, at: float) -> dict[str, Any]:
        result = self.result
        return {
            "at": at,
            "scenes": result.scenes_checked,
            "left_alone": result.ungated_count + result.skipped_unorganized,
            "libraries": {key: section.title for key, section in self.side.sections.items()},
        }

    def _findings(self) -> Iterator[Finding]:
        """One of each scene that there is anything to say of: the more telling one."""
        found = self.sweep.findings
        for rows in found.scenes.batches():
            said = _Said(found, list(rows))
            for scene_id, row in rows.items():
                told = ToldScene(*row)
                finding = said.of(scene_id, told, self.reach, partial(self._told, scene_id, told))
                if finding is not None:
                    yield finding

    def _told(self, scene_id: int, told: ToldScene, kind: str, **more: Any) -> Finding:
        path = told.paths[0] if told.paths else ""
        return Finding(
            scene_id,
            kind,
            told.title or paths.stem(path),
            path,
            studio=told.studio,
            library=self._library(path, told),
            updated_at=told.updated_at,
            items=tuple([Item(*item) for item in told.items]),
            **more,
        )

    def _library(self, path: str, told: ToldScene) -> str:
        """The library of a scene: that of its item, or that in which its file would be."""
        if told.items:
            return self.side.sections[told.items[0][0]].title
        places = self.reach.places(path) if path else []
        for section in self.side.sections.values():
            if lies_in_any(places, section.locations):
                return section.title
        return ""

    def _orphan(self, item: ListedItem) -> Orphan:
        library = self.side.sections[item.ref.section].title
        path = item.files[0].path if item.files else ""
        title = str(listed_value(item, TITLE) or "")
        return Orphan(*item.ref, library, title, path, item.added_at)


class _Said:
    """What there is to say of some scenes."""

    def __init__(self, found: DetectionState, scene_ids: Sequence[int]) -> None:
        self._found = found
        self._ambiguous = found.ambiguous.of(scene_ids)
        self._contested = found.contested.of(scene_ids)
        self._gaps = found.gaps_of(scene_ids)
        self._outcomes = found.outcomes.of(scene_ids)
        self._altered = found.altered.of(scene_ids)
        self._refused = found.refused.of(scene_ids)
        self._outside = found.outside.of(scene_ids)
        self._unlisted = found.unlisted.of(scene_ids)
        self._ignored = {i for i in scene_ids if i in found.ignored} if found.ignored else set()

    def of(
        self, scene_id: int, told: ToldScene, reach: Reach, finding: Callable[..., Finding]
    ) -> Finding | None:
        """What was found of a scene: its type, why, and what else that type has to tell."""
        if scene_id in self._ignored:
            return finding(IGNORED, reason=IGNORED_WHY)
        known = self._ambiguous.get(scene_id)
        if known is not None:
            why = f"{known['why']}. What you can do: {known['remedy']}"
            return finding(AMBIGUOUS, reason=why, candidates=tuple(known["candidates"]))
        losses = self._contested.get(scene_id)
        lost = "; ".join(str(LostItem(**row)) for row in losses) if losses else ""
        if lost and scene_id in self._found.itemless:
            return finding(CONTESTED, reason=lost)
        if scene_id in self._gaps:
            gap = self._gaps[scene_id][0]
            says_enough = self._outcomes.get(scene_id) != GapOutcome.UNGATED
            return finding(
                gap.gap_type,
                reason=gap.reason if says_enough else f"{gap.reason}. {NOT_YET}",
                altered=tuple(self._altered.get(scene_id, ())) if gap.gap_type == DRIFT else (),
                says_enough=says_enough,
            )
        if lost:
            return finding(CONTESTED, reason=lost)
        if scene_id in self._refused:
            return finding(REFUSED, reason=self._refused[scene_id])
        if scene_id in self._unlisted:
            return finding(OUTSIDE, reason=NOT_LISTED.format(self._unlisted[scene_id]))
        if scene_id in self._outside:
            path = told.paths[0]
            return finding(OUTSIDE, reason=str(outside(scene_id, path, reach.places(path))))
        return None
