"""persist-queue's ack queue over our table: its own methods, made safe for several processes.

By itself persist-queue 1.1 selects and marks a row in two steps, hands a running job to a second
opener, never deletes a finished row and counts in memory. Here every method is one transaction on
the store, so nobody who holds the queue by its base class can break what `schema` promises.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import persistqueue
from persistqueue.sqlackqueue import AckStatus

from storage.opening import Clock, Warn
from storage.sqlite import Database
from sync_queue import jobs, transitions
from sync_queue.jobs import DEAD, WORKING
from sync_queue.schema import SCHEMA, TABLE

QUEUE_FILE = "data.db"


class JsonAckQueue(persistqueue.SQLiteAckQueue):
    """`SQLiteAckQueue` with JSON jobs, one waiting and one working row a scene.

    `get` hands out due jobs only. Items are job objects (`jobs.dumps`); `ack`, `nack` and
    `ack_failed` also take the job's id, in any process.
    """

    _database: Database | None = None  # for close() when the constructor failed

    def __init__(self, path: Path, warn: Warn, clock: Clock) -> None:
        self._clock = clock
        self._database = Database(path / QUEUE_FILE, SCHEMA, warn, clock=clock)
        try:
            super().__init__(str(path), auto_resume=False, serializer=jobs)
        except BaseException:
            self._database.close()
            raise

    @property
    def database(self) -> Database:
        """The open file."""
        assert self._database is not None
        return self._database

    def _new_db_connection(self, *_: Any) -> Any:
        return self.database.connection

    def put(self, item: Any) -> int:
        """Enqueues a job, or refreshes the one that waits for its scene; returns the row's id.

        Raises:
            ValueError: the item is no job.
        """
        job = jobs.normalised(item, self._clock())
        with self.database.transaction() as connection:
            rows, _ = transitions.insert_or_refresh(connection, [job], self._clock())
        self.put_event.set()
        return rows[0]

    def update(self, item: Any, id: int | None = None) -> int:  # noqa: A002  persist-queue's name
        """Replaces the content of a job; it stays a job for the same scene."""
        if isinstance(item, dict) and "pqid" in item:
            id, item = id or item["pqid"], item["data"]  # noqa: A001
        if id is None:
            raise ValueError("Provide an id or raw item")
        job = {**jobs.normalised(item, self._clock()), "job_id": id}
        with self.database.transaction() as connection:
            connection.execute(
                f"UPDATE {TABLE} SET data = ?, attempts = ?, not_before = ?, error = ?"
                " WHERE _id = ? AND scene_id = ?",
                (
                    jobs.dumps(job),
                    job["attempts"],
                    job["not_before"],
                    job["error"],
                    id,
                    job["scene_id"],
                ),
            )
        return id

    def _pop(  # type: ignore[override]  # persist-queue's two base classes disagree
        self, rowid: int | None = None, next_in_order: bool = False, raw: bool = False
    ) -> Any:
        with self.database.transaction() as connection:
            row = self._choose(connection, rowid, next_in_order)
            if row is None:
                return None
            transitions.to_working(connection, [row[0]])
        found = self.database.read(jobs.JOBS, jobs.item_from, [row])
        if not found:
            return self._pop(rowid, next_in_order, raw)  # that row has been set aside
        return {"pqid": row[0], "data": found[0], "timestamp": row[2]} if raw else found[0]

    def _choose(self, connection: Any, rowid: int | None, after: bool) -> tuple[Any, ...] | None:
        due = transitions.select_due
        now = self._clock()
        rows: list[tuple[Any, ...]] = []
        if rowid is not None:
            rows = due(connection, 1, now, f"AND _id {'>' if after else '='} ?", (rowid,))
        if rowid is None or (after and not rows):
            rows = due(connection, 1, now)
        return rows[0] if rows else None

    def _find_item_id(self, item: Any, search: bool = True) -> int | None:  # noqa: ARG002
        if isinstance(item, dict):
            item = item.get("pqid", item.get("job_id"))
        if isinstance(item, str) and item.isnumeric():
            return int(item)
        return item if isinstance(item, int) else None

    def _working_id(self, connection: Any, item: Any, id: int | None) -> int | None:  # noqa: A002
        found = self._find_item_id(*self._check_id(item, id))
        return found if found is not None and transitions.working(connection, [found]) else None

    def ack(self, item: Any = None, id: int | None = None) -> int | None:  # noqa: A002
        """Ends a job that is being worked on; None if it is not."""
        with self.database.transaction() as connection:
            found = self._working_id(connection, item, id)
            if found is not None:
                transitions.complete(connection, [found])
        return found

    def nack(self, item: Any = None, id: int | None = None) -> int | None:  # noqa: A002
        """Gives a job that is being worked on back; None if it is not."""
        with self.database.transaction() as connection:
            found = self._working_id(connection, item, id)
            if found is not None:
                transitions.give_back(connection, [found])
        return found

    def ack_failed(self, item: Any = None, id: int | None = None) -> int | None:  # noqa: A002
        """Makes a job that is being worked on a dead letter; None if it is not."""
        with self.database.transaction() as connection:
            found = self._working_id(connection, item, id)
            if found is not None:
                transitions.to_dead(connection, found, self._clock())
        return found

    def resume_unack_tasks(self) -> None:
        """Puts every working job back; only for who holds the drain lock."""
        with self.database.transaction() as connection:
            rows = connection.execute(f"SELECT _id FROM {TABLE} WHERE status = {WORKING}")
            transitions.give_back(connection, [row[0] for row in rows.fetchall()])

    def clear_acked_data(
        self,
        max_delete: int = 1000,  # noqa: ARG002
        keep_latest: int = 1000,  # noqa: ARG002
        clear_ack_failed: bool = False,
    ) -> None:
        """Finished rows go at once, so this only has work if dead letters are to go as well."""
        if clear_ack_failed:
            with self.database.transaction() as connection:
                connection.execute(f"DELETE FROM {TABLE} WHERE status = {DEAD}")

    def shrink_disk_usage(self) -> None:
        """Gives freed pages back to the file system."""
        self.database.rows("VACUUM")

    def queue(self) -> list[dict[str, Any]]:
        """Every row: id, data, timestamp, status. For a look at a small queue."""
        statuses: dict[int, int] = {}

        def shown(row: tuple[Any, ...]) -> dict[str, Any]:
            item = jobs.item_from(row)
            return {"id": row[0], "data": item, "timestamp": row[2], "status": statuses[row[0]]}

        with self.database.snapshot():
            statuses.update(self.database.rows(f"SELECT _id, status FROM {TABLE}"))
            return self.database.select(jobs.JOBS, shown, "ORDER BY _id")

    @property
    def size(self) -> int:
        """How many jobs wait."""
        return self._count()

    def active_size(self) -> int:
        """How many jobs wait or are being worked on."""
        return self._count() + self.unack_count()

    def acked_count(self) -> int:
        """How many jobs were finished in the life of this queue."""
        rows = self.database.rows("SELECT value FROM counters WHERE name = 'completed'")
        return int(rows[0][0])

    def _count(self) -> int:
        return int(self.database.rows(f"SELECT count(*) FROM {TABLE} WHERE status < 2")[0][0])

    def _ack_count_via_status(self, status: str) -> int:
        # Written out, because SQLite uses a partial index only for a literal that implies it.
        if status not in (AckStatus.ready, AckStatus.unack, AckStatus.ack_failed):
            return 0
        sql = f"SELECT count(*) FROM {TABLE} WHERE status = {status}"
        return int(self.database.rows(sql)[0][0])

    def close(self) -> None:
        """Closes the file; closing twice is fine."""
        if self._database is not None:
            self._database.close()
