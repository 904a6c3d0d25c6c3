"""Says why a scene could not be matched, or lost its item, and what the user can do about it.

Everything here ends as JSON in a task's reply and in the report that is kept, and as a line in the
log; so these are plain values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.matching.match_outcome import Evidence, FileMatch
from core.matching.ownership import Contest

# Candidates that are shown of one scene; `scene.mp4` can have thousands.
SHOWN = 10

_WORDS: Mapping[Evidence, str] = {
    Evidence.NONE: "a guess",
    Evidence.SUFFIX: "equal trailing folders",
    Evidence.LEARNED: "an equal path after learned folders",
    Evidence.SIZE: "an equal name and size",
    Evidence.PATH: "an equal path",
    Evidence.VERIFIED: "an earlier match that still holds",
    Evidence.PINNED: "a pin",
}
_PIN = "pin the scene to one of them"
_MAP = "if Plex sees the file in another folder than Stash, say so in the setting 'Path map'"
_REMEDIES: Mapping[Evidence, str] = {
    Evidence.PATH: f"merge or delete the doubles in Plex, or {_PIN}",
    Evidence.SIZE: f"{_MAP}; else delete the copies in Plex, or {_PIN}",
    Evidence.SUFFIX: f"let Plex analyse the library, so that it knows the sizes; {_MAP}; or {_PIN}",
    Evidence.NONE: f"{_MAP}; let Plex analyse the library, so that it knows the sizes; or {_PIN}",
}


@dataclass(frozen=True, slots=True)
class Contender:
    """One file of one item that a scene might be. `library` is the section's title."""

    library: str
    section: str
    rating_key: str
    path: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """An ambiguous scene.

    Attributes:
        path, size: the scene's file that was looked for.
        candidates: at most `SHOWN` of them; `more` items are not shown.
        why: what they have in common and what would tell them apart.
        remedy: what the user can do.
    """

    scene_id: int
    path: str
    size: int | None
    candidates: tuple[Contender, ...]
    more: int
    why: str
    remedy: str

    def __str__(self) -> str:
        found = "; ".join(
            f"{c.library!r} item {c.rating_key} ('{c.path}', {_size(c.size)})"
            for c in self.candidates
        )
        more = f" and {self.more} more" if self.more else ""
        return (
            f"{self.why}: {found}{more}. The scene's file: '{self.path}', {_size(self.size)}. "
            f"What you can do: {self.remedy}"
        )


@dataclass(frozen=True, slots=True)
class LostItem:
    """An item that a scene has a claim on and another scene owns."""

    scene_id: int
    library: str
    section: str
    rating_key: str
    owner: int
    why: str

    def __str__(self) -> str:
        item = f"{self.library!r} item {self.rating_key}"
        return f"{item} belongs to scene {self.owner}: {self.why}"


@dataclass(frozen=True, slots=True)
class Outside:
    """A scene with no file below any folder of the synced libraries."""

    scene_id: int
    path: str
    in_plex: tuple[str, ...]
    remedy: str

    def __str__(self) -> str:
        places = " or ".join(f"'{place}'" for place in self.in_plex)
        return f"Plex has no library folder for {places}. What you can do: {self.remedy}"


@dataclass(frozen=True, slots=True)
class IgnoredPin:
    """A pin that could not be used."""

    scene_id: int
    library: str
    rating_key: str
    why: str

    def __str__(self) -> str:
        item = f"item {self.rating_key} of library {self.library!r}"
        return f"to {item} was ignored: {self.why}"


@dataclass(frozen=True, slots=True)
class Refused:
    """A scene of which Plex has not taken everything."""

    scene_id: int
    why: str

    def __str__(self) -> str:
        return self.why


def doubt(scene_id: int, low: FileMatch, titles: Mapping[str, str]) -> Doubt:
    """Why one file of a scene is left undecided; `titles` are the sections' by their keys."""
    shown = low.candidates[:SHOWN]
    left_out = set(low.refs) - {candidate.ref for candidate in shown}
    return Doubt(
        scene_id,
        low.file.path if low.file is not None else "",
        low.file.size if low.file is not None else None,
        tuple(
            Contender(
                titles.get(c.ref.section, c.ref.section),
                c.ref.section,
                c.ref.key,
                c.file.path,
                c.file.size,
            )
            for c in shown
        ),
        len(left_out),
        _why(low),
        _REMEDIES[low.tie],
    )


def doubt_of(row: Mapping[str, Any]) -> Doubt:
    """The doubt that `dataclasses.asdict` made a dict of."""
    candidates = tuple(Contender(**each) for each in row["candidates"])
    return Doubt(**{**row, "candidates": candidates})


def losses(scene_id: int, contests: Sequence[Contest], titles: Mapping[str, str]) -> list[LostItem]:
    """To whom a scene lost its items, and why."""
    return [
        LostItem(
            scene_id,
            titles.get(contest.ref.section, contest.ref.section),
            contest.ref.section,
            contest.ref.key,
            contest.owner,
            _why_lost(contest),
        )
        for contest in contests
    ]


def outside(scene_id: int, path: str, in_plex: Sequence[str]) -> Outside:
    """A scene outside every library; `in_plex` is where its file would be in Plex."""
    remedy = f"{_MAP}; or add the folder to a library of Plex; else leave it"
    return Outside(scene_id, path, tuple(in_plex), remedy)


def _why(low: FileMatch) -> str:
    items = len(low.refs)
    several = f"{items} items"
    if low.tie is Evidence.PATH:
        return f"{several} have a file at the very path of the scene's, and no size tells them"
    if low.tie is Evidence.SIZE:
        return f"{several} have a file of this name and size, and their folders say nothing"
    if low.tie is Evidence.SUFFIX:
        return f"{several} fit equally well by name and folders, and a size is unknown"
    only = "an item has" if items == 1 else f"{several} have"
    return f"{only} a file of this name, but a size is unknown and the folders differ"


def _why_lost(contest: Contest) -> str:
    winning, losing = contest.winning, contest.losing
    if losing.evidence is Evidence.VERIFIED and winning.evidence < Evidence.VERIFIED:
        only = f"only an earlier match by {_WORDS[losing.native]}"
        return f"it has {_WORDS[winning.evidence]}, this scene {only}"
    if winning.evidence is not losing.evidence:
        return f"it has {_WORDS[winning.evidence]}, this scene {_WORDS[losing.evidence]}"
    both = f"both have {_WORDS[winning.evidence]}"
    if winning.shared != losing.shared:
        return f"{both}, and the folders of its file fit better"
    if (winning.file_rank == 0) != (losing.file_rank == 0):
        return f"{both}, and there it is the scene's primary file"
    return f"{both}, and it has the lower id"


def _size(size: int | None) -> str:
    return "size unknown" if size is None else f"{size} bytes"
