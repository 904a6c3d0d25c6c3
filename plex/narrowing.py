"""Narrows a request that always fails down to what makes it fail, by asking for its halves.

One item can spoil every answer that holds it. A server that answers for the rest is not down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from plex.exceptions import PlexServerDown

Part = TypeVar("Part")
# So many may be bad among others that are answered, and where none is. More is the server's fault.
_MOST_BAD, _MOST_BAD_ALONE = 20, 3
_MOST_COSTLY = 3


def narrow(
    whole: Part,
    halves: Callable[[Part], Sequence[Part]],
    ask: Callable[[Part, bool], Iterable[Part]],
    make_sure: Callable[[], object],
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
            cannot be cut is blamed, unless something was answered by then.

    Raises:
        PlexServerDown: it is not in what was asked for.
    """
    bad: list[tuple[Part, PlexServerDown]] = []
    pending = [(whole, failure)]
    is_sure = has_answered = False
    costly_in_a_row = 0
    while pending:
        part, failure = pending.pop()
        smaller = list(halves(part))
        is_alone = not smaller
        if is_alone and not is_sure:
            make_sure()
            is_sure = True
        if is_alone and part is not whole:
            smaller = [part]
        while smaller:
            piece = smaller.pop(0)
            try:
                smaller += ask(piece, is_alone)
            except PlexServerDown as error:
                failure = error
                costly_in_a_row += error.is_costly
                if not error.may_be_one or costly_in_a_row >= _MOST_COSTLY:
                    raise
                if not is_alone:
                    pending.append((piece, failure))
            else:
                is_sure = has_answered = True
                costly_in_a_row = 0
                is_alone = False
        if is_alone:
            bad.append((part, failure))
            if len(bad) > (_MOST_BAD if has_answered else _MOST_BAD_ALONE):
                raise failure
    return bad
