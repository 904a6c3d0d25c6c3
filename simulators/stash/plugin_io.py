"""What a raw plugin says: the one JSON document on stdout, framed log lines on stderr.

Rules from Stash's pkg/plugin/raw.go and pkg/logger/plugin.go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

# bufio.Scanner's limit: a line with its newline must fit into it, or all reading ends.
LINE_LIMIT = 64 * 1024
LEVELS = {"t": "trace", "d": "debug", "i": "info", "w": "warning", "e": "error", "p": "progress"}
ERR_LOG_LEVELS = ("trace", "debug", "info", "warning", "error", "progress", "none")
_ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
EXACT = 2**53  # integers beyond it lose digits in a float64


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
            output = _as_floats(value)
        elif key.lower() == "error" and value is not None:
            if not isinstance(value, str):
                return PluginOutput(text, "", text)
            error = value
    return PluginOutput(output, exit_error if error is None else error, text)


def _as_floats(value: Any) -> Any:
    """What is left of numbers that Go has read as float64, and printed again."""
    if isinstance(value, dict):
        return {key: _as_floats(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_as_floats(entry) for entry in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    if isinstance(value, int) and abs(value) > EXACT:
        return int(Decimal(repr(float(value))))
    return value


def go_text(value: Any) -> str:
    """A value in the manner of Go's %v, which the log is written with."""
    if isinstance(value, dict):
        entries = " ".join(f"{key}:{go_text(entry)}" for key, entry in sorted(value.items()))
        return f"map[{entries}]"
    if isinstance(value, list):
        return f"[{' '.join(go_text(entry) for entry in value)}]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "<nil>"}[value]
    return str(value)


def logged(output: PluginOutput) -> str:
    """The output as it stands in the log: of raw text, only its place in memory."""
    return "0xc000014250" if output.output is output.stdout else go_text(output.output)


def go_json(document: Mapping[str, Any]) -> bytes:
    """JSON as Go writes it: five characters that are safe in it are escaped, for HTML's sake."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPED).encode()


@dataclass(slots=True)
class LogSplitter:
    """Cuts stderr into lines and tells (level, text) of each.

    Args:
        default_level: for lines without a frame: the yml's `errLog`, an unknown one is "error".
        emit: takes level and text; progress comes as level "progress" with its raw text.
    """

    default_level: str
    emit: Callable[[str, str], None]
    _rest: bytes = b""

    def feed(self, chunk: bytes) -> bool:
        """Takes the next bytes. False: a line was too long, reading must end, and nothing tells."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if len(line) >= LINE_LIMIT:
                self._rest = b""
                return False
            self._line(line)
        if len(self._rest) < LINE_LIMIT:
            return True
        self._rest = b""
        return False

    def end(self) -> None:
        if self._rest:
            self._line(self._rest)
            self._rest = b""

    def _line(self, line: bytes) -> None:
        line = line.removesuffix(b"\r")
        if not line:
            return
        level = LEVELS.get(chr(line[1])) if len(line) >= 4 else None
        text = line.decode("utf-8", "replace")
        if level is None or line[0] != 1 or line[2] != 2:
            known = self.default_level in ERR_LOG_LEVELS
            self._say(self.default_level if known else "error", text)
        else:
            self._say(level, text[3:].strip())

    def _say(self, level: str, text: str) -> None:
        if level != "none":
            self.emit(level, text)


def progress_of(text: str) -> float:
    """A progress line's value, clamped to 0..1; NaN goes through, as it does in Stash.

    Raises:
        ValueError: it is no number.
    """
    value = float(text)
    if value < 0:
        return 0.0
    return 1.0 if value > 1 else value
