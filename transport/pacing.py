"""Answers that must keep moving, headers and body alike.

A timeout of a socket bounds one silence only: a server that sends a byte a second never meets it.
So each read is also bounded by what is left of a deadline, which every received byte moves on as if
the line had the slowest speed that is put up with.
"""

from __future__ import annotations

import io
import socket
import time
from typing import Any

from transport.patience import STEP, Patience

PAUSES = 2  # lengths of the longest silence that an answer may take without any speed
SLOWEST = 50_000  # bytes a second
MOST_RECEIVED = 500_000_000  # bytes of one answer as they come
# Of what frames a body: lines of a head, bytes of one of them, and of a body in chunks the bytes
# that each of these must have on the average, with their ends.
MOST_LINES, LONGEST_LINE, SMALLEST_CHUNK = 1000, 65_536, 16


class TooSlow(TimeoutError):
    """The answer was still under way at its deadline."""


class PacedReader(io.RawIOBase):
    """The bytes of one answer.

    Args:
        raw: reads from `line`.
        pause: the longest silence in seconds.
    """

    def __init__(
        self, raw: io.RawIOBase, line: socket.socket, pause: float, patience: Patience
    ) -> None:
        super().__init__()
        self._patience = patience
        self._raw = raw
        self._line = line
        self._pause = pause
        self._received = 0
        self._began = time.monotonic()
        self._end = self._began + PAUSES * self._pause

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read what is there.

        Raises:
            TooSlow: the deadline has passed.
            TimeoutError: nothing came for the longest silence.
            OSError: the connection is broken, or there is no end of it.
        """
        now = time.monotonic()
        end = self._end + self._received / SLOWEST
        if end <= now:
            raise TooSlow("the answer did not end in time")
        try:
            count = self._receive(buffer, min(now + self._pause, end))
        except TimeoutError:
            if end < now + self._pause:
                raise TooSlow("the answer did not end in time") from None
            raise
        self._received += count
        if self._received > MOST_RECEIVED:
            raise OSError("the answer does not end")
        return count

    def _receive(self, buffer: Any, until: float) -> int:
        while True:
            left = until - time.monotonic()
            set_timeout(self._line, max(min(left, STEP), 0.001))
            try:
                # Not by `_raw`, which reads no more once it has waited in vain.
                return self._line.recv_into(buffer)
            except TimeoutError:
                if left <= STEP:
                    raise
                self._patience.wait(time.monotonic() - self._began)

    def close(self) -> None:
        """Let go of the connection."""
        self._raw.close()
        super().close()


class FramedReader(io.BufferedReader):
    """The same bytes, of which lines come to an end: interim answers, headers, sizes of chunks, and
    what follows the last one."""

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__(raw)
        self._lines = 0
        self._body = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read a line of the frame. Raises OSError: there is no end of it, or of such lines."""
        self._lines += 1
        most = LONGEST_LINE + 1 if size is None or size < 0 else size
        line = super().readline(most)
        is_endless = self._lines > MOST_LINES + self._body // SMALLEST_CHUNK
        if is_endless or len(line) > LONGEST_LINE + 1:
            raise OSError("the headers of the answer do not end")
        return line

    def skip(self, size: int) -> None:
        """Pass over what `peek` has shown."""
        super().read(size)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read of the body, of which a part is asked for.

        Raises:
            OSError: all that comes is, which is what a chunk of negative size leads to.
        """
        if size is None or size < 0:
            raise OSError("the answer has no size")
        data = super().read(size)
        self._body += len(data)
        return data

    def readinto(self, buffer: Any, /) -> int:
        """Read of the body."""
        count = super().readinto(buffer)
        self._body += count
        return count


def set_timeout(line: socket.socket, seconds: float) -> None:
    """Each call asks the system, and lets other threads go first, also where nothing changes."""
    if line.gettimeout() != seconds:
        line.settimeout(seconds)
