"""How rows change status. Each function is a step of one transaction that its caller holds.

A row that goes back to waiting may meet a newer order for its scene that came in meanwhile. The two
become one by the rule of `schema.merged`: the newer order in the older row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from storage.sqlite import chunks, marks
from sync_queue.jobs import ACKED, DEAD, JOB_COLUMNS, READY, WORKING
from sync_queue.schema import TABLE, merged

_TWIN = f"SELECT {{}} FROM {TABLE} twin WHERE twin.scene_id = {TABLE}.scene_id AND twin.status < 2"
_ABSORB = merged(
    f"({_TWIN.format('CAST(twin.data AS TEXT)')})", f"({_TWIN.format('twin.not_before')})"
)


def select_due(
    connection: sqlite3.Connection,
    limit: int,
    now: float,
    where: str = "",
    bound: Sequence[int] = (),
) -> list[tuple[Any, ...]]:
    """Due rows (JOB_COLUMNS) of scenes that nobody works on, in the order they became due."""
    return connection.execute(
        f"SELECT {JOB_COLUMNS} FROM {TABLE} WHERE status < 2 AND not_before <= ? {where}"
        f" AND NOT EXISTS (SELECT 1 FROM {TABLE} other"
        f" WHERE other.status = 2 AND other.scene_id = {TABLE}.scene_id)"
        " ORDER BY not_before, _id LIMIT ?",
        (now, *bound, limit),
    ).fetchall()


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
        rows = connection.execute(
            f"SELECT _id FROM {TABLE} WHERE status = {WORKING} AND _id IN ({marks(len(chunk))})",
            chunk,
        )
        found.extend(row[0] for row in rows)
    return found


def to_waiting(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Puts working or dead rows back in line, merged with the newer orders for their scenes."""
    for chunk in chunks(ids):
        where = f"_id IN ({marks(len(chunk))}) AND status >= {WORKING}"
        connection.execute(
            f"UPDATE {TABLE} SET data = {_ABSORB} WHERE {where} AND EXISTS ({_TWIN.format('1')})",
            chunk,
        )
        connection.execute(
            f"DELETE FROM {TABLE} WHERE status < 2 AND scene_id IN"
            f" (SELECT scene_id FROM {TABLE} WHERE {where})",
            chunk,
        )
        connection.execute(f"UPDATE {TABLE} SET status = {READY} WHERE {where}", chunk)


def amend(connection: sqlite3.Connection, row_id: int, **values: object) -> None:
    """Sets keys of a job's JSON."""
    pairs = ", ".join(f"'$.{name}', ?" for name in values)
    connection.execute(
        f"UPDATE {TABLE} SET data = CAST(json_set(CAST(data AS TEXT), {pairs}) AS BLOB)"
        " WHERE _id = ?",
        (*values.values(), row_id),
    )


def to_dead(connection: sqlite3.Connection, row_id: int, now: float) -> None:
    """Makes a working row the dead letter of its scene, in the place of an older one."""
    connection.execute(
        f"DELETE FROM {TABLE} WHERE status = {DEAD} AND scene_id ="
        f" (SELECT scene_id FROM {TABLE} WHERE _id = ?)",
        (row_id,),
    )
    # persist-queue's timestamp tells when a row came in; of a dead letter, when it died.
    connection.execute(
        f"UPDATE {TABLE} SET status = {DEAD}, timestamp = ? WHERE _id = ?", (now, row_id)
    )


def complete(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Removes working rows whose scenes are done, with the dead letters that this answers."""
    for chunk in chunks(ids):
        listed = marks(len(chunk))
        connection.execute(
            f"DELETE FROM {TABLE} WHERE status = {DEAD} AND scene_id IN"
            f" (SELECT scene_id FROM {TABLE} WHERE _id IN ({listed}))",
            chunk,
        )
        # A trigger drops and counts them.
        connection.execute(f"UPDATE {TABLE} SET status = {ACKED} WHERE _id IN ({listed})", chunk)
