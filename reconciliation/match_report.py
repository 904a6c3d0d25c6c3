"""Tells people which scenes were left out, why, and what they can do: log, reply, kept report."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from core.matching.pins import Pin
from core.matching.prefix_votes import LearnedPair
from core.matching.reasons import (
    Doubt,
    IgnoredPin,
    LostItem,
    Outside,
    Refused,
    doubt_of,
    outside,
)
from plex.library import PlexSnapshot
from reconciliation.detection_state import DetectionState
from reconciliation.enqueueing import Reach
from reconciliation.result import DETAILS, TOLD, GapDetectionResult
from storage.files.json_checks import Maybe
from storage.files.scratch import Spool
from storage.key_value import Key
from storage.state import State

T = TypeVar("T")
log = logging.getLogger(__name__)

# The report of the last full run.
REPORT: Key[Mapping[str, Any]] = Key(
    "match_report",
    MappingProxyType({}),
    {
        **dict.fromkeys(TOLD, Maybe([{}])),
        "ambiguous": Maybe([{"scene_id": int, "candidates": [{"rating_key": str, "path": str}]}]),
    },
    encode=dict,
)
KEPT = 500  # entries of each kind in it
LOGGED = 10  # lines of all kinds in the log, but for the fewest of each
FEWEST = 2
SUGGESTED = 10  # pairs
Entry = Doubt | LostItem | Outside | Refused | IgnoredPin
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
    """What a run has to tell of single scenes, by kind, and of folders.

    Attributes:
        entries: as many of each kind as are kept.
        counts: how many there are of each.
    """

    entries: Mapping[str, Sequence[Entry]]
    counts: Mapping[str, int]
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
        pins = [
            IgnoredPin(pin.scene_id, titles.get(pin.ref.section, pin.ref.section), pin.ref.key, why)
            for pin, why in ignored_pins
        ]
        contested = findings.contested
        entries: dict[str, Sequence[Entry]] = {
            "ambiguous": [doubt_of(row) for row in _some(findings.ambiguous).values()],
            "contested": [LostItem(**row) for rows in _some(contested).values() for row in rows][
                :KEPT
            ],
            "outside": [
                outside(scene_id, told.paths[0], reach.places(told.paths[0]))
                for scene_id, told in findings.told(_some(findings.outside)).items()
            ],
            "refused": [Refused(i, reason) for i, reason in _some(findings.refused).items()],
            "ignored_pins": pins[:KEPT],
        }
        counts = {
            "ambiguous": len(findings.ambiguous),
            "contested": sum(len(v) for some in contested.batches() for v in some.values()),
            "outside": len(findings.outside),
            "refused": len(findings.refused),
            "ignored_pins": len(pins),
        }
        return cls(entries, counts, suggested[:SUGGESTED])

    def tell(self, result: GapDetectionResult) -> None:
        """Tell the log, and put as much into the reply as it takes."""
        logged = max(FEWEST, LOGGED // max(1, sum(map(bool, self.entries.values()))))
        for kind, (level, text, what) in _WORDS.items():
            entries = self.entries[kind]
            for entry in entries[:logged]:
                log.log(level, text, entry.scene_id, entry)
            if self.counts[kind] > logged:
                log.info("and %d more %s", self.counts[kind] - logged, what)
        if self.suggested:
            log.info(
                "matches show in which folders Plex has the files; 'Path map' could say so: %s",
                "; ".join(f"'{pair.setting}' ({pair.scenes} scenes)" for pair in self.suggested),
            )
        result.details = self._as_json(DETAILS)

    def keep(self, state: State, at: float) -> None:
        """Keep it until the next full run."""
        counts = {f"{kind}_count": count for kind, count in self.counts.items()}
        state.set_value(REPORT, {"at": at, **counts, **self._as_json(KEPT)})

    def _as_json(self, most: int) -> dict[str, list[dict[str, Any]]]:
        told = {
            kind: [asdict(entry) for entry in entries[:most]]
            for kind, entries in self.entries.items()
        }
        pairs = [{"setting": pair.setting, "scenes": pair.scenes} for pair in self.suggested]
        return {**told, "suggested_path_map": pairs}


def _some(found: Spool[T]) -> dict[int, T]:
    return next(found.batches(KEPT), {})
