"""Filters of a listing: parameters whose names carry the operator.

`updatedAt>>` (wire `updatedAt%3E%3E=5`) is strictly greater; a name with one `=` too many
(`updatedAt%3E%3E%3D=5`) is an operator that nobody knows and is silently ignored, whereas an
unknown plain field is a 400. Repeated parameters all hold. There are the fields and operators that
the plugin uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from simulators.plex.errors import Refused
from simulators.plex.fields import DATES, TEXTS, trashed
from simulators.plex.model import Item
from simulators.plex.query import Pair

Test = Callable[[Item], bool]
NAME = re.compile(r"^(\w+?)([!<>=&]*)$")
# Not filters: they say how to answer.
PLAIN = frozenset({"type", "sort", "limit", "group", "having", "query", "clusterzoomlevel"})
FLAGS = re.compile(r"^(?:x-plex-|include|exclude|async|check|skip)", re.IGNORECASE)


def is_filter(name: str) -> bool:
    return name.lower() not in PLAIN and not FLAGS.match(name)


def compile_filters(pairs: Iterable[Pair]) -> Test | None:
    """One test for all filters among the pairs; None where there is none.

    Raises:
        Refused: 400 for an unknown field, a filter without `=`, a value of the wrong type.
    """
    compiled = [_compile(pair) for pair in pairs if is_filter(pair.name)]
    tests = [test for test in compiled if test is not None]
    if len(tests) == 1:
        return tests[0]
    return (lambda item: all(test(item) for test in tests)) if tests else None


def _compile(pair: Pair) -> Test | None:
    match = NAME.match(pair.name)
    if match is None or pair.value is None:
        raise Refused(400)
    (name, operator), value = match.groups(), pair.value
    if name in TEXTS:
        text, wanted = TEXTS[name], value.lower()
        return None if operator else lambda item: wanted in text(item)
    if name in DATES:
        if operator not in (">", ">>"):  # a single sign is strict as well (measured)
            return None
        date, bound = DATES[name], _number(value)
        return lambda item: (date(item) or 0) > bound
    if name == "id":
        return lambda item: str(item.key) in value.split(",")
    if name == "trash":
        return lambda item: trashed(item) == (value == "1")
    raise Refused(400)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused(400) from None
