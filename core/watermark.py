"""What Stash has changed since it was last asked: a watermark over `updated_at` and ids. Pure.

Stash writes whole seconds, and a change may be committed after a later one was seen. So changes of
a short time before the watermark are looked at as well, and those that were seen are remembered.
What was touched just when it was seen counts as not seen: a second change in the same second leaves
the same time. A watermark in the future tells that the clock was set back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

OVERLAP = 30.0  # seconds
AHEAD = 86_400.0  # seconds by which the clocks of two machines may differ
SETTLED = 2.0  # seconds after which another change has another time
BACK = 86_400.0  # seconds that are looked at again after the clock was set back

Touched = tuple[int, float]  # the id of a scene, and its `updated_at` (epoch seconds)


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far Stash's changes are known.

    Attributes:
        at: the latest `updated_at` that was seen and did not lie in the future.
        last_id: the highest id that was seen: what is imported keeps its old times.
        seen: the scenes touched since shortly before `at`, by when.
    """

    at: float
    last_id: int
    seen: Mapping[int, float] = field(default_factory=dict)

    def since(self, now: float) -> float:
        """The time from which on changes are looked at."""
        return now - BACK if self.at > now else self.at - OVERLAP

    def fresh(self, touched: Iterable[Touched], now: float) -> dict[int, float]:
        """Those that were not seen before."""
        since = self.since(now)
        return {
            scene: at
            for scene, at in touched
            if (at >= since or scene > self.last_id) and self.seen.get(scene) != at
        }

    def after(self, touched: Iterable[Touched], now: float) -> Watermark:
        """The watermark once these were seen; `now`: when they were asked for."""
        listed = dict(touched)
        at = min(max([self.at, *(each for each in listed.values() if each <= now)]), now)
        seen = {
            scene: touched_at
            for scene, touched_at in {**self.seen, **listed}.items()
            if touched_at >= at - OVERLAP and not is_unsettled(touched_at, now)
        }
        return Watermark(at, max([*listed, self.last_id]), seen)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, for `from_dict`."""
        return {"at": self.at, "last_id": self.last_id, "seen": list(self.seen.items())}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Watermark:
        """What `as_dict` has told."""
        return cls(told["at"], told["last_id"], dict(map(tuple, told["seen"])))


def is_unsettled(at: float, now: float) -> bool:
    """Whether another change may come with the same time."""
    return abs(now - at) < SETTLED
