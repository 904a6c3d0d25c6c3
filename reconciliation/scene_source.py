"""Where a whole reconcile has its scenes from: Stash, or what it said when it was read last.

First all scenes are listed by what costs Stash nothing: where all of that stands, nothing is read.
Else one that stands and was found in order comes as it was read; any other is read whole, by its
id. Where there is a doubt, all of them are. What was read may be lost at any time.

A scene counts as read only once Stash can write no other content under the time that it had: its
times are whole seconds.
"""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from core.change_words import some_of
from core.digests import digest_of
from core.errors import StashError, StashIncomplete
from core.id_set import IdSet
from core.library_facts import GROUP, STUDIO, TAG
from core.watermark import AHEAD
from reconciliation.prefetch import Prefetch
from stash.answers import objects
from stash.mapping import SceneReader, UnreadScene, epoch, text
from stash.scalars import (
    FOLDER,
    PERFORMER,
    WHOLE,
    Looked,
    fetch_at_once,
    files_digest,
    iter_scalars,
    look,
    take_mark,
    whole_fields,
)
from stash.scenes import StashApi, iter_unread_pages
from storage.code_digest import code_digest
from storage.files.database import chunks
from storage.files.json_checks import Maybe
from storage.files.row_checks import Row
from storage.key_value import Key
from storage.scene_reads import Look, SceneReads
from storage.state import State

# When the last full pass that saw everything began (epoch seconds).
FULL_PASS: Key[float | None] = Key("full_pass", None, Maybe(float))
RULES = ("core", "reconciliation", "stash", "storage.scene_reads")
FEW = 4  # with a verdict on less than one scene of so many, all are read
LOOKED_UP = 5000  # verdicts at once
_NAMED = 10  # scenes named in one error

_Row = tuple[int, object, str, int]  # id, `updated_at`, mark, and 1 as for `settled`


