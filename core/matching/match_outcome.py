"""What matching comes to: the kinds of evidence, and the outcomes for files and for scenes."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from core.matching.index import Candidate
from core.matching.pins import Pin
from core.models import Confidence, ItemRef, MediaFile


class Evidence(IntEnum):
    """Why a match is believed; a greater value is stronger."""

    NONE = 0
    SUFFIX = 1
    LEARNED = 2
    SIZE = 3
    PATH = 4
    VERIFIED = 5
    PINNED = 6


class FileMatch(NamedTuple):
    """The outcome for one file in one section: one item when HIGH, the contenders when LOW.

    `shared` counts the equal trailing path components where these are part of the evidence. A LOW
    outcome has no evidence; it says what the contenders have in common (`tie`; NONE: the base name
    alone), which files they are, and which file of the scene was looked for.
    """

    confidence: Confidence
    refs: tuple[ItemRef, ...]
    evidence: Evidence
    shared: int = 0
    tie: Evidence = Evidence.NONE
    candidates: tuple[Candidate, ...] = ()
    file: MediaFile | None = None


class Claim(NamedTuple):
    """A scene's claim on an item; `file_rank` 0 is the scene's primary file.

    Of claims with equal evidence the one with more `shared` path components is the stronger.
    `native` is what speaks for a verified claim beside the record: between two scenes a record that
    was made from weak evidence must not outweigh better one.
    """

    ref: ItemRef
    evidence: Evidence
    file_rank: int
    shared: int = 0
    native: Evidence = Evidence.NONE

    @property
    def strength(self) -> tuple[int, int]:
        """Compares the claims of one scene."""
        return self.evidence, self.shared

    @property
    def precedence(self) -> tuple[bool, int, bool, int]:
        """Compares the claims of several scenes: a pin, then evidence, then who has it already."""
        is_verified = self.evidence is Evidence.VERIFIED
        return self.evidence is Evidence.PINNED, self.weight, is_verified, self.shared

    @property
    def weight(self) -> Evidence:
        """What speaks for it beside the record."""
        return self.native if self.evidence is Evidence.VERIFIED else self.evidence

    @property
    def is_of_like_file(self) -> bool:
        """Whether an equal size speaks for it, or more than that."""
        return self.weight >= Evidence.SIZE


class SceneMatch(NamedTuple):
    """All items that a scene's files are, and what could not be decided.

    `lost_pins` are pins in the sections searched whose item is not there any more.
    """

    scene_id: int
    claims: tuple[Claim, ...]
    undecided: tuple[FileMatch, ...]
    lost_pins: tuple[Pin, ...] = ()

    @property
    def refs(self) -> tuple[ItemRef, ...]:
        return tuple([claim.ref for claim in self.claims])

    @property
    def is_ambiguous(self) -> bool:
        return not self.claims and bool(self.undecided)

    @property
    def copies(self) -> tuple[ItemRef, ...]:
        """The contenders of a scene without any item, if each is a copy of its file by name and
        size."""
        if not self.is_ambiguous or any(low.tie is not Evidence.SIZE for low in self.undecided):
            return ()
        return tuple(sorted({ref for low in self.undecided for ref in low.refs}))
