"""The durable queue of jobs: at most one waiting and one working job a scene, over all processes.

The life of a job: `put` > `claim` > `finish`, or `retry` (waits for its time), `release` (given
back as it was), `park` (a dead letter, until the user decides). A scene that is put while it is
being worked on waits behind itself and runs once more. Jobs are claimed in the order in which they
became due; a new job is due at once (`not_before` 0), so one in backoff holds up nobody.

Every method is one `BEGIN IMMEDIATE` transaction: a kill at any instant leaves each job in exactly
one place, and the next holder of the drain lock calls `recover`.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from core.models import Job
from storage.sqlite import Clock, Warn, chunks, placeholders
from sync_queue import jobs, transitions
from sync_queue.ackqueue import JsonAckQueue
from sync_queue.jobs import DEAD, JOB_COLUMNS, WORKING, EnqueueOutcome, QueueStats
from sync_queue.schema import TABLE

log = logging.getLogger(__name__)

# Space is given back once more than half of at least this many pages (of 4 KiB) are free.
_WORTH_A_VACUUM = 4096
_NAMED = "status < 2 AND instr(error, ?) = 1"


class SyncQueue(JsonAckQueue):
    """The queue in a directory (`<data_dir>/queue`), made if it is missing.

    Args:
        warn: gets a sentence for the user when a damaged or pickled file was moved aside.

    Raises:
        StateError: see `storage.sqlite.Database`; every method may raise it.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, warn: Warn = log.warning, clock: Clock = time.time
    ) -> None:
        super().__init__(Path(path), warn, clock)

    def put_many(self, items: Iterable[Any]) -> EnqueueOutcome:
        """Puts jobs in one transaction: all of them or, at the first that is no job, none.

        Raises:
            ValueError: an item is no job.
        """
        now = self._clock()
        wanted = [jobs.normalised(item, now) for item in items]
        with self.database.transaction() as connection:
            _, new = transitions.insert_or_refresh(connection, wanted, now)
        self.put_event.set()
        return EnqueueOutcome(new, len(wanted) - new)

    def claim(self, limit: int, now: float) -> list[Job]:
        """Takes up to `limit` due jobs, leaving out scenes that are being worked on."""
        with self.database.transaction() as connection:
            rows = transitions.select_due(connection, limit, now)
            transitions.to_working(connection, [row[0] for row in rows])
        return self.database.read(jobs.job_from, rows)

    def claim_scenes(self, scene_ids: Iterable[int]) -> list[Job]:
        """Takes the waiting jobs of some scenes, due or not, to end them if the scenes get done."""
        claimed: list[Job] = []
        with self.database.transaction() as connection:
            for ids in chunks(scene_ids):
                where = f"AND scene_id IN ({placeholders(len(ids))})"
                rows = transitions.select_due(connection, -1, float("inf"), where, ids)
                transitions.to_working(connection, [row[0] for row in rows])
                claimed += self.database.read(jobs.job_from, rows)
        return claimed

    def due(self, now: float) -> list[Job]:
        """All jobs that `claim` would hand out, in that order, without taking them."""
        with self.database.snapshot() as connection:
            rows = transitions.select_due(connection, -1, now)
        return self.database.read(jobs.job_from, rows)

    def finish(self, done: Iterable[Job]) -> None:
        """Ends claimed jobs for good; an older dead letter of such a scene goes with it."""
        with self.database.transaction() as connection:
            ids = transitions.working(connection, [job.job_id for job in done])
            transitions.complete(connection, ids)

    def retry(self, job: Job, not_before: float, error: str, attempt: bool = True) -> None:
        """Puts a claimed job back until `not_before`; `attempt` counts it as a failure of its own.

        If the scene was put again meanwhile, that newer order stands, with its own due time and
        no attempts: what it brings may be the cure.
        """
        with self.database.transaction() as connection:
            if not transitions.working(connection, [job.job_id]):
                return
            attempts = job.attempts + 1 if attempt else job.attempts
            connection.execute(
                f"UPDATE {TABLE} SET attempts = ?, not_before = ?, error = ? WHERE _id = ?",
                (attempts, not_before, jobs.storable(error), job.job_id),
            )
            transitions.to_waiting(connection, [job.job_id])

    def postpone(self, claimed: Iterable[tuple[Job, float, str]]) -> None:
        """Puts claimed jobs back, each until a time and with a reason, but without a failure."""
        with self.database.transaction() as connection:
            given = {job.job_id: (until, jobs.storable(error)) for job, until, error in claimed}
            ids = transitions.working(connection, given)
            connection.executemany(
                f"UPDATE {TABLE} SET not_before = ?, error = ? WHERE _id = ?",
                ((*given[row_id], row_id) for row_id in ids),
            )
            transitions.to_waiting(connection, ids)

    def release(self, claimed: Iterable[Job]) -> None:
        """Gives claimed jobs back as they were, to their old place; nobody is blamed."""
        with self.database.transaction() as connection:
            ids = transitions.working(connection, [job.job_id for job in claimed])
            transitions.to_waiting(connection, ids)

    def park(self, job: Job, error: str) -> None:
        """Makes a claimed job the dead letter of its scene; `error` is `Name: what happened`.

        A newer order for the scene stays in line and will be tried.
        """
        with self.database.transaction() as connection:
            if transitions.working(connection, [job.job_id]):
                transitions.to_dead(connection, job.job_id, self._clock(), jobs.storable(error))

    def recover(self) -> int:
        """Puts every working job back in line; only for who holds the drain lock.

        Returns how many a killed drain had left behind.
        """
        with self.database.transaction() as connection:
            ids = _ids(connection, f"status = {WORKING}")
            transitions.to_waiting(connection, ids)
        return len(ids)

    def dead_letters(self) -> list[Job]:
        """The jobs given up on, newest first."""
        rows = self.database.rows(
            f"SELECT {JOB_COLUMNS} FROM {TABLE} WHERE status = {DEAD} ORDER BY timestamp DESC"
        )
        return self.database.read(jobs.job_from, rows)

    def retry_dead(self, ids: Sequence[int] | None = None) -> int:
        """Puts dead letters (by job id, or all) back in line, due at once and without attempts.

        One whose scene was put again meanwhile is dropped: the newer order covers it.
        Returns how many dead letters there are fewer.
        """
        with self.database.transaction() as connection:
            dead = _ids(connection, f"status = {DEAD}")
            chosen = dead if ids is None else sorted(set(dead) & set(ids))
            connection.executemany(
                f"UPDATE {TABLE} SET attempts = 0, not_before = 0, error = '' WHERE _id = ?",
                ((row_id,) for row_id in chosen),
            )
            transitions.to_waiting(connection, chosen)
        self.put_event.set()
        return len(chosen)

    def purge_dead(self, before: float) -> int:
        """Deletes dead letters that died before that time (epoch seconds); returns how many."""
        return self._delete_rows(f"status = {DEAD} AND timestamp < ?", (before,))

    def clear_dead(self) -> int:
        """Deletes every dead letter; returns how many."""
        return self._delete_rows(f"status = {DEAD}")

    def clear_waiting(self) -> int:
        """Deletes every job that waits; those being worked on stay. Returns how many."""
        return self._delete_rows("status < 2")

    def count_waiting(self, error: str) -> int:
        """How many jobs wait whose last error has that name (what stands before its colon)."""
        sql = f"SELECT count(*) FROM {TABLE} WHERE {_NAMED}"
        return int(self.database.rows(sql, (f"{error}:",))[0][0])

    def wake(self, error: str) -> int:
        """Makes the waiting jobs due whose last error has that name; returns how many."""
        with self.database.transaction() as connection:
            sql = f"UPDATE {TABLE} SET not_before = 0 WHERE {_NAMED}"
            woken = connection.execute(sql, (f"{error}:",)).rowcount
        self.put_event.set()
        return woken

    def queued_scene_ids(self) -> set[int]:
        """The scenes that wait or are being worked on."""
        return self._scene_ids("status < 2") | self.working_scene_ids()

    def working_scene_ids(self) -> set[int]:
        """The scenes that are being worked on."""
        return self._scene_ids(f"status = {WORKING}")

    def dead_scene_ids(self) -> set[int]:
        """The scenes with a dead letter."""
        return self._scene_ids(f"status = {DEAD}")

    def next_due(self, now: float) -> float | None:
        """When the next waiting job is due: `now` if one is, None if nothing waits."""
        first = self.database.rows(f"SELECT min(not_before) FROM {TABLE} WHERE status < 2")[0][0]
        return None if first is None else max(float(first), now)

    def stats(self, now: float) -> QueueStats:
        """How the queue stands."""
        with self.database.snapshot() as connection:
            waiting = _waiting(connection)
            due = _count(connection, "status < 2 AND not_before <= ?", (now,))
            dead = connection.execute(
                "SELECT trim(substr(error, 1, instr(error || ':', ':') - 1)), count(*)"
                f" FROM {TABLE} WHERE status = {DEAD} GROUP BY 1 ORDER BY 2 DESC, 1"
            ).fetchall()
            completed = connection.execute(
                "SELECT value FROM counters WHERE name = 'completed'"
            ).fetchone()[0]
            working = _count(connection, f"status = {WORKING}")
        return QueueStats(due, waiting - due, working, dict(dead), completed)

    def prune(self) -> None:
        """Gives space back after a great deal; finished rows are gone already."""
        free = self.database.rows("PRAGMA freelist_count")[0][0]
        if free > _WORTH_A_VACUUM and free * 2 > self.database.rows("PRAGMA page_count")[0][0]:
            self.shrink_disk_usage()

    def __enter__(self) -> SyncQueue:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _delete_rows(self, where: str, parameters: Sequence[object] = ()) -> int:
        with self.database.transaction() as connection:
            sql = f"DELETE FROM {TABLE} WHERE {where}"
            return connection.execute(sql, parameters).rowcount

    def _scene_ids(self, where: str) -> set[int]:
        return {row[0] for row in self.database.rows(f"SELECT scene_id FROM {TABLE} WHERE {where}")}


def _ids(connection: Any, where: str) -> list[int]:
    return [row[0] for row in connection.execute(f"SELECT _id FROM {TABLE} WHERE {where}")]


def _count(connection: Any, where: str, parameters: Sequence[object] = ()) -> int:
    sql = f"SELECT count(*) FROM {TABLE} WHERE {where}"
    return int(connection.execute(sql, parameters).fetchone()[0])


def _waiting(connection: Any) -> int:
    return _count(connection, "status < 2")
