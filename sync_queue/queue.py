"""The durable queue of jobs: at most one waiting and one working job a scene, over all processes.

The life of a job: `put` > `claim` > `finish`, or `retry` (waits for its time), `release` (given
back as it was), `park` (a dead letter, until the user decides), `hold` (held by the clear guard,
until the user confirms: `claim_held`). A scene that is put while it is being worked on, or held,
waits beside that and runs once more. Of the due jobs, users' edits are claimed first, then in the
order in which they became due; a new job is due at once (`not_before` 0), so one in backoff holds
up nobody.

Every method is one `BEGIN IMMEDIATE` transaction: a kill at any instant leaves each job in exactly
one place, and the next holder of the drain lock calls `recover`.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from core.models import Failure, Job
from storage.opening import Clock, Warn
from storage.rows import fetch
from storage.sqlite import chunks, placeholders
from sync_queue import jobs, transitions
from sync_queue.ackqueue import JsonAckQueue
from sync_queue.jobs import BULK, DEAD, HELD, WORKING, EnqueueOutcome, HeldJob, QueueStats
from sync_queue.schema import TABLE

log = logging.getLogger(__name__)

# Space is given back once more than half of at least this many pages (of 4 KiB) are free.
_WORTH_A_VACUUM = 4096
HELD_WHY = "the guard max_clear_percent holds it until 'Confirm Stopped Run'"


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

    def put_many(self, items: Iterable[Any], *, priority: int = BULK) -> EnqueueOutcome:
        """Puts jobs in one transaction: all of them or, at the first that is no job, none.

        Args:
            priority: EDIT or BULK, of `sync_queue.jobs`; a job that waits already keeps its own
                if that is higher.

        Raises:
            ValueError: an item is no job.
        """
        now = self._clock()
        wanted = [jobs.normalised(item, now, priority) for item in items]
        with self.database.transaction() as connection:
            _, new = transitions.insert_or_refresh(connection, wanted, now)
        self.put_event.set()
        return EnqueueOutcome(new, len(wanted) - new)

    def claim(self, limit: int, now: float) -> list[Job]:
        """Takes up to `limit` due jobs, leaving out scenes that are being worked on."""
        with self.database.transaction() as connection:
            rows = transitions.select_due(connection, limit, now)
            transitions.to_working(connection, [row[0] for row in rows])
        return self.database.read(jobs.JOBS, jobs.job_from, rows)

    def claim_scenes(self, scene_ids: Iterable[int]) -> list[Job]:
        """Takes the waiting jobs of some scenes, due or not, to end them if the scenes get done."""
        claimed: list[Job] = []
        with self.database.transaction() as connection:
            for ids in chunks(scene_ids):
                where = f"AND scene_id IN ({placeholders(len(ids))})"
                rows = transitions.select_due(connection, -1, float("inf"), where, ids)
                transitions.to_working(connection, [row[0] for row in rows])
                claimed += self.database.read(jobs.JOBS, jobs.job_from, rows)
        return claimed

    def due(self, now: float) -> list[Job]:
        """All jobs that `claim` would hand out, in that order, without taking them."""
        with self.database.snapshot() as connection:
            rows = transitions.select_due(connection, -1, now)
        return self.database.read(jobs.JOBS, jobs.job_from, rows)

    def due_scene_ids(self, now: float) -> list[int]:
        """The scenes whose jobs `claim` would hand out, in that order."""
        with self.database.snapshot() as connection:
            rows = transitions.select_due(connection, -1, now, columns="scene_id")
        return [row[0] for row in rows]

    def count_due(self, now: float) -> int:
        """How many jobs `claim` would hand out."""
        return self._count_where(transitions.CLAIMABLE, now)

    def has_fresh_due(self, now: float) -> bool:
        """Whether `claim` would hand out a job that has not failed since it was put."""
        where = f"{transitions.CLAIMABLE} AND attempts = 0"
        sql = f"SELECT EXISTS (SELECT 1 FROM {TABLE} WHERE {where})"
        return bool(self.database.rows(sql, (now,))[0][0])

    def finish(self, done: Iterable[Job]) -> None:
        """Ends claimed jobs for good, with older dead letters and held jobs of their scenes."""
        with self.database.transaction() as connection:
            ids = transitions.working(connection, [job.job_id for job in done])
            transitions.complete(connection, ids)

    def retry(
        self, job: Job, not_before: float, failure: Failure, why: str, *, attempt: bool = True
    ) -> None:
        """Puts a claimed job back until `not_before`; `attempt` counts it as a failure of its own.

        If the scene was put again meanwhile, that newer order stands, with its own due time and
        no attempts: what it brings may be the cure.
        """
        with self.database.transaction() as connection:
            if not transitions.working(connection, [job.job_id]):
                return
            attempts = job.attempts + 1 if attempt else job.attempts
            connection.execute(
                f"UPDATE {TABLE} SET attempts = ?, not_before = ?, failure = ?, error = ?"
                " WHERE _id = ?",
                (
                    attempts,
                    not_before,
                    failure.value,
                    jobs.storable(failure.told(why)),
                    job.job_id,
                ),
            )
            transitions.to_waiting(connection, [job.job_id])

    def postpone(self, claimed: Iterable[tuple[Job, float, Failure, str]]) -> None:
        """Puts claimed jobs back, each until a time and with a reason, but without an attempt."""
        with self.database.transaction() as connection:
            given = {
                job.job_id: (until, failure.value, jobs.storable(failure.told(why)))
                for job, until, failure, why in claimed
            }
            ids = transitions.working(connection, given)
            connection.executemany(
                f"UPDATE {TABLE} SET not_before = ?, failure = ?, error = ? WHERE _id = ?",
                ((*given[row_id], row_id) for row_id in ids),
            )
            transitions.to_waiting(connection, ids)

    def release(self, claimed: Iterable[Job]) -> None:
        """Gives claimed jobs back as they were, to their old place; nobody is blamed."""
        with self.database.transaction() as connection:
            ids = transitions.working(connection, [job.job_id for job in claimed])
            transitions.give_back(connection, ids)

    def park(self, job: Job, failure: Failure, why: str) -> None:
        """Makes a claimed job the dead letter of its scene.

        A newer order for the scene stays in line and will be tried.
        """
        with self.database.transaction() as connection:
            if transitions.working(connection, [job.job_id]):
                transitions.to_dead(connection, job.job_id, self._clock(), failure, why)

    def hold(self, jobs_with: Iterable[tuple[Job, str, Sequence[str]]]) -> None:
        """Holds claimed jobs back until the user decides, each in the place of an older held one.

        Args:
            jobs_with: each with its marks and lines, see `HeldJob`.
        """
        error = Failure.HELD.told(HELD_WHY)
        with self.database.transaction() as connection:
            given = {
                job.job_id: (error, marks, json.dumps(lines)) for job, marks, lines in jobs_with
            }
            ids = transitions.working(connection, given)
            transitions.to_held(connection, ((*given[row_id], row_id) for row_id in ids))

    def held(self, scene_ids: Iterable[int] | None = None) -> list[HeldJob]:
        """The held jobs, of these scenes or all, in the order in which they came in."""
        with self.database.snapshot() as connection:
            rows = _held_rows(connection, jobs.HELD_JOBS.columns, scene_ids)
        return self.database.read(jobs.HELD_JOBS, jobs.held_from, rows)

    def claim_held(self, limit: int, scene_ids: Iterable[int] | None = None) -> list[HeldJob]:
        """Takes up to `limit` held jobs, leaving out scenes that are being worked on.

        `release` and `recover` hold them again, with their marks and lines.
        """
        with self.database.transaction() as connection:
            rows = _held_rows(connection, jobs.HELD_JOBS.columns, scene_ids, transitions.IDLE)[
                :limit
            ]
            connection.executemany(
                f"UPDATE {TABLE} SET status = {WORKING} WHERE _id = ?", ((row[0],) for row in rows)
            )
        return self.database.read(jobs.HELD_JOBS, jobs.held_from, rows)

    def release_held(self, scene_ids: Iterable[int] | None = None) -> int:
        """Puts held jobs back in line, due at once, to be weighed anew; returns how many."""
        with self.database.transaction() as connection:
            ids = [row[0] for row in _held_rows(connection, "_id", scene_ids)]
            _reset(connection, ids)
        return len(ids)

    def drop_held(self, scene_ids: Iterable[int] | None = None) -> int:
        """Deletes held jobs; returns how many."""
        with self.database.transaction() as connection:
            ids = _held_rows(connection, "_id", scene_ids)
            connection.executemany(f"DELETE FROM {TABLE} WHERE _id = ?", ids)
        return len(ids)

    def recover(self) -> int:
        """Puts every working job back to where it was; only for who holds the drain lock.

        Returns how many a killed drain had left behind.
        """
        with self.database.transaction() as connection:
            ids = _ids(connection, f"status = {WORKING}")
            transitions.give_back(connection, ids)
        return len(ids)

    def dead_letters(self) -> list[Job]:
        """The jobs given up on, newest first."""
        dead = f"WHERE status = {DEAD} ORDER BY timestamp DESC"
        return self.database.select(jobs.JOBS, jobs.job_from, dead)

    def retry_dead(
        self,
        ids: Iterable[int] | None = None,
        failure: Failure | None = None,
        since: float | None = None,
        until: float | None = None,
    ) -> int:
        """Puts dead letters back in line, due at once and without attempts: all, or those that
        meet every condition given.

        One whose scene was put again meanwhile is dropped: the newer order covers it.
        Returns how many dead letters there are fewer.

        Args:
            ids: job ids.
            failure: why they were given up on.
            since, until: when (epoch seconds, both included).
        """
        value = None if failure is None else failure.value
        where = (
            f"status = {DEAD} AND coalesce(failure = ?, 1)"
            " AND coalesce(timestamp >= ?, 1) AND coalesce(timestamp <= ?, 1)"
        )
        with self.database.transaction() as connection:
            dead = _ids(connection, where, (value, since, until))
            chosen = dead if ids is None else sorted(set(dead) & set(ids))
            _reset(connection, chosen)
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

    def count_waiting(self, failure: Failure) -> int:
        """How many jobs wait because of that."""
        return self._count_where("status < 2 AND failure = ?", failure.value)

    def wake(self, failure: Failure) -> int:
        """Makes the jobs due that wait because of that; returns how many."""
        with self.database.transaction() as connection:
            sql = f"UPDATE {TABLE} SET not_before = 0 WHERE status < 2 AND failure = ?"
            woken = connection.execute(sql, (failure.value,)).rowcount
        self.put_event.set()
        return woken

    def queued_scene_ids(self) -> set[int]:
        """The scenes that wait, are held or are being worked on."""
        return self._scene_ids(f"status < 2 OR status IN ({WORKING}, {HELD})")

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
                f"SELECT failure, count(*) FROM {TABLE} WHERE status = {DEAD}"
                " GROUP BY failure ORDER BY 2 DESC, 1"
            ).fetchall()
            completed = connection.execute(
                "SELECT value FROM counters WHERE name = 'completed'"
            ).fetchone()[0]
            working = _count(connection, f"status = {WORKING}")
            held = _count(connection, f"status = {HELD}")
        by_failure: Counter[Failure] = Counter()
        for value, count in dead:
            by_failure[jobs.failure_from(value)] += count
        return QueueStats(due, waiting - due, working, by_failure, completed, held)

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

    def _count_where(self, where: str, *parameters: object) -> int:
        return int(
            self.database.rows(f"SELECT count(*) FROM {TABLE} WHERE {where}", parameters)[0][0]
        )

    def _scene_ids(self, where: str) -> set[int]:
        return {row[0] for row in self.database.rows(f"SELECT scene_id FROM {TABLE} WHERE {where}")}


def _ids(connection: Any, where: str, parameters: Sequence[object] = ()) -> list[int]:
    sql = f"SELECT _id FROM {TABLE} WHERE {where}"
    return [row[0] for row in connection.execute(sql, parameters)]


def _held_rows(
    connection: Any, columns: str, scene_ids: Iterable[int] | None, where: str = "1"
) -> list[tuple[Any, ...]]:
    sql = f"SELECT {columns} FROM {TABLE} WHERE status = {HELD} AND {where}"
    if scene_ids is None:
        return fetch(connection, f"{sql} ORDER BY _id")
    rows: list[tuple[Any, ...]] = []
    for ids in chunks(sorted(set(scene_ids))):
        rows += fetch(connection, f"{sql} AND scene_id IN ({placeholders(len(ids))})", ids)
    return sorted(rows)


def _reset(connection: Any, ids: Sequence[int]) -> None:
    """Puts held or dead rows in line as if they were new."""
    connection.executemany(
        f"UPDATE {TABLE} SET attempts = 0, not_before = 0, error = '', failure = '' WHERE _id = ?",
        ((row_id,) for row_id in ids),
    )
    transitions.to_waiting(connection, ids)


def _count(connection: Any, where: str, parameters: Sequence[object] = ()) -> int:
    sql = f"SELECT count(*) FROM {TABLE} WHERE {where}"
    return int(connection.execute(sql, parameters).fetchone()[0])


def _waiting(connection: Any) -> int:
    return _count(connection, "status < 2")
