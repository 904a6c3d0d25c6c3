"""What can be asked of the queue without changing it."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from core.backoff import LONGEST_DELAY
from core.models import Failure, Job
from storage.opening import Clock, Warn
from storage.sqlite import Closing, Database, chunks, placeholders
from sync_queue.jobs import (
    BULK,
    DEAD,
    EDIT,
    HELD,
    HELD_JOBS,
    JOBS,
    WORKING,
    HeldJob,
    QueueStats,
    held_from,
    job_from,
)
from sync_queue.schema import SCHEMA, TABLE

log = logging.getLogger(__name__)

QUEUE_FILE = "data.db"
# Waiting jobs of scenes that nobody works on. The first takes the time as its parameter.
CLAIMABLE = (
    f"status < 2 AND not_before <= ? AND NOT EXISTS (SELECT 1 FROM {TABLE} other"
    f" WHERE other.status = {WORKING} AND other.scene_id = {TABLE}.scene_id)"
)
# Edits first, then in the order in which they became due.
IN_ORDER = "ORDER BY priority DESC, not_before, _id"
_TOO_LATE = "status < 2 AND not_before > ?"

Self = TypeVar("Self", bound="QueueReader")


class QueueReader(Closing):
    """The queue in a directory (`<data_dir>/queue`), made if it is missing; a context manager.

    Args:
        warn: gets a sentence for the user when a row, or a damaged or pickled file, was set aside.
        looks_only: nothing will be written; see `storage.sqlite.Database`.

    Raises:
        StateError: see `storage.sqlite.Database`; every method may raise it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        warn: Warn = log.warning,
        clock: Clock = time.time,
        looks_only: bool = False,
    ) -> None:
        place = Path(path)
        home = place.parent if place.name == "queue" else place  # the data folder
        self.database = Database(
            place / QUEUE_FILE, SCHEMA, warn, home=home, clock=clock, looks_only=looks_only
        )
        self._clock = clock
        if looks_only:
            return
        # A clock that was wrong, or no number at all: to SQLite every text is above the numbers.
        latest = clock() + LONGEST_DELAY
        if self._count(_TOO_LATE, latest):
            with self.database.transaction() as connection:
                sql = f"UPDATE {TABLE} SET not_before = ? WHERE {_TOO_LATE}"
                connection.execute(sql, (latest, latest))

    def due(self, now: float) -> list[Job]:
        """All jobs that `claim` would hand out, in that order."""
        return self.database.select(JOBS, job_from, f"WHERE {CLAIMABLE} {IN_ORDER}", (now,))

    def count_due(self, now: float, *, least: int = BULK) -> int:
        """How many jobs `claim` would hand out."""
        return self._count(f"{CLAIMABLE} AND priority >= ?", now, least)

    def has_fresh_due(self, now: float) -> bool:
        """Whether `claim` would hand out a job that has not failed since it was put."""
        return self._count(f"{CLAIMABLE} AND attempts = 0", now) > 0

    def next_due(self, now: float) -> float | None:
        """When the next waiting job is due: `now` if one is, None if nothing waits."""
        first = self.database.rows(f"SELECT min(not_before) FROM {TABLE} WHERE status < 2")[0][0]
        return None if first is None else max(float(first), now)

    def count_waiting(self, failure: Failure) -> int:
        """How many jobs wait because of that."""
        return self._count("status < 2 AND failure = ?", failure.value)

    def waiting_scene_ids(self, failure: Failure) -> list[int]:
        """The scenes whose jobs wait because of that, the lowest first."""
        return sorted(self._scene_ids("status < 2 AND failure = ?", failure.value))

    def held(self, scene_ids: Iterable[int] | None = None) -> list[HeldJob]:
        """The held jobs, of these scenes or all, in the order in which they came in."""
        held = self.database.select(HELD_JOBS, held_from, f"WHERE status = {HELD} ORDER BY _id")
        wanted = None if scene_ids is None else set(scene_ids)
        return [each for each in held if wanted is None or each.job.scene_id in wanted]

    def dead_letters(self) -> list[Job]:
        """The jobs given up on, newest first."""
        where = f"WHERE status = {DEAD} ORDER BY timestamp DESC"
        return self.database.select(JOBS, job_from, where)

    def dead_page(
        self, failure: str, text: str, offset: int, limit: int
    ) -> tuple[int, list[tuple[Job, float]]]:
        """How many dead letters there are like that ("" for all), and some of them, newest first,
        each with the time when it was given up on (epoch seconds).

        Args:
            failure: the value of a `Failure`.
            text: a part of what the job says, in any case.
        """
        where = f"status = {DEAD} AND (? = '' OR failure = ?) AND (? = '' OR instr(lower("
        where += "CAST(data AS TEXT) || error), ?))"
        values: list[object] = [failure, failure, text, text.lower()]
        tail = f"WHERE {where} ORDER BY timestamp DESC, _id DESC LIMIT ? OFFSET ?"
        found = self.database.select(
            JOBS, lambda row: (job_from(row), float(row[2])), tail, [*values, limit, offset]
        )
        return self._count(where, *values), found

    def queued_among(self, scene_ids: Iterable[int]) -> set[int]:
        """Those of some scenes that wait, are held or are being worked on."""
        found: set[int] = set()
        for some in chunks(scene_ids):
            among = placeholders(len(some))
            waits = f"status < 2 OR status IN ({WORKING}, {HELD})"
            found |= self._scene_ids(f"({waits}) AND scene_id IN ({among})", *some)
        return found

    def has_edit_among(self, scene_ids: Iterable[int]) -> bool:
        """Whether a user's edit of one of some scenes waits."""
        where = f"status < 2 AND priority >= {EDIT} AND scene_id IN"
        return any(
            self._scene_ids(f"{where} ({placeholders(len(some))})", *some)
            for some in chunks(scene_ids)
        )

    def queued_scene_ids(self) -> set[int]:
        """The scenes that wait, are held or are being worked on."""
        return self._scene_ids(f"status < 2 OR status IN ({WORKING}, {HELD})")

    def working_scene_ids(self) -> set[int]:
        """The scenes that are being worked on."""
        return self._scene_ids(f"status = {WORKING}")

    def stats(self, now: float) -> QueueStats:
        """How the queue stands."""
        dead: Counter[Failure] = Counter()
        with self.database.snapshot():
            due = self._count("status < 2 AND not_before <= ?", now)
            backing_off = self._count("status < 2") - due
            sql = f"SELECT failure, count(*) FROM {TABLE} WHERE status = {DEAD} GROUP BY 1"
            for value, count in self.database.rows(f"{sql} ORDER BY 2 DESC, 1"):
                dead[_failure(value)] += count
            # Of a counter that has gone or holds no number, nothing hangs.
            sql = (
                "SELECT value FROM counters WHERE name = 'completed' AND typeof(value) = 'integer'"
            )
            completed = sum(value for (value,) in self.database.rows(sql))
            working, held = (self._count(f"status = {status}") for status in (WORKING, HELD))
        return QueueStats(due, backing_off, working, dead, completed, held)

    def close(self) -> None:
        self.database.close()

    def _count(self, where: str, *parameters: object) -> int:
        sql = f"SELECT count(*) FROM {TABLE} WHERE {where}"
        return int(self.database.rows(sql, parameters)[0][0])

    def _scene_ids(self, where: str, *parameters: object) -> set[int]:
        sql = f"SELECT scene_id FROM {TABLE} WHERE ({where}) AND typeof(scene_id) = 'integer'"
        return {row[0] for row in self.database.rows(sql, parameters)}


def _failure(value: object) -> Failure:
    """What a row says; one that says something else is set aside when it is read whole."""
    try:
        return Failure(value)
    except ValueError:
        return Failure.OTHER
