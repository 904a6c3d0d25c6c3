"""A library of any size from a small one: each of its rows once in each of many copies.

The seed's own rows are the *patterns*. Copy number n of a pattern has an id of its own, and `MARK`
in the names of its files is replaced by n, so that all copies relate to each other's servers as
the patterns do. A copy is made when it is looked at and forgotten afterwards: a million scenes take
no more memory than the patterns. Such a library can be read, but not changed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")
MARK = "~0000"


def mark_of(copy: int) -> str:
    """What stands in the names of that copy instead of `MARK`."""
    return f"~{copy:04d}"


@dataclass(frozen=True, slots=True)
class Copies(Sequence[T], Generic[T]):
    """A listing of all copies, or a part of it from `start` to before `stop`.

    Args:
        patterns: in the order of the listing.
        number: copies of each.
        make: the row of a pattern in a copy.
        by_copy: whether all of a copy come first, in the order of patterns; else all copies of a
            pattern do.
    """

    patterns: Sequence[T]
    number: int
    make: Callable[[T, int], T]
    by_copy: bool
    start: int
    stop: int

    @classmethod
    def all_of(
        cls, patterns: Sequence[T], number: int, make: Callable[[T, int], T], *, by_copy: bool
    ) -> Copies[T]:
        return cls(patterns, number, make, by_copy, 0, len(patterns) * number)

    def __len__(self) -> int:
        return max(self.stop - self.start, 0)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice[Any, Any, Any]) -> Copies[T]: ...
    def __getitem__(self, place: int | slice[Any, Any, Any]) -> T | Copies[T]:
        if isinstance(place, int):
            return self.make(*self._pair(range(self.start, self.stop)[place]))
        span = range(self.start, self.stop)[place]
        assert span.step == 1, "a part of a listing is one piece"
        return Copies(self.patterns, self.number, self.make, self.by_copy, span.start, span.stop)

    def __iter__(self) -> Iterator[T]:
        return (self.make(pattern, copy) for pattern, copy in self.pairs())

    def pairs(self) -> Iterator[tuple[T, int]]:
        """Pattern and copy of each row, in order."""
        return (self._pair(place) for place in range(self.start, self.stop))

    def where(self, test: Callable[[T], bool | None]) -> Copies[T]:
        """Those whose pattern passes: what is tested must be the same in all copies."""
        kept = [place for place, pattern in enumerate(self.patterns) if test(pattern)]
        ends = (self._passed(kept, self.start), self._passed(kept, self.stop))
        patterns = [self.patterns[place] for place in kept]
        return Copies(patterns, self.number, self.make, self.by_copy, *ends)

    def _pair(self, place: int) -> tuple[T, int]:
        if self.by_copy:
            copy, pattern = divmod(place, len(self.patterns))
        else:
            pattern, copy = divmod(place, self.number)
        return self.patterns[pattern], copy

    def _passed(self, kept: Sequence[int], place: int) -> int:
        """How many rows before a place have one of the kept patterns."""
        if self.by_copy:
            copies, pattern = divmod(place, max(len(self.patterns), 1))
            return copies * len(kept) + bisect_left(kept, pattern)
        pattern, copies = divmod(place, self.number)
        whole = bisect_left(kept, pattern)
        is_kept = whole < len(kept) and kept[whole] == pattern
        return whole * self.number + (copies if is_kept else 0)


def step_over(ids: Iterable[int]) -> int:
    """How far the ids of one copy lie from those of the next: a power of ten."""
    power: int = 10 ** len(str(max(ids, default=0)))
    return power
