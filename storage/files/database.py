"""The one way in which our SQLite files are opened, migrated, written and given up on.

Stash kills a running task without warning, so every file must be whole at every instant: WAL,
`synchronous=FULL` where a lost commit would cost knowledge, and every change that takes more than
one statement inside one `BEGIN IMMEDIATE`. What is damaged never stops the plugin: a row that makes
no sense is set aside, a file that SQLite cannot read is moved aside, and the user is told.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from core.errors import StateError
from core.models import ItemRef
from storage.files import data_folder
from storage.files.data_folder import WAY_OUT, missing_link, not_written, uri_of
from storage.files.file_opening import Clock, Opener, Warn
from storage.files.migration import Schema
from storage.files.row_checks import BadRow, Row, Table, fetch, move_aside, replaced, shown_key
from storage.files.suspected_damage import Suspicion, is_damage, is_layout, name_of, one_line

T = TypeVar("T")
C = TypeVar("C", bound="Closing")

# Virtual generated columns came with 3.31; Debian 11 and every later system has more.
OLDEST_SQLITE = (3, 31, 0)
# Long enough for another process to write 100,000 rows, short enough to be called a fault.
BUSY_SECONDS = 30.0
CHUNK = 500
NAMED = 20  # of the rows that are set aside at once, one by one


class Closing:
    """What holds a file open; a context manager that closes it."""

    def close(self) -> None:
        """Closes it; closing twice is fine."""
        raise NotImplementedError

    def __enter__(self: C) -> C:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class Database(Closing):
    """One open SQLite file, usable by several threads; several processes may open it at once.

    Args:
        looks_only: nothing will be written, so nothing is made sure of first; see `Opener.look`.
        checked: as of `Opener`, of who opens files again and again.

    Raises:
        StateError: the file is newer than this code, busy for too long, cannot be read or written,
            or is damaged and cannot be moved aside.
    """

    def __init__(
        self,
        path: Path,
        schema: Schema,
        warn: Warn,
        *,
        home: Path | None = None,
        clock: Clock = time.time,
        busy_seconds: float = BUSY_SECONDS,
        looks_only: bool = False,
        checked: set[str] | None = None,
    ) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StateError(
                f"The SQLite of this Python is {sqlite3.sqlite_version}; Stash2Plex needs 3.31 or"
                " later. Install a newer Python."
            )
        self.path = path
        self._schema = schema
        self._warn = warn
        self._clock = clock
        self._lock = threading.RLock()
        self._suspicion = Suspicion(path)
        self._writes = False
        self._bad: list[BadRow] = []
        self._opened = ""
        home = home or path.parent
        known = checked if checked is not None else set()
        opener = Opener(path, home, schema, warn, clock, busy_seconds, self._suspicion, known)
        try:
            with self._translated():
                self._connection = opener.look() if looks_only else opener.open()
            self._opened = name_of(path)
        except OSError as error:
            raise StateError(f"{path} cannot be used: {error}.", WAY_OUT) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One `BEGIN IMMEDIATE`: all of it happens, or nothing. Does not nest."""
        with self._lock, self._translated(), self._begun("BEGIN IMMEDIATE"):
            self._writes = True
            yield self._connection
            self._still_there()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Several reads that see one and the same state."""
        with self._lock, self._translated(), self._begun("BEGIN"):
            yield self._connection

    @contextmanager
    def steady(self) -> Iterator[None]:
        """The same for long. Without a write-ahead log a copy is read: nobody waits for that."""
        if self.rows("PRAGMA journal_mode") == [("wal",)]:
            with self.snapshot():
                yield
            return
        copy = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        with self._lock, closing(copy):
            with self._translated(is_aside=True):
                self._connection.backup(copy)
            original, self._connection = self._connection, copy
            try:
                with self.snapshot():
                    yield
            finally:
                self._connection = original

    @contextmanager
    def aside(self) -> Iterator[sqlite3.Connection]:
        """Writes to temporary tables, also within a snapshot; the file itself is not written."""
        with self._lock, self._translated(is_aside=True):
            if self._connection.in_transaction:
                yield self._connection
            else:
                with self._begun("BEGIN"):
                    yield self._connection

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """The rows of one query, unchecked, as they are asked for; of temporary tables."""
        with self._lock, self._translated(is_aside=True):
            yield from self._connection.execute(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of one query, unchecked: for counts."""
        with self._lock, self._translated():
            return fetch(self._connection, sql, parameters, replaced)

    def numbers(self, sql: str, parameters: Sequence[object] = ()) -> list[int]:
        """The whole numbers in the first column of a query; what is none is passed over."""
        return [row[0] for row in self.rows(sql, parameters) if type(row[0]) is int]

    def numbers_in(
        self, sql: str, values: Iterable[object], parameters: Sequence[object] = ()
    ) -> set[int]:
        """The same, once each, of a query that ends in `IN`, for these values, however many."""
        return {
            each
            for some in chunks(values)
            for each in self.numbers(f"{sql} ({placeholders(len(some))})", [*parameters, *some])
        }

    def select(
        self,
        table: Table,
        decode: Callable[[Row], T],
        tail: str = "",
        parameters: Sequence[object] = (),
        decode_all: Callable[[Sequence[Row]], list[T]] | None = None,
    ) -> list[T]:
        """What `decode` makes of the rows of a table; also within a transaction.

        Args:
            tail: what follows `SELECT ... FROM table`.
            decode_all: see `Table.read`.
        """
        with self._lock, self._translated():
            rows = fetch(self._connection, f"{table.select} {tail}", parameters)
            return self.read(table, decode, rows, decode_all)

    def select_in(
        self,
        table: Table,
        decode: Callable[[Row], T],
        column: str,
        values: Iterable[object],
        tail: str = "",
        parameters: Sequence[object] = (),
        decode_all: Callable[[Sequence[Row]], list[T]] | None = None,
    ) -> list[T]:
        """The same for the rows of which a column has one of these values, however many."""
        found: list[T] = []
        for some in chunks(values):
            where = f"WHERE {column} IN ({placeholders(len(some))}) {tail}"
            found += self.select(table, decode, where, [*some, *parameters], decode_all)
        return found

    def select_items(
        self, table: Table, decode: Callable[[Row], T], refs: Iterable[ItemRef], tail: str = ""
    ) -> list[T]:
        """The same for the rows whose `section` and `key` are those of some items."""
        keys: dict[str, list[str]] = {}
        for section, key in refs:
            keys.setdefault(section, []).append(key)
        tail = f"AND section = ? {tail}"
        found: list[T] = []
        for section, some in keys.items():
            found += self.select_in(table, decode, "key", some, tail, [section])
        return found

    def read(
        self,
        table: Table,
        decode: Callable[[Row], T],
        rows: Sequence[Row],
        decode_all: Callable[[Sequence[Row]], list[T]] | None = None,
    ) -> list[T]:
        """What `decode` makes of rows of a table, its columns as `Table` has them.

        A row of which nothing can be made is taken out of its table and kept in `set_aside`, once
        no snapshot is in the way, and the user is told; see `Table.read`.
        """
        good, bad = table.read(decode, rows, decode_all)
        if bad:
            with self._lock, self._translated():
                self._bad += [(table, decode, key) for key in bad]
                self._set_bad_aside()
        return good

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def _begun(self, begin: str) -> Iterator[None]:
        connection = self._connection
        connection.execute(begin)
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            self._writes = False
        self._set_bad_aside()

    def _set_bad_aside(self) -> None:
        connection = self._connection
        if not self._bad or (connection.in_transaction and not self._writes):
            return
        bad, self._bad = self._bad, []
        if connection.in_transaction:
            self._tell(bad, move_aside(connection, bad, self._clock(), self._schema.derived))
            return
        try:
            with self.transaction():
                reasons = move_aside(connection, bad, self._clock(), self._schema.derived)
        except StateError as error:
            self._warn(f"{len(bad)} entries of {self._schema.title} make no sense: {error}")
        else:
            self._tell(bad, reasons)

    def _tell(self, bad: Sequence[BadRow], reasons: Sequence[str]) -> None:
        lines = [
            f"An entry of {self._schema.title} makes no sense and was set aside ({self.path.name},"
            f" {table.name}, {shown_key(table, key)}: {reason}). The rest works on."
            for (table, _, key), reason in zip(bad, reasons, strict=True)
            if reason
        ]
        for line in lines[:NAMED]:
            self._warn(line)
        if len(lines) > NAMED:
            self._warn(f"{len(lines) - NAMED} more entries of {self._schema.title} were set aside.")

    @contextmanager
    def _translated(self, *, is_aside: bool = False) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise self._damaged(one_line(error)) from error
            if is_layout(error):
                self._suspicion.note(self._opened, "")
                raise StateError(
                    f"{self.path} is not laid out as it was made: {one_line(error)}. It is looked"
                    " through at the next start; if this comes again then, please report it."
                ) from error
            if not isinstance(error, sqlite3.OperationalError):
                raise
            told = str(error)
            # Where the file itself has room, what SQLite writes beside it has none.
            is_full = "full" in told and data_folder.has_room(self.path.parent)
            if is_full or (is_aside and "locked" not in told):
                raise not_written(error) from error
            raise StateError(f"{self.path} cannot be used: {error}.", self._hint(error)) from error

    def _hint(self, error: sqlite3.OperationalError) -> str:
        told = str(error)
        if "locked" in told:
            return "Another program holds the file; try again once it has ended."
        if "readonly" in told or "unable to open" in told:
            return missing_link(self.path) or WAY_OUT
        return "Is the disk full or read-only, or does another program hold the file?"

    def _still_there(self) -> None:
        """What is written into a file that was deleted is lost, and no error tells of it."""
        if (name := name_of(self.path)) == self._opened:
            return
        if not name or not self._is_locked():
            raise StateError(
                f"The data folder {self.path.parent} went away while it was in use, or"
                f" {self.path.name} in it was replaced: what was to be noted there is lost. See to"
                " it that the folder stays; then run the task again."
            )
        self._opened = name  # some network file systems give the same file other numbers

    def _is_locked(self) -> bool:
        """Whether the file that is there now is the one that this transaction has locked."""
        with closing(sqlite3.connect(uri_of(self.path, "rw"), uri=True, timeout=0)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                return "locked" in str(error)
        return False

    def _damaged(self, what: str) -> StateError:
        self._suspicion.note(self._opened, f"is damaged ({what})")
        return StateError(f"{self.path} is damaged: {what}. It will be rebuilt at the next start.")


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """`values` in lists of at most `size`, none of them empty."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


def placeholders(count: int) -> str:
    """`count` placeholders for an IN list."""
    return ",".join("?" * count)
