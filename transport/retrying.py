"""When a failed exchange is tried again, and after which pause."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable
from typing import TypeVar

from urllib3 import Retry
from urllib3.exceptions import ConnectTimeoutError, HTTPError, InvalidHeader, MaxRetryError

from transport.patience import Patience

T = TypeVar("T")

LONGEST = 60.0  # seconds
# Pauses of at most 0, 0.5, 1, 2 and 4 s. Where nobody listens or all are turned away, which takes
# long to change, only two of them.
POLICY = Retry(total=5, connect=2, backoff_factor=0.25, backoff_max=16)
BRIEF = 1  # more tries of what is likely to fail again


class Transient(Exception):
    """An exchange failed in a way that may pass.

    Attributes:
        error: what to raise in the end.
        connected: False where there was no connection.
        done: whether what was asked for may have been carried out.
        retry_after: the header of the answer.
        costly: it took as long as anything may.
    """

    def __init__(
        self,
        error: Exception,
        *,
        connected: bool = True,
        done: bool = True,
        retry_after: str = "",
        costly: bool = False,
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.connected = connected
        self.done = done
        self.retry_after = retry_after
        self.costly = costly


class Retrying:
    """Tries again, with pauses of random length that grow (full jitter), or as the server wishes.

    Args:
        sleep, clock: seconds.
        jitter: a random number from 0 to 1.

    Attributes:
        patience: asked during pauses, and by exchanges, whether to go on waiting.
    """

    def __init__(
        self,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        patience: Patience | None = None,
    ) -> None:
        self.patience = patience if patience is not None else Patience()
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        self._policy = POLICY
        self._longest = LONGEST  # seconds from the first try, after which there is no other

    def briefly(self, longest: float = LONGEST) -> Retrying:
        """The same with one more try only, and none after a costly one, for what is likely to fail
        again; or for who cannot wait any longer."""
        other = copy.copy(self)
        other._policy = self._policy.new(total=BRIEF)
        other._longest = min(longest, self._longest)
        return other

    def patient_as(self, patience: Patience) -> Retrying:
        """The same, which goes on waiting as long as this says."""
        other = copy.copy(self)
        other.patience = patience
        return other

    def call(self, attempt: Callable[[], T], *, repeatable: bool, after_costly: bool = True) -> T:
        """What `attempt` returns, at its first success.

        Args:
            attempt: one exchange; raises `Transient` where another try makes sense.
            repeatable: whether it does no harm to carry it out twice.
            after_costly: whether to try again after a costly one.

        Raises:
            Exception: the last `Transient.error`; anything else that `attempt` raises, or
                `patience`, at once.
        """
        tries, end = self._policy, self._clock() + self._longest
        while True:
            try:
                return attempt()
            except Transient as failed:
                error = failed.error
                is_over = failed.done and not repeatable
                is_over |= failed.costly and (self._policy.total == BRIEF or not after_costly)
                told = HTTPError() if failed.connected else ConnectTimeoutError()
                pause = 0.0
                try:
                    tries = tries.increment("GET", "", error=told)
                except MaxRetryError:
                    is_over = True
                else:
                    pause = self._pause(tries, failed.retry_after)
            # Not while `failed` is handled: its traceback holds on to all of a bad answer.
            if is_over or self._clock() + pause > end:
                raise error
            self.patience.sleep(pause, self._sleep)

    def _pause(self, tries: Retry, retry_after: str) -> float:
        if retry_after:
            try:
                return tries.parse_retry_after(retry_after)
            except (InvalidHeader, ValueError, OverflowError):
                pass
        return tries.get_backoff_time() * self._jitter()
