"""The inbox as tasks hold it: they take events, acknowledge them, and hold or release the lease."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from storage.files.data_folder import make_private
from storage.files.database import Closing, Database
from storage.files.file_opening import Clock, Warn
from storage.files.migration import Schema
from storage.files.row_checks import INT, TEXT, TIME, Row, Table
from sync_queue.inbox import (
    ACTIONS,
    INBOX_FILE,
    MIGRATIONS,
    QUICK_EDIT,
    READER_FILE,
    RELEASE_UNBEGUN,
    Ask,
    claim_lease,
)

log = logging.getLogger(__name__)

SCHEMA = Schema(
    title="the inbox of the hooks",
    migrations=MIGRATIONS,
    remedy="The next reconcile finds what the lost events told of.",
    synchronous="NORMAL",
)
# A task that ends still holds its sign of life for a moment when the next one starts.
HANDOVER_SECONDS = 0.5
_RELEASE = "UPDATE request SET asked_at = NULL, begun_at = NULL, job_id = NULL"
# Answers to older requests mean nothing to a lease with another token.
_NEW_LEASE = "revision = revision + 1, token = revision + 1"
_LARGEST = 2**63 - 1  # number of a database; beyond it SQLite counts on in fractions
DESTROY = ACTIONS.index("destroy")
KINDS = ("scene", "performer", "studio", "tag", "group")
_EVENTS = Table(
    "events",
    ("kind", "id"),
    {"kind": TEXT, "id": INT, "action": INT, "at": TIME, "by_user": INT, "revision": INT},
)
_REQUEST = Table(
    "request",
    ("one",),
    {
        "one": INT,
        "revision": INT,
        "asked_at": TIME.optional(),
        "begun_at": TIME.optional(),
        "job_id": TEXT.optional(),
        "declines": INT,
        "declined_at": TIME.optional(),
    },
)


class EventGroup(Enum):
    """Some of the events. Each one is in one of the four, whatever it says.

    EDITED: users' edits of scenes. SCANNED: what else has happened to scenes that there are.
    """

    EDITED = f"kind = 'scene' AND by_user AND action < {DESTROY}"
    SCANNED = f"kind = 'scene' AND NOT by_user AND action < {DESTROY}"
    DESTROYED = f"kind = 'scene' AND action = {DESTROY}"
    OTHERS = f"NOT (kind = 'scene' AND action <= {DESTROY})"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one thing in Stash, all that came for it in one.

    Attributes:
        kind: "scene", "performer", "studio", "tag" or "group"; `id` is its id.
        action: "create", "update", "merge" (a tag's id is the destination's) or "destroy".
        at: epoch seconds of the latest event.
        by_user: one of them was an edit, by a user or an API, and no scan.
        revision: grows with each event; an event that comes for the same thing has a higher one.
    """

    kind: str
    id: int
    action: str
    at: float
    by_user: bool
    revision: int


@dataclass(frozen=True, slots=True)
class WakeUpLease:
    """Who is to read the inbox.

    Attributes:
        asked_at: when a task was asked for; None where none is.
        begun_at: when the task began that holds it; None where none does.
        job_id: Stash's job, as far as known.
    """

    asked_at: float | None
    begun_at: float | None
    job_id: str | None


