"""Single criteria of Stash's filters as predicates over one value, with SQLite's quirks.

Rules from Stash's pkg/sqlite: text compares with LIKE (case-insensitive, % and _ are wildcards),
times compare as the raw strings that they are stored as, a bare number compares below every text,
and NULL satisfies no comparison. A modifier that a criterion does not know panics there, which
clients see as "Internal system error".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from simulators.stash_library import StashError

Criterion = Mapping[str, Any]
Test = Callable[[Any], bool]
TOKENS = re.compile(r'"([^"]*)"|(\S+)')
NUMBER = re.compile(r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$")


def panic(message: str) -> StashError:
    """What a client sees of a panic inside a resolver."""
    return StashError(f"Internal system error. Error <{message}>")


@lru_cache(maxsize=1000)
def like(pattern: str) -> re.Pattern[str]:
    """SQL's LIKE as a regular expression for fullmatch."""
    parts = {"%": ".*", "_": "."}
    text = "".join(parts.get(char, re.escape(char)) for char in pattern)
    return re.compile(text, re.IGNORECASE | re.DOTALL)


def tokens(text: str) -> list[str]:
    """The words of a search, quoted phrases whole."""
    return [quoted or word for quoted, word in TOKENS.findall(text)]


def integer(criterion: Criterion) -> Test:
    low, high, modifier = criterion["value"], criterion.get("value2"), criterion["modifier"]
    high = 0 if high is None else high  # as in Stash
    tests: dict[str, Test] = {
        "EQUALS": lambda value: value == low,
        "NOT_EQUALS": lambda value: value != low,
        "GREATER_THAN": lambda value: value > low,
        "LESS_THAN": lambda value: value < low,
        "BETWEEN": lambda value: low <= value <= high,
        "NOT_BETWEEN": lambda value: not low <= value <= high,
    }
    return _nullable(tests, modifier, "int")


def text(criterion: Criterion) -> Test:
    wanted, modifier = criterion["value"], criterion["modifier"]
    words = [like(f"%{word}%") for word in tokens(wanted)]
    if modifier in ("MATCHES_REGEX", "NOT_MATCHES_REGEX"):
        _regex(wanted)  # a bad one is refused even where no row has a value
    tests: dict[str, Test] = {
        "EQUALS": lambda value: like(wanted).fullmatch(value) is not None,
        "NOT_EQUALS": lambda value: like(wanted).fullmatch(value) is None,
        "INCLUDES": lambda value: all(word.fullmatch(value) for word in words),
        "EXCLUDES": lambda value: not all(word.fullmatch(value) for word in words),
        "MATCHES_REGEX": lambda value: _regex(wanted).search(value) is not None,
        "NOT_MATCHES_REGEX": lambda value: _regex(wanted).search(value) is None,
    }
    # An empty string is a NULL column there.
    checked = _nullable(tests, modifier, "string")
    return lambda value: checked(value or None)


@lru_cache(maxsize=100)
def _regex(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise StashError(f"error parsing regexp: {error}") from None


def moment(criterion: Criterion, today: datetime) -> Test:
    """Times and dates: plain comparison of the stored text, no time zones.

    Args:
        today: BETWEEN without a second value reaches until tomorrow.
    """
    low, modifier = criterion["value"], criterion["modifier"]
    high = criterion.get("value2") or (today + timedelta(days=1)).strftime("%Y-%m-%d")
    tests: dict[str, Test] = {
        "EQUALS": lambda value: value == low,
        "NOT_EQUALS": lambda value: value != low,
        "GREATER_THAN": lambda value: _greater(value, low),
        "LESS_THAN": lambda value: not _greater(value, low) and value != low,
        "BETWEEN": lambda value: (
            (_greater(value, low) or value == low) and not _greater(value, high)
        ),
        "NOT_BETWEEN": lambda value: (
            (not _greater(value, low) and value != low) or _greater(value, high)
        ),
    }
    return _nullable(tests, modifier, "date")


def _greater(value: str, bound: str) -> bool:
    # The columns have numeric affinity: a bound that looks like a number becomes one, and SQLite
    # orders every text above every number.
    return True if NUMBER.match(bound) else value > bound


def members(criterion: Criterion, expand: Callable[[int], set[int]] | None = None) -> Test:
    """Links to other entities: the test takes a set of ids.

    Args:
        expand: adds the descendants of an id, in hierarchical criteria.
    """
    wanted = [_expanded(text_id, expand) for text_id in criterion.get("value") or ()]
    excluded = [_expanded(text_id, expand) for text_id in criterion.get("excludes") or ()]
    whole: set[int] = set().union(*wanted)
    banned: set[int] = set().union(*excluded)
    modifier = criterion["modifier"]
    tests: dict[str, Test] = {
        "INCLUDES": lambda ids: not whole or bool(ids & whole),
        "INCLUDES_ALL": lambda ids: all(ids & group for group in wanted),
        "EXCLUDES": lambda ids: not ids & whole,
        "EQUALS": lambda ids: all(ids & group for group in wanted) and ids <= whole,
        "NOT_EQUALS": lambda ids: not (all(ids & group for group in wanted) and ids <= whole),
        "IS_NULL": lambda ids: not ids,
        "NOT_NULL": lambda ids: bool(ids),
    }
    if modifier not in tests:
        raise panic(f"unsupported multi modifier {modifier}")
    chosen = tests[modifier]
    return lambda ids: chosen(ids) and not ids & banned


def _expanded(text_id: Any, expand: Callable[[int], set[int]] | None) -> set[int]:
    try:
        num = int(text_id)
    except ValueError:
        raise StashError(f'strconv.Atoi: parsing "{text_id}": invalid syntax') from None
    return expand(num) if expand is not None else {num}


def stash_ids(criterion: Criterion) -> Callable[[Sequence[Any]], bool]:
    endpoint, wanted = criterion.get("endpoint"), criterion.get("stash_id")
    modifier = criterion["modifier"]

    def found(rows: Sequence[Any]) -> list[str]:
        return [row.stash_id for row in rows if endpoint in (None, row.endpoint)]

    tests: dict[str, Callable[[Sequence[Any]], bool]] = {
        "EQUALS": lambda rows: wanted in found(rows),
        "NOT_EQUALS": lambda rows: bool(found(rows)) and wanted not in found(rows),
        "IS_NULL": lambda rows: not found(rows),
        "NOT_NULL": lambda rows: bool(found(rows)),
    }
    if modifier not in tests:
        raise panic(f"invalid modifier {modifier} for stash IDs criterion")
    return tests[modifier]


def _nullable(tests: Mapping[str, Test], modifier: str, kind: str) -> Test:
    if modifier == "IS_NULL":
        return lambda value: value is None
    if modifier == "NOT_NULL":
        return lambda value: value is not None
    if modifier not in tests:
        raise panic(f"unsupported {kind} modifier {modifier}")
    chosen = tests[modifier]
    return lambda value: value is not None and chosen(value)
