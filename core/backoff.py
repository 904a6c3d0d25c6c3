"""Backoff: for how long a failed job waits until it is tried again."""

from __future__ import annotations

FIRST_DELAY, LONGEST_DELAY = 30.0, 3600.0  # seconds
_MOST = 32  # failures that still make a wait longer


def delay(attempts: int, jitter: float) -> float:
    """Seconds until the next try: doubling from 30 s to an hour, spread by `jitter`.

    Args:
        attempts: failures so far, at least 1.
        jitter: a random number in [0, 1); see `growing`.
    """
    return growing(FIRST_DELAY, 2.0, attempts, LONGEST_DELAY, jitter)


def growing(first: float, factor: float, failures: int, longest: float, jitter: float) -> float:
    """A pause that grows by a factor with each failure, up to the longest.

    It is between half and all of that, as `jitter` in [0, 1) says, so that what failed together
    does not come back together, nor at once.
    """
    steps = min(max(failures - 1, 0), _MOST)
    return min(longest, first * factor**steps) * (0.5 + 0.5 * jitter)