class SceneSource:
    """The scenes of one pass.

    Args:
        clock: epoch seconds.
        full: read all scenes whole.

    Attributes:
        full: see above.
        read_whole: how many scenes were read whole so far.
    """

    def __init__(
        self,
        stash: StashApi,
        reads: SceneReads,
        state: State,
        clock: Callable[[], float],
        *,
        full: bool,
    ) -> None:
        self._stash = stash
        self._reads = reads
        self._state = state
        self._clock = clock
        self.full = full
        self._number = secrets.randbits(62)
        self._fields = ""
        self._unreadable: dict[int, StashError] = {}
        self._failure: StashError | None = None
        self._incomplete: StashIncomplete | None = None
        # Of all scenes there are, those that are not as they were read, or not as they were judged.
        self._there, self._stale, self._moved = array("q"), IdSet(), IdSet()
        self._keeps_all = self._is_listed = self._saw_all = False
        self.read_whole = 0

    def survey(self, expected: int) -> Iterator[None]:
        """Look at what costs Stash nothing, before any scene is read: what changes later is seen by
        the next pass. Pauses after each page.

        Args:
            expected: how many scenes there are.

        Raises:
            StashError: or its kinds; Stash does not answer.
        """
        looked, new, last = self._look(expected)
        self._fields = whole_fields(self._stash, tells_files=looked.tells_files)
        self._is_listed = last is not None
        if last is None:
            self._reads.begin(new, looked.names, None, last)
            return
        scalars = partial(
            iter_scalars, self._stash, tells_files=looked.tells_files, expected=expected
        )
        last_id = 0
        try:
            with Prefetch(lambda: map(_rows, scalars()), 1) as ahead:
                self._reads.begin(new, looked.names, self._void(looked), last)
                for page in filter(None, ahead):
                    self._compare(page, last_id)
                    last_id = page[-1][0]
                    yield
            self._saw_all = len(self._there) == expected
        except StashError as error:  # what was seen until then is judged
            self._failure = error

    @property
    def moved(self) -> IdSet | None:
        """Of the scenes that there are now, those that are not as they were when they were judged
        last; None where that is not known."""
        return self._moved if self._saw_all else None

    def pages(self, expected: int) -> Iterator[Sequence[UnreadScene]]:
        """All scenes, in no order, after the survey; `complain` says afterwards whether they are
        all.

        Args:
            expected: how many there are.

        Raises:
            StashError: or its kinds; Stash does not answer.
        """
        try:
            if self._is_listed and len(in_order := self._in_order()) * FEW >= expected:
                yield from self._changed(in_order)
            else:
                self._failure = None
                for page in iter_unread_pages(self._stash, expected=expected, fields=self._fields):
                    yield self._keep(page)
            if self._failure is not None:
                raise self._failure
        except StashIncomplete as error:
            self._incomplete = error

    def whole(self, scene_ids: Iterable[int]) -> list[UnreadScene]:
        """Some scenes, read whole; those gone from Stash are absent.

        Raises:
            StashError: or its kinds; Stash does not answer.
        """
        found: list[UnreadScene] = []
        ids = list(scene_ids)
        for start in range(0, len(ids), WHOLE):
            fetched = fetch_at_once(self._stash, ids[start : start + WHOLE], self._fields)
            self._unreadable.update(fetched.unreadable)
            found += self._keep(list(fetched.scenes.values()))
        return found

    def complain(self) -> None:
        """Once all is read. Raises StashIncomplete: Stash has more than could be read."""
        told = [str(self._incomplete)] if self._incomplete else []
        is_unclear = self._incomplete is not None and self._incomplete.is_unclear
        if is_unclear:
            self._reads.doubt()
        if self._unreadable:
            scenes = [f"scene {i} ({error})" for i, error in self._unreadable.items()]
            some = some_of(scenes, _NAMED)
            told.append(f"Stash could not give all of its scenes; passed over: {some}")
        if told:
            raise StashIncomplete("; ".join(told), is_unclear=is_unclear)

    def _look(self, expected: int) -> tuple[Looked, Look, Look | None]:
        """Look at what moves without the scenes' times; with the look before, to be compared with
        where not all scenes are to be read."""
        last, now = self._reads.look(), self._clock()
        self._keeps_all = last is not None
        looked = look(self._stash, last.at if last is not None and not self.full else None)
        fields = whole_fields(self._stash, tells_files=looked.tells_files)
        seal = digest_of([code_digest(*RULES), looked.version, fields])
        is_full = (
            self.full
            or looked.is_blind
            or last is None
            or last.seal != seal
            or last.at > now
            or self._state.verdicts.count() * FEW < expected
        )
        return looked, Look(self._number, seal, now), None if is_full else last

    def _void(self, looked: Looked) -> set[int]:
        """The scenes that something has moved of without their times."""
        before = self._reads.names()
        moved = {each for each, _ in before.items() ^ looked.names.items()}
        void = self._showing(moved, before) if moved else set()
        if looked.tells_files:
            told = looked.odd | looked.moved
            void.update(each for each in self._reads.odd() if each not in looked.odd)
            for ids in chunks(told, LOOKED_UP):
                reads = self._reads.of(ids)
                void.update(i for i, (files, _) in reads.items() if files_digest(files) != told[i])
        return void

    def _showing(
        self, moved: Iterable[tuple[str, int]], before: Mapping[tuple[str, int], str]
    ) -> set[int]:
        """The scenes that were read with one of these, or with a file in one of these folders."""
        links = {_link(*each) for each in moved}
        folders = {before[e].rstrip("/\\") for e in moved if e[0] == FOLDER and e in before}
        return {
            scene_id
            for scene_id, files, shown in self._reads.shown()
            if not links.isdisjoint(shown.split())
            or (folders and any(_lies_in(file.path, folders) for file in files))
        }

    def _compare(self, page: Sequence[_Row], last: int) -> None:
        """Note which of some scenes are not as they were read, or as they were judged.

        Args:
            last: the id before the first of them.
        """
        kept = self._reads.told(last + 1, page[-1][0])
        judged = self._state.verdicts.looked_at(last + 1, page[-1][0])
        known = {read[0]: read[:4] for read in kept}
        digests = {read[0]: read[4] for read in kept}
        ids = [scene[0] for scene in page]
        stale = [scene[0] for scene in page if known.get(scene[0]) != scene]
        self._there.extend(ids)
        self._stale.update(stale)
        self._moved.update(stale)
        if judged != digests:
            self._moved.update([i for i in ids if judged.get(i) != digests.get(i)])
        gone = known.keys() - ids
        if gone:
            self._reads.save(self._number, (), gone)

    def _in_order(self) -> IdSet:
        """The scenes that are as they were read, and were found in order."""
        found = IdSet()
        for ids in chunks(self._there, LOOKED_UP):
            known = self._state.verdicts.in_order(ids[0], ids[-1])
            found.update(i for i in ids if i in known and i not in self._stale)
        return found

    def _changed(self, in_order: IdSet) -> Iterator[Sequence[UnreadScene]]:
        """Scenes as they were read, and whole those of which that cannot be."""
        reader = SceneReader()
        others = IdSet(i for i in self._there if i not in in_order)
        for ids in chunks(in_order, WHOLE):
            reads = self._reads.of(ids)
            others.update(i for i in ids if i not in reads)
            yield [UnreadScene(i, {}, reader, *read) for i, read in reads.items()]
        for ids in chunks(others, WHOLE):
            yield self.whole(ids)

    def _keep(self, scenes: list[UnreadScene]) -> list[UnreadScene]:
        """Remember what was read; at first only of those that may be found in order: the others are
        likely to be written to next."""
        now = self._clock()
        marks = {scene.id: take_mark(scene) for scene in scenes}
        self.read_whole += len(scenes)
        synced = marks.keys() if self._keeps_all else self._state.records.among(marks)
        reads = (_read(scene, marks[scene.id], now) for scene in scenes if scene.id in synced)
        if synced:
            self._reads.save(self._number, reads)
        return scenes


def _rows(page: Iterable[UnreadScene]) -> list[_Row]:
    """Scenes as `SceneReads.told` would tell those that stand, but for the digest. One of which
    Stash tells no time is like nothing that was kept."""
    return [(each.id, each.raw.get("updated_at"), take_mark(each), 1) for each in page]


def _read(scene: UnreadScene, mark: str, now: float) -> Row:
    """What `SceneReads.save` keeps of a scene."""
    updated_at = text(scene.raw.get("updated_at"))
    # Stash's clock may be off by a day, but where the time stood already a while ago, it is past.
    settled = int(now - epoch(updated_at) > AHEAD)
    links = _links(scene.raw)
    return scene.id, updated_at, mark, scene.digest, scene.files, links, now, settled


def _links(told: Mapping[str, object]) -> str:
    """What else a scene shows the name of, as it is kept."""
    groups = objects(told.get("groups"))
    named = {
        PERFORMER: objects(told.get("performers")),
        TAG: objects(told.get("tags")),
        STUDIO: objects([told.get("studio")]),
        GROUP: objects([each.get("group") for each in groups]),
    }
    return " ".join(_link(kind, each.get("id")) for kind, some in named.items() for each in some)


def _link(kind: str, number: object) -> str:
    return f"{kind[0]}{number}"


def _lies_in(path: str, folders: set[str]) -> bool:
    """Whether a file lies right in one of these folders, by either system's rules."""
    return path.rpartition("/")[0] in folders or path.rpartition("\\")[0] in folders
