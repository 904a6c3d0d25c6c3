"""What a raw plugin says: the one JSON document on stdout, framed log lines on stderr.

Rules from Stash's pkg/plugin/raw.go and pkg/logger/plugin.go.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

# bufio.Scanner's limit: a line with its newline must fit into it, or all reading ends.
LINE_LIMIT = 64 * 1024
LEVELS = {"t": "trace", "d": "debug", "i": "info", "w": "warning", "e": "error", "p": "progress"}


@dataclass(frozen=True, slots=True)
class PluginOutput:
    """The result of a plugin process: `error` is None unless it failed."""

    output: Any
    error: str | None
    stdout: str


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def decode_output(stdout: bytes, exit_error: str | None) -> PluginOutput:
    """Reads stdout as {"error": text or null, "output": anything}, else takes it as raw text.

    Args:
        exit_error: "exit status 1" or the like; used where the document names no error.
    """
    text = stdout.decode("utf-8", "replace")
    output: Any = None
    error: str | None = None
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except ValueError:
        return PluginOutput(text, exit_error, text)
    if document is not None and not isinstance(document, dict):
        return PluginOutput(text, exit_error, text)
    for key, value in (document or {}).items():
        # Go matches the names ignoring case.
        if key.lower() == "output":
            output = value
        elif key.lower() == "error" and value is not None:
            if not isinstance(value, str):
                return PluginOutput(text, "", text)
            error = value
    return PluginOutput(output, exit_error if error is None else error, text)


@dataclass(slots=True)
class LogSplitter:
    """Cuts stderr into lines and tells (level, text) of each.

    Args:
        default_level: for lines without a frame: the yml's `errLog`.
        emit: takes level and text; progress comes as level "progress" with its raw text.
    """

    default_level: str
    emit: Callable[[str, str], None]
    _rest: bytes = b""

    def feed(self, chunk: bytes) -> bool:
        """Takes the next bytes. False: a line was too long, reading must end."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if len(line) >= LINE_LIMIT:
                return False
            self._line(line)
        return len(self._rest) < LINE_LIMIT

    def end(self) -> None:
        if self._rest:
            self._line(self._rest)
            self._rest = b""

    def _line(self, line: bytes) -> None:
        line = line.removesuffix(b"\r")
        if not line:
            return
        level = LEVELS.get(chr(line[1])) if len(line) >= 4 else None
        if level is None or line[0] != 1 or line[2] != 2:
            self._say(self.default_level, line)
        else:
            self._say(level, line[3:])

    def _say(self, level: str, text: bytes) -> None:
        if level != "none":
            self.emit(level, text.decode("utf-8", "replace").strip())


def progress_of(text: str) -> float:
    """A progress line's value, clamped to 0..1; NaN goes through, as it does in Stash.

    Raises:
        ValueError: it is no number.
    """
    value = float(text)
    if value < 0:
        return 0.0
    return 1.0 if value > 1 else value
