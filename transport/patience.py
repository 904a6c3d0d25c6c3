"""Whether an answer is waited for any longer, asked of who knows what else there is to do."""

from __future__ import annotations

from collections.abc import Callable

STEP = 0.5  # seconds between two questions


class Patience:
    """As long as the limits of an exchange allow. Used by several threads at once."""

    def wait(self, seconds: float) -> None:
        """An answer is waited for, so long by now. What it raises ends that, and is raised to who
        made the request."""

    def answered(self, seconds: float) -> None:
        """A whole answer came after so long."""

    def sleep(self, seconds: float, sleep: Callable[[float], None]) -> None:
        """Wait before another try. Raises as `wait`."""
        sleep(seconds)

    def of_another(self) -> Patience:
        """That with another server, whose answers are counted apart."""
        return self


class Asking(Patience):
    """One that is asked during pauses, too."""

    def sleep(self, seconds: float, sleep: Callable[[float], None]) -> None:
        """Wait before another try. Raises as `wait`."""
        left = seconds
        while left > 0:
            self.wait(seconds - left)
            sleep(min(left, STEP))
            left -= STEP
