"""How long is waited after a failure: before a job is tried again, and before a server is."""

from __future__ import annotations

# Of a job, in seconds.
FIRST_DELAY = 30.0
LONGEST_DELAY = 3600.0
# Of a server that is down, in seconds. All arrives within a minute of a recovery, so no pause may
# be much longer than half of it.
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 2.0, 30.0, 1.5
# The longest after which work is tried again that has failed though the server answers.
LONGEST_STALL = 300.0
_MOST = 32  # failures that still make a pause longer


def delay(attempts: int, jitter: float) -> float:
    """Seconds until a job is tried again: doubling from 30 s to an hour, spread by `jitter`.

    Args:
        attempts: failures so far, at least 1.
        jitter: a random number in [0, 1); the delay is between half and all of the full one, so
            that jobs which failed together do not come back together, nor at once.
    """
    return _spread(min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** _steps(attempts)), jitter)


def pause(failures: int, jitter: float, longest: float = LONGEST_PAUSE) -> float:
    """Seconds until a server that is down is asked again.

    Args:
        failures: in a row, at least 1.
        jitter: as of `delay`.
        longest: seconds, at most.
    """
    return _spread(min(longest, FIRST_PAUSE * GROWTH ** _steps(failures)), jitter)


def _steps(failures: int) -> int:
    return min(max(failures - 1, 0), _MOST)


def _spread(full: float, jitter: float) -> float:
    return full * (0.5 + 0.5 * jitter)
