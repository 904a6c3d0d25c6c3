"""Changes in words, a line each, for people. Pure.

Titles and names of people, studios and tags are put in “these quotes”, and nothing else is: that is
how the log knows them where they are to be hidden (`core.redaction`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.fields import PICTURES
from core.models import Change, Value
from core.text import shortened, visible

_LONGEST = 60  # characters of one value
_SHOWN = 6  # changes of one scene or item
_INNER = str.maketrans("“”", '""')


def scene_called(scene_id: int, title: str) -> str:
    return f"scene {scene_id} {named(title)}" if title else f"scene {scene_id}"


def closed(text: str) -> str:
    """A text as a sentence with its mark at the end: a question keeps its own."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def change_line(scene_id: int, title: str, *changes: Change) -> str:
    """Changes of a scene, like `scene 12 “Title”: tags + “Jazz” − “Night”; rating = 8`."""
    return line_of(scene_called(scene_id, title), map(phrase, changes))


def phrase(change: Change) -> str:
    """One change, like `tags + “Jazz” − “Night”`."""
    return f"{change.field} {_what(change)}"


def line_of(called: str, phrases: Iterable[str]) -> str:
    """What there is to say of one scene or item in one line: the first of it, and how much more."""
    return f"{called}: {some_of(list(phrases), _SHOWN)}"


def some_of(texts: Sequence[str], most: int, total: int = 0) -> str:
    """The first of several texts in one line, and how many more there are.

    Args:
        total: of which there are, where `texts` are not all.
    """
    rest = max(total, len(texts)) - most
    return "; ".join([*texts[:most], *([f"and {rest} more"] if rest > 0 else [])])


def counted(number: int, one: str, many: str = "") -> str:
    """Like “1 scene”, “2,000 scenes”; `many` where that is not `one` with an s."""
    return f"1 {one}" if number == 1 else f"{number:,} {many or f'{one}s'}"


def changes_wait(count: int) -> str:
    return counted(count, "change waits", "changes wait")


def listed(counts: Iterable[tuple[int, str]]) -> str:
    """Numbers of things, those that are 0 left out."""
    return ", ".join(f"{count} {words}" for count, words in counts if count)


def shown(value: Value) -> str:
    """A value as a line can hold it."""
    if value is None or value in ("", ()):
        return "nothing"
    if isinstance(value, tuple):
        return _names(value)
    return named(value) if isinstance(value, str) else f"{value:g}"


def named(name: str) -> str:
    """A title or name in one short line, and in its quotes."""
    line = shortened(" ".join(visible(name).split()), _LONGEST)
    return f"“{line.translate(_INNER)}”"


def _what(change: Change) -> str:
    if change.field in PICTURES:
        return "locked as it is" if change.before == change.after else "→ the cover in Stash"
    if change.added or change.removed:
        signs = (("+", change.added), ("−", change.removed))
        return " ".join(f"{sign} {_names(names)}" for sign, names in signs if names)
    if change.after is None:
        return f"cleared, was {shown(change.before)}"
    if change.before is None:
        return f"= {shown(change.after)}"
    return f"{shown(change.before)} → {shown(change.after)}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(named, names))
