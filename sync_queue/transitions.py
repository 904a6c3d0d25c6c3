"""How rows change status. Each function is a step of one transaction that its caller holds.

A row that goes back to waiting may meet a newer order for its scene that came in meanwhile. The two
become one by the rule that `schema` states: the newer order in the older row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from core.models import Failure
from core.text import storable
from storage.files.database import chunks, placeholders
from sync_queue.jobs import DEAD, HELD, READY, WORKING, dumps
from sync_queue.schema import TABLE

# What a job and its row both have.
_INSERTED = ("scene_id", "enqueued_at", "attempts", "not_before", "error", "priority")
_AT_ONCE = 100  # rows of one statement, which has a thousand parameters at most
_TWIN = f"FROM {TABLE} twin WHERE twin.scene_id = {TABLE}.scene_id AND twin.status < 2"


def insert_or_refresh(
    connection: sqlite3.Connection, wanted: Iterable[dict[str, Any]], now: float
) -> tuple[list[int], int]:
    """Makes each normalised job a waiting row, or refreshes the row that waits for its scene; each
    gets the number of its row.

    Returns the row of each job, and how many rows are new.
    """
    listed = list(wanted)
    rows = _waiting_rows(connection, {job["scene_id"] for job in listed})
    last_id = _last_id(connection)
    insertions: list[dict[str, Any]] = []
    refreshes: list[dict[str, Any]] = []
    for job in listed:
        known = rows.get(job["scene_id"])
        if known is None:
            known = rows[job["scene_id"]] = last_id + len(insertions) + 1
            insertions.append(job)
        else:
            refreshes.append(job)
        job["job_id"] = known
    columns = f"_id, data, timestamp, status, {', '.join(_INSERTED)}"
    row = f"(?, ?, ?, 0, {placeholders(len(_INSERTED))})"
    for some in chunks(insertions, _AT_ONCE):  # each statement looks after its own undoing
        values = [(j["job_id"], dumps(j), now, *[j[name] for name in _INSERTED]) for j in some]
        connection.execute(
            f"INSERT INTO {TABLE} ({columns}) VALUES {','.join([row] * len(some))}",
            [each for job in values for each in job],
        )
    connection.executemany(
        f"UPDATE {TABLE} SET data = :stored, attempts = :attempts, error = :error, failure = '',"
        " not_before = min(not_before, :not_before), priority = max(priority, :priority)"
        " WHERE _id = :job_id",
        ({**job, "stored": dumps(job)} for job in refreshes),
    )
    return [rows[job["scene_id"]] for job in listed], len(insertions)


def _waiting_rows(connection: sqlite3.Connection, scene_ids: set[int]) -> dict[int, int]:
    rows: dict[int, int] = {}
    for chunk in chunks(scene_ids):
        rows.update(
            connection.execute(
                f"SELECT scene_id, _id FROM {TABLE}"
                f" WHERE status < 2 AND scene_id IN ({placeholders(len(chunk))})",
                chunk,
            )
        )
    return rows


def _last_id(connection: sqlite3.Connection) -> int:
    # AUTOINCREMENT remembers the highest id ever given, so none is given twice.
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (TABLE,)).fetchone()
    return int(row[0]) if row else 0


def to_working(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Marks waiting or held rows as being worked on."""
    sql = f"UPDATE {TABLE} SET status = {WORKING} WHERE _id = ?"
    connection.executemany(sql, ((row_id,) for row_id in ids))


def working(connection: sqlite3.Connection, ids: Iterable[int]) -> list[int]:
    """Those of `ids` that are being worked on; the others were taken back or cleared."""
    found: list[int] = []
    for chunk in chunks(ids):
        sql = f"SELECT _id FROM {TABLE} WHERE status = {WORKING} AND _id IN"
        rows = connection.execute(f"{sql} ({placeholders(len(chunk))})", chunk)
        found.extend(row[0] for row in rows)
    return found


