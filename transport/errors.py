"""What can go wrong with one exchange.

The texts are ends of sentences that begin with the server's name ("Plex at http://host ..."). They
never quote addresses, headers or bodies. `sent`: the request may have arrived and been carried out.
"""

from __future__ import annotations


class TransportError(Exception):
    """No usable answer came. `is_costly`: no whole one in time, or too much of one."""

    sent = True

    def __init__(self, text: str, *, is_costly: bool = False) -> None:
        super().__init__(text)
        self.is_costly = is_costly


class Refused(TransportError):
    """There was no connection: nobody listens, no such host, or nobody took it in time."""

    sent = False


class NotTrusted(TransportError):
    """There was no TLS connection that may be trusted."""

    sent = False


class NoAnswer(TransportError):
    """The connection was lost, or nothing came in time."""


class BrokeOff(TransportError):
    """The answer began, and did not come whole."""


class TooLarge(TransportError):
    """The answer has more bytes than were allowed. `start`: those that came first; none where its
    head says how many they are."""

    def __init__(self, text: str, start: bytes) -> None:
        super().__init__(text, is_costly=True)
        self.start = start
