"""Covers of the next scenes, downloaded while those before them are written.

Only what Stash has is handed on. Where it gave nothing the scene asks by itself at its turn, so
that who is to blame is found out as if nothing had been fetched ahead.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from core.errors import StashError
from core.images import ImageFailed, Unusable
from stash.client import StashClient
from stash.images import NoCover, NotModified, Screenshot, fetch_screenshot

READERS = 3  # downloads under way at once
MOST = 8  # covers that are under way or wait for their turn
MOST_BYTES = 8_000_000  # of those that wait, beyond which no other is begun

Found = Screenshot | NotModified | NoCover


class CoversAhead:
    """Covers under way. May be used by several threads at once.

    Args:
        stash: asked once or twice for each cover.
    """

    def __init__(self, stash: StashClient) -> None:
        self._stash = stash
        self._pool: ThreadPoolExecutor | None = None
        self._wanted: deque[tuple[int, str]] = deque()
        self._begun: dict[tuple[int, str], Future[Found]] = {}
        self._is_paused = False
        self._lock = threading.RLock()

    def want(self, scene_id: int, etag: str) -> None:
        """This cover will be asked for; `take` or `forget` has to follow."""
        with self._lock:
            if not self._is_paused:
                self._wanted.append((scene_id, etag))
                self._begin()

    def take(self, scene_id: int, etag: str) -> Found | None:
        """What Stash said of the cover; None where it was not asked, or gave none.

        Raises:
            Unusable: it has something else.
        """
        with self._lock:
            begun = self._begun.pop((scene_id, etag), None)
            self._drop(scene_id)
        if begun is None:
            return None
        try:
            return begun.result()
        except Unusable:
            raise
        except (StashError, ImageFailed):
            self.pause()
            return None

    def forget(self, scene_id: int) -> None:
        """The scene has had its turn."""
        with self._lock:
            self._drop(scene_id)

    def _drop(self, scene_id: int) -> None:
        self._wanted = deque(each for each in self._wanted if each[0] != scene_id)
        for each in [each for each in self._begun if each[0] == scene_id]:
            self._begun.pop(each).cancel()
        self._begin()

    def pause(self) -> None:
        """Begin no other until `go_on`."""
        with self._lock:
            self._is_paused = True
            self._wanted.clear()

    def go_on(self) -> None:
        """Stash gives covers."""
        self._is_paused = False

    def _begin(self) -> None:
        while self._wanted and len(self._begun) < MOST and self._waiting_bytes() < MOST_BYTES:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="covers")
            each = self._wanted.popleft()
            self._begun[each] = self._pool.submit(fetch_screenshot, self._stash, *each)

    def _waiting_bytes(self) -> int:
        done = [each for each in self._begun.values() if each.done() and not each.exception()]
        found = [each.result() for each in done]
        return sum(len(each.data) for each in found if isinstance(each, Screenshot))

    def close(self) -> None:
        """End the threads; nothing is asked any more when this returns."""
        self._wanted.clear()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        self._begun.clear()
