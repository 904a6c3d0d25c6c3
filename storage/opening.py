"""How a SQLite file of ours is opened: refused, checked, migrated, or replaced by a new one."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from filelock import FileLock

from core.errors import StateError
from storage.damage import Suspicion, identity, is_damage, name_of, one_line

Warn = Callable[[str], None]
Clock = Callable[[], float]

# A file up to this size is checked whole at every opening; a larger one only after a crash.
WHOLE_CHECK_BYTES = 4 * 1024 * 1024


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


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens one file; what it gives is ready for work.

    Args:
        warn: gets a sentence for the user when the file was moved aside.
        busy_seconds: how long others may hold the file.
    """

    path: Path
    schema: Schema
    warn: Warn
    clock: Clock
    busy_seconds: float
    suspicion: Suspicion

    def open(self) -> sqlite3.Connection:
        """A connection in autocommit.

        Raises:
            StateError: see `storage.sqlite.Database`.
        """
        try:
            return self._prepared()
        except _UnusableError:
            pass
        # Two openers must not move away each other's fresh file, so only one repairs at a time
        # and looks again before it does.
        with FileLock(f"{self.path}.repair.lock", timeout=self.busy_seconds):
            try:
                return self._prepared()
            except _UnusableError as unusable:
                self._set_aside(unusable.refusal)
            try:
                return self._prepared()
            except _UnusableError as unusable:
                raise StateError(f"{self.path} cannot be rebuilt: {unusable}.") from unusable

    def _prepared(self) -> sqlite3.Connection:
        unclean = _beside(self.path, "-wal").exists() or self.suspicion.exists()
        if (proof := self.suspicion.proof()) is not None:
            raise _UnusableError(Refusal("corrupt", proof))
        connection = sqlite3.connect(
            self.path,
            timeout=self.busy_seconds,
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
        self.suspicion.clear()
        return connection

    def _refuse_newer(self, connection: sqlite3.Connection) -> None:
        version, known = _version(connection), len(self.schema.migrations)
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
        if self.schema.refuse is not None and _version(connection) == 0:
            refusal = self.schema.refuse(connection)
            if refusal is not None:
                raise _UnusableError(refusal)

    def _set_journal(self, connection: sqlite3.Connection) -> None:
        # Switching to WAL ignores the busy timeout, and first openers come in pairs.
        deadline = time.monotonic() + self.busy_seconds
        while True:
            try:
                if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                    connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        connection.execute(f"PRAGMA synchronous = {self.schema.synchronous}")
        connection.execute("PRAGMA journal_size_limit = 67108864")

    def _migrate(self, connection: sqlite3.Connection) -> None:
        target = len(self.schema.migrations)
        if _version(connection) == target:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Read again: another process may have migrated while we waited for the lock.
            for statements in self.schema.migrations[_version(connection) :]:
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
        self.suspicion.note(name_of(self.path), refusal.why)
        moved = set_aside(self.path, refusal.suffix, self.clock())
        self.suspicion.clear()
        self.warn(
            f"{self.path} {refusal.why}: it was moved to {moved.name} and started anew."
            f" {self.schema.remedy}"
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


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _beside(path: Path, tail: str) -> Path:
    return path.with_name(path.name + tail)
