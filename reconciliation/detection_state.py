"""What a sweep has found, by scene."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.matching.match_outcome import FileMatch, SceneMatch
from core.matching.ownership import Contest
from core.matching.pins import Pin
from core.models import ItemRef, Scene
from reconciliation.detector import Gap

_NAMED = 5  # scenes named in one sentence


@dataclass(slots=True)
class DetectionState:
    """All that a sweep has found, by scene id.

    Attributes:
        refused: scenes that are as they were left, but of which Plex has not taken everything. They
            get no job until Stash or Plex says something else.
        undecided: what evidence leaves open of a scene, also of one with other items.
        ambiguous: of scenes without any item: the first of the above.
        contested: the items that a scene lost, to whom and why.
        itemless: those of the above that have no other item.
        copied: scenes that have no item, since the one that is like their file is another scene's,
            with the contests that they lost.
        lost_pins: pins whose item is gone; they were ignored.
        pinned: the scenes seen that have pins.
        outside: taken out of `missing`: no file below any folder of a synced library.
        ignored: scenes that the user wants to be left alone.
        scenes: those that nothing but their id is said of above, to be told of.
        reached: scenes whose item was in a synced library once, wherever their paths lead.
        unread: scenes that were judged by a listing alone: Plex fails for their item, and how.
    """

    empty: dict[int, Gap] = field(default_factory=dict)
    stale: dict[int, Gap] = field(default_factory=dict)
    missing: dict[int, Gap] = field(default_factory=dict)
    vanished: dict[int, Gap] = field(default_factory=dict)
    drift: dict[int, Gap] = field(default_factory=dict)
    outside: dict[int, Gap] = field(default_factory=dict)
    refused: dict[int, Gap] = field(default_factory=dict)
    undecided: dict[int, tuple[FileMatch, ...]] = field(default_factory=dict)
    ambiguous: dict[int, FileMatch] = field(default_factory=dict)
    contested: dict[int, list[Contest]] = field(default_factory=dict)
    itemless: set[int] = field(default_factory=set)
    copied: dict[int, list[Contest]] = field(default_factory=dict)
    lost_pins: dict[int, tuple[Pin, ...]] = field(default_factory=dict)
    pinned: set[int] = field(default_factory=set)
    unorganized: set[int] = field(default_factory=set)
    undone: set[int] = field(default_factory=set)
    reached: set[int] = field(default_factory=set)
    ignored: set[int] = field(default_factory=set)
    scenes: dict[int, Scene] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)

    @property
    def contenders(self) -> set[ItemRef]:
        """The items that some undecided scene might be."""
        lows = (low for undecided in self.undecided.values() for low in undecided)
        return {ref for low in lows for ref in low.refs}

    def repairable(self) -> Iterable[Gap]:
        """Every gap that a job can repair; a scene may come up more than once."""
        for found in (self.empty, self.stale, self.missing, self.vanished, self.drift):
            yield from found.values()

    def concerned(self) -> set[int]:
        """The scenes that are left alone."""
        found = (self.ambiguous, self.contested, self.copied, self.outside, self.refused)
        return set().union(self.unorganized, self.undone, self.ignored, *found)

    def in_disorder(self) -> set[int]:
        """The scenes of which there is anything to say at all."""
        found = (
            *(self.empty, self.stale, self.missing, self.vanished, self.drift, self.outside),
            *(self.refused, self.unread),
            *(self.undecided, self.contested, self.lost_pins),
        )
        return set().union(self.pinned, self.unorganized, self.undone, self.ignored, *found)

    def troubles(self) -> list[str]:
        """A sentence about the scenes that could not be judged by all of their items."""
        if not self.unread:
            return []
        some = [f"scene {i} ({why})" for i, why in sorted(self.unread.items())[:_NAMED]]
        rest = len(self.unread) - len(some)
        return [
            f"Plex fails for the items of {len(self.unread)} scenes when they are read whole, so"
            f" that only what its listing shows of them was compared: {'; '.join(some)}"
            + (f" and {rest} more" if rest else "")
        ]

    def note(self, match: SceneMatch, *, is_complete: bool) -> None:
        """Note what a match leaves open.

        Args:
            is_complete: every section was listed to its end. Only then is a scene ambiguous: what
                is not listed may hold the very item.
        """
        if match.undecided:
            self.undecided[match.scene_id] = match.undecided
            if match.is_ambiguous and is_complete:
                self.ambiguous[match.scene_id] = match.undecided[0]
        if match.lost_pins:
            self.lost_pins[match.scene_id] = match.lost_pins

    def note_lost(
        self, match: SceneMatch, lost: Sequence[Contest], *, is_itemless: bool, is_copied: bool
    ) -> None:
        """Note what a scene has lost to others.

        Args:
            is_itemless: it has no other item.
            is_copied: each is a copy of its file, and lies where another scene's file is.
        """
        if is_itemless and is_copied and not match.undecided:
            self.copied[match.scene_id] = list(lost)
            return
        self.contested[match.scene_id] = list(lost)
        if is_itemless:
            self.itemless.add(match.scene_id)

    def forget(self, scene_id: int) -> None:
        """Forget a scene that is about to be judged again."""
        for found in (self.empty, self.stale, self.missing, self.vanished, self.drift):
            found.pop(scene_id, None)
        for noted in (self.refused, self.undecided, self.ambiguous, self.lost_pins):
            noted.pop(scene_id, None)
