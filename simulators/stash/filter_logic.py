"""AND, OR and NOT between filters: SQL's logic of three values, and what is not to be relied on.

Stash writes all levels of a filter into one SQL statement. A NOT over a column without a value is
therefore neither true nor false, and the row is left out. Criteria on joined tables fare worse: an
inner join or a HAVING of one level narrows the others too, two levels share one join, and a NOT
over a join asks for some other row. Such filters are refused here, loudly, instead of being
answered as they were meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from simulators.stash.criteria import Test
from simulators.stash.library import StashError

Filter = Mapping[str, Any]
CONNECTIVES = ("AND", "OR", "NOT")
JOINED = {"performers": "performers", "performers_filter": "performers"}
JOINED |= {"tags": "tags", "tags_filter": "tags"}
INNER = ("performers_filter", "tags_filter")
COUNTED = ("INCLUDES_ALL", "EQUALS")


def joined(
    wanted: Filter,
    compile_one: Callable[[str, Any], Test],
    compile_all: Callable[[Filter], Test],
) -> Test:
    """The test of one level of a filter and those below.

    Raises:
        StashError: two connectives in one level, or a combination that does not do what it says.
    """
    connectives = [name for name in CONNECTIVES if wanted.get(name) is not None]
    if len(connectives) > 1:
        raise StashError(f"cannot have {connectives[0]} and {connectives[1]} in the same filter")
    own = [
        compile_one(name, criterion)
        for name, criterion in wanted.items()
        if name not in CONNECTIVES and criterion is not None
    ]
    if not connectives:
        return own[0] if len(own) == 1 else lambda row: _all(own, row)
    _refuse_unreliable(connectives[0], wanted)
    other = compile_all(wanted[connectives[0]])
    if connectives[0] == "AND":
        return lambda row: _all([*own, other], row)
    if connectives[0] == "OR":
        # No criterion of one's own is no alternative.
        return (lambda row: _any([*own_all(own), other], row)) if own else other
    return lambda row: _all([*own, lambda entry: _not(other(entry))], row)


def own_all(own: Sequence[Test]) -> list[Test]:
    return [lambda row: _all(own, row)]


def _all(tests: Sequence[Test], row: Any) -> bool | None:
    result: bool | None = True
    for test in tests:
        found = test(row)
        if found is False:
            return False
        result = result if found else None
    return result


def _any(tests: Sequence[Test], row: Any) -> bool | None:
    results = [test(row) for test in tests]
    return True if any(results) else None if None in results else False


def _not(found: bool | None) -> bool | None:
    return None if found is None else not found


def _refuse_unreliable(connective: str, wanted: Filter) -> None:
    here = [(name, value) for name, value in wanted.items() if name not in CONNECTIVES]
    below = list(_criteria(wanted[connective]))
    unreliable = {
        "AND": {JOINED.get(name) for name, _ in here}
        & {JOINED.get(name) for name, _ in below} - {None},
        "OR": [name for name, value in [*here, *below] if _narrows(name, value)],
        "NOT": [name for name, _ in below if name in JOINED and name != "tags"],
    }[connective]
    if unreliable:
        names = ", ".join(sorted(str(name) for name in unreliable))
        raise StashError(f"not simulated, since Stash's answer is odd: {connective} with {names}")


def _criteria(wanted: Filter) -> Iterator[tuple[str, Any]]:
    for name, value in wanted.items():
        if name in CONNECTIVES and value is not None:
            yield from _criteria(value)
        elif value is not None:
            yield name, value


def _narrows(name: str, criterion: Any) -> bool:
    if name in INNER:
        return True
    return name in JOINED and criterion["modifier"] in COUNTED
