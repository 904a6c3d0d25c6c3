"""What Stash's library as a whole says: who shares a name, what lies above a tag, how often each
tag, studio and group is used. Asked for in pages, and remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

TAG, STUDIO, GROUP = "tag", "studio", "group"


class Used(NamedTuple):
    """A tag, studio or group: its name, how many scenes have it, and what lies right above it."""

    name: str
    scenes: int
    above: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LibraryFacts:
    """Facts by the ids of what they are about; of what nobody asked for there are none.

    Attributes:
        disambiguations: those that are part of performers' names.
    """

    disambiguations: Mapping[int, str] = field(default_factory=dict)
    tags: Mapping[int, Used] = field(default_factory=dict)
    studios: Mapping[int, Used] = field(default_factory=dict)
    groups: Mapping[int, Used] = field(default_factory=dict)

    def of(self, about: str) -> Mapping[int, Used]:
        """Those about tags, studios or groups."""
        return {TAG: self.tags, STUDIO: self.studios, GROUP: self.groups}[about]


def all_above(of: int, known: Mapping[int, Used]) -> Iterable[int]:
    """All that lies above one of them, at any height, each once; never itself."""
    seen = {of}
    waiting = [of]
    while waiting:
        used = known.get(waiting.pop())
        fresh = [each for each in (used.above if used else ()) if each not in seen]
        seen.update(fresh)
        waiting += fresh
        yield from fresh
