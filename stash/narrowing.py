"""One scene that spoils every answer which holds it is found, passed over and named; others go on.

Halves tell it from an outage: a server that answers for the rest is not down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from core.change_words import some_of
from core.errors import StashError, StashIncomplete, StashUnauthorized
from stash.mapping import UnreadScene

T = TypeVar("T")

# So many failures in a row, without an answer between them, are no matter of single scenes.
MOST_PARTS = 16
MOST_IN_A_ROW = 5
_LAST_ID = 2**40
_NAMED = 10  # scenes named in one error


def by_halves(
    ids: Sequence[int],
    ask: Callable[[Sequence[int]], Mapping[int, T]],
    probe: Callable[[], object],
    another: Callable[[], bool],
) -> tuple[dict[int, T], dict[int, StashError]]:
    """What `ask` brings for some scenes, and those for which it fails even alone.

    Args:
        ask: raises StashError or its kinds.
        probe: asks something else, once `ask` has failed; raises where Stash does not answer.
        another: whether Stash gives another scene, or has but one; asked where it gives none of
            these.

    Raises:
        StashError: or its kinds; it is Stash that fails, and no scene.
    """
    found: dict[int, T] = {}
    failed: dict[int, StashError] = {}
    parts, failures = [ids], 0
    while parts:
        part = parts.pop()
        try:
            found.update(ask(part))
        except StashUnauthorized:
            raise
        except StashError as error:
            failures += 1
            if failures == 1:
                _probe(probe, error)
            if failures == MOST_PARTS and not found and not another():
                raise
            if len(part) == 1:
                failed[part[0]] = error
            else:
                half = len(part) // 2
                parts += [part[half:], part[:half]]
    if failed and not found and failures < MOST_PARTS and not another():
        raise next(iter(failed.values()))
    return found, failed


def _probe(probe: Callable[[], object], failure: StashError) -> None:
    """Raises what was the first to fail, where Stash does not answer at all."""
    try:
        probe()
    except StashUnauthorized:
        raise
    except StashError:
        raise failure from None


class SceneListing:
    """Pages of scenes in order of their ids, and whether they are all that there are.

    Pages by the last id seen and not by offset, so scenes that come and go meanwhile make no other
    scene appear twice or not at all.

    Args:
        page: the scenes above an id, at most so many as the second argument says, and how many
            entries there were with those that are no scenes.
        count: how many scenes have ids above the first and, if there is one, up to the second one.
        size: scenes of a page.
        expected: how many scenes there were at the start.
        after: the id after which to begin.
    """

    def __init__(
        self,
        page: Callable[[int, int], tuple[list[UnreadScene], int]],
        count: Callable[[int, int | None], int],
        size: int,
        expected: int,
        after: int = 0,
    ) -> None:
        self._page = page
        self._count = count
        self._most = self._size = size
        self._expected = expected
        self._last_id = after
        self._listed = self._unreadable = self._missing = 0
        self._passed_over: dict[int, StashError] = {}
        self._in_a_row = self._good = 0
        self._asked_again = False

    def pages(self) -> Iterator[list[UnreadScene]]:
        """The pages; one may be empty.

        Raises:
            StashIncomplete: after the last page: Stash has more than could be read.
            StashError: or its kinds, in place of a page; nothing is known of what comes after.
        """
        while True:
            scenes, entries, size = self._next()
            last_id = max((scene.id for scene in scenes), default=0)
            # A page without news would be asked for for ever.
            if entries >= size and last_id <= self._last_id:
                raise StashError("Stash sent the same scenes again instead of the next ones")
            # What is told twice is one scene, and does not stand for one that was not told.
            fresh = {scene.id: scene for scene in scenes if scene.id > self._last_id}
            lacking = {i: what for i, scene in fresh.items() if (what := scene.lacks)}
            for scene_id, what in lacking.items():
                self._passed_over[scene_id] = StashError(f"it does not say which {what} it has")
            yield [scene for scene in fresh.values() if scene.id not in lacking]
            self._listed += len(fresh) - len(lacking)
            self._unreadable += entries - len(scenes)
            self._last_id = max(last_id, self._last_id)
            if entries < size and not self._goes_on(bool(fresh)):
                break
        self._complain()

    def _next(self) -> tuple[list[UnreadScene], int, int]:
        """The next page, the number of its entries, and how many it could have had."""
        while True:
            size = self._size
            try:
                scenes, entries = self._page(self._last_id, size)
            except StashUnauthorized:
                raise
            except StashError as error:
                self._narrow(error)
                continue
            self._in_a_row = 0
            self._good += 1
            # Two good ones of a size are no part of a search any more.
            if self._good >= 2 and size < self._most:
                self._size, self._good = min(self._most, size * 2), 0
            return scenes, entries, size

    def _narrow(self, error: StashError) -> None:
        self._good = 0
        if self._size == self._most:
            self._in_a_row += 1
            if self._in_a_row == 1:
                _probe(lambda: self._count(0, None), error)
            elif self._in_a_row > MOST_IN_A_ROW:
                raise error
        if self._size > 1:
            self._size //= 2
            return
        self._last_id = self._spoiling(error)
        self._passed_over[self._last_id] = error
        self._size = self._most

    def _spoiling(self, error: StashError) -> int:
        """The id of the scene behind the last one, of which only counts can be had."""
        above = self._last_id
        step = 1
        while self._count(above, above + step) == 0:
            step *= 2
            if step > _LAST_ID:
                raise error
        low, high = above + step // 2, above + step
        while high - low > 1:
            middle = (low + high) // 2
            if self._count(above, middle) == 0:
                low = middle
            else:
                high = middle
        return high

    def _goes_on(self, has_new: bool) -> bool:
        """Whether there is more behind a page that was not full."""
        self._missing = 0
        seen = self._listed + self._unreadable + len(self._passed_over)
        if seen >= self._expected:
            return False
        there = min(self._count(0, None), self._expected)
        if there <= seen:
            return False
        self._missing = there - seen
        goes_on = self._count(self._last_id, None) > 0 and (has_new or not self._asked_again)
        self._asked_again = self._asked_again or not has_new
        return goes_on

    def _complain(self) -> None:
        scenes = [f"scene {i} ({error})" for i, error in self._passed_over.items()]
        faults = [some_of(scenes, _NAMED)] if scenes else []
        if self._unreadable:
            faults.append(f"{self._unreadable} entries of its list without a scene's number")
        if self._missing:
            faults.append(f"{self._missing} scenes that it counts, but does not list")
        if faults:
            raise StashIncomplete(
                f"Stash could not give all of its scenes; passed over: {'; '.join(faults)}",
                is_unclear=bool(self._unreadable or self._missing),
            )
