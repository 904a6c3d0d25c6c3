"""How a SQLite file of ours is opened: refused, checked, migrated, or replaced by a new one."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import StateError
from storage.files import data_folder, wal
from storage.files.migration import (
    Refusal,
    Schema,
    make_missing,
    mend_layout,
    migrate,
    restore_version,
    version_of,
)
from storage.files.replace_damaged import beside, replace_damaged, salvaged_of, set_aside
from storage.files.suspected_damage import Suspicion, is_damage, is_layout, name_of, one_line

Warn = Callable[[str], None]
Clock = Callable[[], float]

WITHOUT_WAL = (
    "its disk cannot share memory between processes, so SQLite keeps a rollback journal here"
    " instead of its faster write-ahead log. All works as elsewhere, a little slower."
)
LOCK_FILE = "opening.lock"
# After so long a file that others hold is looked at: are there locks at all?
QUICK_SECONDS = 0.5
# A file up to this size is checked whole at every opening; a larger one only after a crash.
WHOLE_CHECK_BYTES = 4 * 1024 * 1024
_TOLD = 100  # faults that a check tells at most
# What a check says of a row that its table does not allow; the table is as sound as others.
_BAD_ROW = re.compile(r"(?:CHECK constraint failed in|NULL value in) (\w+)")


class _UnusableError(Exception):
    """The file is damaged or refused: it has to be moved aside."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens one file; what it gives is ready for work.

    Args:
        home: the data folder that the file belongs to.
        warn: gets a sentence for the user when something was put right.
        busy_seconds: how long others may hold the file.
        checked: the files that this process has checked whole, by `name_of`; is added to.
    """

    path: Path
    home: Path
    schema: Schema
    warn: Warn
    clock: Clock
    busy_seconds: float
    suspicion: Suspicion
    checked: set[str]

    def open(self) -> sqlite3.Connection:
        """A connection in autocommit. Raises StateError: see `storage.files.database.Database`."""
        in_home = data_folder.ready(self.home)
        self._clear_beside(in_home if self.path.parent == self.home else self._make_room(), in_home)
        if _size(self.path):
            with suppress(_UnusableError, FileNotFoundError):
                return self._prepared("rw")
        # Two openers must not move away each other's fresh file, so only one makes or repairs a
        # file at a time, and looks again before it does.
        with self._alone():
            self._take_what_is_there()
            try:
                return self._prepared("rwc")
            except _UnusableError as unusable:
                self._replace(unusable.refusal)
            try:
                return self._prepared("rwc")
            except _UnusableError as unusable:
                raise StateError(f"{self.path} cannot be rebuilt: {unusable}.") from unusable

    def look(self) -> sqlite3.Connection:
        """A connection that writes nothing, and none of the checks of `open`: for questions that
        are to be answered at once. Where the file is not as it should be, it is what `open` gives.

        Raises:
            StateError: see `storage.files.database.Database`.
        """
        if _size(self.path) and not self.suspicion.exists():
            with suppress(FileNotFoundError):
                connection = self._connect("rw")
                try:
                    if version_of(connection) == len(self.schema.migrations):
                        connection.execute("PRAGMA query_only = ON")
                        return connection
                except sqlite3.DatabaseError:
                    pass  # told by whoever opens it for good
                connection.close()
        return self.open()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        from storage.files import (
            file_locks,  # rarely needed, and a tenth of what a quick answer takes
        )

        lock = file_locks.take(self.home / LOCK_FILE, self.busy_seconds)
        if lock is None:
            raise StateError(
                f"{self.path} is being made or repaired by another task of Stash2Plex; try again"
                " once that has ended."
            )
        with lock:
            yield
            lock.release()

    def _make_room(self) -> set[str]:
        """The file's folder in the data folder; a file in its place is moved aside. The names of
        the folders in it."""
        room = self.path.parent
        if room.is_file():
            with self._alone():
                if room.is_file():
                    moved = set_aside(room, "file", self.clock())
                    self.warn(f"{room} was a file and no folder: it was moved to {moved.name}.")
        return data_folder.ready(room)

    def _clear_beside(self, in_room: set[str], in_home: set[str]) -> None:
        """A folder that has the name of one of SQLite's own files, or of the lock, is moved."""
        names = {self.path.name + tail for tail in ("-wal", "-shm", "-journal", ".suspect")}
        places = [self.path.with_name(name) for name in names & in_room]
        for place in (*places, *(self.home / name for name in {LOCK_FILE, wal.MARK} & in_home)):
            with suppress(StateError):  # another opener has done it
                set_aside(place, "folder", self.clock())

    def _take_what_is_there(self) -> None:
        """A repair that was cut short is finished, and an empty file is said to be one."""
        size = _size(self.path)
        if self.path.is_dir():
            return
        if size is None and (salvaged := salvaged_of(self.path)).exists():
            salvaged.rename(self.path)
        elif size == 0:
            self.warn(
                f"{self.path} was empty, 0 bytes: {self.schema.title} is lost and was started"
                f" anew. {self.schema.remedy}"
            )

    def _prepared(self, mode: str) -> sqlite3.Connection:
        if self.path.is_dir():
            raise _UnusableError(Refusal("folder", "was a folder and no file"))
        tails = (beside(self.path, tail) for tail in ("-wal", "-journal"))
        suspected = self.suspicion.exists()
        unclean = suspected or any(map(_size, tails))
        if suspected and (proof := self.suspicion.proof()) is not None:
            raise _UnusableError(Refusal("corrupt", proof))
        connection = self._connect(mode)
        try:
            try:
                self._prepare(connection, suspected, unclean)
            except sqlite3.OperationalError as error:
                if not wal.is_refused(error):
                    raise
                connection.close()
                connection = self._connect(mode)
                wal.leave(connection)
                wal.note(self.home)
                self._prepare(connection, suspected, unclean)
        except sqlite3.DatabaseError as error:
            connection.close()
            if not is_damage(error) and not is_layout(error):
                if _size(self.path) is None:  # moved aside by another opener just now
                    raise FileNotFoundError(self.path) from error
                raise
            refusal = Refusal("corrupt", f"is damaged ({one_line(error)})")
            raise _UnusableError(refusal) from error
        except BaseException:
            connection.close()
            raise
        if suspected:
            self.suspicion.clear()
        return connection

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = self._connected(mode, min(QUICK_SECONDS, self.busy_seconds))
        try:
            version_of(connection)
        except sqlite3.DatabaseError as error:  # which comes again, and is told then
            connection.close()
            if "locked" in str(error) or wal.is_refused(error):
                self._make_sure_of_locks()
            return self._connected(mode, self.busy_seconds)
        connection.execute(f"PRAGMA busy_timeout = {int(self.busy_seconds * 1000)}")
        return connection

    def _connected(self, mode: str, busy_seconds: float) -> sqlite3.Connection:
        try:
            return sqlite3.connect(
                data_folder.uri_of(self.path, mode),
                uri=True,
                timeout=busy_seconds,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.OperationalError as error:
            if mode == "rw" and _size(self.path) is None:  # as in `_prepared`
                raise FileNotFoundError(self.path) from error
            raise

    def _make_sure_of_locks(self) -> None:
        from storage.files import file_locks  # see `_alone`

        file_locks.make_sure(self.home)

    def _prepare(self, connection: sqlite3.Connection, suspected: bool, unclean: bool) -> None:
        self._refuse_newer(connection)
        # Before SQLite makes files beside it, which get its mode.
        data_folder.make_private(self.path)
        bad = self._check(connection, suspected, unclean)
        self._set_journal(connection)
        restore_version(connection, self.schema)
        if version_of(connection) < 0:
            raise _UnusableError(Refusal("corrupt", "has lost the version of its layout"))
        if bad or suspected:
            self._mend(connection, bad)
        if not migrate(connection, self.path, self.schema):
            self._complete(connection)

    def _refuse_newer(self, connection: sqlite3.Connection) -> None:
        version, known = version_of(connection), len(self.schema.migrations)
        if version <= known:
            return
        why = (
            f"was written by a newer Stash2Plex (version {version} of its layout, this one knows"
            f" {known})"
        )
        if self.schema.synchronous != "FULL":  # no copy was made of it, so none can be put back
            raise _UnusableError(Refusal("newer", why))
        copy = next(self.path.parent.glob(f"{self.path.name}.v*-backup"), None)
        way = f", or put the copy {copy.name} in its place" if copy is not None else ""
        raise StateError(f"{self.path} {why}. Update the plugin{way}; nothing was changed.")

    def _check(self, connection: sqlite3.Connection, suspected: bool, unclean: bool) -> set[str]:
        """The tables that have rows which they do not allow; what is worse is an error."""
        bad: set[str] = set()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        is_due = unclean or self.path.stat().st_size <= WHOLE_CHECK_BYTES
        # What is left of a crash looks like what another connection has open, so a task that opens
        # a file again and again would check it each time.
        name = name_of(self.path)
        if suspected or (is_due and name not in self.checked):
            check = "integrity_check" if suspected else "quick_check"
            for (found,) in connection.execute(f"PRAGMA {check}({_TOLD})").fetchall():
                row = _BAD_ROW.match(found)
                if row is None and found != "ok":
                    raise _UnusableError(Refusal("corrupt", f"is damaged ({one_line(found)})"))
                bad |= {row[1]} if row else set()
        self.checked.add(name)
        if self.schema.refuse is not None and version_of(connection) == 0:
            refusal = self.schema.refuse(connection)
            if refusal is not None:
                raise _UnusableError(refusal)
        return bad

    def _set_journal(self, connection: sqlite3.Connection) -> None:
        mode = self._journal_mode(connection)
        if mode != "wal":
            wal.note(self.home)
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            if wal.note(self.home, WITHOUT_WAL):
                self.warn(f"The data folder {self.home}: {WITHOUT_WAL}")
        # Without the log, less than FULL might damage the file at a power cut.
        synchronous = self.schema.synchronous if mode == "wal" else "FULL"
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA journal_size_limit = 67108864")

    def _journal_mode(self, connection: sqlite3.Connection) -> str:
        """Switches to WAL where it can be used; the mode that the file has then."""
        if wal.is_noted(self.home):
            return "truncate"
        # Switching ignores the busy timeout, and first openers come in pairs.
        deadline = time.monotonic() + self.busy_seconds
        while True:
            try:
                mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
                if mode != "wal":
                    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
                # Only now does SQLite find out whether it can use the log.
                version_of(connection)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return str(mode)

    def _mend(self, connection: sqlite3.Connection, bad: set[str]) -> None:
        """Makes tables again that are not as they were made, be it by an earlier version."""
        known = self.schema.migrations[: version_of(connection)]
        derived = self.schema.derived if known == self.schema.migrations else ()
        made = replace(self.schema, migrations=known, derived=derived)
        mended = mend_layout(connection, made, bad)
        if mended:
            self.warn(
                f"{self.path}: not as they were made: {', '.join(mended)}. They were made again"
                f" with the rows that fit. {self.schema.remedy}"
            )

    def _complete(self, connection: sqlite3.Connection) -> None:
        """Makes tables again that are missing."""
        made = make_missing(connection, self.schema)
        if made:
            self.warn(
                f"{self.path} lacked {', '.join(made)}: made again, empty. {self.schema.remedy}"
            )

    def _replace(self, refusal: Refusal) -> None:
        # Windows does not move what is still open, and then the next start has to know.
        self.suspicion.note(name_of(self.path), refusal.why)
        told = replace_damaged(self.path, refusal, self.schema, self.clock())
        self._take_what_is_there()
        self.suspicion.clear()
        self.warn(told)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
