"""Tells people which scenes were left out, why, and what they can do: log, reply, kept report."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from core.matching.pins import Pin
from core.matching.prefix_votes import LearnedPair
from core.matching.reasons import Doubt, Loss, Outside, doubt, losses, outside
from plex.library import PlexSnapshot
from reconciliation.detection_state import DetectionState
from reconciliation.enqueueing import Reach
from reconciliation.result import DETAILS, GapDetectionResult
from storage.key_value import Key
from storage.shapes import Maybe
from storage.state import State

log = logging.getLogger(__name__)

# The report of the last full run.
REPORT: Key[Mapping[str, Any]] = Key(
    "match_report",
    MappingProxyType({}),
    {"ambiguous": Maybe([{"scene_id": int, "candidates": [{"rating_key": str, "path": str}]}])},
    encode=dict,
)
KEPT = 500  # entries of each kind in it
LOGGED = 20  # lines of each kind in the log
SUGGESTED = 10  # pairs


@dataclass(frozen=True, slots=True)
class MatchReport:
    """Everything about matching that a run has to tell."""

    ambiguous: Sequence[Doubt]
    contested: Sequence[Loss]
    outside: Sequence[Outside]
    ignored_pins: Sequence[Mapping[str, Any]]
    suggested: Sequence[LearnedPair]

    @classmethod
    def of(
        cls,
        findings: DetectionState,
        side: PlexSnapshot,
        reach: Reach,
        suggested: Sequence[LearnedPair],
        ignored_pins: Iterable[tuple[Pin, str]],
    ) -> MatchReport:
        """Put together what a run has found.

        Args:
            suggested: learned pairs that the setting does not say.
            ignored_pins: pins that could not be used, each with the reason.
        """
        titles = {key: section.title for key, section in side.sections.items()}
        return cls(
            [doubt(scene, low, titles) for scene, low in sorted(findings.ambiguous.items())],
            [
                loss
                for scene, contests in sorted(findings.contested.items())
                for loss in losses(scene, contests, titles)
            ],
            [
                outside(scene, file.path, reach.places(file.path))
                for scene, gap in sorted(findings.outside.items())
                for file in gap.scene_data.files[:1]
            ],
            [_ignored(pin, titles, why) for pin, why in ignored_pins],
            suggested[:SUGGESTED],
        )

    def tell(self, result: GapDetectionResult) -> None:
        """Tell the log, and put as much into the reply as it takes."""
        self._log()
        told = self._as_json(DETAILS)
        result.ambiguous = told["ambiguous"]
        result.contested = told["contested"]
        result.outside = told["outside"]
        result.ignored_pins = told["ignored_pins"]
        result.suggested_path_map = told["suggested_path_map"]

    def keep(self, state: State, at: float) -> None:
        """Keep it until the next full run."""
        counts = {
            "ambiguous_count": len(self.ambiguous),
            "contested_count": len(self.contested),
            "outside_count": len(self.outside),
        }
        state.set_value(REPORT, {"at": at, **counts, **self._as_json(KEPT)})

    def _log(self) -> None:
        """The first of each kind in words."""
        _log_some("scene %d is ambiguous: %s", self.ambiguous, "ambiguous scenes")
        _log_some("scene %d is left out: %s", self.contested, "items of other scenes")
        _log_some("scene %d is outside: %s", self.outside, "scenes outside every library")
        for pin in self.ignored_pins[:LOGGED]:
            log.warning(
                "the pin of scene %d to item %s of library %r was ignored: %s",
                pin["scene_id"],
                pin["rating_key"],
                pin["library"],
                pin["why"],
            )
        if self.suggested:
            log.info(
                "matches show in which folders Plex has the files; path_map could say so: %s",
                "; ".join(f"'{pair.setting}' ({pair.scenes} scenes)" for pair in self.suggested),
            )

    def _as_json(self, most: int) -> dict[str, Any]:
        return {
            "ambiguous": [asdict(each) for each in self.ambiguous[:most]],
            "contested": [asdict(each) for each in self.contested[:most]],
            "outside": [asdict(each) for each in self.outside[:most]],
            "ignored_pins": [dict(each) for each in self.ignored_pins[:most]],
            "suggested_path_map": [
                {"setting": pair.setting, "scenes": pair.scenes} for pair in self.suggested
            ],
        }


def _log_some(text: str, entries: Sequence[Doubt | Loss | Outside], what: str) -> None:
    for entry in entries[:LOGGED]:
        log.info(text, entry.scene_id, entry)
    if len(entries) > LOGGED:
        log.info("and %d more %s; the task's reply tells more", len(entries) - LOGGED, what)


def _ignored(pin: Pin, titles: Mapping[str, str], why: str) -> dict[str, Any]:
    return {
        "scene_id": pin.scene_id,
        "library": titles.get(pin.ref.section, pin.ref.section),
        "rating_key": pin.ref.key,
        "why": why,
    }
