"""The inbox: what Stash's hooks have noted and no task has looked at yet; the hooks' side of it.

Stash waits for every hook inside the user's request, so a hook must be able to import this at next
to no cost: sqlite3, os and time, nothing of ours, nothing from outside. `inbox_reader` is the side
of the tasks.

The file also holds the *wake-up lease*: that a task to read the inbox was asked for, or runs. The
lease and the events change in the same transactions. So of a burst of events one asks, and an event
comes either before the last look of a task, which then sees it, or after the lease was released,
and then asks for another task.
"""

from __future__ import annotations

import os
import sqlite3
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # spares the hooks the import of typing
    from collections.abc import Callable, Iterable

INBOX_FILE = "inbox.db"
# An empty database: a task that reads the inbox holds a transaction on it, until it ends or dies.
READER_FILE = "inbox_reader.db"
# Says that the disk cannot hold a write-ahead log; see `storage.files.wal`.
NO_WAL_FILE = "no-wal"
# How long a hook, and with it the user, waits for its turn to write.
BUSY_SECONDS = 5.0
# A task that was asked for may have to wait behind others; after this long an event asks Stash
# whether it still does, and for another one if not: a restart of Stash empties its queue.
ASKED_SECONDS = 30.0
# A lease without a job: who took it was killed while it asked, or Stash did not answer it. Nobody
# asks for so long, since each request is a wait for the user.
UNANSWERED_SECONDS = 10.0
# Where tasks were asked for and could not begin (a bad setting, say), the next event asks all the
# same: the cause may be mended. After so many of them in a row, only if it comes after a pause
# (seconds), as an edit by hand does, or after UNANSWERED_SECONDS.
FREE_DECLINES = 3
PAUSE_SECONDS = 2.0
# How SQLite says that tables are not as they were made.
_LAYOUT = ("no such ", "table ", "cannot modify ", "ON CONFLICT ")

# The column `by_user` of an edit that the hooks inside Stash have told of, 1 of another one.
QUICK_EDIT = 2
BESIDE = -1  # the token of a request beside the lease

# An event's action by its rank in the column `action`: of two events for one id the higher stays.
# Ids are never given twice, so nothing that comes after a destroy brings the id back.
ACTIONS = ("create", "update", "merge", "destroy")

# `request` has one row. The lease is taken while asked_at is set; while begun_at is set as well, it
# is held by a task which runs or was killed. `token` is the revision at which it was taken last.
# `follow_up`: a task has left jobs in the queue, because it found another drain at work.
# `declines`: how many tasks could not begin since the last that did; `declined_at`: the last one.
MIGRATIONS = (
    (
        "CREATE TABLE events (kind TEXT NOT NULL, id INTEGER NOT NULL, action INTEGER NOT NULL,"
        " at REAL NOT NULL, by_user INTEGER NOT NULL, revision INTEGER NOT NULL,"
        " PRIMARY KEY (kind, id)) WITHOUT ROWID",
        "CREATE TABLE request (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL,"
        " token INTEGER NOT NULL, asked_at REAL, begun_at REAL, job_id TEXT,"
        " owed INTEGER NOT NULL)",
        "INSERT INTO request VALUES (1, 0, 0, NULL, NULL, NULL, 0)",
    ),
    (
        "ALTER TABLE request RENAME COLUMN owed TO follow_up",
        "ALTER TABLE request ADD COLUMN declines INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE request ADD COLUMN declined_at REAL",
    ),
)

_UPSERT = (
    "INSERT INTO events VALUES (?, ?, ?, ?, ?, (SELECT revision FROM request))"
    " ON CONFLICT (kind, id) DO UPDATE SET action = max(action, excluded.action),"
    " at = max(at, excluded.at), by_user = max(by_user, excluded.by_user),"
    " revision = excluded.revision"
)


class NewerInbox(Exception):
    """The file was made by a newer version of the plugin."""


class DamagedInbox(Exception):
    """The file is no database any more, or its request makes no sense; who opens it by
    `inbox_reader` mends it."""


class Ask:
    """An order to ask Stash for a task; the lease is taken, so nobody else does.

    Attributes:
        token: names the lease, for `asked` and `not_asked`.
        job_id: the job that was asked for too long ago; if Stash still has it waiting or running,
            asking again is not needed. None: ask at once.
    """

    __slots__ = ("job_id", "token")

    def __init__(self, token: int, job_id: str | None) -> None:
        self.token = token
        self.job_id = job_id


