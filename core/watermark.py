"""What Stash has changed since it was last asked: a watermark over `updated_at` and ids. Pure.

Stash writes whole seconds, and a change may be committed after a later one was seen. So changes of
a short time before the watermark are looked at as well, and those that were seen are remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

OVERLAP = 30.0  # seconds
AHEAD = 86_400.0  # seconds by which clocks may differ: what lies further ahead raises no watermark

Touched = tuple[int, float]  # the id of a scene, and its `updated_at` (epoch seconds)


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far Stash's changes are known.

    Attributes:
        at: the latest `updated_at` that was seen.
        last_id: the highest id that was seen: what is imported keeps its old times.
        seen: the scenes touched since shortly before `at`, by when.
    """

    at: float
    last_id: int
    seen: Mapping[int, float] = field(default_factory=dict)

    @property
    def since(self) -> float:
        """The time from which on changes are looked at."""
        return self.at - OVERLAP

    def fresh(self, touched: Iterable[Touched]) -> dict[int, float]:
        """Those that were not seen before."""
        return {
            scene: at
            for scene, at in touched
            if (at >= self.since or scene > self.last_id) and self.seen.get(scene) != at
        }

    def after(self, touched: Iterable[Touched], now: float) -> Watermark:
        """The watermark once these were seen."""
        listed = dict(touched)
        at = max((at for at in listed.values() if at <= now + AHEAD), default=self.at)
        at = max(at, self.at)
        seen = {s: t for s, t in {**self.seen, **listed}.items() if t >= at - OVERLAP}
        return Watermark(at, max([*listed, self.last_id]), seen)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, for `from_dict`."""
        return {"at": self.at, "last_id": self.last_id, "seen": list(self.seen.items())}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Watermark:
        """What `as_dict` has told."""
        return cls(told["at"], told["last_id"], dict(map(tuple, told["seen"])))
