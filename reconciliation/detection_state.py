"""What a sweep has found, by scene. Of what may concern a whole library nothing is in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from core.change_words import some_of
from core.fields import TITLE, listed_value
from core.finding_types import DRIFT, EMPTY_METADATA, MISSING, STALE_SYNC
from core.id_set import IdSet
from core.matching.match_outcome import SceneMatch
from core.matching.ownership import Contest
from core.matching.pins import Pin
from core.matching.reasons import doubt, losses
from core.models import ItemRef, ListedItem, Scene
from core.quality_gate import is_meaningful
from reconciliation.detector import Gap
from stash.mapping import snapshot
from storage.files.scratch import Scratch, Spool
from storage.record_codec import dumps

_NAMED = 5  # scenes named in one sentence
# The kinds of findings that concern nobody but their scene and a job of it.
PLAIN = ("empty", "stale", "drift", "unorganized", "undone", "missing")
Row = dict[str, Any]
SceneItems = tuple[Scene, Iterable[ListedItem]]  # a scene with the items that are its own


class FoundGap(NamedTuple):
    """A gap, as it is told of and enqueued."""

    scene_id: int
    gap_type: str
    reason: str


class ToldScene(NamedTuple):
    """What has to be known of a scene of which there is something to say.

    Attributes:
        data: a `stash.mapping.JobData`, as JSON: the `data` of a job.
        title, studio: as there.
        paths: of its files, the primary one first.
        updated_at: when it changed in Stash, epoch seconds.
        is_meaningful: it says enough to be synced.
        items: section, rating key and title of the items that are its own.
    """

    data: str
    title: str
    studio: str
    paths: tuple[str, ...]
    updated_at: float
    is_meaningful: bool
    items: tuple[tuple[str, str, str], ...]


class DetectionState:
    """All that a sweep has found, by scene id.

    Args:
        scratch: where it is kept.
        titles: of the sections, by their keys.

    Attributes:
        empty, stale, missing, vanished, drift: gaps, each with the reason for people.
        altered: of those of `drift`, the fields that no longer show what was written.
        refused: scenes that are as they were left, but of which Plex has not taken everything. They
            get no job until Stash or Plex says something else.
        undecided: the items that evidence leaves open of a scene, also of one with other items.
        ambiguous: of scenes without any item: a `core.matching.reasons.Doubt`, as a dict.
        alike: of those, the items of which each is a copy of the scene's file.
        contested: the items that a scene lost, to whom and why: `core.matching.reasons.LostItem`s.
        itemless: those of the above that have no other item.
        copied: scenes that have no item, since the one that is like their file is another scene's.
        lost_pins: pins whose item is gone; they were ignored.
        pinned: the scenes seen that have pins.
        outside: taken out of `missing`: no file below any folder of a synced library.
        unlisted: scenes whose item is in a library that Plex does not list any more: its title.
        ignored: scenes that the user wants to be left alone.
        scenes: all of which anything is said, as rows of `ToldScene`.
        reached: scenes whose item was in a synced library once, wherever their paths lead.
        unread: scenes that were judged by a listing alone: Plex fails for their item, and how.
        read_whole: scenes that a listing does not say enough of to judge them.
        in_doubt: those of them that are to be looked at each time: see `core.planning.drift`.
        outcomes: what became of gaps, each a `GapOutcome`.
    """

    def __init__(self, scratch: Scratch, titles: Mapping[str, str]) -> None:
        self._titles = titles
        self.empty = scratch.spool("empty", str)
        self.stale = scratch.spool("stale", str)
        self.missing = scratch.spool("missing", str)
        self.vanished = scratch.spool("vanished", str)
        self.drift = scratch.spool("drift", str)
        self.altered: Spool[list[str]] = scratch.spool("altered", list)
        self.outside = scratch.spool("outside", str)
        self.unlisted = scratch.spool("unlisted", str)
        self.refused = scratch.spool("refused", str)
        self.undecided: Spool[list[tuple[str, str]]] = scratch.spool("undecided", list)
        self.ambiguous: Spool[Row] = scratch.spool("ambiguous", dict)
        self.alike: Spool[list[tuple[str, str]]] = scratch.spool("alike", list)
        self.contested: Spool[list[Row]] = scratch.spool("contested", list)
        self.scenes: Spool[tuple[Any, ...]] = scratch.spool("scenes", tuple)
        self.outcomes: Spool[int] = scratch.spool("outcomes", int)
        self.read_whole, self.in_doubt = IdSet(), IdSet()
        self.itemless, self.copied, self.pinned, self.unorganized = (IdSet() for _ in range(4))
        self.undone, self.reached, self.ignored, self._noted = (IdSet() for _ in range(4))
        self.lost_pins: dict[int, tuple[Pin, ...]] = {}
        self.unread: dict[int, str] = {}

    def contenders(self) -> set[ItemRef]:
        """The items that some undecided scene might be."""
        batches = self.undecided.batches()
        return {ItemRef(*ref) for batch in batches for refs in batch.values() for ref in refs}

    def gaps_of(self, scene_ids: Sequence[int]) -> dict[int, list[FoundGap]]:
        """The gaps of some scenes that a job can repair, the more telling first."""
        gaps: dict[int, list[FoundGap]] = {}
        for kind, found in self._repairable():
            for scene_id, reason in found.of(scene_ids).items():
                gaps.setdefault(scene_id, []).append(FoundGap(scene_id, kind, reason))
        return gaps

    def _repairable(self) -> tuple[tuple[str, Spool[str]], ...]:
        return (
            (EMPTY_METADATA, self.empty),
            (STALE_SYNC, self.stale),
            (MISSING, self.missing),
            (MISSING, self.vanished),
            (DRIFT, self.drift),
        )

    def concerned(self) -> IdSet:
        """The scenes that are to be repaired or left alone."""
        spools = (self.ambiguous, self.contested, self.outside, self.unlisted, self.refused)
        sets = (self.unorganized, self.undone, self.ignored, self.copied)
        return _union(*spools, *sets, *(found for _, found in self._repairable()))

    def kinds_of(self, scene_ids: Collection[int]) -> dict[int, int]:
        """What was found of some scenes: a bit for each kind, those of `PLAIN` first."""
        plain: tuple[Spool[Any] | IdSet | dict[int, Any], ...] = (
            self.empty,
            self.stale,
            self.drift,
            self.unorganized,
            self.undone,
            self.missing,
        )
        others: tuple[Spool[Any] | IdSet | dict[int, Any], ...] = (
            *(self.vanished, self.outside, self.unlisted, self.refused),
            *(self.undecided, self.ambiguous, self.contested, self.copied),
            *(self.lost_pins, self.pinned, self.ignored, self.unread),
        )
        kinds: dict[int, int] = {}
        for place, found in enumerate((*plain, *others)):
            among = found.among(scene_ids) if isinstance(found, Spool) else None
            for i in (i for i in scene_ids if i in found) if among is None else among:
                kinds[i] = kinds.get(i, 0) | 1 << place
        return kinds

    def in_disorder(self) -> IdSet:
        """The scenes of which there is anything to say at all, or that are in doubt."""
        others = (self.unread, self.undecided, self.lost_pins, self.pinned, self.in_doubt)
        return _union(self.concerned(), *others)

    def troubles(self) -> list[str]:
        """A sentence about the scenes that could not be judged by all of their items."""
        if not self.unread:
            return []
        scenes = [f"scene {i} ({why})" for i, why in sorted(self.unread.items())]
        return [
            f"Plex fails for the items of {len(scenes)} scenes when they are read whole, so that"
            f" only what its listing shows of them was compared: {some_of(scenes, _NAMED)}"
        ]

    def tell(self, scenes: Iterable[SceneItems]) -> None:
        """Keep what has to be known of some scenes; far quicker for many at once."""
        rows = {scene.id: _told(scene, items) for scene, items in scenes}
        self.scenes.put(rows)
        self._noted.update(rows)

    def told(self, scene_ids: Iterable[int]) -> dict[int, ToldScene]:
        """What was kept of some scenes."""
        return {i: ToldScene(*row) for i, row in sorted(self.scenes.of(scene_ids).items())}

    def put(self, kind: Spool[str], gaps: Sequence[Gap]) -> None:
        """Note gaps; their scenes are told of besides."""
        kind.put({gap.scene_id: gap.reason for gap in gaps})
        self.altered.put({gap.scene_id: list(gap.fields) for gap in gaps if gap.fields})

    def note(self, match: SceneMatch, *, is_complete: bool) -> None:
        """Note what a match leaves open.

        Args:
            is_complete: every section was listed to its end. Only then is a scene ambiguous: what
                is not listed may hold the very item.
        """
        scene_id = match.scene_id
        if match.undecided:
            self.undecided.put(
                {scene_id: [(r.section, r.key) for low in match.undecided for r in low.refs]}
            )
            if match.is_ambiguous and is_complete:
                told = doubt(scene_id, match.undecided[0], self._titles)
                self.ambiguous.put({scene_id: asdict(told)})
                if match.copies:
                    self.alike.put({scene_id: [(r.section, r.key) for r in match.copies]})
            self._noted.add(scene_id)
        if match.lost_pins:
            self.lost_pins[scene_id] = match.lost_pins
            self._noted.add(scene_id)

    def note_lost(
        self, match: SceneMatch, lost: Sequence[Contest], *, is_itemless: bool, is_copied: bool
    ) -> bool:
        """Note what a scene has lost to others; returns whether that is a copy of its file.

        Args:
            is_itemless: it has no other item.
            is_copied: each is a copy of its file, and lies where another scene's file is.
        """
        if is_itemless and is_copied and not match.undecided:
            self.copied.add(match.scene_id)
            return True
        found = losses(match.scene_id, lost, self._titles)
        self.contested.put({match.scene_id: [asdict(loss) for loss in found]})
        if is_itemless:
            self.itemless.add(match.scene_id)
        return False

    def forget(self, scene_ids: Iterable[int]) -> None:
        """Forget scenes that are about to be judged again."""
        known = [scene_id for scene_id in scene_ids if scene_id in self._noted]
        if known:
            for _, found in self._repairable():
                found.discard(known)
            others = (self.altered, self.refused, self.undecided, self.ambiguous, self.unlisted)
            for spool in (*others, self.alike):
                spool.discard(known)
            for scene_id in known:
                self.lost_pins.pop(scene_id, None)


def _told(scene: Scene, items: Iterable[ListedItem]) -> tuple[Any, ...]:
    """The row of a `ToldScene`."""
    told = snapshot(scene)
    return (
        dumps(told),
        told["title"],
        told["studio"] or "",
        tuple([file.path for file in scene.files]),
        scene.updated_at,
        is_meaningful(scene),
        tuple([(*item.ref, str(listed_value(item, TITLE) or "")) for item in items]),
    )


def _union(*some: Iterable[int]) -> IdSet:
    found = IdSet()
    for ids in some:
        found.update(ids)
    return found
