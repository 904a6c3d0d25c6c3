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
from storage.files.database import Closing, Database
from storage.files.file_opening import Clock, Warn
from sync_queue.jobs import (
    BULK,
    DEAD,
    EDIT,
    HELD,
    HELD_JOBS,
    JOBS,
    READY,
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
ALL = 2**31  # more jobs than there are
# What people look for in a job. SQLite knows no case but that of ASCII, so it is compared here.
_DATA = "CASE WHEN json_valid(CAST(data AS TEXT)) THEN CAST(data AS TEXT) END"
_SAID = (
    f"coalesce(json_extract({_DATA}, '$.data.title'), '') || char(10)"
    f" || coalesce(json_extract({_DATA}, '$.data.path'), '') || char(10)"
    " || failure || ': ' || error"
)
_TOO_LATE = "status < 2 AND not_before > ?"
_COUNTS = "(typeof(status), typeof(count)) = ('integer', 'integer') AND count >= 0"

Self = TypeVar("Self", bound="QueueReader")


class QueueReader(Closing):
    """The queue in a directory (`<data_dir>/queue`), made if it is missing; a context manager.

    Args:
        warn: gets a sentence for the user when a row, or a damaged or pickled file, was set aside.
        looks_only, checked: see `storage.files.database.Database`.

    Raises:
        StateError: see `storage.files.database.Database`; every method may raise it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        warn: Warn = log.warning,
        clock: Clock = time.time,
        looks_only: bool = False,
        checked: set[str] | None = None,
    ) -> None:
        place = Path(path)
        home = place.parent if place.name == "queue" else place  # the data folder
        self.database = Database(
            place / QUEUE_FILE,
            SCHEMA,
            warn,
            home=home,
            clock=clock,
            looks_only=looks_only,
            checked=checked,
        )
        self._clock = clock
        if looks_only:
            return
        # A clock that was wrong, or no number at all: to SQLite every text is above the numbers.
        latest = clock() + LONGEST_DELAY
        if self._has(_TOO_LATE, latest):
            with self.database.transaction() as connection:
                sql = f"UPDATE {TABLE} SET not_before = ? WHERE {_TOO_LATE}"
                connection.execute(sql, (latest, latest))
        # What was counted is lost, or makes no sense.
        is_lost = not self.database.rows("SELECT 1 FROM tallies LIMIT 1") and self._has("1")
        if is_lost or self.database.rows(f"SELECT 1 FROM tallies WHERE NOT ({_COUNTS}) LIMIT 1"):
            with self.database.transaction() as connection:
                for statement in SCHEMA.derived:
                    connection.execute(statement)

    def due(self, now: float) -> list[Job]:
        """All jobs that `claim` would hand out, in that order."""
        return self.database.select(JOBS, job_from, f"WHERE {CLAIMABLE} {IN_ORDER}", (now,))

    def count_due(self, now: float, *, least: int = BULK) -> int:
        """How many jobs `claim` would hand out."""
        return self._count(f"{CLAIMABLE} AND +priority >= ?", now, least)

    def has_fresh_due(self, now: float) -> bool:
        """Whether `claim` would hand out a job that has not failed since it was put."""
        return self._has(f"{CLAIMABLE} AND attempts = 0", now)

    def has_work(self, now: float) -> bool:
        """Whether a job is due, or is being worked on."""
        return self._has("status < 2 AND not_before <= ?", now) or self.has_working()

    def has_working(self) -> bool:
        """Whether a job is being worked on."""
        return self._has(f"status = {WORKING}")

    def next_due(self, now: float) -> float | None:
        """When the next waiting job is due: `now` if one is, None if nothing waits."""
        first = self.database.rows(f"SELECT min(not_before) FROM {TABLE} WHERE status < 2")[0][0]
        return None if first is None else max(float(first), now)

    def waiting_for(self, failure: Failure, scene_ids: Iterable[int]) -> set[int]:
        """Those of some scenes that wait because of that."""
        sql = f"SELECT scene_id FROM {TABLE} WHERE status < 2 AND failure = ? AND scene_id IN"
        return self.database.numbers_in(sql, scene_ids, (failure.value,))

    def count_waiting(self, failure: Failure | None = None) -> int:
        """How many jobs wait, for any reason or because of that one."""
        return sum(
            count
            for status, why, count in self._tallies()
            if status < WORKING and (failure is None or why == failure.value)
        )

    def waiting_scene_ids(self, failure: Failure) -> list[int]:
        """The scenes whose jobs wait because of that, the lowest first."""
        return sorted(self._scene_ids("status < 2 AND failure = ?", failure.value))

    def held(
        self, scene_ids: Iterable[int] | None = None, *, most: int = ALL, after: int = 0
    ) -> list[HeldJob]:
        """The held jobs, of these scenes or all, in the order in which they came in.

        Args:
            after: of all, so many are left out.
        """
        if scene_ids is None:
            tail = f"WHERE status = {HELD} ORDER BY _id LIMIT ? OFFSET ?"
            return self.database.select(HELD_JOBS, held_from, tail, (most, after))
        tail = f"AND status = {HELD}"
        found = self.database.select_in(HELD_JOBS, held_from, "scene_id", set(scene_ids), tail)
        return sorted(found, key=lambda each: each.job.job_id)[:most]

    def dead_letters(self, *, most: int = ALL) -> list[Job]:
        """The jobs given up on, newest first."""
        where = f"WHERE status = {DEAD} ORDER BY timestamp DESC LIMIT ?"
        return self.database.select(JOBS, job_from, where, (most,))

    def dead_page(
        self, failure: str, text: str, offset: int, limit: int
    ) -> tuple[int, list[tuple[Job, float]]]:
        """How many dead letters there are like that ("" for all), and some of them, newest first,
        each with the time when it was given up on (epoch seconds).

        Args:
            failure: the value of a `Failure`.
            text: a part of the title, the path or the error, in any case.
        """
        # The first term has the index by time used.
        where, order = f"status > 2 AND status = {DEAD}", "ORDER BY timestamp DESC, _id DESC"
        values: list[object] = [failure] if failure else []
        if failure:
            where += " AND failure = ?"
        with self.database.snapshot():
            if text:
                sql = f"SELECT _id, {_SAID} FROM {TABLE} WHERE {where} {order}"
                rows, needle = self.database.rows(sql, values), text.casefold()
                like = [row_id for row_id, said in rows if needle in said.casefold()]
                total, ids = len(like), like[offset : offset + limit]
            else:
                total = sum(
                    count
                    for status, why, count in self._tallies()
                    if status == DEAD and failure in ("", why)
                )
                sql = f"SELECT _id FROM {TABLE} WHERE {where} {order} LIMIT ? OFFSET ?"
                ids = self.database.numbers(sql, [*values, limit, offset])
            found = {
                job.job_id: (job, at)
                for job, at in self.database.select_in(
                    JOBS, lambda row: (job_from(row), float(row[2])), "_id", ids
                )
            }
        return total, [found[row_id] for row_id in ids if row_id in found]

    def given_up_among(self, scene_ids: Iterable[int], failure: Failure) -> set[int]:
        """Those of some scenes that were given up on because of that."""
        return self._among(f"status = {DEAD} AND failure = ?", scene_ids, failure.value)

    def given_up_before(self, scene_ids: Iterable[int], at: float) -> set[int]:
        """Those of some scenes that were given up on before that time (epoch seconds)."""
        return self._among(f"status = {DEAD} AND timestamp < ?", scene_ids, at)

    def some_queued(self, start: int, most: int) -> list[int]:
        """A few scenes that wait or are being worked on, from that id on."""
        found: list[int] = []
        for status in ("< 2", f"= {WORKING}"):
            sql = f"SELECT scene_id FROM {TABLE} WHERE status {status} AND scene_id >= ?"
            found += self.database.numbers(f"{sql} ORDER BY 1 LIMIT ?", (start, most))
        return found[:most]

    def queued_among(self, scene_ids: Iterable[int]) -> set[int]:
        """Those of some scenes that wait, are held or are being worked on."""
        wanted, found = list(scene_ids), set[int]()
        # One by one: there is an index by scene for each, and none for all.
        with self.database.snapshot():
            for status in ("< 2", f"= {WORKING}", f"= {HELD}"):
                found |= self._among(f"status {status}", wanted)
        return found

    def held_among(self, scene_ids: Iterable[int]) -> set[int]:
        return self._among(f"status = {HELD}", scene_ids)

    def has_edit_among(self, scene_ids: Iterable[int]) -> bool:
        """Whether a user's edit of one of some scenes waits."""
        return bool(self._among(f"status < 2 AND priority >= {EDIT}", scene_ids))

    def queued_scene_ids(self) -> set[int]:
        """The scenes that wait, are held or are being worked on."""
        return self._scene_ids(f"status < 2 OR status IN ({WORKING}, {HELD})")

    def unfinished_scene_ids(self) -> set[int]:
        """The scenes that wait, are held, are being worked on or were given up on."""
        return self._scene_ids("1")

    def working_scene_ids(self) -> set[int]:
        """The scenes that are being worked on."""
        return self._scene_ids(f"status = {WORKING}")

    def stats(self, now: float) -> QueueStats:
        dead: Counter[Failure] = Counter()
        counts: Counter[int] = Counter()
        with self.database.snapshot():
            due = self._count("status < 2 AND not_before <= ?", now)
            for status, value, count in self._tallies():
                counts[status] += count
                if status == DEAD and count > 0:
                    dead[_failure(value)] += count
            # Of a counter that has gone or holds no number, nothing hangs.
            sql = (
                "SELECT value FROM counters WHERE name = 'completed' AND typeof(value) = 'integer'"
            )
            completed = sum(value for (value,) in self.database.rows(sql))
        backing_off = max(0, counts[READY] - due)
        ordered = dict(sorted(dead.items(), key=lambda each: (-each[1], each[0].value)))
        return QueueStats(due, backing_off, counts[WORKING], ordered, completed, counts[HELD])

    def _tallies(self) -> list[tuple[int, str, int]]:
        """How many rows there are by status, all that wait as READY, and failure."""
        sql = f"SELECT status, failure, count FROM tallies WHERE {_COUNTS}"
        return [(status, why, count) for status, why, count in self.database.rows(sql)]

    def _has(self, where: str, *parameters: object) -> bool:
        return bool(self.database.rows(f"SELECT 1 FROM {TABLE} WHERE {where} LIMIT 1", parameters))

    def close(self) -> None:
        self.database.close()

    def _count(self, where: str, *parameters: object) -> int:
        sql = f"SELECT count(*) FROM {TABLE} WHERE {where}"
        return int(self.database.rows(sql, parameters)[0][0])

    def _among(self, where: str, scene_ids: Iterable[int], *parameters: object) -> set[int]:
        sql = f"SELECT scene_id FROM {TABLE} WHERE {where} AND scene_id IN"
        return self.database.numbers_in(sql, scene_ids, parameters)

    def _scene_ids(self, where: str, *parameters: object) -> set[int]:
        sql = f"SELECT scene_id FROM {TABLE} WHERE ({where}) AND typeof(scene_id) = 'integer'"
        return {row[0] for row in self.database.rows(sql, parameters)}


def _failure(value: object) -> Failure:
    """What a row says; one that says something else is set aside when it is read whole."""
    try:
        return Failure(value)
    except ValueError:
        return Failure.OTHER
