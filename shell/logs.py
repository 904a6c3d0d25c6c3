"""Logging for a run: every record becomes a frame that Stash understands, without any secret.

One handler on the root logger serves our own modules and the libraries alike. It is the only way
out, so what must not be seen is taken out here: the whole formatted text is searched, tracebacks
included, not just the messages that somebody thought of.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from urllib.parse import quote, unquote

from shell import protocol

TRACE = 5
HIDDEN = "***"

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
        "worker",
    }
)

_SECRETS_BY_NAME = re.compile(
    r"""
    (?P<name> \b(?: x-plex-token | api_?key | plex_token | stash_api_key )\b ["']? \s* [=:] \s*
      | \b(?: session | token | auth_token ) =
      | \b(?: set-)?cookie ["']? \s* : \s*
    )
    (?P<quote> ["']? ) [^\s&"',;)\]}]+
    """,
    re.IGNORECASE | re.VERBOSE,
)
_USERINFO = re.compile(r"(?<=://)[^\s/@]+@")

_ROOT = r"(?: [A-Za-z]:[\\/] | \\\\ | / (?=[^\s/]) )"
_MEDIA = r"\.(?:3gp|avi|flv|m2ts|m4v|mkv|mov|mp4|mpe?g|ogv|ts|vob|webm|wmv)"
_PATH = re.compile(
    rf"""
    (?<=") (?: {_ROOT}[^"\n]* | [^"\n/\\]+{_MEDIA} ) (?=")
  | (?<=') (?: {_ROOT}.*? | [^'\n/\\]+{_MEDIA} ) (?='(?!\w))
  | (?<![\w/\\:.>~-]) {_ROOT}
    (?: [^\n"<>|*?:]{{0,400}}? \.[A-Za-z0-9]{{2,5}} (?![\w.])   # up to an extension
      | [^\s"'<>|*?,;]+                                 # or up to a blank
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
# What libraries tell of our requests has paths in their addresses.
_QUERY = re.compile(r"(?<=[?&])(?P<name>path|file)=(?P<path>[^&\s\"']+)")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_WHOLE_PATH = re.compile(rf"{_ROOT}.*|[^/\\\n]+{_MEDIA}", re.VERBOSE | re.DOTALL | re.IGNORECASE)


class Redactor:
    """Takes secrets, and if asked file paths, out of texts for people."""

    def __init__(self, secrets: Iterable[str] = (), *, hide_paths: bool = False) -> None:
        self._secrets: tuple[str, ...] = ()
        self.hide_paths = hide_paths
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Register texts that must never be seen, plain or inside a URL; blank ones are none."""
        known = set(self._secrets)
        for secret in secrets:
            if secret.strip():
                known |= {secret, quote(secret, safe=""), quote(secret)}
        # The longest first: one secret may be the beginning of another.
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def clean(self, text: str) -> str:
        """`text` without secrets, and without file paths if they are hidden."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = _SECRETS_BY_NAME.sub(rf"\g<name>\g<quote>{HIDDEN}", text)
        text = _USERINFO.sub(f"{HIDDEN}@", text)
        if not self.hide_paths:
            return text
        text = _QUERY.sub(lambda found: f"{found['name']}={_alias(unquote(found['path']))}", text)
        return _PATH.sub(lambda found: _alias(found[0]), text)

    def clean_argument(self, value: object) -> object:
        """A log argument; when paths are hidden, one that is a path as a whole becomes its alias.

        Inside a sentence the end of a path with blanks and no extension can only be guessed.
        """
        if self.hide_paths and isinstance(value, (str, PurePath)):
            text = str(value)
            return _alias(text) if _WHOLE_PATH.fullmatch(text) else value
        return value


def _alias(path: str) -> str:
    """The same short name for the same path, with its extension: `path-1f0c9a7be2.mp4`."""
    bare = path.rstrip(".,;:)")  # may belong to the sentence around it
    digest = hashlib.sha256(bare.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    extension = _EXTENSION.search(bare)
    return f"path-{digest}{extension[0] if extension else ''}{path[len(bare) :]}"


def secrets_of(env: Mapping[str, str]) -> list[str]:
    """The secrets that the environment can hold."""
    return [env.get("PLEX_TOKEN", ""), env.get("STASH_API_KEY", "")]


class FrameHandler(logging.Handler):
    """Writes each record as frames, each of its lines with the mark of the record's level."""

    def __init__(self, frames: protocol.Frames, redactor: Redactor) -> None:
        super().__init__()
        self._frames = frames
        self.redactor = redactor
        self.hears_libraries = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record. A call whose arguments do not fit its message is shown as it stands."""
        if not self._heard(record):
            return
        try:
            text = self.format(self._safe(record))
        except (TypeError, ValueError, KeyError) as error:
            text = f"{record.msg} (its arguments do not fit: {error})"
        self._frames.log(_mark(record.levelno), self.redactor.clean(text))

    def _heard(self, record: logging.LogRecord) -> bool:
        """Libraries are quiet below WARNING; some, plexapi say, set a lower level of their own."""
        ours = record.name.partition(".")[0] in OURS
        return ours or self.hears_libraries or record.levelno >= logging.WARNING

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
        obfuscate_paths: file paths are replaced by short stable names.
        secrets: more texts that must never be seen, beside those already registered.
    """
    root = logging.getLogger()
    root.setLevel(TRACE if debug else logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.NOTSET if debug else logging.INFO)
    for handler in _installed():
        handler.hears_libraries = debug
        handler.redactor.hide_paths = obfuscate_paths
        handler.redactor.add(secrets)


def clean(text: str) -> str:
    """`text` as the log would show it: for the other ways out, such as the error of a reply."""
    for handler in _installed():
        text = handler.redactor.clean(text)
    return text


def _installed() -> list[FrameHandler]:
    return [one for one in logging.getLogger().handlers if isinstance(one, FrameHandler)]
