"""Narrows a request that always fails down to what makes it fail, by asking for its halves.

One item can spoil every answer that holds it. A server that answers for the rest is not down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from plex.exceptions import PlexServerDown

Part = TypeVar("Part")
# So many may be bad in one request, and so many after each other without an answer before others
# are asked for once more. Of the first few it is made sure at length.
_MOST_BAD, _MOST_IN_A_ROW, _AT_LENGTH = 100, 3, 10
_MOST_COSTLY = 3


class _Search(Generic[Part]):
    """What is known so far of parts that fail."""

    def __init__(
        self, ask: Callable[[Part, bool], Iterable[Part]], make_sure: Callable[[], bool]
    ) -> None:
        self._ask = ask
        self._make_sure = make_sure
        self._is_sure = False
        self._costly_in_a_row = 0
        self._bad_in_a_row = 0
        self._has_answered = False
        self.bad: list[tuple[Part, PlexServerDown]] = []

    def ask(self, part: Part, *, at_length: bool) -> tuple[PlexServerDown | None, list[Part]]:
        """How a part fails, if it does, and what the server left of it."""
        try:
            left = list(self._ask(part, at_length))
        except PlexServerDown as error:
            self._costly_in_a_row += error.is_costly
            if not error.may_be_one or self._costly_in_a_row >= _MOST_COSTLY:
                raise
            return error, []
        self._is_sure = self._has_answered = True
        self._costly_in_a_row = self._bad_in_a_row = 0
        return None, left

    def make_sure(self) -> None:
        """Before anything is blamed by itself: the server is not down."""
        if not self._is_sure:
            self._make_sure()
            self._is_sure = True

    def judge(self, part: Part, failure: PlexServerDown | None) -> list[Part]:
        """Note a part that fails by itself; what the server left of one that does not.

        Args:
            failure: None: it is asked for once more.
        """
        left: list[Part] = []
        if failure is None:
            failure, left = self.ask(part, at_length=len(self.bad) < _AT_LENGTH)
        if failure is not None:
            self.bad.append((part, failure))
            self._bad_in_a_row += 1
            if len(self.bad) > _MOST_BAD:
                raise failure
            if self._bad_in_a_row > _MOST_IN_A_ROW:
                if not self._make_sure() and not self._has_answered:
                    raise failure
                self._bad_in_a_row = 0
        return left


def narrow(
    whole: Part,
    halves: Callable[[Part], Sequence[Part]],
    ask: Callable[[Part, bool], Iterable[Part]],
    make_sure: Callable[[], bool],
    failure: PlexServerDown,
) -> list[tuple[Part, PlexServerDown]]:
    """What of `whole` fails by itself, with the failure of each.

    Both halves of a part are asked before their own halves, so that the good one shows soon that
    the server answers.

    Args:
        whole: has failed, with `failure`.
        halves: of a part; none where it cannot be cut.
        ask: asks for a part, and at length (True) only for what is left in the end, since what
            fails now has failed several times; returns what of it the server left for later.
        make_sure: raises PlexServerDown if the server is down; asked before the first part that
            cannot be cut is blamed, unless something was answered by then, and again after several
            without an answer. False: it cannot tell whether the like is answered at all.

    Raises:
        PlexServerDown: it is not in what was asked for.
    """
    search = _Search(ask, make_sure)
    pending = [(whole, failure)]
    while pending:
        part, known = pending.pop()
        smaller = list(halves(part))
        if not smaller:
            search.make_sure()
            smaller = search.judge(part, known if part is whole else None)
        while smaller:
            piece = smaller.pop(0)
            error, left = search.ask(piece, at_length=False)
            smaller += left
            if error is not None:
                pending.append((piece, error))
    return search.bad