def to_waiting(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Puts working or dead rows back in line, merged with newer orders for their scenes."""
    for chunk in chunks(ids):
        where = f"_id IN ({placeholders(len(chunk))}) AND status >= {WORKING}"
        connection.execute(
            f"UPDATE {TABLE} SET (data, attempts, not_before, error, failure, priority) ="
            f" (SELECT twin.data, twin.attempts, min(twin.not_before, {TABLE}.not_before),"
            f" twin.error, twin.failure, max(twin.priority, {TABLE}.priority) {_TWIN})"
            f" WHERE {where} AND EXISTS (SELECT 1 {_TWIN})",
            chunk,
        )
        connection.execute(
            f"DELETE FROM {TABLE} WHERE status < 2 AND scene_id IN"
            f" (SELECT scene_id FROM {TABLE} WHERE {where})",
            chunk,
        )
        sql = f"UPDATE {TABLE} SET status = {READY}, losses = '[]' WHERE {where}"
        connection.execute(sql, chunk)


def to_backoff(
    connection: sqlite3.Connection, rows: Sequence[tuple[int, float, Failure, str]]
) -> None:
    """Requeues working rows: each its id, due time, failure and what happened."""
    connection.executemany(
        f"UPDATE {TABLE} SET not_before = ?, failure = ?, error = ? WHERE _id = ?",
        ((until, failure.value, storable(why), row_id) for row_id, until, failure, why in rows),
    )
    to_waiting(connection, [row[0] for row in rows])


def to_new(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Puts dead rows in line as if they were new."""
    sql = f"UPDATE {TABLE} SET attempts = 0, not_before = 0, error = '', failure = ''"
    connection.executemany(f"{sql} WHERE _id = ?", ((row_id,) for row_id in ids))
    to_waiting(connection, ids)


def give_back(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Puts working rows back to where they were claimed: among the held ones or in line."""
    for chunk in chunks(ids):
        connection.execute(
            f"UPDATE {TABLE} SET status = {HELD} WHERE failure = '{Failure.HELD.value}'"
            f" AND status = {WORKING} AND _id IN ({placeholders(len(chunk))})",
            chunk,
        )
    to_waiting(connection, working(connection, ids))


def to_held(connection: sqlite3.Connection, rows: Sequence[tuple[int, str]], why: str) -> None:
    """Makes working rows the held ones of their scenes: each its id and losses (JSON)."""
    _drop(connection, HELD, [row[0] for row in rows])
    connection.executemany(
        f"UPDATE {TABLE} SET status = {HELD}, failure = ?, error = ?, losses = ? WHERE _id = ?",
        ((Failure.HELD.value, why, losses, row_id) for row_id, losses in rows),
    )


def to_dead(
    connection: sqlite3.Connection, ids: Sequence[int], failure: Failure, why: str, now: float
) -> None:
    """Makes working rows the dead letters of their scenes, in the place of older ones."""
    _drop(connection, DEAD, ids)
    # persist-queue's timestamp tells when a row came in; of a dead letter, when it died.
    connection.executemany(
        f"UPDATE {TABLE} SET status = {DEAD}, timestamp = ?, failure = ?, error = ?, losses = '[]'"
        " WHERE _id = ?",
        ((now, failure.value, storable(why), row_id) for row_id in ids),
    )


def complete(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Removes working rows whose scenes are done, with what was held or given up on before."""
    for status in (HELD, DEAD):
        _drop(connection, status, ids)
    for chunk in chunks(ids):
        # As the trigger does with those that persist-queue acknowledges, in fewer steps.
        gone = connection.execute(
            f"DELETE FROM {TABLE} WHERE _id IN ({placeholders(len(chunk))})", chunk
        ).rowcount
        sql = "UPDATE counters SET value = value + ? WHERE name = 'completed'"
        connection.execute(sql, (gone,))


def _drop(connection: sqlite3.Connection, status: int, ids: Iterable[int]) -> None:
    """Deletes the rows of one status that are of the same scenes as rows `ids`."""
    for chunk in chunks(ids):
        connection.execute(
            f"DELETE FROM {TABLE} WHERE status = {status} AND scene_id IN"
            f" (SELECT scene_id FROM {TABLE} WHERE _id IN ({placeholders(len(chunk))}))",
            chunk,
        )
