"""Matches scenes in indexes of what is remembered or told, and confirms what these propose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.matching.index import ItemIndex
from core.matching.match import match_scene
from core.matching.match_outcome import Claim, SceneMatch
from core.matching.pins import Pin
from core.models import FullItem, Scene
from core.paths import PathMap
from core.records import Record
from plex.client import PlexClient
from plex.full_items import FullItems
from worker.locating.located_items import LocatedItems, Pinned

_Rematch = Callable[[int, Mapping[str, ItemIndex]], SceneMatch]


@dataclass(frozen=True, slots=True)
class Confirming:
    """Matches and confirms.

    Args:
        learned: the folders that the last full reconcile has learned from its matches.
        guess: take the first of several equal candidates (`strict_matching` switched off).
    """

    plex: PlexClient
    path_map: PathMap
    learned: PathMap | None
    guess: bool

    def match(
        self,
        scenes: Iterable[Scene],
        records: Mapping[int, Record],
        pins: Pinned,
        known: Mapping[str, ItemIndex],
        read: dict[str, FullItem],
    ) -> dict[int, LocatedItems]:
        """The items of some scenes, as these indexes propose and Plex confirms.

        Args:
            read: the items that were read just now, by rating key; gets those that are read.

        Raises:
            PlexError: as the client.
        """
        by_id = {scene.id: scene for scene in scenes}

        def match(scene_id: int, indexes: Mapping[str, ItemIndex]) -> SceneMatch:
            own = pins.by_scene.get(scene_id, ())
            return self.match_one(by_id[scene_id], records.get(scene_id), own, indexes)

        matches = {scene_id: match(scene_id, known) for scene_id in by_id}
        return self._confirm(matches, match, known, read)

    def match_one(
        self,
        scene: Scene,
        record: Record | None,
        pins: Sequence[Pin],
        indexes: Mapping[str, ItemIndex],
    ) -> SceneMatch:
        return match_scene(
            scene,
            indexes,
            self.path_map,
            record,
            pins=pins,
            learned=self.learned,
            guess=self.guess,
        )

    def _confirm(
        self,
        matches: Mapping[int, SceneMatch],
        again: _Rematch,
        known: Mapping[str, ItemIndex],
        read: dict[str, FullItem],
    ) -> dict[int, LocatedItems]:
        """Read the proposed items whole; keep those that still are what they were proposed for.

        The scene is matched once more, against nothing but the files that the item has now, and
        the evidence must be no weaker than that of the proposal; nor is it where these are the
        files that the item was proposed for: fewer items are fewer contenders.
        """
        keys = {ref.key for match in matches.values() for ref in match.refs}
        unread = sorted(keys - read.keys())
        full = self.plex.full_items(unread) if unread else FullItems()
        read.update(full)
        full.update((key, read[key]) for key in keys & read.keys())
        confirmed: dict[int, LocatedItems] = {}
        for scene_id, match in matches.items():
            claims = [
                claim
                for claim in match.claims
                if self._holds(scene_id, claim, full.get(claim.ref.key), known, again)
            ]
            items = {claim.ref: full[claim.ref.key] for claim in claims}
            others = {claim.ref for claim in match.claims if claim.ref.key not in full}
            unreadable = {
                ref: full.unreadable[ref.key] for ref in others if ref.key in full.unreadable
            }
            gone = frozenset(others - unreadable.keys())
            is_outdated = len(claims) + len(gone) < len(match.claims)
            confirmed[scene_id] = LocatedItems(
                items, tuple(claims), match.undecided, gone, is_outdated, unreadable
            )
        return confirmed

    def _holds(
        self,
        scene_id: int,
        claim: Claim,
        item: FullItem | None,
        known: Mapping[str, ItemIndex],
        again: _Rematch,
    ) -> bool:
        if item is None or item.ref != claim.ref:
            return False
        if known[claim.ref.section].files(claim.ref) == item.files:
            return True
        index = ItemIndex()
        index.add(item.ref, item.files)
        match = again(scene_id, {claim.ref.section: index})
        return any(
            live.ref == claim.ref and live.evidence >= claim.evidence for live in match.claims
        )
