"""What texts for people must not show: secrets never, and names if so wished. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from urllib.parse import quote, unquote

from core.text import visible

HIDDEN = "***"

_NAMED = r"(?: x-plex-token | (?:stash_)? api_?key | plex_?token )"
_SECRETS_BY_NAME = re.compile(
    rf"""
    (?P<name> \b{_NAMED}\b \\*["']? \s* [=:] \s*
      | \b(?: session | token | auth_token ) =
      | \b(?: (?:set-)?cookie | authorization ) \\*["']? \s* : \s* (?: (?:basic|bearer)\s+ )?
    )
    (?: (?P<quote> \\*["'] ) (?: (?! (?P=quote) ). )+ | [^\s&"',;)\]}}]+ )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_KEY_OF_STASH = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+")  # a JSON web token
_IS_SECRET = re.compile(rf"{_NAMED} | token | (?:session_?)? cookie | password", re.I | re.X)
_ESCAPE = re.compile("%[0-9A-F]{2}")
_SHORTEST = 6  # characters; shorter texts are words, and parts of our own
_SHORTEST_PACKED = 8  # of base64, for the same reason
_USERINFO = re.compile(r"(?<=://)[^\s/@]+@")

_ROOT = r"(?: [A-Za-z]:[\\/] | \\\\ | / (?=[^\s/]) )"
_MEDIA = r"\.(?:3gp|avi|flv|m2ts|m4v|mkv|mov|mp4|mpe?g|ogv|ts|vob|webm|wmv)"
_PATH = re.compile(
    rf"""
    (?<=") (?: {_ROOT}[^"\n]* | [^"\n/\\]+{_MEDIA} ) (?=")
  | (?<=') (?: {_ROOT}.*? | [^'\n/\\]+{_MEDIA} ) (?='(?!\w))
  | (?: ^ | (?<=;) | (?<=;\ ) ) {_ROOT} [^\n"'<>|*?;=]*? (?=\ ?=>)  # pairs of a path map
  | (?<==>) {_ROOT} [^\n"'<>|*?;]*
  | (?<![\w/\\:.>~-]) {_ROOT}
    (?: [^\n"<>|*?:]{{0,400}}? \.[A-Za-z0-9]{{2,5}} (?![\w.])   # up to an extension
      | [^\s"'<>|*?,;]+                                 # or up to a blank
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NAME = re.compile("“([^“”\n]+)”")
# What libraries tell of our requests has paths in their addresses.
_QUERY = re.compile(r"(?<=[?&])(?P<name>path|file)=(?P<path>[^&\s\"']+)")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_WHOLE_PATH = re.compile(rf"{_ROOT}.*|[^/\\\n]+{_MEDIA}", re.VERBOSE | re.DOTALL | re.IGNORECASE)


class Redactor:
    """Takes out of texts for people what cannot be seen, secrets and, if asked, paths and names.

    Attributes:
        hides_names: file paths, and what is in the quotes of `core.change_words`, become
            short names that are always the same.
    """

    def __init__(self, secrets: Iterable[str] = (), *, hides_names: bool = False) -> None:
        self._secrets: tuple[str, ...] = ()
        self.hides_names = hides_names
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Register texts that must never be seen, plain or inside a URL. Shorter ones than any
        server makes are none: replies would lose their own words."""
        known = set(self._secrets)
        for secret in secrets:
            if len(secret.strip()) >= _SHORTEST:
                known.update(_forms(secret))
        # The longest first: one secret may be the beginning of another.
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def clean(self, text: str) -> str:
        """`text` without all that."""
        text = visible(text)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = _SECRETS_BY_NAME.sub(
            lambda found: f"{found['name']}{found['quote'] or ''}{HIDDEN}", text
        )
        text = _KEY_OF_STASH.sub(HIDDEN, text)
        text = _USERINFO.sub(f"{HIDDEN}@", text)
        if not self.hides_names:
            return text
        text = _NAME.sub(lambda found: f"“name-{_digest(found[1])}”", text)
        text = _QUERY.sub(lambda found: f"{found['name']}={_alias(unquote(found['path']))}", text)
        return _PATH.sub(lambda found: _alias(found[0]), text)

    def clean_argument(self, value: object) -> object:
        """A log argument; when paths are hidden, one that is a path as a whole becomes its alias.

        Inside a sentence the end of a path with blanks and no extension can only be guessed.
        """
        if self.hides_names and isinstance(value, (str, PurePath)):
            text = str(value)
            return _alias(text) if _WHOLE_PATH.fullmatch(text) else value
        return value


def short_name(text: str) -> str:
    """What stands for a path, a title or a name as a whole; always the same for the same one."""
    if not text:
        return text
    return _alias(text) if _WHOLE_PATH.fullmatch(text) else f"name-{_digest(text)}"


def secrets_in(value: object) -> Iterator[str]:
    """The texts in parsed JSON whose keys say that they are secret."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, str) and inner and _IS_SECRET.fullmatch(str(key)):
                yield inner
            yield from secrets_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from secrets_in(inner)


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is, in addresses, inside JSON, and in base64."""
    in_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    for form in (secret, *in_json, *_in_base64(secret)):
        yield form
        for packed in (quote(form, safe="", errors="replace"), quote(form, errors="replace")):
            yield packed
            yield _ESCAPE.sub(lambda found: found[0].lower(), packed)


def _in_base64(secret: str) -> Iterator[str]:
    """What base64 makes of a secret, alone or in the midst of a longer text.

    There its bytes may begin at each of three places of a group of characters; what these share
    with the bytes before and behind is left out.
    """
    data = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        packed = base64.b64encode(bytes(before) + data).decode()
        own = packed[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        if len(own) >= _SHORTEST_PACKED:
            yield from {own, own.replace("+", "-").replace("/", "_")}


def _alias(path: str) -> str:
    """The same short name for the same path, with its extension: `path-1f0c9a7be2.mp4`."""
    bare = path.rstrip(".,;:)")  # may belong to the sentence around it
    extension = _EXTENSION.search(bare)
    return f"path-{_digest(bare)}{extension[0] if extension else ''}{path[len(bare) :]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
