"""How a request ends badly."""

from __future__ import annotations


class Refused(Exception):
    """Ends a request with this HTTP status and Plex's HTML page for it."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status
