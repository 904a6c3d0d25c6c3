"""Single criteria of Stash's filters as predicates over one value, with SQLite's quirks.

Rules from Stash's pkg/sqlite: text compares with LIKE (case-insensitive, % and _ are wildcards),
times compare as the raw strings that they are stored as, a bare number compares below every text,
and NULL satisfies no comparison. There are those criteria and modifiers that the plugin uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from simulators.stash.library import StashError

Criterion = Mapping[str, Any]
Test = Callable[[Any], bool | None]  # None: SQL neither says yes nor no
NUMBER = re.compile(r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$")


def panic(message: str) -> StashError:
    """What a client sees of a panic inside a resolver."""
    return StashError(f"Internal system error. Error <{message}>")


@lru_cache(maxsize=1000)
def _like(pattern: str) -> re.Pattern[str]:
    """SQL's LIKE as a regular expression for fullmatch."""
    parts = {"%": ".*", "_": "."}
    text = "".join(parts.get(char, re.escape(char)) for char in pattern)
    return re.compile(text, re.IGNORECASE | re.DOTALL)


def integer(criterion: Criterion) -> Test:
    low, high = criterion["value"], criterion.get("value2")
    high = 0 if high is None else high  # as in Stash
    return _chosen(
        criterion,
        {
            "EQUALS": lambda value: value == low,
            "NOT_EQUALS": lambda value: value != low,
            "GREATER_THAN": lambda value: value > low,
            "LESS_THAN": lambda value: value < low,
            "BETWEEN": lambda value: low <= value <= high,
        },
    )


def text(criterion: Criterion) -> Test:
    wanted = criterion["value"]
    test = _chosen(
        criterion,
        {
            "EQUALS": lambda value: _like(wanted).fullmatch(value) is not None,
            "MATCHES_REGEX": lambda value: _regex(wanted).search(value) is not None,
            "NOT_NULL": lambda _value: True,
        },
    )
    return lambda value: test(value) if value else False  # an empty string is a NULL column there


@lru_cache(maxsize=100)
def _regex(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise StashError(f"error parsing regexp: {error}: `{pattern}`") from None


def moment(criterion: Criterion) -> Test:
    """Times: plain comparison of the stored text, no time zones."""
    bound = criterion["value"]
    # The columns have numeric affinity: a bound that looks like a number becomes one, and SQLite
    # orders every text above every number.
    is_number = NUMBER.match(bound) is not None
    return _chosen(criterion, {"GREATER_THAN": lambda value: is_number or value > bound})


def members(criterion: Criterion) -> Callable[[Sequence[Any]], bool | None]:
    """Links to other entities: one of them has one of the ids."""
    wanted = {int(text_id) for text_id in criterion.get("value") or () if str(text_id).isdecimal()}
    return _chosen(criterion, {"INCLUDES": lambda rows: any(row.num in wanted for row in rows)})


def _chosen(criterion: Criterion, tests: Mapping[str, Test]) -> Test:
    modifier = criterion["modifier"]
    if modifier not in tests:
        raise panic(f"not simulated: modifier {modifier}")
    return tests[modifier]
