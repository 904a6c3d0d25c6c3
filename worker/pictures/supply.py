"""Stash's pictures behind a circuit breaker, so that an outage of them costs a run little time.

A cover that cannot be had, or be used, while another one can is that scene's own trouble.
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Collection, Iterable, Sequence

from core.errors import PicturesUnavailable, StashError
from core.images import ImageFailed, Unusable
from stash.client import StashClient
from stash.images import fetch_screenshot, scenes_with_covers
from storage.state_tables.outages import PICTURES, OutageStore
from worker.pictures.covers_ahead import CoversAhead, Found

# Asks Stash for a scene's cover with an ETag, or for its bytes in any case with "".
FetchCover = Callable[[int, str], Found]

NO_PICTURES_NOW = "Stash gives no pictures for now"
SILENCE = 5.0  # seconds that are left to a Stash which has just given no picture
# Scenes that are asked for before one is called the only one; fewer where no answer comes.
OTHERS, UNANSWERED = 5, 2
SAMPLE = 20  # scenes that are looked among for these
ID_BITS = 32


class PictureSupply:
    """The covers of one run. May be used by several threads at once.

    Args:
        others: scenes that may be asked for in the place of one.
        clock: epoch seconds.

    Attributes:
        ahead: the covers of the next scenes.
    """

    def __init__(
        self,
        stash: StashClient,
        store: OutageStore,
        others: Callable[[], Iterable[int]],
        clock: Callable[[], float],
    ) -> None:
        self._stash = stash
        self._brief = stash.with_timeout(SILENCE)
        self.ahead = CoversAhead(self._brief)
        self._store = store
        self._others = others
        self._clock = clock
        self._breaker = store.breaker(PICTURES, clock())
        if self._breaker.failures:
            self.ahead.pause()
        self._turn = threading.Lock()

    def fetch(self, scene_id: int, etag: str) -> Found:
        """A scene's cover.

        Raises:
            PicturesUnavailable: Stash gives no pictures, or is not asked since it gave none.
            ImageFailed: it gives others.
            StashUnreachable: as `fetch_screenshot`.
        """
        with self._turn:  # whose fault a failure is, is found out of one scene at a time
            return self._fetched(scene_id, etag)

    def _fetched(self, scene_id: int, etag: str) -> Found:
        has_failed = self._breaker.failures > 0
        if has_failed and not self._store.try_again(PICTURES, self._clock()):
            raise PicturesUnavailable(NO_PICTURES_NOW)
        try:
            found = None if has_failed else self.ahead.take(scene_id, etag)
            if found is None:
                stash = self._brief if has_failed else self._stash
                found = fetch_screenshot(stash, scene_id, etag)
        except PicturesUnavailable as error:
            if not has_failed and self._another_comes(scene_id):
                raise ImageFailed(f"{error}, while others can") from error
            raise self._failed(error) from error
        except ImageFailed as error:
            if not isinstance(error, Unusable) and self._another_comes(scene_id) is False:
                raise self._failed(error) from error
            self._answers()
            raise
        self._answers()
        return found

    def _answers(self) -> None:
        self.ahead.go_on()
        if self._breaker.failures:
            self._breaker = self._store.succeeded(PICTURES, self._clock())

    def _failed(self, error: Exception) -> PicturesUnavailable:
        self.ahead.pause()
        self._breaker = self._store.failed(PICTURES, self._clock(), random.random(), str(error))
        return PicturesUnavailable(str(error))

    def _another_comes(self, scene_id: int) -> bool | None:
        """Whether Stash gives the cover of another scene; None: there is no other."""
        others = some_of(set(self._others()) - {scene_id}, OTHERS)
        return gives_pictures(self._brief, others) if others else None


def sample(from_id_on: Callable[[int, int], Sequence[int]], most: int = SAMPLE) -> list[int]:
    """A few scenes, from a random place on, without a look at all of them.

    Args:
        from_id_on: brings the first scenes from an id on, at most so many.
    """
    start = 1
    for bit in reversed(range(ID_BITS)):
        if random.random() < 0.5 and from_id_on(start + (1 << bit), 1):
            start += 1 << bit
    found = from_id_on(start, most)
    return list(dict.fromkeys([*found, *from_id_on(1, most - len(found))]))


def some_of(scene_ids: Collection[int], most: int) -> list[int]:
    """A few of them, and not the same each time: some have bad covers for ever."""
    return random.sample(sorted(scene_ids), min(most, len(scene_ids)))


def others_than(
    stash: StashClient, known: Callable[[], Iterable[int]], most: int = SAMPLE
) -> set[int]:
    """Scenes that may be asked for in the place of one: such as have covers, if there are any.

    Args:
        known: scenes that there are, whether or not they have covers.
    """
    found = set[int]()
    with contextlib.suppress(StashError):
        found.update(scenes_with_covers(stash, random.randrange(10**8), most))
    return found if len(found) > 1 else {*found, *known()}


def gives_pictures(stash: StashClient, scene_ids: Iterable[int]) -> bool:
    """Whether Stash gives a picture of any of these scenes, or says truly that it has none."""
    unanswered = 0
    for scene_id in scene_ids:
        try:
            fetch_screenshot(stash, scene_id)
        except PicturesUnavailable:
            unanswered += 1
            if unanswered >= UNANSWERED:
                return False
        except Unusable:
            return True  # it gave what it has
        except ImageFailed:
            continue
        else:
            return True
    return False
