"""Skips scenes of which nothing has changed since a whole run found them in order.

What a run says of a scene follows from the scene, its record, the rules, and those items of Plex
that bear the name of one of its files or are its own. While all of these are the same, so is the
verdict. A record that was touched drops the verdict by itself (`storage.verdicts`); a digest covers
the rest. Which scene owns an item is decided anew in every run, from the claims kept here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from core.desired import SyncPolicy
from core.digests import digest, digest_of, item_digest
from core.matching.index import BIG_BUCKET, Candidate
from core.matching.match_outcome import Claim, Evidence, SceneMatch
from core.models import ItemRef, MediaFile, Scene, Section
from core.paths import PathMap, base_key
from core.records import Record
from plex.library import PlexSnapshot
from stash.mapping import UnreadScene
from storage.code_digest import code_digest
from storage.verdicts import Verdict, VerdictStore

# All that says how scenes and items are read and judged; a change of it voids the verdicts.
RULES = ("core", "reconciliation", "stash.mapping", "plex.mapping")
NOTHING: Sequence[Candidate] = ()
UNSIZED = -1


def rules_digest(
    sync_policy: SyncPolicy, path_map: PathMap, sections: Iterable[Section], *switches: bool
) -> bytes:
    """Everything that all verdicts of a run rest on."""
    return digest_of(
        (
            code_digest(*RULES),
            sync_policy.parts,
            path_map.pairs,
            sorted((section.key, section.type, section.agent) for section in sections),
            switches,
        )
    )


@dataclass(slots=True)
class VerdictCache:
    """The verdicts of earlier runs, held against what both sides say now.

    Args:
        rules: see `rules_digest`.
    """

    store: VerdictStore
    side: PlexSnapshot
    path_map: PathMap
    rules: bytes
    _noted: dict[int, Verdict] = field(default_factory=dict)
    _void: set[int] = field(default_factory=set)
    _items: dict[ItemRef, bytes] = field(default_factory=dict)
    _around: dict[tuple[str, int | None], bytes] = field(default_factory=dict)
    _named: dict[str, list[Candidate]] = field(init=False)
    _renamed: dict[str, set[str]] = field(init=False)
    _fetched: dict[int, UnreadScene] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._renamed = {}
        for source, target in self.path_map.pairs:  # one that names a file may rename it
            self._renamed.setdefault(base_key(source), {base_key(source)}).add(base_key(target))
        self._named = {}
        for index in self.side.indexes.values():
            for name, bucket in index.by_name().items():
                known = self._named.get(name)
                self._named[name] = bucket if known is None else [*known, *bucket]

    def unchanged(
        self, scenes: Sequence[UnreadScene]
    ) -> list[tuple[UnreadScene, tuple[Claim, ...]]]:
        """Those scenes whose last verdict still holds, with their claims."""
        verdicts = self.store.get_many([scene.id for scene in scenes])
        self._fetched = {scene.id: scene for scene in scenes}
        found = []
        for scene in scenes:
            verdict = verdicts.get(scene.id)
            if verdict is None:
                continue
            refs = [claim.ref for claim in verdict.claims]
            if self._digest(scene, refs) == verdict.digest:
                found.append((scene, verdict.claims))
            else:
                self._void.add(scene.id)
        return found

    def note(self, scene: Scene, match: SceneMatch, record: Record | None) -> None:
        """Take in a scene that was looked at; whether it is in order shows at the end."""
        recorded = {item.ref for item in record.items} if record is not None else set()
        # Of an item without `updatedAt` a listing can never prove that its lists did not move.
        certain = all(
            claim.evidence is Evidence.VERIFIED
            and self.side.items[claim.ref].updated_at is not None
            for claim in match.claims
        )
        whole = certain and recorded and recorded == set(match.refs)
        # One that is looked at for the second time is in doubt, or was.
        fetched = self._fetched.pop(scene.id, None)
        seen = self._digest(fetched, match.refs) if whole and fetched is not None else None
        if seen is None:
            self._noted.pop(scene.id, None)
            self._void.add(scene.id)
        else:
            self._noted[scene.id] = Verdict(seen, match.claims)

    def save(self, in_disorder: Collection[int]) -> None:
        """Keep the verdicts on what was noted, but for these scenes."""
        good = {i: verdict for i, verdict in self._noted.items() if i not in in_disorder}
        self.store.save(good, (self._void | set(in_disorder)) - good.keys())

    def _digest(self, scene: UnreadScene, refs: Sequence[ItemRef]) -> bytes | None:
        """A digest of all that a verdict rests on; None where an item is not there."""
        own = [self._item(ref) for ref in refs]
        if not all(own):
            return None
        around = [
            self._alike(file, name, refs) for file in scene.files for name in self._names(file)
        ]
        return digest((self.rules, scene.digest, *own, *around))

    def _names(self, file: MediaFile) -> Sequence[str]:
        """The names, as keys, that a file may have in Plex."""
        name = base_key(file.path)
        return sorted(self._renamed[name]) if name in self._renamed else (name,)

    def _item(self, ref: ItemRef) -> bytes:
        known = self._items.get(ref)
        if known is None:
            item = self.side.items.get(ref)
            known = self._items[ref] = b"" if item is None else item_digest(item)
        return known

    def _alike(self, file: MediaFile, name: str, own: Sequence[ItemRef]) -> bytes:
        """The items of one name that this file may be; its scene's `own` speak for themselves."""
        bucket = self._named.get(name, NOTHING)
        if bucket and all(candidate.ref in own for candidate in bucket):
            return b"its own"
        known = self._around.get((name, None))
        if known is None:
            if len(bucket) > BIG_BUCKET:
                return self._alike_of_many(file, name)
            refs = {candidate.ref for candidate in bucket}
            known = self._around[name, None] = digest(sorted(map(self._item, refs)))
        return known

    def _alike_of_many(self, file: MediaFile, name: str) -> bytes:
        """The same among hundreds of files of one name: those that size or path speaks for."""
        indexes = self.side.indexes.values()
        size = UNSIZED if file.size is None else file.size
        known = self._around.get((name, size))
        if known is None:
            sized = {c.ref for index in indexes for c in index.named_like(name, file.size)}
            known = self._around[name, size] = digest(sorted(map(self._item, sized)))
        places = self.path_map.to_plex(file.path)
        there = {c.ref for index in indexes for p in places for c in index.at_path(p)}
        return digest((known, *sorted(map(self._item, there))))
