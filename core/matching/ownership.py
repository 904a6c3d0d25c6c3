"""An item has one owner: strongest evidence, then primary file, then lowest scene id.

A scene that loses its only claim has no item. Where the item lies at the scene's own place, two
scenes want the same thing: the claim is contested. Elsewhere the item is a copy of the scene's
file: Plex lacks the scene's own, and the scene is missing. So it is with several copies, each of
them another scene's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.matching.match_outcome import Claim, Evidence
from core.models import ItemRef, MediaFile, Scene
from core.paths import PathMap, same_path


@dataclass(frozen=True, slots=True)
class Contest:
    """A claim that another scene's claim beats."""

    ref: ItemRef
    owner: int
    winning: Claim
    losing: Claim


@dataclass(slots=True)
class Claims:
    """Collects claims scene by scene; only items claimed twice cost more than one entry."""

    _first: dict[ItemRef, tuple[int, Claim]] = field(default_factory=dict)
    _contested: dict[ItemRef, list[tuple[int, Claim]]] = field(default_factory=dict)

    def offer(self, scene_id: int, claims: Iterable[Claim]) -> None:
        for claim in claims:
            known = self._first.setdefault(claim.ref, (scene_id, claim))
            if known[0] != scene_id:
                self._contested.setdefault(claim.ref, [known]).append((scene_id, claim))

    def rivals_unseen(
        self, recorded: Mapping[ItemRef, int], copies: Iterable[ItemRef] = ()
    ) -> dict[int, list[ItemRef]]:
        """The recorded owners of claimed items, and of some others, that have made no claim
        themselves.

        Args:
            recorded: the owner of each item, as recorded.
            copies: the others.
        """
        unseen: dict[int, list[ItemRef]] = {}
        for ref in dict.fromkeys((*self._first, *copies)):
            owner = recorded.get(ref)
            if owner is not None and owner not in {rival for rival, _ in self._rivals(ref)}:
                unseen.setdefault(owner, []).append(ref)
        return unseen

    def _rivals(self, ref: ItemRef) -> list[tuple[int, Claim]]:
        """The claims on an item, each after its scene."""
        return self._contested.get(ref, [self._first[ref]] if ref in self._first else [])

    def contests(self) -> dict[int, list[Contest]]:
        """For each scene that lost a claim, to whom and why."""
        lost: dict[int, list[Contest]] = {}
        for ref, rivals in self._contested.items():
            owner, winning = min(rivals, key=_rank)
            for scene_id, claim in rivals:
                if scene_id != owner:
                    lost.setdefault(scene_id, []).append(Contest(ref, owner, winning, claim))
        return lost

    def of_copies(self, scene_id: int, copies: Iterable[ItemRef]) -> list[Contest]:
        """What a scene loses that may be any of some copies of its file: all, if each is another
        scene's, by a file like that or by more; nothing otherwise.
        """
        lost: list[Contest] = []
        for ref in copies:
            owner, winning = min(self._rivals(ref), key=_rank, default=(scene_id, None))
            if winning is None or owner == scene_id or not winning.is_of_like_file:
                return []
            lost.append(Contest(ref, owner, winning, Claim(ref, Evidence.NONE, 0)))
        return lost

    def holders(self) -> dict[ItemRef, int]:
        """The owner of every claimed item."""
        first = {ref: scene_id for ref, (scene_id, _) in self._first.items()}
        return first | {ref: min(rivals, key=_rank)[0] for ref, rivals in self._contested.items()}


def _rank(rival: tuple[int, Claim]) -> tuple[bool, int, bool, int, bool, int]:
    scene_id, claim = rival
    pinned, weight, is_verified, shared = claim.precedence
    return (not pinned, -weight, not is_verified, -shared, claim.file_rank != 0, scene_id)


def is_copy(
    contest: Contest, scene: Scene, files: Iterable[MediaFile], maps: Sequence[PathMap]
) -> bool:
    """Whether an item that a scene has lost lies at none of the places of the scene's own files.

    Args:
        files: the item's.
        maps: what is known of where the folders of Stash are in Plex.
    """
    if contest.losing.evidence is Evidence.PINNED:
        return False
    places = {place for file in scene.files for known in maps for place in known.to_plex(file.path)}
    return not any(same_path(place, file.path) for file in files for place in places)
