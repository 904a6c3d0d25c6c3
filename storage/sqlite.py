"""The one way in which our SQLite files are opened, migrated, written and given up on.

Stash kills a running task without warning, so every file must be whole at every instant: WAL,
`synchronous=FULL` where a lost commit would cost knowledge, and every change that takes more than
one statement inside one `BEGIN IMMEDIATE`. A damaged file never stops the plugin: it is moved
aside, the user is told its name, and an empty one takes its place.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from filelock import FileLock

from core.errors import StateError
from storage.damage import NONSENSE, Suspicion, identity, is_damage, name_of, one_line

T = TypeVar("T")
Warn = Callable[[str], None]
Clock = Callable[[], float]

# Virtual generated columns came with 3.31; Debian 11 and every later system has more.
OLDEST_SQLITE = (3, 31, 0)
# Long enough for another process to write 100,000 rows, short enough to be called a fault.
BUSY_SECONDS = 30.0
# A file up to this size is checked whole at every opening; a larger one only after a crash.
WHOLE_CHECK_BYTES = 4 * 1024 * 1024
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a sound file is no file of ours: `suffix` goes into its new name, `why` to the user."""

    suffix: str
    why: str


@dataclass(frozen=True, slots=True)
class Schema:
    """What a file holds and how it came to it.

    Attributes:
        title: what the user calls the content ("the sync history").
        migrations: statements that lead from version n to n + 1, at index n.
        remedy: what happens to the content when the file has to be rebuilt.
        synchronous: FULL survives a power cut; NORMAL may lose the last commits of a cache.
        refuse: looks at a file without a version (0) before it is migrated.
    """

    title: str
    migrations: tuple[tuple[str, ...], ...]
    remedy: str
    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    refuse: Callable[[sqlite3.Connection], Refusal | None] | None = None