class HookInbox:
    """The inbox as a hook holds it: it notes one event, and keeps track of the asking.

    It is never closed: a hook ends without that (`os._exit`), because the last one to close would
    have to write the log into the file, while the user waits. Every commit is in the log by then.

    Args:
        data_dir: made if it is missing.

    Raises:
        OSError, sqlite3.OperationalError: it cannot be opened, read or written.
        DamagedInbox, NewerInbox: see there.
    """

    def __init__(self, data_dir: str, busy_seconds: float = BUSY_SECONDS) -> None:
        if not os.path.isdir(data_dir):  # noqa: PTH112 - hooks can't wait for pathlib
            os.makedirs(data_dir, mode=0o700, exist_ok=True)  # noqa: PTH103
        self._data_dir = data_dir
        self._busy_seconds = busy_seconds
        self.path = os.path.join(data_dir, INBOX_FILE)  # noqa: PTH118
        self._connect()
        try:
            self._guarded(self._prepare)
        except sqlite3.OperationalError as error:
            self._leave_wal(error)
            self._guarded(self._prepare)

    def note(
        self,
        kind: str,
        num: int,
        action: str,
        *,
        by_user: bool,
        now: float,
        gone: Iterable[int] = (),
        is_quick: bool = False,
    ) -> Ask | None:
        """Notes an event; durable against any kill when this returns.

        Args:
            kind: "scene", "performer", "studio", "tag" or "group"; `num` is the id.
            action: one of ACTIONS.
            by_user: the event had an input: an edit, by a user or an API, and no scan.
            now: epoch seconds.
            gone: more ids of that kind, which this event has destroyed.
            is_quick: the hooks inside Stash tell of it. They found no task in Stash's queue that
                has not begun, and do so for each event until there is one: so it is asked for, also
                while a task runs.

        Returns what the hook has to ask for, if it is the first of its burst.
        """

        def write() -> Ask | None:
            connection = self._connection
            if connection.execute("UPDATE request SET revision = revision + 1").rowcount != 1:
                raise DamagedInbox(f"{self.path} has lost its request")
            told_by = QUICK_EDIT if by_user and is_quick else by_user
            connection.execute(_UPSERT, (kind, num, ACTIONS.index(action), now, told_by))
            for each in gone:
                connection.execute(_UPSERT, (kind, each, ACTIONS.index("destroy"), now, by_user))
            return claim_lease(connection, now, self._data_dir, is_quick=is_quick)

        return self._guarded(lambda: self._in_transaction(write))

    def asked(self, token: int, job_id: str) -> None:
        """Stash has queued the task, or still has it: remember its job."""
        self._change("UPDATE request SET job_id = ? WHERE token = ?", (job_id, token))

    def not_asked(self, token: int) -> None:
        """Stash could not be asked: the next event shall try.

        A task that began nevertheless keeps the lease.
        """
        self._change(RELEASE_UNBEGUN, (token,))

    def close(self) -> None:
        """For tests; see the class."""
        self._connection.close()

    def _change(self, sql: str, values: tuple[object, ...]) -> None:
        self._guarded(lambda: self._connection.execute(sql, values))

    def _is_laid_out_wrong(self, error: sqlite3.DatabaseError) -> bool:
        """Whether tables are not as they were made: who opens the file next is to mend them."""
        if not isinstance(error, sqlite3.IntegrityError) and not str(error).startswith(_LAYOUT):
            return False
        from storage.files import suspected_damage  # only where a hook has to do more

        suspected_damage.suspect(self.path)
        return True

    def _connect(self) -> None:
        self._connection = sqlite3.connect(
            self.path, timeout=self._busy_seconds, isolation_level=None
        )

    def _leave_wal(self, error: sqlite3.OperationalError) -> None:
        """Where the disk cannot hold a write-ahead log, go without; all else is raised again."""
        from storage.files import wal  # only here, where a hook has to do more than usual

        if not wal.is_refused(error):
            raise error
        self._connection.close()
        self._connect()
        wal.leave(self._connection)
        wal.note(self._data_dir)

    def _prepare(self) -> None:
        """Bring a new file to its layout; of one that has it, only the version is read."""
        connection = self._connection
        target = len(MIGRATIONS)
        version = _version(connection)
        if version > target:
            raise NewerInbox(f"{self.path} was written by a newer Stash2Plex (version {version})")
        if version < target:
            try:  # noqa: SIM105 - hooks can't wait for contextlib
                os.chmod(self.path, 0o600)  # noqa: PTH101 - what lies beside it gets its mode
            except OSError:
                pass  # it is another user's, and so is what lies beside it
            if not os.path.exists(os.path.join(self._data_dir, NO_WAL_FILE)):  # noqa: PTH110, PTH118
                _switch_to_wal(connection, time.monotonic() + self._busy_seconds)
            self._in_transaction(lambda: _migrate(connection, target))
        # A commit reaches the system at once and the disk a little later. A power cut may take the
        # last events; what they told of is then found by the next reconcile.
        connection.execute("PRAGMA synchronous = NORMAL")
        # Nobody closes, so whoever opens next reads the log: it must not get long.
        connection.execute("PRAGMA wal_autocheckpoint = 100")

    def _in_transaction(self, work: Callable[[], Ask | None]) -> Ask | None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = work()
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return found

    def _guarded(self, work: Callable[[], object]) -> Ask | None:
        try:
            found = work()
        except sqlite3.DatabaseError as error:
            # Damage comes as DatabaseError itself, all else as its subclasses.
            if type(error) is sqlite3.DatabaseError or self._is_laid_out_wrong(error):
                self._connection.close()
                raise DamagedInbox(f"{self.path} is damaged: {error}") from error
            raise
        except TypeError as error:
            raise DamagedInbox(f"{self.path} has a request that makes no sense") from error
        return found if isinstance(found, Ask) else None


