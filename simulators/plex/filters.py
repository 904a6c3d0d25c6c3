"""Filters of a listing: parameters whose names carry the operator.

`updatedAt>>` (wire `updatedAt%3E%3E=5`) is strictly greater; a name with one `=` too many
(`updatedAt%3E%3E%3D=5`) is an operator that nobody knows and is silently ignored, whereas an
unknown plain field is a 400. Values separated by commas are alternatives, repeated parameters
all hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from simulators.plex.errors import Refused
from simulators.plex.fields import FIELDS, Field
from simulators.plex.model import Item
from simulators.plex.query import Pair

Test = Callable[[Item], bool]
NAME = re.compile(r"^(\w+?)([!<>=&]*)$")
RELATIVE = re.compile(r"^-?(\d+)(mon|[smhdwy])$")
SECONDS = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "mon": 2_592_000,
    "y": 31_536_000,
}
# Filters that films and episodes lack: they give an empty list, and no refusal.
OF_OTHER_TYPES = frozenset({"decade", "mood", "style", "subformat", "device", "make", "iso"})
OPERATORS = {
    "string": {"", "!", "=", "!=", "<", ">"},
    "guid": {"", "!"},
    "integer": {"", "!", ">>", "<<", ">", "<"},
    "date": {"", "!", ">>", "<<", ">", "<"},
    "tag": {"", "!"},
    "boolean": {"", "!"},
}
# Not filters: they say how to answer.
PLAIN = frozenset({"type", "sort", "limit", "group", "having", "query", "clusterzoomlevel"})
FLAGS = re.compile(r"^(?:x-plex-|include|exclude|async|check|skip)", re.IGNORECASE)


def is_filter(name: str) -> bool:
    return name.lower() not in PLAIN and not FLAGS.match(name)


def compile_filters(pairs: Iterable[Pair], now: int) -> Test | None:
    """One test for all filters among the pairs; None where there is none.

    Raises:
        Refused: 400 for an unknown field, a filter without `=`, a value of the wrong type.
    """
    compiled = [_compile(pair, now) for pair in pairs if is_filter(pair.name)]
    tests = [test for test in compiled if test is not None]
    if len(tests) == 1:
        return tests[0]
    return (lambda item: all(test(item) for test in tests)) if tests else None


def _compile(pair: Pair, now: int) -> Test | None:
    match = NAME.match(pair.name)
    if match is None or pair.value is None:
        raise Refused(400)
    name, operator = match.groups()
    field = FIELDS.get(name)
    if field is None and name in OF_OTHER_TYPES:
        return lambda _item: False
    if field is None:
        raise Refused(400)
    if operator not in OPERATORS[field.kind]:
        return None
    return _test(name, field, operator, pair.value, now)


def _test(name: str, field: Field, operator: str, value: str, now: int) -> Test:
    if field.kind == "string":
        return _text_test(name, field, operator, value)
    if field.kind == "guid":
        return _signed(lambda item: item.guid == value, operator)
    if field.kind == "boolean":
        wanted = value == "1"
        return _signed(lambda item: bool(field.read(item)) == wanted, operator)
    if field.kind == "tag":
        ids = frozenset(_whole(part) for part in value.split(","))
        return _signed(lambda item: not ids.isdisjoint(field.read(item)), operator)
    if field.kind == "date":
        return _number_test(field, operator.replace(">>", ">").replace("<<", "<"), value, now)
    return _number_test(field, operator, value, now)


def _signed(test: Test, operator: str) -> Test:
    return (lambda item: not test(item)) if operator == "!" else test


def _text_test(name: str, field: Field, operator: str, value: str) -> Test:
    wanted = value.lower()
    if name == "file" and operator == "":
        return lambda item: wanted in item.files_folded

    def text(item: Item) -> str:
        return str(field.read(item) or "").lower()

    tests: dict[str, Test] = {
        "": lambda item: wanted in text(item),
        "!": lambda item: wanted not in text(item),
        "=": lambda item: text(item) == wanted,
        "!=": lambda item: text(item) != wanted,
        "<": lambda item: text(item).startswith(wanted),
        ">": lambda item: text(item).endswith(wanted),
    }
    return tests[operator]


def _number_test(field: Field, operator: str, value: str, now: int) -> Test:
    is_date = field.kind == "date"
    bounds = [_moment(part, now) if is_date else _real(part) for part in value.split(",")]
    first = bounds[0]

    def known(compare: Callable[[float], bool]) -> Test:
        def check(item: Item) -> bool:
            found = field.read(item)
            return found is not None and compare(float(found))

        return check

    tests: dict[str, Test] = {
        "": known(lambda found: found in bounds),
        "!": lambda item: field.read(item) not in bounds,
        ">>": known(lambda found: found > first),
        "<<": known(lambda found: found < first),
        # On dates a single sign is strict as well (measured); on integers it is "or equal".
        ">": known(lambda found: found > first or (found == first and not is_date)),
        "<": known(lambda found: found < first or (found == first and not is_date)),
    }
    return tests[operator]


def _moment(text: str, now: int) -> float:
    relative = RELATIVE.match(text)
    if relative:
        return now - int(relative[1]) * SECONDS[relative[2]]
    return _real(text)


def _real(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused(400) from None


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else -1
