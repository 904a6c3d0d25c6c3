"""How long a job waits after a failure."""

from __future__ import annotations

FIRST_DELAY = 30.0  # seconds
LONGEST_DELAY = 3600.0


def delay(attempts: int, jitter: float) -> float:
    """Seconds until the next try: doubling from 30 s to an hour, spread by `jitter`.

    Args:
        attempts: failures so far, at least 1.
        jitter: a random number in [0, 1); the delay is between half and all of the full one, so
            that jobs which failed together do not come back together, nor at once.
    """
    full = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(max(attempts - 1, 0), 32))
    return full * (0.5 + 0.5 * jitter)