RELEASE_UNBEGUN = (
    "UPDATE request SET asked_at = NULL, job_id = NULL WHERE token = ? AND begun_at IS NULL"
)


def claim_lease(
    connection: sqlite3.Connection, now: float, data_dir: str, *, is_quick: bool = False
) -> Ask | None:
    """Within a transaction: takes the lease, unless its holder will deal with the events.

    That is a task which lives, one that was asked for not too long ago, or a hook that is asking.
    Returns None then; the order to ask otherwise. With `is_quick` also for another task behind the
    one that lives or was asked for; the lease stays as it is.
    """
    revision, asked_at, begun_at, job_id, declined_at, before = connection.execute(
        "SELECT revision, asked_at, begun_at, job_id, declined_at, CASE WHEN declines > ? THEN"
        " (SELECT max(at) FROM events WHERE events.revision < request.revision) END FROM request",
        (FREE_DECLINES,),
    ).fetchone()
    if begun_at is not None:
        if reader_lives(data_dir):
            return Ask(BESIDE, None) if is_quick else None
        job_id = None  # whatever Stash still says of it
    elif asked_at is None:
        job_id = None  # an answer that came when its task had ended
        if (
            before is not None
            and _lies_within(PAUSE_SECONDS, before, now)
            and _lies_within(UNANSWERED_SECONDS, declined_at, now)
        ):
            return None
    elif is_awaited(asked_at, job_id, now):
        return Ask(BESIDE, None) if is_quick and job_id is not None else None
    connection.execute(
        "UPDATE request SET asked_at = ?, begun_at = NULL, job_id = NULL, token = revision", (now,)
    )
    return Ask(revision, job_id)


def _lies_within(seconds: float, at: float, now: float) -> bool:
    return 0 <= now - at < seconds


def is_awaited(asked_at: float, job_id: str | None, now: float) -> bool:
    """Whether a task that was asked for, and has not begun, is still to be waited for."""
    patience = UNANSWERED_SECONDS if job_id is None else ASKED_SECONDS
    # A lease from the future was taken before somebody put the clock right.
    return -ASKED_SECONDS < now - asked_at < patience


def reader_lives(data_dir: str) -> bool:
    """Whether a task reads the inbox, killed ones not counted."""
    path = os.path.join(data_dir, READER_FILE)  # noqa: PTH118
    if not os.path.exists(path):  # noqa: PTH110
        return False
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        # What is damaged or no file is held by nobody; the next task makes it anew.
        return "locked" in str(error)
    return False


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection, target: int) -> None:
    # Read again: another hook may have done it while we waited for our turn.
    for statements in MIGRATIONS[_version(connection) :]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {target}")


def _switch_to_wal(connection: sqlite3.Connection, deadline: float) -> None:
    # This ignores the busy timeout, and first hooks come in crowds.
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
