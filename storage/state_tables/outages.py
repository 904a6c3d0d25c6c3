"""The circuit breakers of the services that we depend on, and their outages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from sqlite3 import Connection
from types import MappingProxyType

from core.circuit_breaker import LONGEST_PAUSE, Breaker
from core.outages import Outage
from storage.files.row_checks import INT, TEXT, TIME, Row, Table
from storage.files.store import Store

PLEX, PICTURES, PLEX_PICTURES = "plex", "pictures", "plex_pictures"
# The services, with what people call them.
NAMES: Mapping[str, str] = MappingProxyType(
    {PLEX: "Plex", PICTURES: "the pictures of Stash", PLEX_PICTURES: "the pictures of Plex"}
)

TABLES = (
    """CREATE TABLE breakers (
        service TEXT PRIMARY KEY,
        failures INTEGER NOT NULL,
        since REAL,
        retry_at REAL NOT NULL,
        recovered_at REAL
    ) WITHOUT ROWID""",
    """CREATE TABLE outages (
        id INTEGER PRIMARY KEY,
        service TEXT NOT NULL,
        began_at REAL NOT NULL,
        ended_at REAL,
        error TEXT NOT NULL
    )""",
)
_BREAKERS = Table(
    "breakers",
    ("service",),
    {
        "service": TEXT,
        "failures": INT,
        "since": TIME.optional(),
        "retry_at": TIME,
        "recovered_at": TIME.optional(),
    },
)
_OUTAGES = Table(
    "outages",
    ("id",),
    {"id": INT, "service": TEXT, "began_at": TIME, "ended_at": TIME.optional(), "error": TEXT},
)


class OutageStore(Store):
    """Breakers by service. What one of them says of an outage is written with it."""

    def breaker(self, service: str, now: float) -> Breaker:
        found = self._database.select(_BREAKERS, _breaker, "WHERE service = ?", (service,))
        return (found[0] if found else Breaker()).seen(now)

    def failed(
        self, service: str, now: float, jitter: float, error: str, longest: float = LONGEST_PAUSE
    ) -> Breaker:
        """Notes a failure, and with the first in a row that an outage has begun.

        Args:
            jitter, longest: as `Breaker.failed`.
            error: for people.
        """
        return self._step(service, now, lambda known: known.failed(now, jitter, longest), error)

    def succeeded(self, service: str, now: float) -> Breaker:
        """Notes that the service answers, and with that the end of its outage."""
        if not self.breaker(service, now).failures:
            return self.breaker(service, now)
        return self._step(service, now, lambda known: known.succeeded(now))

    def try_again(self, service: str, now: float) -> bool:
        """Whether a trial is due; of several processes that ask, one is told so."""
        is_due = False

        def step(known: Breaker) -> Breaker:
            nonlocal is_due
            trial = known.tried(now)
            is_due = trial is not None
            return trial or known

        self._step(service, now, step)
        return is_due

    def outages(self, since: float) -> list[Outage]:
        """The outages that lasted until then or longer, the earliest first."""
        where = "WHERE ended_at IS NULL OR ended_at >= ? ORDER BY began_at, id"
        return self._database.select(_OUTAGES, lambda row: Outage(*row[1:]), where, (since,))

    def prune(self, before: float) -> None:
        """Forgets outages that had ended before that."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM outages WHERE ended_at < ?", (before,))

    def _step(
        self, service: str, now: float, step: Callable[[Breaker], Breaker], error: str = ""
    ) -> Breaker:
        with self._database.transaction() as connection:
            before = self.breaker(service, now)
            after = step(before)
            if after != before:
                connection.execute(
                    "INSERT OR REPLACE INTO breakers VALUES (?, ?, ?, ?, ?)",
                    (service, after.failures, after.since, after.retry_at, after.recovered_at),
                )
            if before.since is None and after.since is not None:
                _end(connection, service, now)  # one of which the breaker was lost
                connection.execute(
                    "INSERT INTO outages VALUES (NULL, ?, ?, NULL, ?)", (service, now, error)
                )
            elif before.since is not None and after.since is None:
                _end(connection, service, now)
        return after


def _end(connection: Connection, service: str, now: float) -> None:
    connection.execute(
        "UPDATE outages SET ended_at = max(began_at, ?) WHERE service = ? AND ended_at IS NULL",
        (now, service),
    )


def _breaker(row: Row) -> Breaker:
    _, failures, since, retry_at, recovered_at = row
    if failures < 0 or (failures > 0) != (since is not None):
        raise ValueError("this is no breaker")
    return Breaker(failures, since, retry_at, recovered_at)
