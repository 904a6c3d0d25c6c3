"""What performers are called in Plex, which merges two of one name into one person.

Stash tells such two apart by a disambiguation, which Plex does not have. As part of the name,
'Name (disambiguation)', it keeps them apart there as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from core.fields import LINE_LIMIT
from core.text import clean_line, name_key


class Disambiguate(Enum):
    """When a disambiguation is part of the name: NEEDED where the library has two of that name."""

    NEEDED = "needed"
    ALWAYS = "always"
    NEVER = "never"


class Performer(NamedTuple):
    """A performer with a disambiguation."""

    id: int
    name: str
    disambiguation: str


def with_disambiguation(name: str, disambiguation: str) -> str:
    """The name in Plex of a performer whose disambiguation is part of it."""
    return f"{name} ({disambiguation})"


def in_doubt(performers: Iterable[Performer]) -> list[str]:
    """The names that only one of these performers has: one without a disambiguation may have it,
    too. Each once."""
    ids: dict[str, set[int]] = {}
    names: dict[str, str] = {}
    for performer in performers:
        key = name_key(performer.name)
        ids.setdefault(key, set()).add(performer.id)
        names.setdefault(key, performer.name)
    return [name for key, name in names.items() if len(ids[key]) == 1]


def shown(
    performers: Iterable[Performer], when: Disambiguate, shared: Collection[str] = ()
) -> Mapping[int, str]:
    """The disambiguations that are part of names, by the performer's id.

    Args:
        performers: those that have a disambiguation.
        shared: names that a performer without one has as well.
    """
    known = {each.id: each for each in performers}
    keys = Counter(name_key(each.name) for each in known.values())
    keys.update(map(name_key, shared))
    return {
        each.id: more
        for each in known.values()
        if (more := clean_line(each.disambiguation, LINE_LIMIT).strip())
        and when is not Disambiguate.NEVER
        and (when is Disambiguate.ALWAYS or keys[name_key(each.name)] > 1)
    }
