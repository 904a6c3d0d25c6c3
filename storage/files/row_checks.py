"""How rows are read: each is checked, so that one that makes no sense costs nothing but itself."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
Row = tuple[Any, ...]

# What comes of making sense of an entry that is not what was written.
NONSENSE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError)
# The years 1 to 9999: beyond them no time can be shown.
EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.0
# How many rows are kept aside, and how much of each, in characters.
KEPT_ASIDE = 1000
KEPT_OF_ROW = 100_000

_NO_TEXT = "Could not decode to UTF-8"
_WORDS: Mapping[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bytes: "binary",
    type(None): "missing",
}


class NonsenseError(ValueError):
    """An entry is not what was written; the text says why, without any of its content."""


class _NoText(bytes):
    """A text of the file that is no UTF-8."""


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """What a column may hold: values of these types; `is_time`: epoch seconds that can be shown."""

    types: frozenset[type]
    is_time: bool = False

    def optional(self) -> ColumnKind:
        """The same, or nothing."""
        return ColumnKind(self.types | {type(None)}, self.is_time)


INT, TEXT, REAL = (ColumnKind(frozenset({kind})) for kind in (int, str, float))
BLOB = ColumnKind(frozenset({bytes}))
TIME = ColumnKind(frozenset({int, float}), is_time=True)


class Table:
    """A table, or some of its columns, as they are read.

    Args:
        columns: SQL expressions, in the order in which a decoder gets their values.
        key: those of them that name one row; "rowid" where the table has no better one.
    """

    def __init__(self, name: str, key: Sequence[str], columns: Mapping[str, ColumnKind]) -> None:
        self.name = name
        self.key = tuple(key)
        self.columns = ", ".join(columns)
        self.select = f"SELECT {self.columns} FROM {name}"
        self._kinds = dict(columns)
        names = list(columns)
        self._key_places = tuple(map(names.index, key))

    def read(
        self,
        decode: Callable[[Row], T],
        rows: Sequence[Row],
        decode_all: Callable[[Sequence[Row]], list[T]] | None = None,
    ) -> tuple[list[T], list[Row]]:
        """What `decode` makes of rows, and the keys of those of which it can make nothing.

        Args:
            decode_all: the same for many rows, if all of them make sense.
        """
        # Column by column is far faster than row by row, and nearly always enough.
        if all(map(_holds, self._kinds.values(), zip(*rows, strict=True))):
            with suppress(*NONSENSE):
                return decode_all(rows) if decode_all else [decode(row) for row in rows], []
        good: list[T] = []
        bad: list[Row] = []
        for row in rows:
            try:
                self._check(row)
                good.append(decode(row))
            except NONSENSE:
                bad.append(tuple(row[place] for place in self._key_places))
        return good, bad

    def fault(self, decode: Callable[[Row], object], row: Row) -> str:
        """Why nothing can be made of a row, without any of its content; "" if something can."""
        try:
            self._check(row)
            decode(row)
        except NonsenseError as error:
            return str(error)
        except NONSENSE as error:
            return f"its content makes no sense, {type(error).__name__}"
        return ""

    def named(self, key: Row) -> tuple[str, Row]:
        """The condition that finds a row by its key, with its parameters."""
        terms = [
            f"{name} = CAST(? AS TEXT)" if isinstance(value, _NoText) else f"{name} IS ?"
            for name, value in zip(self.key, key, strict=True)
        ]
        return " AND ".join(terms), key

    def _check(self, row: Row) -> None:
        for (name, kind), value in zip(self._kinds.items(), row, strict=True):
            if not _holds(kind, (value,)):
                fault = (
                    "no time" if type(value) in kind.types else _WORDS.get(type(value), "no text")
                )
                raise NonsenseError(f"{name} is {fault}")


def _holds(kind: ColumnKind, values: Sequence[Any]) -> bool:
    """Whether a column may hold all of these values."""
    if not kind.types.issuperset(map(type, values)):
        return False
    if not kind.is_time:
        return True
    times = [value for value in values if value is not None] or [EARLIEST]
    return bool(min(times) >= EARLIEST and max(times) <= LATEST)


def lenient(raw: bytes) -> object:
    """A text of a file, or what no `Table` takes for one where it is no UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _NoText(raw)


def fetch(
    connection: sqlite3.Connection,
    sql: str,
    parameters: Sequence[object] = (),
    text: Callable[[bytes], object] = lenient,
) -> list[Row]:
    """All rows of a query, also where a text in them is no UTF-8: then `text` makes the texts."""
    try:
        return connection.execute(sql, parameters).fetchall()
    except sqlite3.OperationalError as error:
        if not str(error).startswith(_NO_TEXT):
            raise
    connection.text_factory = text
    try:
        return connection.execute(sql, parameters).fetchall()
    finally:
        connection.text_factory = str


def replaced(raw: bytes) -> str:
    """A text of a file, for people."""
    return raw.decode(errors="replace")


# Its table, what cannot make anything of it, and its key.
BadRow = tuple[Table, Callable[[Row], object], Row]


def move_aside(
    connection: sqlite3.Connection, bad: Sequence[BadRow], now: float, derived: Sequence[str]
) -> list[str]:
    """Within a writing transaction: takes rows out of their tables, if nothing can be made of them.

    They are kept in the table `set_aside`.

    Args:
        derived: statements that follow, if there were any; see `storage.files.migration.Schema`.

    Returns:
        what is wrong with each, "" if it is fine by now.
    """
    reasons = [_move_aside(connection, *each, now) for each in bad]
    for statement in derived if any(reasons) else ():
        connection.execute(statement)
    return reasons


def _move_aside(
    connection: sqlite3.Connection,
    table: Table,
    decode: Callable[[Row], object],
    key: Row,
    now: float,
) -> str:
    where, parameters = table.named(key)
    rows = fetch(connection, f"{table.select} WHERE {where}", parameters)
    reason = table.fault(decode, rows[0]) if rows else ""
    if not reason:
        return ""
    whole = connection.execute(f"SELECT * FROM {table.name} LIMIT 0").description
    names = [column[0] for column in whole]
    content = fetch(connection, f"SELECT * FROM {table.name} WHERE {where}", parameters)[0]
    text = json.dumps(dict(zip(names, map(_shown, content), strict=True)))
    connection.execute(
        'CREATE TABLE IF NOT EXISTS set_aside (id INTEGER PRIMARY KEY, "table" TEXT NOT NULL,'
        " key TEXT NOT NULL, reason TEXT NOT NULL, row TEXT NOT NULL, at REAL NOT NULL)"
    )
    added = connection.execute(
        "INSERT INTO set_aside VALUES (NULL, ?, ?, ?, ?, ?)",
        (table.name, shown_key(table, key), reason, text[:KEPT_OF_ROW], now),
    )
    assert added.lastrowid is not None
    connection.execute("DELETE FROM set_aside WHERE id <= ?", (added.lastrowid - KEPT_ASIDE,))
    connection.execute(f"DELETE FROM {table.name} WHERE {where}", parameters)
    return reason


def shown_key(table: Table, key: Row) -> str:
    pairs = zip(table.key, map(_shown, key), strict=True)
    return ", ".join(f"{name} {value}" for name, value in pairs)


def _shown(value: object) -> object:
    if isinstance(value, _NoText):
        return replaced(value)
    return f"x'{value.hex()}'" if isinstance(value, bytes) else value
