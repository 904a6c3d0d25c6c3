"""What was found of scenes, and the pins that were looked at on the way."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.matching.match_outcome import Claim, Evidence, FileMatch
from core.matching.pins import Pin
from core.models import FullItem, ItemRef, MediaFile, Scene


@dataclass(frozen=True, slots=True)
class LocatedItems:
    """One scene's items: those it can claim, and what evidence could not decide.

    Attributes:
        gone: items that were remembered, and that Plex does not have any more.
        is_outdated: an item was proposed that is there, but not as it is remembered.
        unreadable: items that Plex has and fails for, each with what it says.
        trouble: why Plex could not say whether it has the scene, for people; "" where it could.
    """

    items: Mapping[ItemRef, FullItem]
    claims: tuple[Claim, ...]
    undecided: tuple[FileMatch, ...]
    gone: frozenset[ItemRef] = frozenset()
    is_outdated: bool = False
    unreadable: Mapping[ItemRef, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def failure(self) -> str:
        """What Plex failed with, of all that is the scene; "" where all of it is known."""
        for ref, why in self.unreadable.items():
            return f"item {ref}: {why}"
        return self.trouble

    @property
    def is_absent(self) -> bool:
        """Whether nothing that is remembered of what is there could be the scene."""
        known = self.items or self.undecided or self.unreadable
        return not known and not self.is_outdated

    def after(self, earlier: LocatedItems) -> LocatedItems:
        """The same, with what an earlier search has found to be otherwise than remembered."""
        if not (earlier.gone or earlier.is_outdated):
            return self
        outdated = self.is_outdated or earlier.is_outdated
        return replace(self, gone=self.gone | earlier.gone, is_outdated=outdated)

    def without(self, refs: Container[ItemRef]) -> LocatedItems:
        """The same without some items."""
        items = {ref: item for ref, item in self.items.items() if ref not in refs}
        claims = tuple(claim for claim in self.claims if claim.ref not in refs)
        return replace(self, items=items, claims=claims)


@dataclass(frozen=True, slots=True)
class Pinned:
    """Pins of some scenes: all, those that can be used, and the files of items still there."""

    by_scene: Mapping[int, Sequence[Pin]]
    active: Sequence[Pin]
    live: Mapping[ItemRef, tuple[MediaFile, ...]]


def is_active(pin: Pin, sections: Container[str]) -> bool:
    """Whether a pin stands, and its section is synced."""
    return not pin.released and pin.ref.section in sections


def is_pinned(found: LocatedItems, section: str) -> bool:
    """Whether a pin in that section was of use."""
    return any(c.evidence is Evidence.PINNED and c.ref.section == section for c in found.claims)


def is_open(scene: Scene, found: Mapping[int, LocatedItems], pins: Pinned) -> bool:
    """Whether Plex itself has to be asked for a scene."""
    each = found[scene.id]
    return not each.items or any(
        pin.scene_id == scene.id and not is_pinned(each, pin.ref.section) for pin in pins.active
    )


def joined(first: LocatedItems, last: LocatedItems) -> LocatedItems:
    """What two searches have found; in one section the later counts."""
    sections = {ref.section for ref in last.items}
    items = {ref: item for ref, item in first.items.items() if ref.section not in sections}
    claims = (claim for claim in first.claims if claim.ref.section not in sections)
    return LocatedItems(
        {**items, **last.items},
        (*claims, *last.claims),
        first.undecided + last.undecided,
        unreadable={**first.unreadable, **last.unreadable},
    )
