"""Logging for a run: every record becomes a frame that Stash understands, without any secret.

One handler on the root logger serves our own modules and the libraries alike. It is the only way
out, so what must not be seen is taken out here: the whole formatted text is searched, tracebacks
included, not just the messages that somebody thought of.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Protocol

from core.redaction import Redactor
from shell import protocol

TRACE = 5
# Stash's page of the log shows who opens it later its last 30 lines: of lines that say the same of
# many things, so many are examples, and the others are counted. Several kinds share that number,
# but each has its first.
EXAMPLES, FIRST = 10, 3

# The first part of the names of our own loggers. All others are libraries': heard from WARNING on.
OURS = frozenset(
    {
        "Stash2Plex",
        "app",
        "core",
        "plex",
        "reconciliation",
        "settings",
        "stash",
        "storage",
        "sync_queue",
        "transport",
        "worker",
    }
)


def secrets_of(env: Mapping[str, str]) -> list[str]:
    """The secrets that the environment can hold."""
    return [env.get("PLEX_TOKEN", ""), env.get("STASH_API_KEY", "")]


KEPT = 1000  # records
_LEVELS = {
    protocol.ERROR: "error",
    protocol.WARNING: "warning",
    protocol.INFO: "info",
    protocol.DEBUG: "debug",
    protocol.TRACE: "debug",
}


class FrameHandler(logging.Handler):
    """Writes each record as frames, each of its lines with the mark of the record's level.

    Attributes:
        kept: the last records as they were written: when (epoch seconds), level and text.
    """

    def __init__(self, frames: protocol.Frames, redactor: Redactor) -> None:
        super().__init__()
        self._frames = frames
        self.redactor = redactor
        self.hears_libraries = False
        self.kept: deque[tuple[float, str, str]] = deque(maxlen=KEPT)
        self._alike: Counter[str] = Counter()
        self._shown: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record. A call whose arguments do not fit its message is shown as it is."""
        if not self._heard(record):
            return
        try:
            text = self.format(self._safe(record))
        except (TypeError, ValueError, KeyError) as error:
            text = f"{record.msg} (its arguments do not fit: {error})"
        mark, clean_text = _mark(record.levelno), self.redactor.clean(text)
        if not self._is_one_more(record):
            self._frames.log(mark, clean_text)
        self.kept.append((record.created, _LEVELS[mark], clean_text))

    def _heard(self, record: logging.LogRecord) -> bool:
        """Libraries are quiet below WARNING; some, plexapi say, set a lower level of their own.

        What urllib3 warns of, like headers that it cannot parse, is in our own errors if it harms.
        """
        name = record.name.partition(".")[0]
        if name in OURS or self.hears_libraries:
            return True
        return record.levelno >= (logging.ERROR if name == "urllib3" else logging.WARNING)

    def _is_one_more(self, record: logging.LogRecord) -> bool:
        """Count what follows on enough examples; while debugging everything is told."""
        is_of_many = record.levelno >= logging.INFO and record.args and record.msg != "%s"
        if self.hears_libraries or not is_of_many:
            return False
        self._alike[record.msg] += 1
        if self._shown[record.msg] >= FIRST and self._shown.total() >= EXAMPLES:
            return True
        self._shown[record.msg] += 1
        return False

    def count(self, text: str, more: int) -> None:
        """Count lines that are not at hand."""
        self._alike[text] += more

    def tell_left_out(self) -> None:
        """Tell how many lines were only counted."""
        alike, shown = self._alike, self._shown
        self._alike, self._shown = Counter(), Counter()
        for text, count in alike.items():
            if more := count - shown[text]:
                told = re.sub(r"%[-\w.]*[a-z]", "…", text)
                lines = "line" if more == 1 else "lines"
                self._frames.log(protocol.INFO, f"and {more} more {lines} like: {told}")

    def _safe(self, record: logging.LogRecord) -> logging.LogRecord:
        """A copy of the record for this handler alone, its arguments cleaned."""
        copy = logging.makeLogRecord(record.__dict__)
        copy.exc_text = None  # never what another handler has cached
        if isinstance(record.args, tuple):
            copy.args = tuple(self.redactor.clean_argument(value) for value in record.args)
        elif isinstance(record.args, Mapping):
            copy.args = {
                key: self.redactor.clean_argument(value) for key, value in record.args.items()
            }
        return copy


def _mark(level: int) -> str:
    for floor, mark in (
        (logging.ERROR, protocol.ERROR),
        (logging.WARNING, protocol.WARNING),
        (logging.INFO, protocol.INFO),
        (logging.DEBUG, protocol.DEBUG),
    ):
        if level >= floor:
            return mark
    return protocol.TRACE


def install(frames: protocol.Frames, secrets: Iterable[str] = ()) -> FrameHandler:
    """Send all logging of this process to `frames`, from INFO on; `configure` refines it."""
    logging.addLevelName(TRACE, "TRACE")
    handler = FrameHandler(frames, Redactor(secrets))
    root = logging.getLogger()
    for other in root.handlers[:]:
        root.removeHandler(other)
    root.addHandler(handler)
    configure(debug=False)
    return handler


def configure(*, debug: bool, obfuscate_paths: bool = False, secrets: Iterable[str] = ()) -> None:
    """Apply the user's settings to the logging of this process, once they are known.

    Args:
        debug: everything is logged, the libraries' chatter included.
        obfuscate_paths: file paths, titles and names are replaced by short stable names.
        secrets: more texts that must never be seen, beside those already registered.
    """
    root = logging.getLogger()
    root.setLevel(TRACE if debug else logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.NOTSET if debug else logging.INFO)
    for handler in _installed():
        handler.hears_libraries = debug
        handler.redactor.hides_names = obfuscate_paths
        handler.redactor.add(secrets)


class Listing(Protocol):
    """Lines for people: the first are at hand, all are counted."""

    count: int
    lines: list[str]


def examples(log: logging.Logger, text: str, listing: Listing) -> None:
    """Log the first lines of a listing, each put into `text`; the headline tells how many more."""
    for line in listing.lines:
        log.info(text, line)
    for handler in _installed():
        handler.count(text, listing.count - len(listing.lines))


def headline(log: logging.Logger, text: str, level: int = logging.INFO) -> None:
    """Log what a task came to: the last line, after the counts of what came before."""
    tell_left_out()
    log.log(level, "%s", text)


def tell_left_out() -> None:
    """Tell how many lines were only counted so far."""
    for handler in _installed():
        handler.tell_left_out()


def clean(text: str) -> str:
    """`text` as the log would show it: for the other ways out, such as the error of a reply."""
    for handler in _installed():
        text = handler.redactor.clean(text)
    return text


def kept() -> list[tuple[float, str, str]]:
    """The last records of this process, as they were written: when, level and text."""
    return [each for handler in _installed() for each in handler.kept]


def where_from() -> str:
    """The traceback of the error that is being handled, as the log would show it."""
    return clean(traceback.format_exc())


def _installed() -> list[FrameHandler]:
    return [one for one in logging.getLogger().handlers if isinstance(one, FrameHandler)]
