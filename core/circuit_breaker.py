"""A circuit breaker: whether a service is to be asked after it has failed, and when. Pure.

    closed --5 failures in a row--> open --its pause is over--> half-open --success--> closed
                                      ^-----------failure------------'

While it is half-open, one trial is made at a time. Each failure makes the next pause longer. A
service that answers questions and fails at the work itself is tried less and less often.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from core.backoff import growing
from core.timestamps import not_after

OPENS_AFTER = 5  # failures in a row
# Seconds between two tries while a server is down. All arrives within a minute of a recovery, so
# none may be much longer than half of it.
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 2.0, 30.0, 1.5
# Seconds after which work is tried again, at the latest, that has failed though the server answers.
LONGEST_STALL = 300.0
# Seconds after which a trial of which nothing was heard is over: whoever made it was killed.
TRIAL_SECONDS = 120.0
# Seconds after a recovery in which the service is spared.
RAMP_SECONDS = 30.0
LONGEST_REST = 2.0


def pause(failures: int, jitter: float, longest: float = LONGEST_PAUSE) -> float:
    """Seconds until a server that is down is tried again.

    Args:
        failures: in a row, at least 1.
        jitter: see `core.backoff.growing`.
        longest: seconds, at most.
    """
    return growing(FIRST_PAUSE, GROWTH, failures, longest, jitter)


class BreakerState(Enum):
    """CLOSED: asked as ever. OPEN: not asked. HALF_OPEN: one trial is due."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is remembered of a service. Times are epoch seconds.

    Attributes:
        failures: in a row.
        since: when the first of them was.
        retry_at: before which it is not to be asked again.
        recovered_at: when it last closed after it had been open.
    """

    failures: int = 0
    since: float | None = None
    retry_at: float = 0.0
    recovered_at: float | None = None

    def state(self, now: float) -> BreakerState:
        if self.failures < OPENS_AFTER:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.retry_at else BreakerState.HALF_OPEN

    def failed(self, now: float, jitter: float, longest: float = LONGEST_PAUSE) -> Breaker:
        """The service has failed.

        Args:
            jitter: a random number in [0, 1).
            longest: seconds until the next try, at most.
        """
        failures = self.failures + 1
        since = now if self.since is None else self.since
        retry_at = now + pause(failures, jitter, longest)
        return replace(self, failures=failures, since=since, retry_at=retry_at)

    def succeeded(self, now: float) -> Breaker:
        """The service has answered."""
        was_open = self.failures >= OPENS_AFTER
        return Breaker(recovered_at=now if was_open else self.recovered_at)

    def tried(self, now: float) -> Breaker | None:
        """A trial begins; None where none is due. A closed one takes any number of them."""
        if self.failures < OPENS_AFTER:
            return self
        return replace(self, retry_at=now + TRIAL_SECONDS) if now >= self.retry_at else None

    def seen(self, now: float) -> Breaker:
        """It as it counts now: what was noted by a clock that was ahead counts as noted now, and a
        pause longer than any is over."""
        return replace(
            self,
            since=not_after(now, self.since),
            retry_at=self.retry_at if self.retry_at <= now + LONGEST_STALL else now,
            recovered_at=not_after(now, self.recovered_at),
        )

    def rest(self, now: float, latency: float) -> float:
        """Seconds to leave the service alone after it has done something, just recovered: at first
        as long as that took, then less and less.

        Args:
            latency: seconds that it took.
        """
        if self.failures >= OPENS_AFTER:
            left = 1.0  # on trial
        elif self.recovered_at is None:
            return 0.0
        else:
            left = 1 - (now - self.recovered_at) / RAMP_SECONDS
        return max(0.0, min(left, 1.0)) * min(max(latency, 0.0), LONGEST_REST)
