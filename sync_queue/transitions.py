"""How rows change status. Each function is a step of one transaction that its caller holds.

A row that goes back to waiting may meet a newer order for its scene that came in meanwhile. The two
become one by the rule that `schema` states: the newer order in the older row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from core.models import Failure
from storage.rows import fetch
from storage.sqlite import chunks, placeholders
from sync_queue.jobs import ACKED, DEAD, HELD, JOBS, READY, WORKING, dumps, storable
from sync_queue.schema import TABLE

# Nobody works on the scene.
IDLE = (
    f"NOT EXISTS (SELECT 1 FROM {TABLE} other"
    f" WHERE other.status = 2 AND other.scene_id = {TABLE}.scene_id)"
)
# Takes the time as its parameter.
CLAIMABLE = f"status < 2 AND not_before <= ? AND {IDLE}"
_TWIN = f"FROM {TABLE} twin WHERE twin.scene_id = {TABLE}.scene_id AND twin.status < 2"


def insert_or_refresh(
    connection: sqlite3.Connection, wanted: Iterable[dict[str, Any]], now: float
) -> tuple[list[int], int]:
    """Makes each normalised job a waiting row, or refreshes the row that waits for its scene.

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
            insertions.append({**job, "job_id": known})
        else:
            refreshes.append({**job, "job_id": known})
    connection.executemany(
        f"INSERT INTO {TABLE} (_id, data, timestamp, status, scene_id, enqueued_at, attempts,"
        " not_before, error, priority) VALUES (:job_id, :stored, :now, 0, :scene_id, :enqueued_at,"
        " :attempts, :not_before, :error, :priority)",
        ({**job, "stored": dumps(job), "now": now} for job in insertions),
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


def select_due(
    connection: sqlite3.Connection,
    limit: int,
    now: float,
    where: str = "",
    bound: Sequence[int] = (),
    columns: str = JOBS.columns,
) -> list[tuple[Any, ...]]:
    """Due rows of scenes that nobody works on: edits first, then in the order they became due."""
    return fetch(
        connection,
        f"SELECT {columns} FROM {TABLE} WHERE {CLAIMABLE} {where}"
        " ORDER BY priority DESC, not_before, _id LIMIT ?",
        (now, *bound, limit),
    )


def to_working(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Marks waiting rows as being worked on."""
    connection.executemany(
        f"UPDATE {TABLE} SET status = {WORKING} WHERE _id = ? AND status < 2",
        ((row_id,) for row_id in ids),
    )


def working(connection: sqlite3.Connection, ids: Iterable[int]) -> list[int]:
    """Those of `ids` that are being worked on; the others were taken back or cleared."""
    found: list[int] = []
    for chunk in chunks(ids):
        listed = placeholders(len(chunk))
        rows = connection.execute(
            f"SELECT _id FROM {TABLE} WHERE status = {WORKING} AND _id IN ({listed})",
            chunk,
        )
        found.extend(row[0] for row in rows)
    return found


def to_waiting(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Puts working, held or dead rows back in line, merged with newer orders for their scenes."""
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
        connection.execute(
            f"UPDATE {TABLE} SET status = {READY}, marks = '', lines = '[]' WHERE {where}", chunk
        )


def give_back(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Puts working rows back to where they were claimed: among the held ones or in line."""
    listed = list(ids)
    for chunk in chunks(listed):
        connection.execute(
            f"UPDATE {TABLE} SET status = {HELD}"
            f" WHERE failure = '{Failure.HELD.value}' AND status = {WORKING}"
            f" AND _id IN ({placeholders(len(chunk))})",
            chunk,
        )
    to_waiting(connection, working(connection, listed))


def to_held(connection: sqlite3.Connection, held: Iterable[tuple[str, str, str, int]]) -> None:
    """Makes working rows the held ones of their scenes, in the place of older ones.

    Args:
        held: error, marks and lines (JSON), and the row.
    """
    listed = list(held)
    _drop(connection, HELD, [row[-1] for row in listed])
    connection.executemany(
        f"UPDATE {TABLE} SET status = {HELD}, failure = '{Failure.HELD.value}', error = ?,"
        " marks = ?, lines = ? WHERE _id = ?",
        listed,
    )


def to_dead(
    connection: sqlite3.Connection,
    row_id: int,
    now: float,
    failure: Failure | None = None,
    why: str = "",
) -> None:
    """Makes a working row the dead letter of its scene, in the place of an older one.

    Without a failure of its own it keeps that of its last retry.
    """
    _drop(connection, DEAD, [row_id])
    # persist-queue's timestamp tells when a row came in; of a dead letter, when it died.
    connection.execute(
        f"UPDATE {TABLE} SET status = {DEAD}, timestamp = ?, failure = coalesce(?, failure),"
        " error = coalesce(?, error), marks = '', lines = '[]' WHERE _id = ?",
        (
            now,
            failure and failure.value,
            failure and storable(failure.told(why)),
            row_id,
        ),
    )


def complete(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Removes working rows whose scenes are done, with what was held or given up on before."""
    for status in (HELD, DEAD):
        _drop(connection, status, ids)
    for chunk in chunks(ids):
        # A trigger drops and counts them.
        connection.execute(
            f"UPDATE {TABLE} SET status = {ACKED} WHERE _id IN ({placeholders(len(chunk))})", chunk
        )


def _drop(connection: sqlite3.Connection, status: int, ids: Iterable[int]) -> None:
    """Deletes the rows of one status that are of the same scenes as rows `ids`."""
    for chunk in chunks(ids):
        connection.execute(
            f"DELETE FROM {TABLE} WHERE status = {status} AND scene_id IN"
            f" (SELECT scene_id FROM {TABLE} WHERE _id IN ({placeholders(len(chunk))}))",
            chunk,
        )