class _UnusableError(Exception):
    """The file is damaged or refused: it has to be moved aside."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


class Database:
    """One open SQLite file, usable by several threads; several processes may open it at once.

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
        clock: Clock = time.time,
        busy_seconds: float = BUSY_SECONDS,
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
        self._busy_seconds = busy_seconds
        self._lock = threading.RLock()
        self._suspicion = Suspicion(path)
        self._opened = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._translated():
                self._connection = self._open()
        except OSError as error:
            raise StateError(f"{path} cannot be used: {error}.") from error

    @property
    def connection(self) -> sqlite3.Connection:
        """The raw connection, in autocommit; for persist-queue, which wants one of its own."""
        return self._connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One `BEGIN IMMEDIATE`: all of it happens, or nothing. Does not nest."""
        with self._lock, self._translated(), self._begun("BEGIN IMMEDIATE"):
            yield self._connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Several reads that see one and the same state."""
        with self._lock, self._translated(), self._begun("BEGIN"):
            yield self._connection

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one query."""
        with self._lock, self._translated():
            return self._connection.execute(sql, parameters).fetchall()

    def read(
        self, decode: Callable[[tuple[Any, ...]], T], rows: Iterable[tuple[Any, ...]]
    ) -> list[T]:
        """What `decode` makes of rows of this file; where it cannot, the file is damaged."""
        try:
            return [decode(row) for row in rows]
        except NONSENSE as error:
            raise self._damaged(f"an entry makes no sense, {type(error).__name__}") from error

    def close(self) -> None:
        """Closes the file; closing twice is fine."""
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

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise self._damaged(one_line(error)) from error
            if not isinstance(error, sqlite3.OperationalError):
                raise
            raise StateError(
                f"{self.path} cannot be used: {error}. Is the disk full or read-only, or does"
                " another program hold the file?"
            ) from error

    def _damaged(self, what: str) -> StateError:
        self._suspicion.note(self._opened, f"is damaged ({what})")
        return StateError(f"{self.path} is damaged: {what}. It will be rebuilt at the next start.")

    def _open(self) -> sqlite3.Connection:
        try:
            return self._prepared()
        except _UnusableError:
            pass
        # Two openers must not move away each other's fresh file, so only one repairs at a time
        # and looks again before it does.
        with FileLock(f"{self.path}.repair.lock", timeout=self._busy_seconds):
            try:
                return self._prepared()
            except _UnusableError as unusable:
                self._set_aside(unusable.refusal)
            try:
                return self._prepared()
            except _UnusableError as unusable:
                raise StateError(f"{self.path} cannot be rebuilt: {unusable}.") from unusable

    def _prepared(self) -> sqlite3.Connection:
        unclean = _beside(self.path, "-wal").exists() or self._suspicion.exists()
        if (proof := self._suspicion.proof()) is not None:
            raise _UnusableError(Refusal("corrupt", proof))
        connection = sqlite3.connect(
            self.path,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._refuse_newer(connection)
            self._check(connection, unclean)
            self._set_journal(connection)
            self._migrate(connection)
        except sqlite3.DatabaseError as error:
            connection.close()
            if not is_damage(error):
                raise
            refusal = Refusal("corrupt", f"is damaged ({one_line(error)})")
            raise _UnusableError(refusal) from error
        except BaseException:
            connection.close()
            raise
        self._suspicion.clear()
        self._opened = name_of(self.path)
        return connection

    def _refuse_newer(self, connection: sqlite3.Connection) -> None:
        version, known = _version(connection), len(self._schema.migrations)
        if version > known:
            raise StateError(
                f"{self.path} was written by a newer Stash2Plex (version {version} of its layout,"
                f" this one knows {known}). Update the plugin; nothing was changed."
            )

    def _check(self, connection: sqlite3.Connection, unclean: bool) -> None:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if unclean or self.path.stat().st_size <= WHOLE_CHECK_BYTES:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise _UnusableError(Refusal("corrupt", f"is damaged ({one_line(found)})"))
        if self._schema.refuse is not None and _version(connection) == 0:
            refusal = self._schema.refuse(connection)
            if refusal is not None:
                raise _UnusableError(refusal)

    def _set_journal(self, connection: sqlite3.Connection) -> None:
        # Switching to WAL ignores the busy timeout, and first openers come in pairs.
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                    connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        connection.execute(f"PRAGMA synchronous = {self._schema.synchronous}")
        connection.execute("PRAGMA journal_size_limit = 67108864")

    def _migrate(self, connection: sqlite3.Connection) -> None:
        target = len(self._schema.migrations)
        if _version(connection) == target:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Read again: another process may have migrated while we waited for the lock.
            for statements in self._schema.migrations[_version(connection) :]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {target}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _set_aside(self, refusal: Refusal) -> None:
        # Windows does not move what is still open, and then the next start has to know.
        self._suspicion.note(name_of(self.path), refusal.why)
        moved = set_aside(self.path, refusal.suffix, self._clock())
        self._suspicion.clear()
        self._warn(
            f"{self.path} {refusal.why}: it was moved to {moved.name} and started anew."
            f" {self._schema.remedy}"
        )


def set_aside(path: Path, suffix: str, now: float) -> Path:
    """Renames `path`, with SQLite's own files beside it, to `<name>.<suffix>-<UTC time>`.

    Raises:
        StateError: the file system does not let us.
    """
    stamp = datetime.fromtimestamp(now, timezone.utc).strftime("%Y%m%d-%H%M%S")
    target = _beside(path, f".{suffix}-{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = _beside(path, f".{suffix}-{stamp}-{number}")
    tails = {tail: identity(_beside(path, tail)) for tail in ("-wal", "-shm")}
    try:
        path.rename(target)
        # Only now: SQLite drops a -wal that lies beside an empty file, so a kill between these
        # renames leaves nothing that a fresh file could mistake for its own. And only those that
        # were there: another opener may have made a fresh file by now, with others beside it.
        for tail, known in tails.items():
            if known is not None and identity(_beside(path, tail)) == known:
                _beside(path, tail).rename(_beside(target, tail))
    except OSError as error:
        raise StateError(
            f"{path} cannot be used and could not be moved aside ({error}). Move it away by hand."
        ) from error
    return target


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """`values` in lists of at most `size`, none of them empty."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


def placeholders(count: int) -> str:
    """`count` placeholders for an IN list."""
    return ",".join("?" * count)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _beside(path: Path, tail: str) -> Path:
    return path.with_name(path.name + tail)