class Inbox(Closing):
    """The inbox of a data directory; a context manager that closes it.

    Raises:
        StateError: see `storage.files.database.Database`; every method may raise it.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        warn: Warn = log.warning,
        clock: Clock = time.time,
        looks_only: bool = False,
    ) -> None:
        path = data_dir / INBOX_FILE
        self._database = Database(path, SCHEMA, warn, clock=clock, looks_only=looks_only)
        self._data_dir = data_dir
        self._clock = clock
        self._reader: sqlite3.Connection | None = None
        if not looks_only and not self._database.select(_REQUEST, _lease):
            self._change(
                "INSERT OR IGNORE INTO request (one, revision, token, follow_up)"
                " SELECT 1, coalesce(max(revision), 0) + 1, 0, 0 FROM events"
            )

    # Events ------------------------------------------------------------------------------

    def take(
        self, among: EventGroup | None = None, most: int = -1, until: int = _LARGEST
    ) -> list[Event]:
        """Events, the earliest first. They stay until they are acknowledged.

        Args:
            among: None: all.
            most: how many at most; -1: any number.
            until: the highest revision.
        """
        condition = among.value if among is not None else "1"
        # One without a revision comes along, to be set aside.
        early = "NOT (typeof(revision) = 'integer' AND revision > ?)"
        tail = f"WHERE {condition} AND {early} ORDER BY revision LIMIT ?"
        return self._database.select(_EVENTS, _event, tail, (until, most))

    def acknowledge(self, events: Iterable[Event]) -> None:
        """Forgets events that were dealt with; one for which more has come since stays."""
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM events WHERE kind = ? AND id = ? AND revision = ?",
                ((event.kind, event.id, event.revision) for event in events),
            )

    def newest(self) -> tuple[int, float]:
        """The revision of the newest event ever, acknowledged or not, and when the latest that is
        here happened (0.0 where none is).

        What `take` returns afterwards holds every event up to that revision; see `leave`.
        """
        rows = self._database.rows(
            "SELECT revision, (SELECT coalesce(max(at), 0.0) FROM events"
            " WHERE typeof(at) = 'real') FROM request"
        )
        return min(int(rows[0][0]), _LARGEST), float(rows[0][1])

    def newest_edit(self) -> int:
        """The revision of the newest event here that is a user's edit of a scene; 0: none is."""
        newest = "SELECT coalesce(max(revision), 0) FROM events WHERE typeof(revision) = 'integer'"
        return self._database.numbers(f"{newest} AND {EventGroup.EDITED.value}")[0]

    def edited(self) -> set[int]:
        """The scenes that users have edited."""
        edited = f"SELECT id FROM events WHERE typeof(id) = 'integer' AND {EventGroup.EDITED.value}"
        return set(self._database.numbers(edited))

    def has_quick_edits(self) -> bool:
        """Whether the hooks inside Stash have told of an edit here; more may have come since."""
        told = f"SELECT count(*) FROM events WHERE by_user = {QUICK_EDIT}"
        return self._database.numbers(told)[0] > 0

    def count(self, *among: EventGroup) -> int:
        """How many events wait; of some, if these are named."""
        condition = " OR ".join(f"({each.value})" for each in among or EventGroup)
        return self._database.numbers(f"SELECT count(*) FROM events WHERE {condition}")[0]

    def counts(self) -> Mapping[str, int]:
        """How many events wait, by kind."""
        rows = self._database.rows("SELECT kind, count(*) FROM events GROUP BY kind")
        return {kind: count for kind, count in rows if kind in KINDS}

    # The lease ---------------------------------------------------------------------------

    def lease(self) -> WakeUpLease:
        return self._database.select(_REQUEST, _lease)[0]

    def begin(self) -> None:
        """A task starts to read: until it leaves or dies, no event asks for another."""
        if self._reader is None:
            self._acquire()
        self._change(
            "UPDATE request SET asked_at = coalesce(asked_at, ?1), begun_at = ?1, follow_up = 0,"
            " declines = 0",
            self._clock(),
        )

    def _acquire(self) -> None:
        """Hold what a kill sets free. Where another task holds it, the lease is held for both."""
        path = self._data_dir / READER_FILE
        try:
            try:
                self._reader = _held(path)
            except sqlite3.DatabaseError as error:
                if "locked" in str(error):
                    raise
                path.unlink(missing_ok=True)  # damaged, and empty anyway
                self._reader = _held(path)
        except (sqlite3.DatabaseError, OSError) as error:
            log.debug("no sign of life can be given to the hooks: %s", error)

    def _release(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def leave(self, seen: int) -> bool:
        """Releases the lease, unless an event came after revision `seen`; True if it is free.

        From then on the next event asks for a task again.
        """
        is_free = self._change(f"{_RELEASE} WHERE revision <= ?", seen) > 0
        if is_free:
            self._release()
        return is_free

    def give_up(self) -> None:
        """Releases the lease whatever has come: the next event or task is to ask again."""
        self._change(_RELEASE)
        self._release()

    def decline(self) -> None:
        """The task that was asked for cannot begin: the next event asks again, but of many tasks
        that cannot begin not each is asked for; see `claim_lease`."""
        counted = "declines = declines + 1, declined_at = ? WHERE asked_at IS NOT NULL"
        self._change(f"{_RELEASE}, {_NEW_LEASE}, {counted}", self._clock())
        self._release()

    def hand_over(self, job_id: str) -> None:
        """A job that waits in Stash carries on."""
        handed = f"asked_at = ?, begun_at = NULL, job_id = ?, {_NEW_LEASE}"
        self._change(f"UPDATE request SET {handed}", self._clock(), job_id)
        self._release()

    def request_follow_up(self) -> None:
        """Leave a follow-up request: a drain that runs might not take the jobs left to it."""
        self._change("UPDATE request SET follow_up = 1")

    def claim(self) -> Ask | None:
        """The order to ask for a task, where something is left to do and nobody was asked."""
        with self._database.transaction() as connection:
            left = connection.execute(
                "SELECT follow_up OR EXISTS (SELECT 1 FROM events) FROM request"
            ).fetchone()[0]
            ask = claim_lease(connection, self._clock(), str(self._data_dir)) if left else None
            if ask is not None:
                connection.execute("UPDATE request SET follow_up = 0")
        return ask

    def asked(self, token: int, job_id: str) -> None:
        """Stash has queued the task, or still has it: remember its job."""
        self._change("UPDATE request SET job_id = ? WHERE token = ?", job_id, token)

    def not_asked(self, token: int) -> None:
        """Stash could not be asked: the next event or task shall try."""
        self.request_follow_up()
        self._change(RELEASE_UNBEGUN, token)

    def _change(self, sql: str, *parameters: object) -> int:
        with self._database.transaction() as connection:
            return connection.execute(sql, parameters).rowcount

    def close(self) -> None:
        self._release()
        self._database.close()


def _event(row: Row) -> Event:
    kind, num, action, at, by_user, revision = row
    if kind not in KINDS or num < 1 or action not in range(len(ACTIONS)):
        raise ValueError("this is no event")
    return Event(kind, num, ACTIONS[action], at, bool(by_user), revision)


def _lease(row: Row) -> WakeUpLease:
    return WakeUpLease(*row[2:5])


def _held(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=HANDOVER_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("BEGIN EXCLUSIVE")
        make_private(path)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
