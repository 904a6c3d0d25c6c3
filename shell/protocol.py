"""The plugin protocol of Stash: one JSON object in, one out, log lines and progress on stderr.

The rules are Stash's own: pkg/plugin/common/msg.go (shapes), pkg/plugin/raw.go (stdin, stdout) and
pkg/logger/plugin.go (stderr).
"""

from __future__ import annotations

import io
import json
import os
import sys

from core.errors import ProtocolError
from core.text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:  # spares the hook path the import of typing
    from collections.abc import Callable, Mapping
    from typing import Any, BinaryIO

TRACE, DEBUG, INFO, WARNING, ERROR = "t", "d", "i", "w", "e"

# Stash stops reading stderr for good at a line of 64 KiB, and the next write then fails.
MAX_LINE_BYTES = 8 * 1024
_CUT = b" [cut]"


class PluginInput:
    """What Stash hands to one process.

    Attributes:
        server_connection: Stash's address, session cookie and folders, with its own keys (`Scheme`,
            `Host`, `Port`, `SessionCookie`, `Dir`, `PluginDir`).
        args: the arguments of the task or operation.
        hook: the hook's context (`id`, `type`, `input`, `inputFields`), or None for a task.
    """

    __slots__ = ("args", "hook", "server_connection")

    def __init__(
        self,
        server_connection: Mapping[str, Any],
        args: Mapping[str, Any],
        hook: Mapping[str, Any] | None = None,
    ) -> None:
        self.server_connection = server_connection
        self.args = args
        self.hook = hook

    @property
    def mode(self) -> str:
        """The task that is asked for, or "" when the input names none."""
        mode = self.args.get("mode")
        return mode.strip() if isinstance(mode, str) else ""

    @property
    def session_cookie(self) -> str:
        """The value of the cookie that Stash lets us in with, or "" when it gave none."""
        cookie = self.server_connection.get("SessionCookie")
        value = cookie.get("Value") if isinstance(cookie, dict) else None
        return value if isinstance(value, str) else ""


def parse_input(raw: bytes) -> PluginInput:
    """Decode what Stash wrote to our stdin.

    Raises:
        ProtocolError: it is no plugin input. The text never quotes it: it holds a session cookie.
    """
    try:
        data = json.loads(raw.decode("utf-8").lstrip("\ufeff"))
    except UnicodeDecodeError:
        raise _no_input("it is not UTF-8") from None
    except ValueError as error:
        raise _no_input(f"it is no JSON ({error})" if raw.strip() else "it is empty") from None
    except RecursionError:
        raise _no_input("it is nested too deeply") from None
    if not isinstance(data, dict):
        raise _no_input("it is no JSON object")
    args = _object(data, "args") or {}
    return PluginInput(
        _object(data, "server_connection") or {}, args, _object(args, "hookContext", "args.")
    )


def _object(data: Mapping[str, Any], key: str, where: str = "") -> dict[str, Any] | None:
    value = data.get(key)
    if value is None or isinstance(value, dict):
        return value
    raise _no_input(f"its {where}{key} is no object")


def _no_input(reason: str) -> ProtocolError:
    return ProtocolError(
        f"The plugin input on stdin cannot be used: {reason}. Stash writes it when it starts the "
        "plugin: use Settings > Tasks in Stash instead of starting the script by hand."
    )


def encode_reply(reply: Mapping[str, Any], clean: Callable[[str], str] = visible) -> bytes:
    """The one JSON document for stdout, in ASCII.

    Args:
        clean: makes each text in it safe to show.

    Raises:
        TypeError, ValueError: the reply holds something that JSON cannot express (NaN, say).
    """
    return json.dumps(cleaned(reply, clean), ensure_ascii=True, allow_nan=False).encode("ascii")


def cleaned(value: object, clean: Callable[[str], str]) -> object:
    """A JSON value with each text in it made safe, keys included."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {cleaned(key, clean): cleaned(inner, clean) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(inner, clean) for inner in value]
    return value


def hand_over(reply: bytes, stdout: BinaryIO, frames: Frames) -> bool:
    """Write the reply; False where nobody takes it."""
    try:
        with stdout:
            stdout.write(reply)
    except OSError as error:
        frames.log(WARNING, f"The task is done, and Stash does not take its reply: {error}")
        return False
    return True


def frame(level: str, text: str) -> bytes:
    """Log lines for stderr: each physical line gets its own mark; blank lines are left out.

    Nothing invisible gets through: Stash reads \\x01 and \\x02 as its own marks, and others would
    let a title forge or garble a line.

    `level` is one of TRACE, DEBUG, INFO, WARNING, ERROR.
    """
    return b"".join(_line(level, line) for line in visible(text).split("\n") if line.strip())


def progress_frame(fraction: float) -> bytes:
    """The mark for progress, clamped to 0..1. Nothing for NaN, which breaks Stash's job list."""
    if fraction != fraction:  # NaN, found without importing math
        return b""
    return _line("p", f"{min(max(fraction, 0.0), 1.0):.4f}")


def _line(level: str, text: str) -> bytes:
    body = text.encode("utf-8", "backslashreplace")
    room = MAX_LINE_BYTES - 1 - len(b"\x01l\x02\n")
    if len(body) > room:
        whole = body[: room - len(_CUT)].decode("utf-8", "ignore")
        body = whole.encode("utf-8") + _CUT
    return b"\x01" + level.encode("ascii") + b"\x02" + body + b"\n"


class Frames:
    """Writes frames to a byte stream, stderr in a real run.

    Once Stash has gone, the frames go nowhere and the run goes on: what it does to Plex and to its
    own state must not depend on a reader.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def log(self, level: str, text: str) -> None:
        """Write `text` as lines of `level`."""
        self._write(frame(level, text))

    def progress(self, fraction: float) -> None:
        """Tell Stash how far the task is, 0..1."""
        self._write(progress_frame(fraction))

    def _write(self, data: bytes) -> None:
        try:
            self._stream.write(data)
            self._stream.flush()
        except OSError:
            silence(self._stream)


def silence(stream: BinaryIO) -> None:
    """Point a broken stream at the null device.

    What is in its buffer would fail again when the interpreter ends, which turns the exit status
    into 120.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def stderr_frames() -> Frames:
    """Frames on this process's stderr."""
    return Frames(sys.stderr.buffer)


class StrayOutput(io.TextIOBase):
    """Stands in for `sys.stdout` and logs what a library prints, line by line."""

    def __init__(self, frames: Frames) -> None:
        super().__init__()
        self._frames = frames
        self._rest = ""

    def writable(self) -> bool:
        """Say that this stream can be written to."""
        return True

    def write(self, text: str, /) -> int:
        """Log the lines that `text` completes and keep the rest."""
        *lines, self._rest = (self._rest + text).split("\n")
        self._frames.log(DEBUG, "\n".join(lines))
        return len(text)


def take_stdout(frames: Frames) -> BinaryIO:
    """Keep the real stdout for the reply, and let everything else that prints end on stderr.

    Stash takes the whole of stdout for the reply: one stray line and the result is lost. Child
    processes and C libraries inherit the redirection; a child that lives on can then not keep
    Stash waiting for the end of our stdout either.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = StrayOutput(frames)
    return os.fdopen(kept, "wb")
