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

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from sqlite3 import Connection
from typing import Any

from core.errors import StateError
from core.models import Failure, Job
from storage.files.bulk import bulk
from storage.files.database import chunks, placeholders
from storage.state_tables.plans import PlannedChange, packed
from sync_queue import jobs, transitions
from sync_queue.jobs import BULK, DEAD, HELD, JOBS, WORKING, EnqueueOutcome, HeldJob
from sync_queue.reader import CLAIMABLE, QueueReader
from sync_queue.schema import TABLE

# Space is given back once more than half of at least this many pages (of 4 KiB) are free.
_WORTH_A_VACUUM = 4096
HELD_WHY = "the guard against many removals holds it until 'Confirm Stopped Run'"


class SyncQueue(QueueReader):
    """The queue with all that changes it; see `QueueReader`.

    `finish`, `retry`, `postpone`, `release`, `park` and `hold` take jobs that were claimed; one
    that has been taken back or cleared meanwhile is left out.
    """

    def bulk(self) -> AbstractContextManager[None]:
        """Around many puts that can be had again; see `storage.files.bulk`."""
        return bulk(self.database)

    def put(self, item: Any) -> int:
        """Enqueues a job object, or refreshes the job that waits for its scene; returns its id.

        Raises:
            ValueError: the item is no job.
        """
        return self._put([item], BULK)[0][0]

    def put_many(self, items: Iterable[Any], *, priority: int = BULK) -> EnqueueOutcome:
        """Puts jobs in one transaction: all of them or, at the first that is no job, none.

        Args:
            priority: EDIT or BULK, of `sync_queue.jobs`; a job that waits already keeps its own
                if that is higher.

        Raises:
            ValueError: an item is no job.
        """
        ids, new = self._put(items, priority)
        return EnqueueOutcome(new, len(ids) - new)

    def _put(self, items: Iterable[Any], priority: int) -> tuple[list[int], int]:
        now = self._clock()
        wanted = [jobs.normalised(item, now, priority) for item in items]
        with self.database.transaction() as connection:
            return transitions.insert_or_refresh(connection, wanted, now)

    def claim(self, limit: int, now: float, *, least: int = BULK) -> list[Job]:
        """Takes up to `limit` due jobs, leaving out scenes that are being worked on.

        Args:
            least: EDIT takes users' edits alone.
        """
        with self.database.transaction() as connection:
            claimed = self._due_jobs(limit, now, least)
            while not claimed and limit > 0 and self.count_due(now, least=least):
                # All rows that were read made no sense, and have been set aside.
                claimed = self._due_jobs(limit, now, least)
            transitions.to_working(connection, [job.job_id for job in claimed])
            latest = self._clock()
        return [_put_right(job, latest) for job in claimed]

    def _due_jobs(self, limit: int, now: float, least: int) -> list[Job]:
        """By priority, each looked up for itself, so that nobody passes jobs that wait."""
        found: list[Job] = []
        tail = f"WHERE {CLAIMABLE} AND priority = ? ORDER BY not_before, _id LIMIT ?"
        highest = f"SELECT max(priority) FROM {TABLE} WHERE status < 2 AND priority >= ?"
        priority = self.database.rows(highest, (least,))[0][0]
        while priority is not None and len(found) < limit:
            room = limit - len(found)
            found += self.database.select(JOBS, jobs.job_from, tail, (now, priority, room))
            lower = f"{highest} AND priority < ?"
            priority = self.database.rows(lower, (least, priority))[0][0]
        return found

    def claim_scenes(self, scene_ids: Iterable[int]) -> list[Job]:
        """Takes the waiting jobs of some scenes, due or not, to end them if the scenes get done."""
        with self.database.transaction() as connection:
            claimed = self.database.select_in(
                JOBS, jobs.job_from, "scene_id", scene_ids, f"AND {CLAIMABLE}", (float("inf"),)
            )
            transitions.to_working(connection, [job.job_id for job in claimed])
        return claimed

    def finish(self, done: Iterable[Job]) -> None:
        """Ends claimed jobs for good, with older dead letters and held jobs of their scenes."""
        with self._still_claimed(done) as (connection, ids):
            transitions.complete(connection, ids)

    def release(self, claimed: Iterable[Job]) -> None:
        """Gives claimed jobs back as they were, to their old place; nobody is blamed."""
        with self._still_claimed(claimed) as (connection, ids):
            transitions.give_back(connection, ids)

    def retry(self, job: Job, not_before: float, failure: Failure, why: str) -> None:
        """Puts a claimed job back until `not_before`, with one more attempt.

        If the scene was put again meanwhile, that newer order stands, with its own due time and
        no attempts: what it brings may be the cure.
        """
        with self._still_claimed([job]) as (connection, ids):
            if ids:
                connection.execute(
                    f"UPDATE {TABLE} SET attempts = ? WHERE _id = ?",
                    (job.attempts + 1, job.job_id),
                )
                transitions.to_backoff(connection, [(job.job_id, not_before, failure, why)])

    def postpone(self, claimed: Iterable[tuple[Job, float, Failure, str]]) -> None:
        """Puts claimed jobs back, each until a time and with a reason, but without an attempt."""
        given = {job.job_id: (until, failure, why) for job, until, failure, why in claimed}
        with self.database.transaction() as connection:
            ids = transitions.working(connection, given)
            transitions.to_backoff(connection, [(row_id, *given[row_id]) for row_id in ids])

    def park(self, job: Job, failure: Failure, why: str) -> None:
        """Makes a claimed job the dead letter of its scene, in the place of an older one.

        A newer order for the scene stays in line and will be tried.
        """
        with self._still_claimed([job]) as (connection, ids):
            transitions.to_dead(connection, ids, failure, why, self._clock())

    def hold(self, jobs_with: Iterable[tuple[Job, Sequence[PlannedChange]]]) -> None:
        """Holds claimed jobs back until the user decides, each in the place of an older held one.

        Args:
            jobs_with: each with its losses, see `HeldJob`.
        """
        given = {job.job_id: packed(losses) for job, losses in jobs_with}
        with self.database.transaction() as connection:
            ids = transitions.working(connection, given)
            transitions.to_held(connection, [(row_id, given[row_id]) for row_id in ids], HELD_WHY)

    def claim_held(self, limit: int, scene_ids: Iterable[int] | None = None) -> list[HeldJob]:
        """Takes up to `limit` held jobs, leaving out scenes that are being worked on.

        `release` and `recover` hold them again, with their losses.
        """
        with self.database.transaction() as connection:
            busy = self.working_scene_ids()
            idle = [each for each in self.held(scene_ids) if each.job.scene_id not in busy]
            claimed = idle[:limit]
            transitions.to_working(connection, [each.job.job_id for each in claimed])
        return claimed

    def recover(self) -> int:
        """Puts every working job back to where it was; only for who holds the drain lock.

        Returns how many a killed drain had left behind.
        """
        now = self._clock()
        with self.database.transaction() as connection:
            for name in ("enqueued_at", "timestamp"):
                # Noted while the clock was wrong. Of what waits that is seen when it is claimed.
                sql = f"UPDATE {TABLE} SET {name} = ?1 WHERE status > 2 AND {name} > ?1"
                connection.execute(sql, (now,))
            rows = connection.execute(f"SELECT _id FROM {TABLE} WHERE status = {WORKING}")
            ids = [row[0] for row in rows.fetchall()]
            transitions.give_back(connection, ids)
        return len(ids)

    def wake(self, failure: Failure, scene_ids: Iterable[int] | None = None) -> int:
        """Makes the jobs due that wait because of that, of all scenes or some; returns how many."""
        sql = f"UPDATE {TABLE} SET not_before = 0 WHERE status < 2 AND failure = ?"
        with self.database.transaction() as connection:
            if scene_ids is None:
                return connection.execute(sql, (failure.value,)).rowcount
            rows = ((failure.value, scene_id) for scene_id in scene_ids)
            return connection.executemany(f"{sql} AND scene_id = ?", rows).rowcount

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
        sql = (
            f"SELECT _id FROM {TABLE} WHERE status = {DEAD} AND coalesce(failure = ?, 1)"
            " AND coalesce(timestamp >= ?, 1) AND coalesce(timestamp <= ?, 1)"
        )
        with self.database.transaction() as connection:
            rows = connection.execute(sql, (value, since, until)).fetchall()
            wanted = None if ids is None else set(ids)
            chosen = [row[0] for row in rows if wanted is None or row[0] in wanted]
            transitions.to_new(connection, chosen)
        return len(chosen)

    def drop_scenes(self, scene_ids: Iterable[int], *, is_dead: bool = False) -> int:
        """Deletes what waits or is held of some scenes, or their dead letters; returns how many."""
        statuses = f"status = {DEAD}" if is_dead else f"(status < 2 OR status = {HELD})"
        dropped = 0
        for some in chunks(scene_ids):
            where = f"{statuses} AND scene_id IN ({placeholders(len(some))})"
            dropped += self._delete_rows(where, some)
        return dropped

    def purge_dead(self, before: float) -> int:
        """Deletes dead letters that died before that time (epoch seconds); returns how many."""
        return self._delete_rows(f"status = {DEAD} AND timestamp < ?", (before,))

    def clear_dead(self) -> int:
        """Deletes every dead letter; returns how many."""
        return self._delete_rows(f"status = {DEAD}")

    def clear_waiting(self) -> int:
        """Deletes every job that waits or is held, not those in hand; returns how many."""
        return self._delete_rows(f"status < 2 OR status = {HELD}")

    def prune(self) -> None:
        """Gives space back after a great deal, if the disk has room for that and nobody writes;
        finished rows are gone already."""
        free = self.database.rows("PRAGMA freelist_count")[0][0]
        if free > _WORTH_A_VACUUM and free * 2 > self.database.rows("PRAGMA page_count")[0][0]:
            with suppress(StateError):
                self.database.rows("VACUUM")

    @contextmanager
    def _still_claimed(self, claimed: Iterable[Job]) -> Iterator[tuple[Connection, list[int]]]:
        """A transaction, and those of these jobs that are being worked on."""
        with self.database.transaction() as connection:
            yield connection, transitions.working(connection, [job.job_id for job in claimed])

    def _delete_rows(self, where: str, parameters: Sequence[object] = ()) -> int:
        with self.database.transaction() as connection:
            sql = f"DELETE FROM {TABLE} WHERE {where}"
            return connection.execute(sql, parameters).rowcount


def _put_right(job: Job, latest: float) -> Job:
    """A job that was noted while a clock was ahead counts as noted now."""
    return job if job.enqueued_at <= latest else replace(job, enqueued_at=latest)
