"""What can go wrong with Plex, as errors of this project."""

from __future__ import annotations

from core.errors import SyncError


class PlexError(SyncError):
    """Any failure of a Plex request."""


class PlexServerDown(PlexError):
    """Unreachable, timed out, connection broken, 5xx, starting or busy: no item is to blame.

    It has been tried again before it is raised.

    Attributes:
        may_be_one: it may lie in what was asked for rather than in the server, so that others may
            be answered. The client finds out; what it raises after that is true of the server.
        is_costly: no whole answer came in time, or too much of one.
    """

    def __init__(self, message: str, *, may_be_one: bool = False, is_costly: bool = False) -> None:
        super().__init__(message)
        self.may_be_one = may_be_one
        self.is_costly = is_costly


class PlexItemFailed(PlexError):
    """Plex keeps failing for this item while it answers otherwise: others may go on."""


class PlexUnauthorized(PlexError):
    """401 or 403: the token was refused, or may not edit."""


class PlexForbidden(PlexUnauthorized):
    """403: the token counts, but not for this."""


class PlexNotFound(PlexError):
    """The item, section or file is not in Plex (yet)."""


class PlexRejected(PlexError):
    """400, 404, 409 or 414 on one request: that request is at fault, others may go on.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class PlexShifted(PlexError):
    """A listing kept changing while it was paged, so what it lacks proves nothing."""
