"""The pauses between two tries while a server is down."""

from __future__ import annotations

from core.backoff import growing

# Seconds. All arrives within a minute of a recovery, so none may be much longer than half of it.
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 2.0, 30.0, 1.5
# The longest after which work is tried again that has failed though the server answers.
LONGEST_STALL = 300.0


def pause(failures: int, jitter: float, longest: float = LONGEST_PAUSE) -> float:
    """Seconds until the next try.

    Args:
        failures: in a row, at least 1.
        jitter: as of `core.backoff.growing`.
        longest: seconds, at most.
    """
    return growing(FIRST_PAUSE, GROWTH, failures, longest, jitter)
