"""The errors that this project raises. Adapters translate what libraries raise into these, once.

`str(error)` is written for the user: what happened, to which thing, what to do next. No error text
ever carries a token, cookie or API key, or an answer's body beyond a short excerpt.
"""

from __future__ import annotations


class SyncError(Exception):
    """Anything that Stash2Plex raises on purpose.

    Attributes:
        says_what_waits: the text of this kind says what is left to do, and what does it.
    """

    says_what_waits = False


class ConfigError(SyncError):
    """A setting is missing or makes no sense; the text names it, its value and what is allowed."""


class ProtocolError(SyncError):
    """Stash handed us something on stdin that is no plugin input."""


class StashError(SyncError):
    """Stash answered, but with an error."""


class StashUnreachable(StashError):
    """Stash did not answer: refused, timed out, broken connection, 5xx, or busy."""


class PicturesUnavailable(StashUnreachable):
    """Stash answers, but gives no pictures: 5xx, a login page, a redirect, or no whole answer.

    It blames no scene. Where other pictures came meanwhile, it is the trouble of one all the same.
    """


class StashUnauthorized(StashError):
    """Stash refused our cookie or API key."""


class StashIncomplete(StashError):
    """Stash has scenes that could not be read; the text names them. All others were.

    Attributes:
        is_unclear: Stash contradicts itself about which scenes there are.
    """

    def __init__(self, message: str, *, is_unclear: bool = False) -> None:
        super().__init__(message)
        self.is_unclear = is_unclear


class StateError(SyncError):
    """A file of ours in the data directory cannot be used and could not be set aside.

    Attributes:
        what, advice: what happened, and what to do about it; the text has both.
    """

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"{what} {advice}".rstrip())
        self.what, self.advice = what, advice


class GuardStopped(SyncError):
    """A guard stopped the run before its first write; the text has the figures and the way on."""

    says_what_waits = True


class RunStopped(SyncError):
    """The user has asked the run to end early."""


class GaveWay(RunStopped):
    """A server took its time while other jobs of Stash waited: the rest is done behind them.

    Attributes:
        lacking: for so many seconds answers were lacking, beyond what they may well take.
    """

    def __init__(self, text: str, lacking: float) -> None:
        super().__init__(text)
        self.lacking = lacking


class PinRefused(SyncError):
    """A scene cannot be pinned like that; the text says why and what can be done."""


class DrainBusy(SyncError):
    """Another drain holds the lock."""
