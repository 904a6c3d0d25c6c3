"""Normal forms of text: what is compared is exactly what would be sent.

Only what Plex cannot store or show is taken out (docs/merge.md, "How texts are compared"): control
characters, zero-width blanks and bidi overrides. Paragraphs, quotes, emoji with their joiners and
variation selectors, and ligatures stay.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# C0 and C1 controls but newline and tab, soft invisible blanks, bidi embeddings, overrides and
# isolates, and lone surrogates (JSON can carry them, UTF-8 cannot).
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
# What steers a terminal: colours, titles, links; of one without an end only its beginning.
_ESCAPES = re.compile(
    "(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])(?:[^\x07\x1b\x9c\n]{0,300}(?:\x07|\x1b\\\\|\x9c))?"
    "|(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"
    "|\x1b[ -/]*[0-~]?"
)
_BIDI_MARKS = re.compile("[\u061c\u200e\u200f]")
# What no log shows: controls, bidi controls, and characters without width; joiners stay inside of
# emoji and of scripts that need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_LINE_BREAKS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_LINE_ENDS = re.compile("\r\n?")
_BLANKS = re.compile(r"\s+")


def clean_text(text: str, limit: int) -> str:
    """Make a text of several lines safe: at most `limit` characters, NFC, trimmed at both ends."""
    return _safe(text)[:limit].rstrip()


def clean_line(text: str, limit: int) -> str:
    """Like `clean_text` for a text of one line: every run of white space is one blank."""
    text = _safe(text)
    # Every other blank than " " counts as not printable.
    if "  " in text or not text.isprintable():
        text = _BLANKS.sub(" ", text)
    return text[:limit].rstrip()


def _safe(text: str) -> str:
    # All that is unwanted is not printable, and most texts are, but for their line ends: a quick
    # way past two searches.
    if not text.isprintable() and not text.replace("\n", "").isprintable():
        text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))
    # Not cut here: NFC makes some letters longer (Devanagari and Hebrew ones with a dot).
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.strip()


def excerpt(text: str, limit: int) -> str:
    """A server's text for a message: one line without escape sequences, controls and bidi marks."""
    return clean_line(_BIDI_MARKS.sub("", _ESCAPES.sub("", text)), limit)


def shortened(text: str, limit: int) -> str:
    """`text`, or its beginning and a sign that it goes on, in at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def visible(text: str) -> str:
    """A text for the log or a reply, of any number of lines, without what cannot be seen in it:
    escape sequences, controls but line ends and tabs, bidi controls, characters of no width.
    """
    if text.isprintable() or text.replace("\n", "").isprintable():
        return text
    return _UNSEEN.sub("", _LINE_BREAKS.sub("\n", _ESCAPES.sub("", text)))


def storable(text: str) -> str:
    """`text` without the lone surrogates that odd paths bring: UTF-8 has none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def says_something(text: str) -> bool:
    """Whether anything of a text would be left if it were made safe."""
    # Nearly always it begins with a letter that is seen, which nothing takes out.
    return "!" <= text[:1] <= "~" or clean_text(text, 1) != ""


def name_key(name: str) -> str:
    """The identity of a name: two names with equal keys are one tag to Plex (and to people).

    Upper and lower case are one, letter by letter, as servers and disks compare them: "Weiß" and
    "Weiss" are two names.
    """
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", _fold(unicodedata.normalize("NFC", name)))


def _fold(text: str) -> str:
    """Unicode's simple case folding: no letter becomes two."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(map(_fold_letter, text))


def _fold_letter(letter: str) -> str:
    forms = (letter.casefold(), letter.lower(), letter)
    return next(form for form in forms if len(form) == 1)


@lru_cache(maxsize=1024)
def clean_names(names: tuple[str, ...], limit: int) -> tuple[str, ...]:
    """Clean each name, drop empty ones, merge duplicates (the first spelling stays)."""
    found: dict[str, str] = {}
    for name in names:
        key, clean = _name(name, limit)
        if clean:
            found.setdefault(key, clean)
    return tuple(found.values())


@lru_cache(maxsize=8192)
def _name(name: str, limit: int) -> tuple[str, str]:
    """A name's identity and its clean form; thousands of scenes name the same few people."""
    clean = clean_line(name, limit)
    return name_key(clean), clean
