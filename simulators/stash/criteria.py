"""Single criteria of Stash's filters as predicates over one value, with SQLite's quirks.

Rules from Stash's pkg/sqlite: text compares with LIKE (case-insensitive, % and _ are wildcards),
of the words of an INCLUDES one is enough, times compare as the raw strings that they are stored
as, a bare number compares below every text, and NULL satisfies no comparison but a negated regular
expression. A modifier that a criterion does not know panics there, which clients see as "Internal
system error".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from simulators.stash.library import StashError

Criterion = Mapping[str, Any]
Test = Callable[[Any], bool | None]  # None: SQL neither says yes nor no
NO_ID = -1  # an id that no row has
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
    return _nullable(tests, modifier, f"numeric modifier type {modifier}")


def text(criterion: Criterion) -> Test:
    wanted, modifier = criterion["value"], criterion["modifier"]
    words = [like(f"%{word}%") for word in searched_words(wanted)]
    if modifier in ("MATCHES_REGEX", "NOT_MATCHES_REGEX"):
        pattern = _regex(wanted)  # a bad one is refused even where no row has a value
        if modifier == "NOT_MATCHES_REGEX":
            return lambda value: not value or pattern.search(value) is None
    tests: dict[str, Test] = {
        "EQUALS": lambda value: like(wanted).fullmatch(value) is not None,
        "NOT_EQUALS": lambda value: like(wanted).fullmatch(value) is None,
        "INCLUDES": lambda value: any(word.fullmatch(value) for word in words),
        "EXCLUDES": lambda value: not any(word.fullmatch(value) for word in words),
        "MATCHES_REGEX": lambda value: _regex(wanted).search(value) is not None,
    }
    # An empty string is a NULL column there.
    checked = _nullable(tests, modifier, "string filter modifier")
    return lambda value: checked(value or None)


def text_of_any(criterion: Criterion) -> Callable[[Sequence[str]], bool | None]:
    """A text criterion over the rows of a list: one of them has to do, or the NULL of none."""
    if criterion["modifier"] == "EXCLUDES":
        unwanted = like(f"%{criterion['value']}%")
        return lambda values: not any(unwanted.fullmatch(value) for value in values)
    test = text(criterion)
    return lambda values: any(test(value) for value in values) if values else test(None)


def searched_words(wanted: str) -> list[str]:
    """The words of which INCLUDES needs one; what stands in quotes is one."""
    stripped = wanted.strip()
    phrase = stripped.strip('"')
    return stripped.split() or [""] if phrase == stripped else [phrase]


@lru_cache(maxsize=100)
def _regex(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise StashError(f"error parsing regexp: {error}: `{pattern}`") from None


def moment(criterion: Criterion, today: datetime) -> Test:
    """Times and dates: plain comparison of the stored text, no time zones.

    Args:
        today: BETWEEN without a second value reaches until tomorrow.
    """
    low, modifier = criterion["value"], criterion["modifier"]
    high = criterion.get("value2") or (today + timedelta(days=1)).isoformat(timespec="seconds")
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
    return _nullable(tests, modifier, "date modifier type")


def _greater(value: str, bound: str) -> bool:
    # The columns have numeric affinity: a bound that looks like a number becomes one, and SQLite
    # orders every text above every number.
    return True if NUMBER.match(bound) else value > bound


def members(criterion: Criterion, expand: Callable[[int], set[int]] | None = None) -> Test:
    """Links to other entities: the test takes a set of ids. Modifiers that make no sense here are
    passed over, as are criteria without values.

    Args:
        expand: adds the descendants of an id, in hierarchical criteria.
    """
    kind = "multi" if expand is None else "hierarchical multi"
    modifier = criterion["modifier"]
    if modifier == "IS_NULL":
        return lambda ids: not ids
    if modifier == "NOT_NULL":
        return bool
    if modifier == "NOT_EQUALS":
        raise StashError(f"not equals modifier is not supported for {kind} criterion input")
    wanted = [_expanded(text_id, expand) for text_id in criterion.get("value") or ()]
    excluded = [_expanded(text_id, expand) for text_id in criterion.get("excludes") or ()]
    whole: set[int] = set().union(*wanted)
    banned: set[int] = set().union(*excluded)
    tests: dict[str, Test] = {
        "INCLUDES": lambda ids: bool(ids & whole),
        "INCLUDES_ALL": lambda ids: all(ids & group for group in wanted),
        "EXCLUDES": lambda ids: not ids & whole,
        "EQUALS": lambda ids: all(ids & group for group in wanted) and ids <= whole,
    }
    chosen = tests.get(modifier) if wanted else None
    return lambda ids: (chosen is None or chosen(ids)) and not ids & banned


def _expanded(text_id: Any, expand: Callable[[int], set[int]] | None) -> set[int]:
    """The ids that stand for one; text that is no id fits nothing, or breaks the SQL."""
    if str(text_id).isdecimal():
        return {int(text_id)} if expand is None else expand(int(text_id))
    if expand is not None:
        raise StashError(f"error querying aggregate fields: no such column: {text_id}")
    return {NO_ID}


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
        raise panic("unsupported string filter modifier")
    return tests[modifier]


def _nullable(tests: Mapping[str, Test], modifier: str, kind: str) -> Test:
    if modifier == "IS_NULL":
        return lambda value: value is None
    if modifier == "NOT_NULL":
        return lambda value: value is not None
    if modifier not in tests:
        raise panic(f"unsupported {kind}")
    chosen = tests[modifier]
    return lambda value: None if value is None else chosen(value)
