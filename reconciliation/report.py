"""Tells people which scenes were left out, why, and what they can do: log, reply, kept report."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from core.matching.pins import Pin
from core.matching.prefix_votes import LearnedPair
from core.matching.reasons import (
    Doubt,
    IgnoredPin,
    Loss,
    Outside,
    Refused,
    doubt,
    losses,
    outside,
)
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
LOGGED = 10  # lines of all kinds in the log, but for the fewest of each
FEWEST = 2
SUGGESTED = 10  # pairs
Entry = Doubt | Loss | Outside | Refused | IgnoredPin
# How each kind of entry is told, and what those are that the log has no room for.
_WORDS: Mapping[str, tuple[int, str, str]] = {
    "ambiguous": (logging.INFO, "scene %d is ambiguous: %s", "ambiguous scenes"),
    "contested": (logging.INFO, "scene %d is left out: %s", "items of other scenes"),
    "outside": (logging.INFO, "scene %d is outside: %s", "scenes outside every library"),
    "refused": (logging.WARNING, "scene %d is not as it should be: %s", "such scenes"),
    "ignored_pins": (logging.WARNING, "the pin of scene %d %s", "pins that were ignored"),
}


@dataclass(frozen=True, slots=True)
class MatchReport:
    """What a run has to tell of single scenes, by kind, and of folders."""

    entries: Mapping[str, Sequence[Entry]]
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
        entries: dict[str, Sequence[Entry]] = {
            "ambiguous": [doubt(i, low, titles) for i, low in sorted(findings.ambiguous.items())],
            "contested": [
                loss
                for scene, contests in sorted(findings.contested.items())
                for loss in losses(scene, contests, titles)
            ],
            "outside": [
                outside(scene, file.path, reach.places(file.path))
                for scene, gap in sorted(findings.outside.items())
                for file in gap.scene_data.files[:1]
            ],
            "refused": [Refused(i, gap.reason) for i, gap in sorted(findings.refused.items())],
            "ignored_pins": [
                IgnoredPin(
                    pin.scene_id, titles.get(pin.ref.section, pin.ref.section), pin.ref.key, why
                )
                for pin, why in ignored_pins
            ],
        }
        return cls(entries, suggested[:SUGGESTED])

    def tell(self, result: GapDetectionResult) -> None:
        """Tell the log, and put as much into the reply as it takes."""
        logged = max(FEWEST, LOGGED // max(1, sum(map(bool, self.entries.values()))))
        for kind, (level, text, what) in _WORDS.items():
            entries = self.entries[kind]
            for entry in entries[:logged]:
                log.log(level, text, entry.scene_id, entry)
            if len(entries) > logged:
                log.info("and %d more %s", len(entries) - logged, what)
        if self.suggested:
            log.info(
                "matches show in which folders Plex has the files; 'Path map' could say so: %s",
                "; ".join(f"'{pair.setting}' ({pair.scenes} scenes)" for pair in self.suggested),
            )
        result.details = self._as_json(DETAILS)

    def keep(self, state: State, at: float) -> None:
        """Keep it until the next full run."""
        counts = {f"{kind}_count": len(entries) for kind, entries in self.entries.items()}
        state.set_value(REPORT, {"at": at, **counts, **self._as_json(KEPT)})

    def _as_json(self, most: int) -> dict[str, list[dict[str, Any]]]:
        told = {
            kind: [asdict(entry) for entry in entries[:most]]
            for kind, entries in self.entries.items()
        }
        pairs = [{"setting": pair.setting, "scenes": pair.scenes} for pair in self.suggested]
        return {**told, "suggested_path_map": pairs}
